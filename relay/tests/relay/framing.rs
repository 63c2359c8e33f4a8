//! Octets to messages at a connection: cutting, limits, keep-alives, patience. `spec/sip-checklist.md` F, G6.

use crate::door::words;
use crate::support::bench::{Bench, Got};
use sipher_wire::sip::Status;
use std::time::Duration;

#[test]
fn f12_another_version_is_505_and_the_stream_goes_on() {
    let mut bench = Bench::new();
    let client = bench.tls();
    let answer = bench.ask_octets(&client, &words("OPTIONS sip:relay.example SIP/3.0", &[], ""));
    assert_eq!(answer.status(), Status::BAD_VERSION);
    let next = bench.ask_octets(&client, &words("OPTIONS sip:relay.example SIP/2.0", &[], ""));
    assert_eq!(next.status(), Status::OK);
}

#[test]
fn malformed_requests_are_400_and_end_the_stream() {
    let two_lengths = ["Content-Length: 0", "Content-Length: 1"];
    for fields in [
        &two_lengths[..],
        &["CSeq: 1 BYE"],
        &["CSeq: 4294967296 OPTIONS"],
        &["Max-Forwards: 256"],
    ] {
        let mut bench = Bench::new();
        let client = bench.tls();
        bench.octets(&client, &words("OPTIONS sip:relay.example SIP/2.0", fields, ""));
        // Some answers copy what no client would take, so this looks at octets.
        assert!(
            bench.raw(&client).starts_with(b"SIP/2.0 400 Bad Request\r\n"),
            "{fields:?}"
        );
        assert!(!bench.is_open(&client), "{fields:?}");
    }
}

#[test]
fn f14_too_much_is_413_or_513_and_ends_the_stream() {
    let long = format!("X: {}", "x".repeat(17_000));
    for (field, status) in [
        ("Content-Length: 70000", Status::BODY_TOO_LARGE),
        (long.as_str(), Status::HEAD_TOO_LARGE),
    ] {
        let mut bench = Bench::new();
        let client = bench.tls();
        bench.octets(&client, &words("OPTIONS sip:relay.example SIP/2.0", &[field], ""));
        assert_eq!(bench.response(&client).status(), status);
        assert!(!bench.is_open(&client));
    }
}

#[test]
fn octets_that_are_no_sip_end_the_stream_in_silence() {
    let mut bench = Bench::new();
    let client = bench.tls();
    bench.octets(&client, b"GET / HTTP/1.1\r\nHost: relay.example\r\n\r\n");
    assert!(bench.next(&client).is_none());
    assert!(!bench.is_open(&client));
}

#[test]
fn f1_a_message_may_come_one_octet_at_a_time_and_two_in_one_read() {
    let mut bench = Bench::new();
    let client = bench.tls();
    let octets = words("OPTIONS sip:relay.example SIP/2.0", &[], "");
    for octet in &octets {
        bench.octets(&client, &[*octet]);
    }
    assert_eq!(bench.response(&client).status(), Status::OK);
    bench.octets(&client, &[&octets[..], &octets[..]].concat());
    assert_eq!(bench.drain(&client).len(), 2);
}

#[test]
fn g6_a_ping_gets_its_pong_at_once_also_between_messages() {
    let mut bench = Bench::new();
    let client = bench.tls();
    let octets = words("OPTIONS sip:relay.example SIP/2.0", &[], "");
    bench.octets(&client, &[b"\r\n\r\n", &octets[..], b"\r\n\r\n"].concat());
    let got = bench.drain(&client);
    assert!(
        matches!(got[..], [Got::Pong, Got::Response(_), Got::Pong]),
        "{got:?}"
    );
}

#[test]
fn a_head_that_drips_is_given_up_and_an_idle_connection_is_not() {
    let mut bench = Bench::new();
    let (dripping, idle) = (bench.tls(), bench.tls());
    bench.octets(&dripping, b"OPTIONS sip:");
    bench.pass(Duration::from_secs(6));
    bench.octets(&dripping, b"relay");
    bench.pass(Duration::from_secs(5));
    assert!(!bench.is_open(&dripping));
    assert!(bench.is_open(&idle));
    bench.pass(Duration::from_secs(620));
    assert!(!bench.is_open(&idle), "not for ever, either");
}
