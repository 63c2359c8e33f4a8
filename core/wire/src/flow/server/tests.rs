use super::*;
use crate::sip::{Cut, Cutter, Side, Verdict, check};
use alloc::format;
use core::time::Duration;

const START: Time = Time::from_secs(100);
const RESPONSE: Bytes = Bytes::from_static(b"SIP/2.0 202 Accepted");

fn request(via: &str, cseq: u32, uri: &str) -> TransactionKey {
    let text = format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: {cseq} MESSAGE\r\nl: 0\r\n\r\n"
    );
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(text.as_bytes());
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("cut")
    };
    let Verdict::Request(request) = check(message) else {
        panic!("refused: {text}")
    };
    TransactionKey::of(&request)
}

fn key() -> TransactionKey {
    request("a.invalid;branch=z9hG4bK1", 1, "sip:c@d")
}

// spec: trans-2
#[test]
fn t3_a_retransmission_gets_the_stored_response_and_is_served_once() {
    let mut open = ServerTransactions::new(Link::Datagram);
    assert_eq!(open.arrive(START, key()), Arrival::New);
    assert_eq!(open.arrive(START, key()), Arrival::Repeated);
    assert_eq!(open.answer(START, key(), RESPONSE), Some(RESPONSE));
    assert_eq!(
        open.arrive(START + Duration::from_secs(31), key()),
        Arrival::Answered(RESPONSE)
    );
}

#[test]
fn t3_requests_are_told_apart_by_branch_sent_by_and_method() {
    assert_eq!(
        key(),
        request("A.INVALID;branch=z9hG4bK1", 1, "sip:c@d"),
        "hosts have no case"
    );
    let one = key().transaction;
    assert_ne!(
        one,
        request("a.invalid;branch=z9hG4bK2", 1, "sip:c@d").transaction
    );
    assert_ne!(
        one,
        request("a.invalid:5060;branch=z9hG4bK1", 1, "sip:c@d").transaction
    );
    assert_ne!(
        one,
        request("b.invalid;branch=z9hG4bK1", 1, "sip:c@d").transaction
    );
    assert_eq!(
        one,
        request("a.invalid;branch=z9hG4bK1", 2, "sip:c@d").transaction
    );
}

#[test]
fn t4_a_branch_without_the_cookie_is_matched_by_what_rfc_2543_compared() {
    let old = request("a.invalid;branch=1", 1, "sip:c@d").transaction;
    assert_eq!(old, request("a.invalid;branch=1", 1, "sip:c@d").transaction);
    assert_ne!(old, request("a.invalid;branch=1", 2, "sip:c@d").transaction);
    assert_ne!(old, request("a.invalid;branch=1", 1, "sip:x@d").transaction);
    assert_ne!(old, request("a.invalid", 1, "sip:c@d").transaction);
}

#[test]
fn t5_a_stream_forgets_a_transaction_with_its_response() {
    let mut open = ServerTransactions::new(Link::Stream);
    assert_eq!(open.arrive(START, key()), Arrival::New);
    assert_eq!(
        open.answer(START + Duration::from_secs(31), key(), RESPONSE),
        Some(RESPONSE)
    );
    assert!(open.is_empty());
    assert_eq!(open.next_wake(), None);
}

#[test]
fn t5_a_datagram_transaction_ends_after_timer_j() {
    let mut open = ServerTransactions::new(Link::Datagram);
    open.arrive(START, key());
    open.answer(START, key(), RESPONSE);
    assert_eq!(open.next_wake(), Some(START + TRANSACTION_TIMEOUT));
    open.expire(START + TRANSACTION_TIMEOUT);
    assert!(open.is_empty());
    assert_eq!(open.arrive(START + TRANSACTION_TIMEOUT, key()), Arrival::New);
}

// spec: trans-3
#[test]
fn t7_nothing_is_answered_after_64_t1_and_a_100_comes_only_late_on_datagrams() {
    let mut open = ServerTransactions::new(Link::Datagram);
    open.arrive(START, key());
    assert!(open.take_trying(START + Duration::from_millis(3499)).is_empty());
    assert_eq!(open.take_trying(START + Duration::from_millis(3500)), [key()]);
    assert!(
        open.take_trying(START + Duration::from_secs(9)).is_empty(),
        "once"
    );
    assert_eq!(open.answer(START + TRANSACTION_TIMEOUT, key(), RESPONSE), None);
    assert!(open.is_empty());
    let mut stream = ServerTransactions::new(Link::Stream);
    stream.arrive(START, key());
    assert!(stream.take_trying(START + TRANSACTION_TIMEOUT).is_empty());
    assert_eq!(stream.answer(START + TRANSACTION_TIMEOUT, key(), RESPONSE), None);
}

#[test]
fn t12_the_same_request_by_another_way_is_merged_while_the_first_is_open() {
    let other = request("p.example;branch=z9hG4bK2", 1, "sip:c@d");
    let mut open = ServerTransactions::new(Link::Stream);
    open.arrive(START, key());
    assert_eq!(open.arrive(START, other), Arrival::Merged);
    open.answer(START, key(), RESPONSE);
    assert_eq!(open.arrive(START, other), Arrival::New);
}

#[test]
fn transactions_are_bounded_and_what_nobody_answered_makes_room() {
    let mut open = ServerTransactions::new(Link::Stream);
    for n in 0..SERVER_TRANSACTIONS {
        let key = request(
            &format!("a.invalid;branch=z9hG4bK{n}"),
            u32::try_from(n).unwrap(),
            "sip:c@d",
        );
        assert_eq!(open.arrive(START, key), Arrival::New);
    }
    let one_more = request("a.invalid;branch=z9hG4bKx", 9999, "sip:c@d");
    assert_eq!(open.arrive(START, one_more), Arrival::Full);
    assert_eq!(open.len(), SERVER_TRANSACTIONS);
    assert_eq!(open.arrive(START + TRANSACTION_TIMEOUT, one_more), Arrival::New);
    assert_eq!(open.requests.len(), 1);
}
