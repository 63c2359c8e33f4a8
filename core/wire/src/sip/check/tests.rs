use super::*;
use crate::sip::frame::{Cut, Cutter, Side, Whole, cut_whole};
use crate::sip::view::Contacts;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

mod torture;

/// A good MESSAGE without these fields, and with others in their place.
fn with(start: &str, without: &[&str], fields: &str) -> String {
    let mut out = format!("{start}\r\n");
    for line in [
        "Via: SIP/2.0/TLS a.invalid;branch=z9hG4bK1",
        "Max-Forwards: 70",
        "From: <sip:anonymous@anonymous.invalid>;tag=1",
        "To: <sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example>",
        "Call-ID: 2uXoJv9hQkK0yPq3WmZr5g",
        "CSeq: 1 MESSAGE",
    ] {
        if !without.iter().any(|name| line.starts_with(name)) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    format!("{out}{fields}Content-Length: 0\r\n\r\n")
}

const START: &str = "MESSAGE sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example SIP/2.0";

fn judge(octets: &[u8]) -> Verdict {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(octets);
    match cutter.next_cut() {
        Some(Cut::Message(message)) => check(message),
        Some(Cut::Broken(broken)) => check_broken(broken),
        other => panic!("{other:?}"),
    }
}

fn judge_text(text: &str) -> Verdict {
    judge(text.as_bytes())
}

fn request(text: &str) -> Request {
    match judge_text(text) {
        Verdict::Request(request) => request,
        other => panic!("{text}: {other:?}"),
    }
}

fn refusal(text: &str) -> Refusal {
    match judge_text(text) {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("{text}: {other:?}"),
    }
}

fn is_400(text: &str) -> bool {
    let refusal = refusal(text);
    refusal.status == Status::BAD_REQUEST && refusal.after == After::Close
}

#[test]
fn a_good_request_gives_its_values() {
    let request = request(&with(
        START,
        &[],
        "Expires: 86400\r\nContent-Type: Application/vnd.sipher.envelope;x=1\r\n",
    ));
    assert_eq!(request.method(), Method::Message);
    assert_eq!(request.cseq(), 1);
    assert_eq!(request.expires_secs(), Some(86_400));
    assert_eq!(request.call_id(), b"2uXoJv9hQkK0yPq3WmZr5g");
    assert_eq!(request.via().unwrap().branch(), Some(&b"z9hG4bK1"[..]));
    assert_eq!(request.from().unwrap().tag(), Some(&b"1"[..]));
    assert_eq!(
        request.sip_target().unwrap().box_id().unwrap().as_str(),
        "k7q3mzx2ahb5w4tcyd6eolrn2i"
    );
    assert!(request.has_type(crate::ENVELOPE_TYPE));
    assert!(matches!(request.contacts(), Contacts::Absent));
}

#[test]
fn f6_compact_and_long_names_mix() {
    let text = with(
        START,
        &["Via", "From", "To", "Call-ID"],
        "v: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\r\nF:<sip:a@b>;tag=1\r\nt : <sip:c@d>\r\ni: x\r\n",
    );
    assert_eq!(request(&text).call_id(), b"x");
}

#[test]
fn f9_an_unknown_method_is_a_good_request() {
    let text = with(
        "NEWMETHOD sip:a@relay.example SIP/2.0",
        &["CSeq"],
        "CSeq: 1 NEWMETHOD\r\nX-New: \u{fc}\r\n",
    );
    assert_eq!(request(&text).method(), Method::Other);
}

#[test]
fn f10_numbers_out_of_range_are_400_and_expires_saturates() {
    let cseq = |number: &str| with(START, &["CSeq"], &format!("CSeq: {number} MESSAGE\r\n"));
    assert_eq!(request(&cseq("0002147483647")).cseq(), CSEQ_MAX);
    for bad in ["2147483648", "36893488147419103232", "-1", "+1", "1a", ""] {
        assert!(is_400(&cseq(bad)), "{bad}");
    }
    let field = |field: &str| with(START, &["Max"], &format!("{field}\r\n"));
    assert!(judges_good(&field("Max-Forwards: 0255")));
    for bad in [
        "Max-Forwards: 256",
        "Max-Forwards: -1",
        "Expires: -1",
        "Expires: soon",
    ] {
        assert!(is_400(&field(bad)), "{bad}");
    }
    assert_eq!(
        request(&field("Expires: 99999999999999999999")).expires_secs(),
        Some(u32::MAX)
    );
}

fn judges_good(text: &str) -> bool {
    matches!(judge_text(text), Verdict::Request(_))
}

// spec: frame-9
#[test]
fn f11_each_mandatory_field_is_there_exactly_once() {
    for name in ["From", "To", "Call-ID", "CSeq", "Via"] {
        assert!(
            matches!(judge_text(&with(START, &[name], "")), Verdict::Drop(After::Close)),
            "without {name}"
        );
        assert!(
            matches!(
                judge_text(&with(START, &[name], &format!("{name}:\r\n"))),
                Verdict::Drop(After::Close)
            ),
            "with an empty {name}"
        );
    }
    for second in [
        "To: <sip:x@y>",
        "From: <sip:x@y>;tag=2",
        "i: 2",
        "CSeq: 2 MESSAGE",
        "Max-Forwards: 70",
        "Event: a\r\nEvent: b",
        "Expires: 1\r\nExpires: 1",
        "SIP-If-Match: a\r\nSIP-If-Match: a",
        "c: a/b\r\nContent-Type: a/b",
    ] {
        assert!(is_400(&with(START, &[], &format!("{second}\r\n"))), "{second}");
    }
}

#[test]
fn f11_the_method_of_cseq_is_the_one_of_the_start_line() {
    assert!(is_400(&with(START, &["CSeq"], "CSeq: 1 PUBLISH\r\n")));
    assert!(is_400(&with(START, &["CSeq"], "CSeq: 1 message\r\n")));
    assert!(is_400(&with(START, &["CSeq"], "CSeq: 1MESSAGE\r\n")));
}

#[test]
fn f14_more_contacts_than_anybody_has_are_refused() {
    let contacts = |count: usize| format!("Contact: {}\r\n", ["<sip:a@b>"].repeat(count).join(", "));
    assert!(judges_good(&with(START, &[], &contacts(CONTACTS))));
    assert!(is_400(&with(START, &[], &contacts(CONTACTS + 1))));
}

#[test]
fn f12_another_version_is_505_and_the_stream_goes_on() {
    let refusal = refusal(&with("MESSAGE sip:a@b SIP/7.0", &[], ""));
    assert_eq!(
        (refusal.status, refusal.after),
        (Status::BAD_VERSION, After::Keep)
    );
}

#[test]
fn f12_a_broken_start_line_is_400_if_a_via_can_be_read_and_silence_else() {
    assert!(is_400(&with("MESSAGE  sip:a@b SIP/2.0", &[], "")));
    assert!(matches!(
        judge_text(&with("what", &["Via"], "")),
        Verdict::Drop(After::Close)
    ));
}

// spec: frame-10
#[test]
fn f13_a_malformed_response_is_dropped_and_never_answered() {
    let response = |without: &[&str], fields: &str| judge_text(&with("SIP/2.0 200 OK", without, fields));
    assert!(matches!(response(&[], ""), Verdict::Response(_)));
    for verdict in [
        response(&["To"], ""),
        response(&["CSeq"], "CSeq: x\r\n"),
        response(&[], "Via: SIP/2.0/TLS b.invalid;branch=z9hG4bK2\r\n"),
        response(
            &["Via"],
            "Via: SIP/2.0/TLS b;branch=1, SIP/2.0/TLS c;branch=2\r\n",
        ),
        judge_text(&with("SIP/2.0 4294967301 better", &[], "")),
    ] {
        assert!(matches!(verdict, Verdict::Drop(After::Keep)), "{verdict:?}");
    }
    let broken = with("SIP/2.0 200 OK", &[], "Content-Length: 9\r\n");
    assert!(matches!(judge_text(&broken), Verdict::Drop(After::Close)));
}

#[test]
fn f14_too_much_is_513_or_413_and_closes() {
    let many = "A: b\r\n".repeat(100);
    for (fields, status) in [
        (many.as_str(), Status::HEAD_TOO_LARGE),
        ("l: 99999\r\n", Status::BODY_TOO_LARGE),
    ] {
        let text = with(START, &[], fields).replace("Content-Length: 0\r\n", "");
        let text = if fields.starts_with('A') {
            text.replace("\r\n\r\n", "\r\nl: 0\r\n\r\n")
        } else {
            text
        };
        let refusal = refusal(&text);
        assert_eq!((refusal.status, refusal.after), (status, After::Close));
    }
}

#[test]
fn t18_an_ack_is_never_answered() {
    let text = with("ACK sip:a@b SIP/2.0", &["CSeq"], "CSeq: 1 INVITE\r\n");
    assert!(matches!(judge_text(&text), Verdict::Drop(After::Close)));
    assert!(matches!(
        judge_text(&with("ACK sip:a@b SIP/7.0", &[], "")),
        Verdict::Drop(After::Keep)
    ));
}

#[test]
fn more_vias_than_any_path_has_are_400() {
    let via = "Via: SIP/2.0/TLS b.invalid;branch=z9hG4bK2\r\n";
    assert!(judges_good(&with(START, &[], &via.repeat(VIAS - 1))));
    assert!(is_400(&with(START, &[], &via.repeat(VIAS))));
}

#[test]
fn g1_a_star_among_contacts_is_told() {
    let contacts = |fields: &str| request(&with(START, &[], fields));
    assert!(matches!(contacts("Contact: *\r\n").contacts(), Contacts::All));
    assert!(matches!(
        contacts("Contact: *, <sip:a@b>\r\n").contacts(),
        Contacts::Mixed
    ));
    let two = contacts("m: <sip:a@b>;reg-id=1\r\nContact: sip:c@d\r\n");
    assert!(matches!(two.contacts(), Contacts::Listed(list) if list.len() == 2));
    assert!(is_400(&with(START, &[], "Contact: <sip:a@b\r\n")));
}

#[test]
fn g8_unknown_schemes_are_ignored_as_if_absent() {
    let key = "A".repeat(43);
    let fields =
        format!("Authorization: Digest username=\"a, b\", realm=\"c\"\r\nAuthorization: Sipher k={key}\r\n");
    assert!(request(&with(START, &[], &fields)).credentials().is_some());
    assert!(
        request(&with(START, &[], "Authorization: Bearer abc\r\n"))
            .credentials()
            .is_none()
    );
}

#[test]
fn a_refusal_copies_what_it_must_and_tags_to() {
    let tag = Tag::random(&mut ChaCha20Rng::seed_from_u64(1));
    let text = with(
        START,
        &["CSeq"],
        "CSeq: 1 PUBLISH\r\nVia: SIP/2.0/UDP p.example;branch=2\r\n",
    );
    let reply = refusal(&text).reply(&tag).unwrap().write();
    let wanted = format!(
        "SIP/2.0 400 Bad Request\r\n\
         Via: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\r\n\
         Via: SIP/2.0/UDP p.example;branch=2\r\n\
         From: <sip:anonymous@anonymous.invalid>;tag=1\r\n\
         To: <sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example>;tag={}\r\n\
         Call-ID: 2uXoJv9hQkK0yPq3WmZr5g\r\n\
         CSeq: 1 PUBLISH\r\n\
         Content-Length: 0\r\n\r\n",
        tag.as_str()
    );
    assert_eq!(reply, wanted.as_bytes());
}

#[test]
fn a_datagram_is_judged_like_a_stream() {
    let text = with(START, &[], "").replace("Content-Length: 0\r\n", "");
    let Some(Cut::Message(message)) = cut_whole(Whole::Datagram, Bytes::from(text.into_bytes())) else {
        panic!("refused")
    };
    assert!(matches!(check(message), Verdict::Request(_)));
}

/// Lines from a good message and broken ones, in any order.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let lines: [&'static [u8]; 14] = [
        b"Via: SIP/2.0/TLS a.invalid;branch=z9hG4bK1",
        b"v: ;;,",
        b"From: <sip:a@b>;tag=1",
        b"To: <sip:a@b>",
        b"To: \"<sip:a@b>",
        b"i: 1",
        b"CSeq: 1 MESSAGE",
        b"CSeq: 9999999999 X",
        b"Contact: *",
        b"Content-Length: 0",
        b" folded \xff",
        b"\0",
        b"Authorization: Sipher k=,",
        b"Event: ;",
    ];
    let starts = prop::sample::select(alloc::vec![
        START,
        "SIP/2.0 200 OK",
        "X y SIP/2.0",
        "SIP/2.0",
        "",
        "A sip:@ SIP/3.0"
    ]);
    let line = prop_oneof![
        prop::sample::select(lines.to_vec()).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..30),
    ];
    (starts, prop::collection::vec(line, 0..14)).prop_map(|(start, lines)| {
        let mut out = start.as_bytes().to_vec();
        for line in lines {
            out.extend(b"\r\n");
            out.extend(line);
        }
        out.extend(b"\r\n\r\n");
        out
    })
}

proptest! {
    #[test]
    fn no_message_breaks_the_check_and_every_answer_can_be_read_again(octets in any_message()) {
        let tag = Tag::random(&mut ChaCha20Rng::seed_from_u64(1));
        let mut cutter = Cutter::new(Side::Relay);
        cutter.push(&octets);
        while let Some(cut) = cutter.next_cut() {
            let verdict = match cut {
                Cut::Message(message) => check(message),
                Cut::Broken(broken) => check_broken(broken),
                Cut::Ping | Cut::Pong => continue,
            };
            let reply = match verdict {
                Verdict::Request(request) => {
                    drop((request.credentials(), request.event(), request.etag(Name::SipEtag), request.sip_target().map(|u| u.box_id())));
                    Some(Reply::to(&request, Status::NOT_FOUND, &tag))
                }
                Verdict::Refuse(refusal) => refusal.reply(&tag),
                Verdict::Response(_) | Verdict::Drop(_) => None,
            };
            if let Some(reply) = reply.map(Reply::write) {
                let mut other = Cutter::new(Side::Client);
                other.push(&reply);
                prop_assert!(matches!(other.next_cut(), Some(Cut::Message(_))), "{:?}", reply);
                prop_assert!(other.is_idle());
            }
        }
    }
}
