//! Grants: added, replaced, deleted; and that nothing leaves to who has lost one. Spec: `spec/relay.md`, grants.

use crate::support::bench::{Bench, Client, Disk, Got};
use crate::support::people::{Holder, Owner, envelope, fresh};
use sipher_relay::domain::Access;
use sipher_wire::sip::{Method, Status};
use sipher_wire::{GrantOp, OpeningToken, Right};
use std::time::Duration;

fn manage(bench: &mut Bench, client: &Client, owner: &Owner, ops: Vec<GrantOp>) -> Status {
    let draft = owner.manage(&client.seat, &fresh(&mut bench.rng), ops);
    bench.ask(client, &draft).status()
}

fn send(bench: &mut Bench, client: &Client, holder: &Holder, owner: &Owner) -> Status {
    let draft = holder.message(&client.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
    bench.ask(client, &draft).status()
}

// spec: grant-1
#[test]
fn a_grant_holds_from_its_answer_to_its_deletion_also_over_a_crash() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (here, sender) = (bench.tls(), bench.tls());
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::NOT_FOUND);
    let add = vec![GrantOp::Add(holder.grant(Right::Write))];
    assert_eq!(manage(&mut bench, &here, &owner, add), Status::OK);
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::ACCEPTED);

    bench.crash();
    let (here, sender) = (bench.tls(), bench.tls());
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::ACCEPTED);
    assert_eq!(
        manage(&mut bench, &here, &owner, vec![GrantOp::Delete(holder.key())]),
        Status::OK
    );
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::NOT_FOUND);

    bench.crash();
    let sender = bench.tls();
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::NOT_FOUND);
}

// spec: grant-7
#[test]
fn a_change_of_grants_is_answered_after_it_is_durable() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let here = bench.tls();
    bench.disk = Disk::Held;
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut bench.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    bench.send(&here, &draft);
    assert!(bench.next(&here).is_none());
    bench.sync(1);
    assert_eq!(bench.response(&here).status(), Status::OK);
}

#[test]
fn a_right_is_for_what_it_says_and_no_longer_than_it_says() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (here, sender) = (bench.tls(), bench.tls());
    manage(
        &mut bench,
        &here,
        &owner,
        vec![GrantOp::Add(holder.grant(Right::Read))],
    );
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::NOT_FOUND);

    let mut grant = holder.grant(Right::Write);
    grant.not_after_secs = bench.now.as_secs() + 10;
    manage(&mut bench, &here, &owner, vec![GrantOp::Add(grant)]);
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::ACCEPTED);
    bench.pass(Duration::from_secs(11));
    assert_eq!(send(&mut bench, &sender, &holder, &owner), Status::NOT_FOUND);
}

// spec: grant-4
#[test]
fn after_the_200_of_a_deletion_no_notify_leaves_to_that_watcher() {
    for round in 0..300_u64 {
        let mut bench = Bench::new();
        let (owner, holder) = (Owner::of_cell(1), Holder::new(2));
        let (here, watcher) = (bench.tls(), bench.tls());
        manage(
            &mut bench,
            &here,
            &owner,
            vec![GrantOp::Add(holder.grant(Right::Read))],
        );
        let draft = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut bench.rng), 3600);
        assert_eq!(bench.ask(&watcher, &draft).status(), Status::OK);
        bench.disk = Disk::Held;

        // Values, acknowledgements, seconds and syncs in an order that differs from round to round.
        let mut deleted = false;
        for step in 0..12_u64 {
            match (round / 3_u64.pow(u32::try_from(step % 5).unwrap()) + step) % 4 {
                0 => {
                    let exchange = fresh(&mut bench.rng);
                    let draft = owner.publish(&here.seat, &exchange, None, 3600, Some(envelope(1)));
                    bench.send(&here, &draft);
                }
                1 => bench.pass(Duration::from_secs(1)),
                2 => bench.sync(1),
                _ if step > round % 8 && !deleted => {
                    deleted = true;
                    let ops = vec![GrantOp::Delete(holder.key())];
                    let draft = owner.manage(&here.seat, &fresh(&mut bench.rng), ops);
                    bench.send(&here, &draft);
                }
                _ => {
                    for got in bench.drain(&watcher) {
                        if let Got::Request(notify) = got {
                            bench.reply(&watcher, &notify, Status::OK);
                        }
                    }
                }
            }
        }
        let draft = owner.manage(
            &here.seat,
            &fresh(&mut bench.rng),
            vec![GrantOp::Delete(holder.key())],
        );
        bench.send(&here, &draft);
        bench.sync(usize::MAX);
        assert!(
            matches!(bench.drain(&here).last(), Some(Got::Response(answer)) if answer.status() == Status::OK)
        );
        bench.drain(&watcher);

        let draft = owner.publish(&here.seat, &fresh(&mut bench.rng), None, 3600, Some(envelope(2)));
        bench.send(&here, &draft);
        bench.pass(Duration::from_secs(5));
        assert!(bench.next(&watcher).is_none(), "round {round}");
    }
}

#[test]
fn deleting_one_grant_touches_no_other() {
    let mut bench = Bench::new();
    let (owner, one, two) = (Owner::of_cell(1), Holder::new(2), Holder::new(3));
    let (here, watcher) = (bench.tls(), bench.tls());
    let ops = vec![
        GrantOp::Add(one.grant(Right::Read)),
        GrantOp::Add(two.grant(Right::Read)),
    ];
    manage(&mut bench, &here, &owner, ops);
    let draft = two.subscribe(&watcher.seat, &owner.id, &fresh(&mut bench.rng), 3600);
    bench.ask(&watcher, &draft);
    let first = bench.request(&watcher);
    bench.reply(&watcher, &first, Status::OK);

    assert_eq!(
        manage(&mut bench, &here, &owner, vec![GrantOp::Delete(one.key())]),
        Status::OK
    );

    bench.pass(Duration::from_secs(2));
    let draft = owner.publish(&here.seat, &fresh(&mut bench.rng), None, 3600, Some(envelope(2)));
    bench.ask(&here, &draft);
    assert_eq!(bench.request(&watcher).method(), Method::Notify);
}

// spec: relay-7
#[test]
fn grants_of_one_box_are_bounded_and_too_many_change_nothing() {
    let mut bench = Bench::new();
    let owner = Owner::of_cell(1);
    let here = bench.tls();
    let key = |n: u32| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        let key = ed25519_dalek::SigningKey::from_bytes(&seed)
            .verifying_key()
            .to_bytes();
        let grant = Holder::new(1).grant(Right::Read);
        GrantOp::Add(sipher_wire::Grant {
            key: sipher_wire::GrantKey::from_octets(key),
            ..grant
        })
    };
    for batch in 0..16 {
        let ops = (0..64).map(|n| key(batch * 64 + n)).collect();
        assert_eq!(manage(&mut bench, &here, &owner, ops), Status::OK);
    }
    let rows = bench.store.count();
    assert_eq!(
        manage(&mut bench, &here, &owner, vec![key(5000)]),
        Status::FORBIDDEN
    );
    assert_eq!(bench.store.count(), rows);
}

#[test]
fn a_malformed_body_of_grants_is_400() {
    let mut bench = Bench::new();
    let owner = Owner::of_cell(1);
    let here = bench.tls();
    let draft = owner.manage(&here.seat, &fresh(&mut bench.rng), vec![GrantOp::Close]);
    let mut octets = draft.write().to_vec();
    *octets.last_mut().unwrap() = 99;
    assert_eq!(bench.ask_octets(&here, &octets).status(), Status::BAD_REQUEST);
}

// spec: open-1
// spec: open-3
#[test]
fn boxes_are_opened_by_who_has_the_token_and_by_nobody_else() {
    let token = OpeningToken::parse("hush").unwrap();
    let mut bench = Bench::with(Access::Token(token.hash()));
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let here = bench.tls();
    let add = || vec![GrantOp::Add(holder.grant(Right::Write))];
    assert_eq!(manage(&mut bench, &here, &owner, add()), Status::FORBIDDEN);
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 3600);
    assert_eq!(bench.ask(&here, &draft).status(), Status::FORBIDDEN);
    assert_eq!(bench.store.count(), 0);

    let wrong = OpeningToken::parse("hash").unwrap();
    for (token, expected) in [(wrong, Status::FORBIDDEN), (token, Status::OK)] {
        let proof = owner.proof(&here.seat).opening(token);
        let at = owner.at(&here.seat.host);
        let draft = sipher_wire::sip::Draft::register(&here.seat.origin, at, &fresh(&mut bench.rng), 3600);
        assert_eq!(bench.ask(&here, &draft.authorized(&proof)).status(), expected);
    }
    assert_eq!(
        manage(&mut bench, &here, &owner, add()),
        Status::OK,
        "it's open now"
    );
}
