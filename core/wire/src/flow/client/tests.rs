use super::*;
use crate::sip::{Cut, Cutter, Side, Verdict, check};
use alloc::format;
use alloc::vec::Vec;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const START: Time = Time::from_secs(100);
const OCTETS: Bytes = Bytes::from_static(b"MESSAGE");

fn branch(seed: u64) -> Branch {
    Branch::random(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn response(code: u16, branch: &str, method: &str) -> Response {
    let text = format!(
        "SIP/2.0 {code} x\r\nVia: SIP/2.0/TLS a.invalid;branch={branch}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\nl: 0\r\n\r\n"
    );
    let mut cutter = Cutter::new(Side::Client);
    cutter.push(text.as_bytes());
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("cut")
    };
    let Verdict::Response(response) = check(message) else {
        panic!("refused")
    };
    response
}

fn open(link: Link) -> ClientTransactions<&'static str> {
    let mut open = ClientTransactions::new(link);
    open.start(START, &branch(1), Method::Message, &OCTETS, "context")
        .unwrap();
    open
}

#[test]
fn a_final_response_gives_the_context_back_once() {
    let mut open = open(Link::Stream);
    let response = response(202, branch(1).as_str(), "MESSAGE");
    assert_eq!(open.take(START, &response), Some("context"));
    assert_eq!(open.take(START, &response), None);
}

#[test]
fn f13_a_response_of_another_branch_or_method_is_dropped() {
    let mut open = open(Link::Stream);
    assert_eq!(
        open.take(START, &response(200, branch(2).as_str(), "MESSAGE")),
        None
    );
    assert_eq!(
        open.take(START, &response(200, branch(1).as_str(), "PUBLISH")),
        None
    );
    assert_eq!(
        open.take(START, &response(100, branch(1).as_str(), "MESSAGE")),
        None
    );
    assert_eq!(open.len(), 1);
}

#[test]
fn t5_a_stream_retransmits_nothing_and_gives_up_after_32_seconds() {
    let mut open = open(Link::Stream);
    assert_eq!(open.next_wake(), Some(START + TRANSACTION_TIMEOUT));
    assert_eq!(open.poll(START + Duration::from_millis(31_999)), None);
    assert_eq!(
        open.poll(START + TRANSACTION_TIMEOUT),
        Some(Due::TimedOut("context"))
    );
    assert!(open.is_empty());
}

#[test]
fn t5_a_datagram_is_sent_again_at_doubling_intervals_up_to_t2() {
    let mut open = open(Link::Datagram);
    let mut sent = Vec::new();
    while let Some(at) = open.next_wake() {
        match open.poll(at) {
            Some(Due::Retransmit(octets)) => {
                assert_eq!(octets, OCTETS);
                sent.push(at.since(START).as_millis());
            }
            Some(Due::TimedOut(_)) => break,
            None => panic!("woken for nothing"),
        }
    }
    assert_eq!(
        sent,
        [
            500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
}

#[test]
fn t5_a_provisional_response_slows_retransmission_down() {
    let mut open = open(Link::Datagram);
    open.take(START, &response(100, branch(1).as_str(), "MESSAGE"));
    assert_eq!(open.next_wake(), Some(START + T2));
}

#[test]
fn t17_a_lost_connection_ends_all_of_them() {
    let mut open = open(Link::Stream);
    assert_eq!(open.drain().collect::<Vec<_>>(), ["context"]);
    assert!(open.is_empty());
}

#[test]
fn transactions_are_bounded() {
    let mut open = ClientTransactions::new(Link::Stream);
    for n in 0..CLIENT_TRANSACTIONS {
        open.start(START, &branch(n.try_into().unwrap()), Method::Message, &OCTETS, n)
            .unwrap();
    }
    assert_eq!(
        open.start(START, &branch(9999), Method::Message, &OCTETS, 7),
        Err(7)
    );
}
