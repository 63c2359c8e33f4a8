//! Vectors of box ids, relay ids and addresses. Spec: boxes, "Box ids" and "Relay addresses".

use sipher_wire::{BoxId, BoxKind, GrantKey, OwnerKey, RelayAddress, RelayId};

use super::script::Seeded;
use super::{Fault, Fields, Maker, Outcome, Topic, text, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "boxes",
    about: "boxes.md, Box ids and Relay addresses. op box_id: kind, owner_key -> id, proof_octets. op owns: id, \
            owner_key -> kind (class not-the-owner, not-an-id). op grant_id: grant_key -> id. op relay_id: identity_key \
            -> id. op address: text -> host, port, id, token, and how it is written (classes name the wrong part).",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "box_id" => {
            let kind =
                BoxKind::from_octet(input.get_u8("kind")?).ok_or_else(|| Fault::new("no such kind"))?;
            let id = BoxId::of(kind, &OwnerKey::from_octets(input.get_array("owner_key")?));
            let output = Fields::new()
                .text("id", id.as_str())
                .octets("proof_octets", &id.proof_octets());
            Ok(Outcome::Done(output))
        }
        "owns" => owns(input),
        "grant_id" => {
            let id = GrantKey::from_octets(input.get_array("grant_key")?).id();
            Ok(Outcome::Done(Fields::new().octets("id", id.as_octets())))
        }
        "relay_id" => {
            let id = RelayId::of(&input.get_array("identity_key")?);
            Ok(Outcome::Done(Fields::new().text("id", id.as_str())))
        }
        "address" => address(input),
        _ => Err(unknown(op)),
    }
}

fn owns(input: &Fields) -> Result<Outcome, Fault> {
    let Some(id) = BoxId::parse(input.get_text("id")?.as_bytes()) else {
        return Ok(Outcome::Refused("not-an-id"));
    };
    Ok(
        match id.kind_under(&OwnerKey::from_octets(input.get_array("owner_key")?)) {
            Some(kind) => Outcome::Done(Fields::new().number("kind", u64::from(kind.as_octet()))),
            None => Outcome::Refused("not-the-owner"),
        },
    )
}

fn address(input: &Fields) -> Result<Outcome, Fault> {
    use sipher_wire::AddressFault as F;
    Ok(match RelayAddress::parse(input.get_text("text")?) {
        Ok(address) => Outcome::Done(
            Fields::new()
                .text("host", address.host.to_string())
                .number("port", u64::from(address.port))
                .text("id", address.id.as_str())
                .value(
                    "token",
                    address
                        .token
                        .as_ref()
                        .map_or(serde_json::Value::Null, |t| text(t.expose_text())),
                )
                .text("written", address.expose_text())
                .text("qr", address.expose_qr_text()),
        ),
        Err(F::Scheme) => Outcome::Refused("scheme"),
        Err(F::Length) => Outcome::Refused("length"),
        Err(F::Host) => Outcome::Refused("host"),
        Err(F::Port) => Outcome::Refused("port"),
        Err(F::Key) => Outcome::Refused("key"),
        Err(F::Token) => Outcome::Refused("token"),
        Err(_) => return Err(Fault::new("a fault without a class")),
    })
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("boxes");
    for kind in BoxKind::ALL {
        let (owner, other) = (seeded.array::<32>(), seeded.array::<32>());
        let input = Fields::new()
            .number("kind", u64::from(kind.as_octet()))
            .octets("owner_key", &owner);
        let id = maker.ok(&format!("{kind:?}").to_lowercase(), "box_id", input)?;
        let id = id.get_text("id")?.to_owned();
        let owns = |id: &str, key: &[u8]| Fields::new().text("id", id).octets("owner_key", key);
        maker.ok("its key owns it", "owns", owns(&id, &owner))?;
        // spec: box-2
        maker.refused("another key", "owns", "not-the-owner", owns(&id, &other))?;
        maker.refused(
            "in capitals",
            "owns",
            "not-an-id",
            owns(&id.to_ascii_uppercase(), &owner),
        )?;
        let cut: String = id.chars().take(25).collect();
        maker.refused("a letter missing", "owns", "not-an-id", owns(&cut, &owner))?;
        maker.refused(
            "a digit that base32 has not",
            "owns",
            "not-an-id",
            owns(&format!("{cut}8"), &owner),
        )?;
    }
    for _ in 0..3 {
        maker.ok(
            "a grant's id",
            "grant_id",
            Fields::new().octets("grant_key", &seeded.array::<32>()),
        )?;
        maker.ok(
            "a relay's id",
            "relay_id",
            Fields::new().octets("identity_key", &seeded.array::<32>()),
        )?;
    }
    addresses(maker)
}

fn addresses(maker: &mut Maker) -> Result<(), Fault> {
    let read = |text: &str| Fields::new().text("text", text.replace("KEY", KEY));
    for (comment, text) in GOOD_ADDRESSES {
        maker.ok(comment, "address", read(text))?;
    }
    let capitals = format!(
        "SIPHER-RELAY:RELAY.EXAMPLE:7000/{}/TOKEN",
        KEY.to_ascii_uppercase()
    );
    maker.ok("capitals, from a QR code", "address", read(&capitals))?;
    for (comment, class, text) in BAD_ADDRESSES {
        maker.refused(comment, "address", class, read(text))?;
    }
    let long = format!("sipher-relay:{}/KEY", "a".repeat(400));
    maker.refused("over 400 characters", "address", "length", read(&long))?;
    let token = format!("sipher-relay:relay.example/KEY/{}", "t".repeat(65));
    maker.refused("a token of 65", "address", "token", read(&token))
}

/// Stands for `KEY` in the tables.
const KEY: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";

const GOOD_ADDRESSES: [(&str, &str); 9] = [
    ("a name", "sipher-relay:relay.example/KEY"),
    ("a name and a port", "sipher-relay:relay.example:7000/KEY"),
    (
        "the default port, which is left out when written",
        "sipher-relay:relay.example:5061/KEY",
    ),
    ("an IPv4 address", "sipher-relay:192.0.2.7/KEY"),
    ("an IPv6 address", "sipher-relay:[2001:db8::1]/KEY"),
    (
        "an IPv6 address and a port",
        "sipher-relay:[2001:DB8:0::1]:7000/KEY",
    ),
    ("a token", "sipher-relay:relay.example/KEY/s3cret-token.x"),
    ("blanks around it", "  sipher-relay:relay.example/KEY\n"),
    ("the highest port", "sipher-relay:relay.example:65535/KEY"),
];

const BAD_ADDRESSES: [(&str, &str, &str); 22] = [
    ("another scheme", "scheme", "https://relay.example/KEY"),
    ("an invitation's scheme", "scheme", "sipher:relay.example/KEY"),
    ("nothing", "scheme", ""),
    ("no scheme", "scheme", "relay.example"),
    ("no host", "host", "sipher-relay:/KEY"),
    (
        "a name with an underscore",
        "host",
        "sipher-relay:relay_one.example/KEY",
    ),
    ("an empty label", "host", "sipher-relay:relay..example/KEY"),
    (
        "a number that is no address",
        "host",
        "sipher-relay:256.1.1.1/KEY",
    ),
    ("IPv6 without brackets", "host", "sipher-relay:2001:db8::1/KEY"),
    ("an open bracket", "host", "sipher-relay:[2001:db8::1/KEY"),
    ("port zero", "port", "sipher-relay:relay.example:0/KEY"),
    ("port 65536", "port", "sipher-relay:relay.example:65536/KEY"),
    ("a signed port", "port", "sipher-relay:relay.example:+1/KEY"),
    ("an empty port", "port", "sipher-relay:relay.example:/KEY"),
    ("a port of letters", "port", "sipher-relay:relay.example:x/KEY"),
    ("no key", "key", "sipher-relay:relay.example"),
    (
        "a key cut short",
        "key",
        "sipher-relay:relay.example/k7q3mzx2ahb5w4tcyd6eolrn2",
    ),
    ("a key too long", "key", "sipher-relay:relay.example/KEYa"),
    (
        "a digit that base32 has not",
        "key",
        "sipher-relay:relay.example/k7q3mzx2ahb5w4tcyd6eolrn21",
    ),
    ("an empty token", "token", "sipher-relay:relay.example/KEY/"),
    (
        "something behind the token",
        "token",
        "sipher-relay:relay.example/KEY/a/b",
    ),
    (
        "a blank in the token",
        "token",
        "sipher-relay:relay.example/KEY/a b",
    ),
];
