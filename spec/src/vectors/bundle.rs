//! Vectors of an invitation's derivations and its bundle. Spec: invitation, "Derivation" and "Bundle".

use sipher_crypto::{
    BundleError, BundleKind, Device, InvitationKeys, InvitationSecret, Purpose, SigningKey, UncheckedBundle,
};

use super::parties::{
    NOW, device, device_fields, invitation, pin, prekey_fields, prekeys, seed, short_pin, time,
};
use super::script::{Script, Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "bundle",
    about: "invitation.md, Derivation and Bundle. op derive: secret -> the three keys. op make: device, prekeys -> bundle \
            (class too-long). op seal: secret, cell, nonce and what make wants -> value. op open: secret, cell, value, \
            short_pin, now -> bundle; classes as check. op check: bundle, short_pin, now -> fields; classes damaged, wrong-account, version, \
            no-common-suite, expired.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "derive" => derive(input),
        "make" => {
            let device = device(&input.get_object("device")?)?;
            Ok(match prekeys(&device, &input.get_object("prekeys")?)? {
                Some(prekeys) => Outcome::Done(Fields::new().octets("bundle", prekeys.expose_bundle())),
                None => Outcome::Refused("too-long"),
            })
        }
        "seal" => seal(input),
        "open" => {
            let keys = InvitationKeys::derive(&InvitationSecret::from_octets(&input.get_array("secret")?));
            let cell = input.get_text("cell")?.as_bytes();
            let (pin, now) = (pin(input, "short_pin")?, time(input, "now")?);
            let opened = UncheckedBundle::open(&keys.bundle, cell, &input.get_octets("value")?);
            Ok(match opened.and_then(|unchecked| unchecked.check(&pin, now)) {
                Ok(bundle) => Outcome::Done(Fields::new().octets("bundle", bundle.expose_octets())),
                Err(error) => Outcome::Refused(class(error)?),
            })
        }
        "check" => check(input),
        _ => Err(unknown(op)),
    }
}

fn derive(input: &Fields) -> Result<Outcome, Fault> {
    let keys = InvitationKeys::derive(&InvitationSecret::from_octets(&input.get_array("secret")?));
    let read = SigningKey::from_seed(keys.read_grant);
    let output = Fields::new()
        .octets("bundle_key", keys.bundle.expose_octets())
        .octets("read_grant_seed", read.expose_seed().expose_octets())
        .octets("read_grant_key", read.verifying_key().as_octets())
        .octets("psk", keys.psk.expose_octets());
    Ok(Outcome::Done(output))
}

fn seal(input: &Fields) -> Result<Outcome, Fault> {
    let device = device(&input.get_object("device")?)?;
    let invitation = invitation(
        &device,
        &input.get_object("prekeys")?,
        &input.get_array("secret")?,
    )?;
    let invitation = invitation.ok_or_else(|| Fault::new("the offer is too long"))?;
    let mut script = Script::of(&[&input.get_octets("nonce")?]);
    let value = invitation.seal_bundle(input.get_text("cell")?.as_bytes(), &mut script);
    let value = value.map_err(|error| Fault::new(error.to_string()))?;
    script.finish()?;
    Ok(Outcome::Done(Fields::new().octets("value", &value)))
}

fn check(input: &Fields) -> Result<Outcome, Fault> {
    let unchecked = UncheckedBundle::from_octets(&input.get_octets("bundle")?);
    let bundle = match unchecked.check(&pin(input, "short_pin")?, time(input, "now")?) {
        Ok(bundle) => bundle,
        Err(error) => return Ok(Outcome::Refused(class(error)?)),
    };
    let kind = match bundle.kind() {
        BundleKind::OneTime => 1,
        BundleKind::Standing => 2,
        BundleKind::Relink => 3,
        _ => return Err(Fault::new("a kind without a number")),
    };
    let output = Fields::new()
        .number("kind", kind)
        .octets("account_key", bundle.certificate().account().key().as_octets())
        .octets("front_door_address", &bundle.front_door().address)
        .octets("front_door_seed", bundle.front_door().grant.expose_octets())
        .octets("profile", bundle.profile())
        .number("not_after", bundle.not_after().as_unix_seconds());
    Ok(Outcome::Done(output))
}

pub(super) fn class(error: BundleError) -> Result<&'static str, Fault> {
    match error {
        BundleError::Damaged => Ok("damaged"),
        BundleError::WrongAccount => Ok("wrong-account"),
        BundleError::Expired => Ok("expired"),
        BundleError::NoCommonSuite => Ok("no-common-suite"),
        BundleError::Version => Ok("version"),
        _ => Err(Fault::new("an error without a class")),
    }
}

const CELL: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("bundle");
    for comment in ["a secret", "another"] {
        maker.ok(
            comment,
            "derive",
            Fields::new().octets("secret", &seeded.array::<32>()),
        )?;
    }
    maker.ok(
        "a secret of zeros",
        "derive",
        Fields::new().octets("secret", &[0; 32]),
    )?;
    let party = device_fields(&mut seeded);
    let mut bundle = Vec::new();
    for (kind, comment) in [(3, "for a re-link"), (2, "standing"), (1, "one-time")] {
        let fields = prekey_fields(&mut seeded, kind);
        let input = Fields::new()
            .object("device", party.clone())
            .object("prekeys", fields.clone());
        bundle = maker.ok(comment, "make", input)?.get_octets("bundle")?;
        maker.ok(comment, "check", checked(&bundle, &device(&party)?))?;
        if kind == 1 {
            values(maker, &mut seeded, &party, &fields)?;
            too_long(maker, &party, &fields)?;
        }
    }
    spoiled(maker, &bundle, &party, &mut seeded)?;
    resigned(maker, &bundle, &party)
}

fn checked(bundle: &[u8], device: &Device) -> Fields {
    Fields::new()
        .octets("bundle", bundle)
        .text("short_pin", short_pin(device))
        .number("now", NOW)
}

/// A cell's value, and everything that can be wrong with it.
fn values(maker: &mut Maker, seeded: &mut Seeded, party: &Fields, prekeys: &Fields) -> Result<(), Fault> {
    let secret = seeded.array::<32>();
    let input = Fields::new()
        .object("device", party.clone())
        .object("prekeys", prekeys.clone())
        .octets("secret", &secret)
        .text("cell", CELL)
        .octets("nonce", &seeded.array::<24>());
    let value = maker
        .ok("the value of an invitation's cell", "seal", input)?
        .get_octets("value")?;
    let pin = short_pin(&device(party)?);
    let open = |value: &[u8]| {
        let fields = Fields::new()
            .octets("secret", &secret)
            .text("cell", CELL)
            .octets("value", value);
        fields.text("short_pin", &*pin).number("now", NOW)
    };
    maker.ok("opens", "open", open(&value))?;
    for (comment, input) in [
        (
            "another secret",
            open(&value).octets("secret", &flipped(&secret, 0, 1)),
        ),
        (
            "another cell",
            open(&value).text("cell", "k7q3mzx2ahb5w4tcyd6eolrn2a"),
        ),
        (
            "the cell in capitals",
            open(&value).text("cell", CELL.to_ascii_uppercase()),
        ),
        ("one bit of the nonce", open(&flipped(&value, 0, 1))),
        ("one bit of the commitment", open(&flipped(&value, 24, 1))),
        ("one bit in the middle", open(&flipped(&value, 2000, 16))),
        ("one bit of the tag", open(&flipped(&value, 4095, 1))),
        // spec: bundle-1
        ("an octet cut off", open(&cut(&value, 1))),
        ("an octet too many", open(&longer(&value, &[0]))),
        ("nothing", open(&[])),
        ("noise", open(&seeded.octets(4096))),
    ] {
        maker.refused(comment, "open", "damaged", input)?;
    }
    Ok(())
}

fn too_long(maker: &mut Maker, party: &Fields, prekeys: &Fields) -> Result<(), Fault> {
    let offer = |name: &str, len: usize| {
        let fields = prekeys.clone().octets(name, &vec![b'x'; len]);
        Fields::new()
            .object("device", party.clone())
            .object("prekeys", fields)
    };
    maker.ok("the longest profile", "make", offer("profile", 1024))?;
    maker.refused("a longer profile", "make", "too-long", offer("profile", 1025))?;
    maker.ok("the longest address", "make", offer("front_door_address", 512))?;
    maker.refused(
        "a longer address",
        "make",
        "too-long",
        offer("front_door_address", 513),
    )
}

/// Changes that the signature must notice.
// spec: bundle-3
fn spoiled(maker: &mut Maker, bundle: &[u8], party: &Fields, seeded: &mut Seeded) -> Result<(), Fault> {
    let owner = device(party)?;
    for (part, at) in [
        ("suites", 3),
        ("certificate, signature", 200),
        ("certificate, padding", 259),
        ("prekey id", 261),
        ("SPK", 270),
        ("ek", 700),
        ("front door address", 1490),
        ("front door seed", 1560),
        ("not_after", bundle.len().saturating_sub(65)),
        ("signature", bundle.len().saturating_sub(1)),
    ] {
        let comment = format!("one bit changed: {part}");
        maker.refused(
            &comment,
            "check",
            "damaged",
            checked(&flipped(bundle, at, 1), &owner),
        )?;
    }
    maker.refused("cut", "check", "damaged", checked(&cut(bundle, 1), &owner))?;
    maker.refused(
        "longer",
        "check",
        "damaged",
        checked(&longer(bundle, &[0]), &owner),
    )?;
    maker.refused("empty", "check", "damaged", checked(&[], &owner))?;
    let other = device(&device_fields(seeded))?;
    maker.refused(
        // spec: bundle-2
        "another account's pin",
        "check",
        "wrong-account",
        checked(bundle, &other),
    )?;
    let late = |now: u64| checked(bundle, &owner).number("now", now);
    maker.ok("two minutes over its end", "check", late(NOW + 7 * 86_400 + 120))?;
    // spec: bundle-4
    maker.refused("a second more", "check", "expired", late(NOW + 7 * 86_400 + 121))?;
    maker.refused(
        "before its certificate",
        "check",
        "expired",
        late(NOW - 86_400 - 121),
    )
}

/// What its author signed is still held to the format.
fn resigned(maker: &mut Maker, bundle: &[u8], party: &Fields) -> Result<(), Fault> {
    let owner = device(party)?;
    let key = SigningKey::from_seed(seed(party, "signing_seed")?);
    let content = cut(bundle, 64);
    let sign = |content: &[u8]| longer(content, key.sign(Purpose::Bundle, &[content]).as_octets());
    maker.ok(
        "signed again, unchanged",
        "check",
        checked(&sign(&content), &owner),
    )?;
    let certificate = content.get(4..).unwrap_or_default();
    let suites = |list: &[u8]| {
        let count = u8::try_from(list.len()).unwrap_or(0);
        sign(&[&[1, 1, count], list, certificate].concat())
    };
    maker.ok(
        "an unknown suite beside the known one",
        "check",
        checked(&suites(&[9, 1]), &owner),
    )?;
    for (comment, class, bundle) in [
        // spec: link-2
        ("no suite", "no-common-suite", suites(&[])),
        // spec: bundle-5
        ("an unknown suite only", "no-common-suite", suites(&[2])),
        ("version 0", "version", sign(&replaced(&content, 0, &[0]))),
        ("version 2", "version", sign(&replaced(&content, 0, &[2]))),
        ("kind 0", "version", sign(&replaced(&content, 1, &[0]))),
        ("kind 4", "version", sign(&replaced(&content, 1, &[4]))),
        ("an octet too many", "damaged", sign(&longer(&content, &[0]))),
        (
            "a certificate that does not verify",
            "damaged",
            sign(&flipped(&content, 130, 1)),
        ),
    ] {
        maker.refused(
            &format!("signed by its author: {comment}"),
            "check",
            class,
            checked(&bundle, &owner),
        )?;
    }
    let purpose = longer(&content, key.sign(Purpose::Ticker, &[&content]).as_octets());
    maker.refused(
        "signed under another purpose",
        "check",
        "damaged",
        checked(&purpose, &owner),
    )
}
