//! Vectors of proofs of possession and of the Authorization header. Spec: boxes, "Proofs".

use sipher_crypto::{SigningKey, SigningSeed};
use sipher_wire::{
    Binding, BoxId, BoxKind, Credentials, GrantKey, OwnerKey, Right, Signature, own_input, use_input,
};

use super::script::{Seeded, flipped, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, text, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "proofs",
    about: "boxes.md, Proofs. op own: owner_seed, kind, binding -> box id, signed octets, header. op use: grant_seed, \
            box, right, binding -> the same. op check_own, check_use: header, box, binding (and right); class unproven. \
            op header: text -> its parts; class unusable.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "own" => own(input),
        "use" => grant(input),
        "check_own" => check(input, |credentials, binding, id| {
            Ok(credentials.verify_own(binding, id).is_ok())
        }),
        "check_use" => {
            let right = right(input)?;
            check(input, |credentials, binding, id| {
                Ok(credentials.verify_use(binding, id, right).is_ok())
            })
        }
        "header" => header(input),
        _ => Err(unknown(op)),
    }
}

fn own(input: &Fields) -> Result<Outcome, Fault> {
    let key = SigningKey::from_seed(SigningSeed::from_octets(&input.get_array("owner_seed")?));
    let owner = OwnerKey::from_octets(*key.verifying_key().as_octets());
    let kind = BoxKind::from_octet(input.get_u8("kind")?).ok_or_else(|| Fault::new("no such kind"))?;
    let id = BoxId::of(kind, &owner);
    let signed = own_input(&binding(input)?, &id);
    let signature = sign(&key, &signed)?;
    let output = Fields::new()
        .text("box", id.as_str())
        .octets("owner_key", owner.as_octets());
    Ok(proof(output, &signed, &Credentials::proven(owner, signature)))
}

fn grant(input: &Fields) -> Result<Outcome, Fault> {
    let key = SigningKey::from_seed(SigningSeed::from_octets(&input.get_array("grant_seed")?));
    let grant = GrantKey::from_octets(*key.verifying_key().as_octets());
    let signed = use_input(&binding(input)?, &box_id(input)?, right(input)?);
    let signature = sign(&key, &signed)?;
    let output = Fields::new().octets("grant_key", grant.as_octets());
    Ok(proof(output, &signed, &Credentials::proven(grant, signature)))
}

fn proof(output: Fields, signed: &[u8], credentials: &Credentials) -> Outcome {
    Outcome::Done(
        output
            .octets("signed", signed)
            .text("header", credentials.to_string()),
    )
}

fn sign(key: &SigningKey, signed: &[u8]) -> Result<Signature, Fault> {
    let signature = key
        .sign_proof(signed)
        .map_err(|_| Fault::new("this isn't the input of a proof"))?;
    Ok(Signature::from_octets(*signature.as_octets()))
}

fn check(
    input: &Fields,
    holds: impl FnOnce(&Credentials, &Binding, &BoxId) -> Result<bool, Fault>,
) -> Result<Outcome, Fault> {
    let Some(credentials) = Credentials::parse(input.get_text("header")?.as_bytes()) else {
        return Ok(Outcome::Refused("unusable"));
    };
    let holds = holds(&credentials, &binding(input)?, &box_id(input)?)?;
    Ok(if holds {
        Outcome::Done(Fields::new())
    } else {
        Outcome::Refused("unproven")
    })
}

fn header(input: &Fields) -> Result<Outcome, Fault> {
    let Some(credentials) = Credentials::parse(input.get_text("text")?.as_bytes()) else {
        return Ok(Outcome::Refused("unusable"));
    };
    let token = credentials
        .opening
        .as_ref()
        .map_or(serde_json::Value::Null, |token| text(token.expose_text()));
    let output = Fields::new()
        .octets("key", credentials.key.as_owner().as_octets())
        .value("has_signature", credentials.signature.is_some().into())
        .value("token", token)
        .value(
            "nonce_count",
            credentials
                .nonce
                .map_or(serde_json::Value::Null, |proof| proof.count.into()),
        )
        .text("written", credentials.to_string());
    Ok(Outcome::Done(output))
}

fn binding(input: &Fields) -> Result<Binding, Fault> {
    Ok(Binding::from_octets(input.get_array("binding")?))
}

fn box_id(input: &Fields) -> Result<BoxId, Fault> {
    BoxId::parse(input.get_text("box")?.as_bytes()).ok_or_else(|| Fault::new("no box id"))
}

fn right(input: &Fields) -> Result<Right, Fault> {
    Right::from_octet(input.get_u8("right")?).ok_or_else(|| Fault::new("no such right"))
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("proofs");
    let binding = seeded.array::<32>();
    for kind in [BoxKind::Queue, BoxKind::Cell] {
        let input = Fields::new()
            .octets("owner_seed", &seeded.array::<32>())
            .number("kind", u64::from(kind.as_octet()))
            .octets("binding", &binding);
        let made = maker.ok("an owner's proof", "own", input)?;
        let id = made.get_text("box")?.to_owned();
        let proof = Proof {
            header: made.get_text("header")?.to_owned(),
            id,
            right: None,
            binding,
        };
        proof.spoil(maker, "check_own")?;
        let foreign = BoxId::of(kind, &OwnerKey::from_octets(seeded.array()));
        maker.refused(
            "a box of another key",
            "check_own",
            "unproven",
            proof.fields().text("box", foreign.as_str()),
        )?;
        for right in [Right::Write, Right::Read] {
            let input = Fields::new()
                .octets("grant_seed", &seeded.array::<32>())
                .text("box", &*proof.id)
                .number("right", u64::from(right.as_octet()))
                .octets("binding", &binding);
            let made = maker.ok("a holder's proof", "use", input)?;
            let header = made.get_text("header")?.to_owned();
            let used = Proof {
                header,
                id: proof.id.clone(),
                right: Some(right),
                binding,
            };
            used.spoil(maker, "check_use")?;
            let other = if right == Right::Read { 1 } else { 2 };
            maker.refused(
                "the other right",
                "check_use",
                "unproven",
                used.fields().number("right", other),
            )?;
            maker.refused("as an owner's", "check_own", "unproven", used.fields())?;
            maker.refused(
                "an owner's as a holder's",
                "check_use",
                "unproven",
                used.fields().text("header", &*proof.header),
            )?;
        }
    }
    headers(maker, &mut seeded)?;
    oddities(maker, &mut seeded)
}

struct Proof {
    header: String,
    id: String,
    right: Option<Right>,
    binding: [u8; 32],
}

impl Proof {
    fn fields(&self) -> Fields {
        let fields = Fields::new()
            .text("header", &*self.header)
            .text("box", &*self.id)
            .octets("binding", &self.binding);
        match self.right {
            Some(right) => fields.number("right", u64::from(right.as_octet())),
            None => fields,
        }
    }

    fn spoil(&self, maker: &mut Maker, op: &str) -> Result<(), Fault> {
        maker.ok("it holds", op, self.fields())?;
        // spec: proof-2
        let other = flipped(&self.binding, 31, 1);
        maker.refused(
            "on another connection",
            op,
            "unproven",
            self.fields().octets("binding", &other),
        )?;
        let (key, signature) = self.header.split_once(",s=").unwrap_or_default();
        maker.refused(
            "without a signature",
            op,
            "unproven",
            self.fields().text("header", key),
        )?;
        let spoiled = changed(signature, 10);
        maker.refused(
            "a changed signature",
            op,
            "unproven",
            self.fields().text("header", format!("{key},s={spoiled}")),
        )?;
        let weak = format!("Sipher k={},s={signature}", "A".repeat(43));
        maker.refused(
            "a key of small order",
            op,
            "unproven",
            self.fields().text("header", weak),
        )
    }
}

/// A text with one character changed to another of the alphabet.
fn changed(text: &str, at: usize) -> String {
    let octets = replaced(
        text.as_bytes(),
        at,
        if text.as_bytes().get(at) == Some(&b'A') {
            b"B"
        } else {
            b"A"
        },
    );
    String::from_utf8(octets).unwrap_or_default()
}

fn headers(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let key = data_encoding::BASE64URL_NOPAD.encode(&seeded.array::<32>());
    let signature = data_encoding::BASE64URL_NOPAD.encode(&seeded.array::<64>());
    let nonce = data_encoding::BASE64URL_NOPAD.encode(&seeded.array::<16>());
    let read = |text: String| Fields::new().text("text", text);
    for (comment, text) in [
        ("a key alone", format!("Sipher k={key}")),
        ("key and signature", format!("Sipher k={key},s={signature}")),
        (
            "with a token",
            format!("Sipher k={key},s={signature},t=open.sesame-1"),
        ),
        (
            "with a nonce",
            format!("Sipher k={key},s={signature},n={nonce},c=0000000a"),
        ),
        (
            "other order, blanks, another case",
            format!("sIPHER  s = {signature} ,\tK={key}"),
        ),
        (
            "an unknown parameter",
            format!("Sipher k={key},x=1,s={signature}"),
        ),
    ] {
        maker.ok(comment, "header", read(text))?;
    }
    let cut: String = key.chars().take(42).collect();
    for (comment, text) in [
        ("another scheme", format!("Bearer {key}")),
        ("no key", format!("Sipher s={signature}")),
        ("nothing behind the scheme", "Sipher".to_owned()),
        ("the key twice", format!("Sipher k={key},k={key}")),
        ("a key cut short", format!("Sipher k={cut},s={signature}")),
        ("a key too long", format!("Sipher k={key}A,s={signature}")),
        ("padding", format!("Sipher k={key}=,s={signature}")),
        (
            "bits behind the last octet that are not zero",
            format!("Sipher k={cut}{},s={signature}", '_'),
        ),
        (
            "base64 with a plus",
            format!(
                "Sipher k=+{},s={signature}",
                key.chars().skip(1).collect::<String>()
            ),
        ),
        (
            "a signature of 63 octets",
            format!(
                "Sipher k={key},s={}",
                signature.chars().take(84).collect::<String>()
            ),
        ),
        ("an empty token", format!("Sipher k={key},t=")),
        ("a nonce without its count", format!("Sipher k={key},n={nonce}")),
        ("a count without its nonce", format!("Sipher k={key},c=00000001")),
        (
            "a count of seven digits",
            format!("Sipher k={key},n={nonce},c=0000001"),
        ),
        ("a parameter without a value", format!("Sipher k={key},s")),
    ] {
        maker.refused(comment, "header", "unusable", read(text))?;
    }
    Ok(())
}

/// What the grammar of parameters says of odd ones.
fn oddities(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let key = data_encoding::BASE64URL_NOPAD.encode(&seeded.array::<32>());
    let nonce = data_encoding::BASE64URL_NOPAD.encode(&seeded.array::<16>());
    let read = |text: String| Fields::new().text("text", text);
    for (comment, text) in [
        ("an unknown parameter twice", format!("Sipher x=1,k={key},x=2")),
        (
            "a count in capitals",
            format!("Sipher k={key},n={nonce},c=000000AF"),
        ),
    ] {
        maker.ok(comment, "header", read(text))?;
    }
    for (comment, text) in [
        (
            "an unknown parameter without a value",
            format!("Sipher k={key},x"),
        ),
        (
            "an unknown parameter with an empty value",
            format!("Sipher k={key},x="),
        ),
        ("nothing between two commas", format!("Sipher k={key},,x=1")),
    ] {
        maker.refused(comment, "header", "unusable", read(text))?;
    }
    Ok(())
}
