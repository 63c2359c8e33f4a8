//! rsip as a second opinion: on canonical heads it must read what we read, and what we wrote.

use super::*;
use crate::auth::OwnerKey;
use crate::box_id::{BoxId, BoxKind};
use crate::sip::{BoxAt, Cut, Cutter, Draft, Exchange, Lifetime, Side};
use bytes::Bytes;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rsip::headers::ToTypedHeader;
use rsip::message::{HasHeaders, HeadersExt};

/// The head as one line a field, long names, one blank after the colon: what rsip reads exactly.
fn canonical(head: &crate::sip::Head, start: &str) -> String {
    let mut out = alloc::format!("{start}\r\n");
    for (name, value) in head.fields() {
        let name = if name == Name::Other {
            "X-Other"
        } else {
            name.as_str()
        };
        write!(out, "{name}: {}\r\n", core::str::from_utf8(value).unwrap()).unwrap();
    }
    out + "\r\n"
}

fn cut(octets: &[u8]) -> crate::sip::Message {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(octets);
    match cutter.next_cut() {
        Some(Cut::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_body_of_every_octet_leaves_as_it_came() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let body: Bytes = (0..=255).collect::<Vec<u8>>().into();
    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    let host = Host::parse(b"relay.example").unwrap();
    let at = BoxAt { id: &id, host: &host };
    let origin = Origin::random(Transport::Tls, rng);
    let draft = Draft::message(&origin, at, &Exchange::random(rng), Lifetime::Day, body.clone());
    assert!(draft.write().ends_with(&body));
    assert_eq!(cut(&draft.write()).body, body);
}

#[test]
fn codes_and_phrases_are_from_our_table() {
    let mut out = Vec::new();
    status_line(&mut out, Status::ACCEPTED);
    status_line(&mut out, Status::CONDITIONAL_REQUEST_FAILED);
    assert_eq!(
        out,
        b"SIP/2.0 202 Accepted\r\nSIP/2.0 412 Conditional Request Failed\r\n"
    );
}

#[test]
fn a_value_with_a_line_end_is_never_written() {
    let mut out = Vec::new();
    for value in ["a\r\nEvil: 1", "a\nb", "a\0b", "\u{7f}"] {
        field(&mut out, Name::Event, value);
    }
    assert!(out.is_empty());
    field(&mut out, Name::Contact, "<sip:a>;b=\"\t\"");
    assert_eq!(out, b"Contact: <sip:a>;b=\"\t\"\r\n");
}

#[test]
fn every_name_is_written_as_it_reads() {
    for &name in Name::KNOWN {
        let mut out = Vec::new();
        field(&mut out, name, "value");
        assert_eq!(out, alloc::format!("{}: value\r\n", name.as_str()).into_bytes());
    }
}

proptest! {
    #[test]
    fn rsip_reads_what_we_wrote_to_the_same_values(seed: u64, cseq in 1_u32..=0x7fff_ffff, body in prop::collection::vec(any::<u8>(), 0..50)) {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
        let host = Host::parse(b"relay.example").unwrap();
        let exchange = Exchange { cseq, ..Exchange::random(rng) };
        let origin = Origin::random(Transport::Tls, rng);
        let draft = Draft::message(&origin, BoxAt { id: &id, host: &host }, &exchange, Lifetime::Week, body.into());
        let octets = draft.write();
        let head = &octets[..octets.len() - draft.body().len()];

        let theirs = rsip::Request::try_from(head).unwrap();

        prop_assert_eq!(theirs.method, rsip::Method::Message);
        prop_assert_eq!(theirs.uri.user(), Some(id.as_str()));
        prop_assert_eq!(theirs.uri.to_string(), draft.uri());
        let via = theirs.via_header().unwrap().typed().unwrap();
        prop_assert_eq!(via.branch().unwrap().value(), exchange.branch.as_str());
        let from = theirs.from_header().unwrap().typed().unwrap();
        prop_assert_eq!(from.tag().unwrap().value(), exchange.from_tag.as_str());
        let to = theirs.to_header().unwrap().typed().unwrap();
        prop_assert_eq!(to.uri.user(), Some(id.as_str()));
        let number = theirs.cseq_header().unwrap().typed().unwrap();
        prop_assert_eq!((number.seq, number.method), (cseq, rsip::Method::Message));
    }

    #[test]
    fn rsip_reads_the_same_list_from_a_canonical_head(
        fields in prop::collection::vec(("[A-Za-z][A-Za-z0-9-]{0,12}|v|f|t|i|m|c|s|k|o|u", "[ -~\u{e4}\u{442}]{0,40}", "\r\n[ \t]{1,3}[!-~]{1,9}|"), 0..12)
    ) {
        let mut text = String::from("MESSAGE sip:a@relay.example SIP/2.0\r\n");
        for (name, value, fold) in &fields {
            write!(text, "{name} : {value}{fold}\r\n").unwrap();
        }
        let plain = fields.iter().all(|(name, ..)| Name::parse(name.as_bytes()) != Name::ContentLength);
        prop_assume!(plain);
        text.push_str("l: 0\r\n\r\n");
        let ours = cut(text.as_bytes());

        let theirs = rsip::Request::try_from(canonical(&ours.head, "MESSAGE sip:a@relay.example SIP/2.0").as_bytes()).unwrap();

        let theirs: Vec<_> = theirs.headers().iter().map(ToString::to_string).collect();
        let ours: Vec<_> = canonical(&ours.head, "").lines().filter(|line| !line.is_empty()).map(ToString::to_string).collect();
        prop_assert_eq!(theirs, ours);
    }
}
