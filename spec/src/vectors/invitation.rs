//! Vectors of the text of an invitation. Spec: invitation, "The text".

use sipher_engine::{InvitationKind, InvitationUri, UriFault};

use super::script::Seeded;
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "invitation",
    about: "invitation.md, The text. op read: text -> host, port, relay id, cell, secret, pin, kind (0 one-time, 1 standing), \
            and how it is written. Classes: no-invitation, relay-address, host, cut-short, too-long, character, check.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    if op != "read" {
        return Err(unknown(op));
    }
    Ok(match InvitationUri::parse(input.get_text("text")?) {
        Ok(uri) => Outcome::Done(
            Fields::new()
                .text("host", uri.relay().host.to_string())
                .number("port", u64::from(uri.relay().port))
                .text("relay_id", uri.relay().id.as_str())
                .text("cell", uri.cell().as_str())
                .octets("secret", uri.expose_secret().expose_octets())
                .text("short_pin", uri.pin().to_string().to_ascii_lowercase())
                .number("kind", u64::from(uri.kind() == InvitationKind::Standing))
                .text("written", uri.expose_text().as_str()),
        ),
        Err(UriFault::NoInvitation) => Outcome::Refused("no-invitation"),
        Err(UriFault::RelayAddress) => Outcome::Refused("relay-address"),
        Err(UriFault::Host) => Outcome::Refused("host"),
        Err(UriFault::CutShort { .. }) => Outcome::Refused("cut-short"),
        Err(UriFault::TooLong { .. }) => Outcome::Refused("too-long"),
        Err(UriFault::Character { .. }) => Outcome::Refused("character"),
        Err(UriFault::Check) => Outcome::Refused("check"),
        Err(_) => return Err(Fault::new("a fault without a class")),
    })
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("invitation");
    let mut texts = Vec::new();
    for (comment, place, kind) in [
        ("a name", "r.example.org", 0),
        (
            "an address and a port: 154 characters, the most in 23 rows",
            "192.0.2.1:41873",
            0,
        ),
        ("standing", "relay.example:7000", 1),
        ("IPv6", "[2001:db8::1]", 0),
        ("IPv6 and a port", "[2001:db8::1]:7000", 1),
        (
            "a long name",
            "a-rather-long-name.for-a-relay.somewhere.example",
            0,
        ),
    ] {
        let text = write(place, &mut seeded, kind);
        maker.ok(comment, "read", read(&text))?;
        texts.push(text);
    }
    let text = texts.first().cloned().unwrap_or_default();
    maker.ok("in small letters", "read", read(&text.to_ascii_lowercase()))?;
    maker.ok("with blanks and line breaks", "read", read(&spaced(&text)))?;
    maker.ok("with 0, 1 and 8 for O, I and B", "read", read(&mistaken(&text)))?;
    maker.ok(
        "the default port, which is left out when written",
        "read",
        read(&write("r.example.org:5061", &mut seeded, 0)),
    )?;
    refusals(maker, &text)?;
    slips(maker, &text)?;
    for (comment, place) in [
        ("an underscore in the host", "r_x.example"),
        ("port zero", "r.example:0"),
        ("no host", ""),
    ] {
        maker.refused(comment, "read", "host", read(&write(place, &mut seeded, 0)))?;
    }
    Ok(())
}

fn read(text: &str) -> Fields {
    Fields::new().text("text", text)
}

fn refusals(maker: &mut Maker, text: &str) -> Result<(), Fault> {
    let (head, code) = text
        .split_once('/')
        .ok_or_else(|| Fault::new("an invitation has a slash"))?;
    let without = |count: usize| code.chars().take(131 - count).collect::<String>();
    for (comment, class, text) in [
        ("nothing", "no-invitation", String::new()),
        ("another scheme", "no-invitation", format!("https:{code}")),
        ("no scheme", "no-invitation", code.to_owned()),
        (
            "a relay's address",
            "relay-address",
            "sipher-relay:r.example.org/k7q3mzx2ahb5w4tcyd6eolrn2i".to_owned(),
        ),
        ("only the host", "cut-short", head.to_owned()),
        ("only the host and the slash", "cut-short", format!("{head}/")),
        (
            "one character missing",
            "cut-short",
            format!("{head}/{}", without(1)),
        ),
        ("half of it", "cut-short", format!("{head}/{}", without(66))),
        ("one character too many", "too-long", format!("{text}A")),
        ("twice", "too-long", format!("{text}{code}")),
        (
            "a digit that base32 has not",
            "character",
            format!("{head}/9{}", code.chars().skip(1).collect::<String>()),
        ),
        (
            "a slash inside",
            "character",
            format!("{head}/{}/{}", without(100), without(32)),
        ),
        (
            "a letter that is not ASCII",
            "character",
            format!("{head}/ä{}", code.chars().skip(1).collect::<String>()),
        ),
    ] {
        maker.refused(comment, "read", class, read(&text))?;
    }
    Ok(())
}

/// Each part with one wrong character, and two that changed places.
fn slips(maker: &mut Maker, text: &str) -> Result<(), Fault> {
    let start = text.find('/').map_or(0, |at| at + 1);
    for (part, at) in [
        ("relay id", 0),
        ("cell", 30),
        ("secret, first", 52),
        ("secret, last", 102),
        ("pin", 110),
        ("kind and check", 129),
        ("check", 130),
    ] {
        let mut octets = text.as_bytes().to_vec();
        if let Some(octet) = octets.get_mut(start + at) {
            *octet = if *octet == b'Q' { b'R' } else { b'Q' };
        }
        let text = String::from_utf8(octets).map_err(|_| Fault::new("not UTF-8"))?;
        maker.refused(
            &format!("one wrong character: {part}"),
            "read",
            "check",
            read(&text),
        )?;
    }
    let other = text.replacen("R.EXAMPLE", "S.EXAMPLE", 1);
    maker.refused("one wrong letter in the host", "read", "check", read(&other))
}

fn spaced(text: &str) -> String {
    text.chars().enumerate().fold(String::new(), |mut out, (at, c)| {
        out.push(c);
        match at % 17 {
            16 => out.push_str("\r\n  "),
            7 => out.push(' '),
            _ => {}
        }
        out
    })
}

fn mistaken(text: &str) -> String {
    let Some((head, code)) = text.split_once('/') else {
        return String::new();
    };
    format!(
        "{head}/{}",
        code.replace('O', "0").replace('I', "1").replace('B', "8")
    )
}

/// Writes an invitation by the document alone, with seeded parts.
fn write(place: &str, seeded: &mut Seeded, kind: u8) -> String {
    let mut bits: Vec<u8> = Vec::new();
    let mut put = |octets: &[u8], count: usize| {
        bits.extend(
            octets
                .iter()
                .flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1))
                .take(count),
        );
    };
    put(&seeded.array::<17>(), 130);
    put(&seeded.array::<17>(), 130);
    put(&seeded.array::<32>(), 256);
    put(&seeded.array::<17>(), 130);
    put(&[kind << 7], 1);
    let of_place = place
        .bytes()
        .flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1));
    let check = of_place.chain(bits.iter().copied()).fold(0xff_u8, |sum, bit| {
        let carry = (sum >> 7) ^ bit;
        (sum << 1) ^ (carry * 0x07)
    });
    bits.extend((0..8).rev().map(|at| check >> at & 1));
    let letter = |five: &[u8]| {
        let value = five.iter().fold(0_u8, |value, bit| value << 1 | bit);
        char::from(if value < 26 {
            b'A' + value
        } else {
            b'2' + value - 26
        })
    };
    let code: String = bits.chunks(5).map(letter).collect();
    format!("SIPHER:{}/{code}", place.to_ascii_uppercase())
}
