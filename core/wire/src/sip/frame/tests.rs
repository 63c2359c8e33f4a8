use super::*;
use crate::limits::VALUE_OCTETS;
use crate::sip::StartLine;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn message(fields: &str, body: &[u8]) -> Vec<u8> {
    let mut out =
        format!("MESSAGE sip:a@h SIP/2.0\r\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\r\n{fields}\r\n")
            .into_bytes();
    out.extend_from_slice(body);
    out
}

fn good(body: &[u8]) -> Vec<u8> {
    message(&format!("Content-Length: {}\r\n", body.len()), body)
}

/// Cuts as text, so that they can be compared.
fn cuts(side: Side, reads: &[&[u8]]) -> Vec<String> {
    let mut cutter = Cutter::new(side);
    let mut out = Vec::new();
    for read in reads {
        cutter.push(read);
        while let Some(cut) = cutter.next_cut() {
            out.push(shown(&cut));
        }
    }
    out
}

fn shown(cut: &Cut) -> String {
    match cut {
        Cut::Message(message) => format!("{:?} {:?}", message.head.octets(), message.body),
        Cut::Ping => "ping".into(),
        Cut::Pong => "pong".into(),
        Cut::Broken(broken) => format!("{:?}", broken.fault),
    }
}

fn one(octets: &[u8]) -> Cut {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(octets);
    cutter.next_cut().unwrap()
}

fn fault(octets: &[u8]) -> Fault {
    match one(octets) {
        Cut::Broken(broken) => broken.fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn f1_two_messages_in_one_read_are_two() {
    let all = [good(b"one"), good(b""), good(b"three")].concat();
    assert_eq!(cuts(Side::Relay, &[&all]).len(), 3);
}

// spec: frame-1
#[test]
fn f1_a_message_may_come_one_octet_at_a_time() {
    let all = [b"\r\n".to_vec(), good(b"\r\n\r\nbody"), good(b"x")].concat();
    let single: Vec<&[u8]> = all.chunks(1).collect();
    assert_eq!(cuts(Side::Relay, &single), cuts(Side::Relay, &[&all]));
}

#[test]
fn f1_line_ends_before_a_message_are_skipped() {
    let all = [b"\r\n".to_vec(), good(b"x")].concat();
    assert_eq!(cuts(Side::Relay, &[&all]).len(), 1);
}

// spec: frame-2
#[test]
fn f2_two_different_content_lengths_close() {
    assert_eq!(
        fault(&message("Content-Length: 1\r\nl: 2\r\n", b"xx")),
        Fault::Length
    );
    assert_eq!(Fault::Length.status(), Status::BAD_REQUEST);
}

#[test]
fn f2_two_equal_content_lengths_are_one() {
    let Cut::Message(message) = one(&message("Content-Length: 2\r\nl: 002\r\n", b"xx")) else {
        panic!("refused")
    };
    assert_eq!(message.body[..], *b"xx");
}

#[test]
fn f2_an_unusable_content_length_closes() {
    for value in ["", "-1", "+1", "1a", "1 1", "0x1", "1,1", "\"1\"", "1.0"] {
        assert_eq!(
            fault(&message(&format!("Content-Length: {value}\r\n"), b"x")),
            Fault::Length,
            "{value}"
        );
    }
    assert_eq!(fault(&message("", b"x")), Fault::Length, "missing");
}

#[test]
fn f2_after_a_fault_nothing_more_is_cut() {
    let all = [message("", b""), good(b"x")].concat();
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(&all);
    assert!(matches!(cutter.next_cut(), Some(Cut::Broken(_))));
    cutter.push(&good(b"y"));
    assert!(cutter.next_cut().is_none());
    assert!(cutter.is_idle());
}

#[test]
fn f3_a_datagram_without_a_length_has_its_body_to_the_end() {
    let Some(Cut::Message(message)) = cut_whole(Whole::Datagram, message("", b"body").into()) else {
        panic!("refused")
    };
    assert_eq!(message.body[..], *b"body");
}

#[test]
fn f3_a_datagram_shorter_than_announced_is_a_fault_and_octets_past_it_are_dropped() {
    let cut = cut_whole(Whole::Datagram, message("Content-Length: 5\r\n", b"four").into());
    assert!(matches!(
        cut,
        Some(Cut::Broken(Broken {
            fault: Fault::Length,
            ..
        }))
    ));
    let cut = cut_whole(Whole::Datagram, message("Content-Length: 3\r\n", b"four").into());
    assert!(matches!(cut, Some(Cut::Message(Message { body, .. })) if body[..] == *b"fou"));
}

#[test]
fn s3_a_length_in_a_frame_must_agree() {
    for (fields, agrees) in [
        ("", true),
        ("l: 4\r\n", true),
        ("l: 3\r\n", false),
        ("l: 5\r\n", false),
    ] {
        let cut = cut_whole(Whole::Frame, message(fields, b"four").into());
        assert_eq!(matches!(cut, Some(Cut::Message(_))), agrees, "{fields}");
    }
}

#[test]
fn a_datagram_of_line_ends_is_a_keepalive() {
    assert!(matches!(
        cut_whole(Whole::Datagram, Bytes::from_static(b"\r\n\r\n")),
        Some(Cut::Ping)
    ));
    assert!(matches!(
        cut_whole(Whole::Datagram, Bytes::from_static(b"\r\n")),
        Some(Cut::Pong)
    ));
    assert!(cut_whole(Whole::Datagram, Bytes::new()).is_none());
    let cut = cut_whole(Whole::Datagram, Bytes::from_static(b"jaK\0"));
    assert!(matches!(cut, Some(Cut::Broken(_))));
}

// spec: frame-5
#[test]
fn f14_a_head_over_16_kib_is_513_before_more_is_kept() {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(b"MESSAGE sip:a@h SIP/2.0\r\nVia: SIP/2.0/TLS a.invalid;branch=1\r\n");
    let mut pushed = 0;
    let cut = loop {
        cutter.push(&[b'x'; 1000]);
        pushed += 1000;
        if let Some(cut) = cutter.next_cut() {
            break cut;
        }
        assert!(pushed <= HEAD_OCTETS);
    };
    let Cut::Broken(broken) = cut else {
        panic!("{cut:?}")
    };
    assert_eq!(broken.fault.status(), Status::HEAD_TOO_LARGE);
    assert!(
        broken.head.value(Name::Via).is_some(),
        "what was whole can be read"
    );
}

#[test]
fn f14_a_head_of_exactly_the_limit_passes_and_one_more_does_not() {
    let sized = |len: usize| {
        let base = message("Content-Length: 0\r\nA: \r\nB: \r\n", b"").len();
        let (a, b) = (
            (len - base).min(VALUE_OCTETS),
            (len - base).saturating_sub(VALUE_OCTETS),
        );
        message(
            &format!(
                "Content-Length: 0\r\nA: {}\r\nB: {}\r\n",
                "x".repeat(a),
                "x".repeat(b)
            ),
            b"",
        )
    };
    assert_eq!(sized(HEAD_OCTETS).len(), HEAD_OCTETS);
    assert!(matches!(one(&sized(HEAD_OCTETS)), Cut::Message(_)));
    assert_eq!(fault(&sized(HEAD_OCTETS + 1)), Fault::HeadTooLarge);
}

// spec: frame-5
#[test]
fn f14_a_body_over_68_kib_is_413_before_it_is_read() {
    assert_eq!(
        fault(&message("Content-Length: 69633\r\n", b"")),
        Fault::BodyTooLarge
    );
    assert_eq!(
        fault(&message("Content-Length: 99999999999999999999\r\n", b"")),
        Fault::BodyTooLarge
    );
    assert_eq!(Fault::BodyTooLarge.status(), Status::BODY_TOO_LARGE);
    assert!(matches!(one(&good(&vec![0; BODY_OCTETS])), Cut::Message(_)));
}

// spec: frame-6
#[test]
fn f15_every_octet_passes_through_a_body() {
    let body: Vec<u8> = (0..=255).cycle().take(1024).collect();
    let Cut::Message(message) = one(&good(&body)) else {
        panic!("refused")
    };
    assert_eq!(message.body[..], body[..]);
}

// spec: frame-7
#[test]
fn g6_a_relay_answers_pairs_and_a_client_takes_single_ones() {
    assert_eq!(cuts(Side::Relay, &[b"\r\n\r\n\r\n\r\n"]), ["ping", "ping"]);
    assert_eq!(cuts(Side::Relay, &[b"\r", b"\n\r", b"\n"]), ["ping"]);
    assert_eq!(cuts(Side::Client, &[b"\r", b"\n"]), ["pong"]);
    let between = [good(b"x"), b"\r\n\r\n".to_vec(), good(b"y")].concat();
    assert_eq!(cuts(Side::Relay, &[&between])[1], "ping");
}

#[test]
fn an_idle_cutter_holds_no_buffer() {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(&good(b"x"));
    assert!(!cutter.is_idle());
    while cutter.next_cut().is_some() {}
    assert!(cutter.is_idle());
    assert_eq!(cutter.buffer.capacity(), 0);
}

#[test]
fn a_bare_line_feed_ends_no_line() {
    assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\nVia: x\n\r\n\r\n"), Fault::Octet);
}

#[test]
fn a_broken_start_line_is_still_framed() {
    let Cut::Message(message) = one(b"what is this\r\nContent-Length: 2\r\n\r\nxx") else {
        panic!("refused")
    };
    assert_eq!(message.head.start(), &StartLine::Broken);
}

/// Pieces that meet at all the borders that matter.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(good(b"")),
        Just(good(b"\r\n\r\n")),
        Just(message("l: 3\r\nSubject: a\r\n b\r\n", b"abc")),
        Just(message("l: 3\r\nl: 4\r\n", b"abc")),
        Just(b"\r".to_vec()),
        Just(b"MESSAGE".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn f1_every_split_of_a_stream_gives_the_same_cuts(stream in any_stream(), splits in prop::collection::vec(any::<prop::sample::Index>(), 0..8), client: bool) {
        let side = if client { Side::Client } else { Side::Relay };
        let mut at: Vec<usize> = splits.iter().map(|split| split.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let reads: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        prop_assert_eq!(cuts(side, &reads), cuts(side, &[&stream]));
    }

    #[test]
    fn no_octets_break_a_cutter(stream in prop::collection::vec(any::<u8>(), 0..2000)) {
        let shown = cuts(Side::Relay, &[&stream]);
        prop_assert!(shown.len() <= stream.len());
        drop(cut_whole(Whole::Datagram, stream.into()));
    }
}
