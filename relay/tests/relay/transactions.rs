//! Transactions: nothing is applied twice, and an answer is said again. `spec/sip-checklist.md` T rows; RFC 3261 §17, 4320.

use crate::door::words;
use crate::support::bench::{Bench, Client, Disk, relay_id};
use crate::support::people::{Holder, Owner, envelope, fresh};
use sipher_wire::sip::{Branch, Draft, Exchange, Reply, Status, Tag};
use sipher_wire::{Credentials, GrantOp, NonceProof, RelayNameAndKey, Right, own_nonce_input};
use std::time::Duration;

const OPTIONS: &str = "OPTIONS sip:relay.example SIP/2.0";

#[test]
fn t1_a_response_copies_what_it_must_and_adds_one_tag() {
    let mut bench = Bench::new();
    let client = bench.udp();
    let fields = [
        "v: SIP/2.0/TLS a.invalid;branch=z9hG4bK1 , SIP/2.0/TCP b.invalid;branch=2",
        "Via: SIP/2.0/UDP c.invalid ;x=\"y, z\"",
        "f: \"A, B\" <sip:a@b>;tag=1",
        "CSeq: 007 OPTIONS",
    ];
    let octets = words(OPTIONS, &fields, "");
    bench.datagram(&client, &octets);
    let text = String::from_utf8(bench.raw(&client)).unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    let copied = [
        "Via: SIP/2.0/TLS a.invalid;branch=z9hG4bK1 , SIP/2.0/TCP b.invalid;branch=2",
        "Via: SIP/2.0/UDP c.invalid ;x=\"y, z\"",
        "From: \"A, B\" <sip:a@b>;tag=1",
        "Call-ID: words",
        "CSeq: 007 OPTIONS",
    ];
    for line in copied {
        assert!(lines.contains(&line), "{line} in {text}");
    }
    let tags = lines
        .iter()
        .filter(|line| line.starts_with("To: <sip:relay.example>;tag="))
        .count();
    assert_eq!(tags, 1);
}

#[test]
fn t3_a_retransmission_on_datagrams_gets_the_same_octets() {
    let mut bench = Bench::new();
    let client = bench.udp();
    let octets = words(OPTIONS, &[], "");
    bench.datagram(&client, &octets);
    let first = bench.raw(&client);
    bench.pass(Duration::from_secs(31));
    bench.datagram(&client, &octets);
    assert_eq!(bench.raw(&client), first);
    bench.pass(Duration::from_secs(33));
    bench.datagram(&client, &octets);
    assert_ne!(bench.raw(&client), first, "timer J has run out");
}

#[test]
fn t3_a_repeated_request_is_applied_once_and_answered_once_while_it_is_served() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (here, sender) = (bench.tls(), bench.tls());
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut bench.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    bench.ask(&here, &draft);
    bench.disk = Disk::Held;
    let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
    for _ in 0..3 {
        bench.send(&sender, &draft);
    }
    assert_eq!(bench.held(), 1);
    bench.sync(1);
    assert_eq!(bench.response(&sender).status(), Status::ACCEPTED);
    assert!(bench.next(&sender).is_none());
}

#[test]
fn t12_the_same_request_by_another_branch_is_482_while_the_first_is_open() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (here, sender) = (bench.tls(), bench.tls());
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut bench.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    bench.ask(&here, &draft);
    bench.disk = Disk::Held;
    let exchange = fresh(&mut bench.rng);
    let other = Exchange {
        branch: Branch::random(&mut bench.rng),
        ..exchange.clone()
    };
    let first = holder.message(&sender.seat, &owner.id, &exchange, envelope(1));
    let second = holder.message(&sender.seat, &owner.id, &other, envelope(1));
    bench.send(&sender, &first);
    assert_eq!(bench.ask(&sender, &second).status(), Status::LOOP_DETECTED);
    bench.sync(1);
    assert_eq!(bench.response(&sender).status(), Status::ACCEPTED);
    bench.disk = Disk::Prompt;
    assert_eq!(
        bench.ask(&sender, &second).status(),
        Status::ACCEPTED,
        "from here on the item rule answers"
    );
}

#[test]
fn t4_an_old_branch_without_the_cookie_is_matched_by_the_rest() {
    let mut bench = Bench::new();
    let client = bench.udp();
    let request = |call: &str| {
        words(
            OPTIONS,
            &["Via: SIP/2.0/UDP old.invalid", &format!("Call-ID: {call}")],
            "",
        )
    };
    bench.datagram(&client, &request("one"));
    let first = bench.raw(&client);
    bench.datagram(&client, &request("one"));
    assert_eq!(bench.raw(&client), first);
    bench.datagram(&client, &request("two"));
    assert_ne!(bench.raw(&client), first);
}

#[test]
fn t5_an_item_over_datagrams_is_sent_again_until_it_is_answered() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (tls, sender, here) = (bench.tls(), bench.tls(), bench.udp());
    let draft = owner.manage(
        &tls.seat,
        &fresh(&mut bench.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    bench.ask(&tls, &draft);
    register_by_nonce(&mut bench, &here, &owner);
    let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
    bench.ask(&sender, &draft);

    let first = bench.writes(&here);
    bench.pass(Duration::from_secs(4));
    let again = bench.writes(&here);
    assert_eq!(again.len(), 3, "after 0.5, 1 and 2 seconds more");
    assert!(again.iter().all(|octets| *octets == first[0]));

    let item = bench.request(&here);
    let answer = Reply::to(&item, Status::OK, &Tag::random(&mut bench.rng)).write();
    bench.datagram(&here, &answer);
    bench.pass(Duration::from_secs(20));
    assert!(bench.writes(&here).is_empty());
    assert_eq!(bench.store.count(), 2);
}

/// Registers over datagrams, and looks at nothing that came.
fn register_by_nonce(bench: &mut Bench, client: &Client, owner: &Owner) {
    let host = client.seat.host.clone();
    let bare = |bench: &mut Bench| {
        Draft::register(&client.seat.origin, owner.at(&host), &fresh(&mut bench.rng), 600)
    };
    let draft = bare(bench);
    bench.datagram(client, &draft.write());
    let nonce = bench.response(client).challenge().unwrap();
    let proof = NonceProof { nonce, count: 1 };
    let draft = bare(bench);
    let input = own_nonce_input(
        &draft,
        &proof,
        RelayNameAndKey {
            host: &host,
            id: &relay_id(),
        },
    );
    let draft = draft.authorized(&Credentials::proven(owner.key(), owner.sign(&input)).answering(proof));
    bench.datagram(client, &draft.write());
    assert_eq!(bench.response(client).status(), Status::OK);
    bench.writes(client);
}

#[test]
fn t7_a_request_that_waits_gets_no_provisional_answer_on_a_stream() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    bench.disk = Disk::Held;
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 600);
    bench.send(&here, &draft);
    bench.pass(Duration::from_secs(30));
    assert!(bench.next(&here).is_none());
    bench.sync(1);
    assert_eq!(bench.response(&here).status(), Status::OK);
}

#[test]
fn t7_an_answer_that_comes_after_the_client_gave_up_is_not_sent() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    bench.disk = Disk::Held;
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 600);
    bench.send(&here, &draft);
    bench.pass(Duration::from_secs(33));
    bench.sync(1);
    assert!(bench.next(&here).is_none());
}

#[test]
fn f13_responses_that_answer_nothing_are_dropped() {
    let mut bench = Bench::new();
    let client = bench.tls();
    let ours = "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS relay.example;branch=z9hG4bKno\r\nFrom: <sip:a@b>;tag=1\r\n\
                To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n";
    bench.octets(&client, ours.as_bytes());
    bench.octets(&client, ours.replacen("200 OK", "2000 OK", 1).as_bytes());
    assert!(bench.next(&client).is_none());
    assert_eq!(
        bench.ask_octets(&client, &words(OPTIONS, &[], "")).status(),
        Status::OK
    );
}

#[test]
fn f3_a_datagram_without_a_length_goes_to_its_end() {
    let mut bench = Bench::new();
    let client = bench.udp();
    let octets = words(OPTIONS, &[], "");
    let text = String::from_utf8(octets)
        .unwrap()
        .replace("Content-Length: 0\r\n", "");
    bench.datagram(&client, text.as_bytes());
    assert_eq!(bench.response(&client).status(), Status::OK);
}

#[test]
fn f3_a_datagram_that_is_shorter_than_it_says_is_400() {
    let mut bench = Bench::new();
    let client = bench.udp();
    bench.datagram(&client, &words(OPTIONS, &["Content-Length: 5"], "abc"));
    assert_eq!(bench.response(&client).status(), Status::BAD_REQUEST);
    bench.datagram(&client, &words(OPTIONS, &["Content-Length: 2"], "abc"));
    assert_eq!(bench.response(&client).status(), Status::OK);
}
