//! Deliveries: what waits comes in order, within bounds, until it is kept. `spec/sip-checklist.md` M6.

use crate::queues::scene;
use crate::support::bench::{Disk, Got};
use crate::support::people::fresh;
use bytes::Bytes;
use sipher_wire::sip::{Method, Name, Status};
use std::time::Duration;

#[test]
fn live_delivery_does_not_wait_for_the_disk() {
    let mut scene = scene();
    scene.register();
    scene.bench.disk = Disk::Held;
    let draft = scene.draft(1);
    scene.bench.send(&scene.sender, &draft);
    assert_eq!(scene.bench.request(&scene.here).body()[0], 1);
    assert!(scene.bench.next(&scene.sender).is_none());
}

// spec: msg-1
#[test]
fn items_come_in_the_order_in_which_they_were_accepted_and_once() {
    let mut scene = scene();
    for mark in 0..40 {
        assert_eq!(scene.send(mark), Status::ACCEPTED);
    }
    scene.register();
    let kept: Vec<_> = (0..40).map(|_| scene.bench.keep(&scene.here)).collect();
    assert_eq!(kept, (0..40).collect::<Vec<_>>());
    scene.return_home();
    assert!(scene.items().is_empty());
    assert_eq!(scene.bench.store.count(), 2, "a box and a grant");
}

// spec: reg-2
#[test]
fn m6_at_most_sixteen_items_are_open_on_one_flow() {
    let mut scene = scene();
    for mark in 0..20 {
        scene.send(mark);
    }
    scene.register();
    let open = scene.items();
    assert_eq!(open.len(), 16);
    scene.bench.reply(&scene.here, &open[0], Status::OK);
    assert_eq!(scene.bench.request(&scene.here).body()[0], 16);
}

#[test]
fn m6_an_item_that_is_refused_comes_again_after_a_rest_with_the_next_number() {
    let mut scene = scene();
    scene.send(1);
    scene.register();
    let first = scene.bench.request(&scene.here);
    assert_eq!((first.cseq(), first.method()), (1, Method::Message));
    scene.bench.reply(&scene.here, &first, Status::SERVER_ERROR);
    assert!(scene.bench.next(&scene.here).is_none(), "not at once");

    scene.bench.pass(Duration::from_secs(2));

    let second = scene.bench.request(&scene.here);
    assert_eq!(second.cseq(), 2);
    assert_eq!(second.call_id(), first.call_id());
    assert_ne!(second.via().unwrap().branch(), first.via().unwrap().branch());
    assert_ne!(second.from().unwrap().tag(), first.from().unwrap().tag());
}

#[test]
fn m6_an_item_that_nobody_answers_comes_again() {
    let mut scene = scene();
    scene.send(1);
    scene.register();
    scene.bench.request(&scene.here);
    scene.bench.pass(Duration::from_secs(34));
    assert_eq!(scene.bench.request(&scene.here).cseq(), 2);
}

#[test]
fn m6_a_lost_flow_keeps_its_items_for_the_next() {
    let mut scene = scene();
    scene.send(1);
    scene.send(2);
    scene.register();
    assert_eq!(scene.items().len(), 2);
    let gone = scene.here.clone();
    scene.bench.hang_up(&gone);
    scene.return_home();
    assert_eq!(
        [scene.bench.keep(&scene.here), scene.bench.keep(&scene.here)],
        [1, 2]
    );
}

// spec: relay-10
#[test]
fn m6_the_owner_gets_the_item_as_it_was_sent_and_nothing_of_the_sender() {
    let mut scene = scene();
    scene.register();
    let body = Bytes::from_static(b"\0\r\n\xff opaque");
    let exchange = fresh(&mut scene.bench.rng);
    let draft = scene
        .holder
        .message(&scene.sender.seat, &scene.owner.id, &exchange, body.clone());
    scene.bench.send(&scene.sender, &draft);
    let item = scene.bench.request(&scene.here);
    assert_eq!(item.body(), &body);
    assert_eq!(item.call_id(), exchange.call_id.as_str().as_bytes());
    assert!(item.head().value(Name::Authorization).is_none());
    assert!(item.head().value(Name::Expires).is_none());
    assert_eq!(item.from().unwrap().uri(), b"sip:anonymous@anonymous.invalid");
    let names: Vec<_> = item.head().fields().map(|(name, _)| name).collect();
    assert!(!names.contains(&Name::Other));
}

#[test]
fn the_query_is_answered_after_everything_that_waited() {
    let mut scene = scene();
    for mark in 0..30 {
        scene.send(mark);
    }
    scene.register();
    let mut kept = 0;
    loop {
        for item in scene.items() {
            scene.bench.reply(&scene.here, &item, Status::OK);
            kept += 1;
        }
        let query = scene.owner.query(&scene.here.seat, &fresh(&mut scene.bench.rng));
        scene.bench.send(&scene.here, &query);
        let got = scene.bench.drain(&scene.here);
        let (before, after): (Vec<_>, Vec<_>) =
            got.into_iter().partition(|got| matches!(got, Got::Request(_)));
        assert_eq!(after.len(), 1);
        if before.is_empty() {
            break;
        }
        for got in before {
            let Got::Request(item) = got else { continue };
            scene.bench.reply(&scene.here, &item, Status::OK);
            kept += 1;
        }
    }
    assert_eq!(kept, 30);
}

// spec: reg-3
#[test]
fn an_acknowledgement_and_a_query_in_one_read_still_bring_the_next_items_first() {
    let mut scene = scene();
    for mark in 0..17 {
        scene.send(mark);
    }
    scene.register();
    let open = scene.items();
    assert_eq!(open.len(), 16);
    let tag = sipher_wire::sip::Tag::random(&mut scene.bench.rng);
    let mut octets = sipher_wire::sip::Reply::to(&open[0], Status::OK, &tag)
        .write()
        .to_vec();
    octets.extend_from_slice(
        &scene
            .owner
            .query(&scene.here.seat, &fresh(&mut scene.bench.rng))
            .write(),
    );

    scene.bench.octets(&scene.here, &octets);

    assert_eq!(scene.bench.request(&scene.here).body()[0], 16);
    assert_eq!(scene.bench.response(&scene.here).status(), Status::OK);
}

// spec: grant-3
