use alloc::format;
use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;

const KEY: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";
const CELL: &str = "a7q3mzx2ahb5w4tcyd6eolrn27";
const PIN: &str = "MFRGGZDFMZTWQ2LKNNWG23TPOA";

fn uri(place: &str, secret: u8, kind: InvitationKind) -> InvitationUri {
    InvitationUri {
        relay: RelayAddress::parse(&format!("sipher-relay:{place}/{KEY}")).unwrap(),
        cell: BoxId::parse(CELL.as_bytes()).unwrap(),
        secret: InvitationSecret::from_octets(&[secret; 32]),
        pin: PIN.parse().unwrap(),
        kind,
    }
}

fn text(place: &str) -> String {
    uri(place, 0x5a, InvitationKind::OneTime)
        .expose_text()
        .to_string()
}

fn fault(text: &str) -> UriFault {
    InvitationUri::parse(text).err().unwrap()
}

#[test]
fn an_invitation_reads_as_it_was_written() {
    for kind in [InvitationKind::OneTime, InvitationKind::Standing] {
        for place in [
            "r.example.org",
            "192.0.2.1:41873",
            "[2001:db8::1]",
            "[2001:db8::1]:7000",
        ] {
            let written = uri(place, 0xc3, kind).expose_text();
            let read = InvitationUri::parse(&written).unwrap();
            assert_eq!(read.relay.host_port(), place);
            assert_eq!((read.relay.id.as_str(), read.cell.as_str()), (KEY, CELL));
            assert_eq!((read.pin.to_string().as_str(), read.kind), (PIN, kind));
            assert_eq!(read.secret.expose_octets(), &[0xc3; 32]);
            assert_eq!(*read.expose_text(), *written);
        }
    }
}

#[test]
fn an_invitation_of_a_short_host_fits_a_code_of_23_rows() {
    let written = text("192.0.2.1:41873");
    assert_eq!(written.len(), 154);
    assert!(
        written
            .bytes()
            .all(|c| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&c))
    );
}

#[test]
fn blanks_breaks_and_case_do_not_matter() {
    let written = text("r.example.org");
    let (head, tail) = written.split_at(60);
    for form in [written.to_lowercase(), format!("  {head}\r\n   {tail} \n")] {
        assert_eq!(
            InvitationUri::parse(&form).unwrap().expose_text().as_str(),
            written
        );
    }
}

#[test]
fn digits_that_no_invitation_has_stand_for_the_letters_like_them() {
    let written = text("r.example.org");
    let at = written.find('/').unwrap() + 1;
    let (place, code) = written.split_at(at);
    let typed = format!(
        "{place}{}",
        code.replace('O', "0").replace('I', "1").replace('B', "8")
    );
    assert_eq!(
        InvitationUri::parse(&typed).unwrap().expose_text().as_str(),
        written
    );
}

#[test]
fn what_is_no_invitation_is_told_so() {
    for text in [
        "",
        "hello",
        "https://r.example.org/x",
        "sipherr.example.org/AAA",
        "ä",
    ] {
        assert_eq!(fault(text), UriFault::NoInvitation, "{text}");
    }
    assert_eq!(fault(&"x".repeat(5000)), UriFault::NoInvitation);
    assert_eq!(
        fault(&format!("sipher-relay:r.example.org/{KEY}")),
        UriFault::RelayAddress
    );
}

#[test]
fn each_way_to_be_wrong_is_named() {
    let written = text("r.example.org");
    assert_eq!(fault("sipher:r.example.org"), UriFault::CutShort { missing: 131 });
    assert_eq!(
        fault("sipher:r.example.org/"),
        UriFault::CutShort { missing: 131 }
    );
    assert_eq!(
        fault(written.get(..written.len() - 4).unwrap()),
        UriFault::CutShort { missing: 4 }
    );
    assert_eq!(fault(&format!("{written}AB")), UriFault::TooLong { extra: 2 });
    assert_eq!(fault(&format!("{written}.")), UriFault::Character { found: '.' });
    assert_eq!(
        fault(&format!("{written}{}", "A".repeat(5000))),
        UriFault::TooLong { extra: 1 }
    );
    assert_eq!(
        fault(&written.replacen("SIPHER:R", "SIPHER:S", 1)),
        UriFault::Check
    );
}

#[test]
fn a_host_that_is_none_is_told_so() {
    let mut written = String::new();
    // A bad host with a right check can only come from a broken maker.
    let mut writer = BitWriter::new("a_b");
    writer.id(KEY);
    writer.id(CELL);
    (0..32).for_each(|_| writer.put(1, 8));
    writer.id(PIN);
    writer.put(0, 1);
    let check = writer.crc;
    writer.put(u16::from(check), 8);
    written.push_str("sipher:a_b/");
    written.push_str(&writer.text);
    assert_eq!(fault(&written), UriFault::Host);
}

#[test]
fn every_single_wrong_character_is_found() {
    let written = text("r.example.org");
    let start = written.find('/').unwrap() + 1;
    for at in start..written.len() {
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".chars() {
            let mut typed = written.clone();
            typed.replace_range(at..=at, &other.to_string());
            assert_eq!(
                InvitationUri::parse(&typed).is_ok(),
                typed == written,
                "{at} {other}"
            );
        }
    }
}

// spec: invite-2
#[test]
fn debug_shows_nothing() {
    assert_eq!(
        format!("{:?}", uri("r.example.org", 1, InvitationKind::OneTime)),
        "InvitationUri(..)"
    );
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,200}") {
        prop_assert!(InvitationUri::parse(&text).is_err());
    }

    #[test]
    fn what_reads_writes_the_same(code in "[A-Z2-7]{131}") {
        if let Ok(uri) = InvitationUri::parse(&format!("SIPHER:R.EXAMPLE.ORG/{code}")) {
            prop_assert_eq!(uri.expose_text().to_string(), format!("SIPHER:R.EXAMPLE.ORG/{code}"));
        }
    }
}
