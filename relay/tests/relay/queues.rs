//! Queues: what is accepted is durable, what is kept is deleted, what is neither waits. `spec/sip-checklist.md` M rows.

use crate::support::bench::{Bench, Client, Disk, Got};
use crate::support::people::{Holder, Owner, envelope, fresh, message};
use sipher_wire::sip::{Draft, Exchange, Request, Status};
use sipher_wire::{Allowance, Credentials, Grant, GrantOp, Right, Treatment};
use std::time::Duration;

/// A queue that somebody owns and somebody may write to.
pub(crate) struct Scene {
    pub(crate) bench: Bench,
    pub(crate) owner: Owner,
    pub(crate) holder: Holder,
    pub(crate) here: Client,
    pub(crate) sender: Client,
}

/// A queue that its owner opened, with one grant to write. Nobody is bound to it.
pub(crate) fn scene_with(grant: impl FnOnce(Grant) -> Grant) -> Scene {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let holder = Holder::new(2);
    let here = bench.tls();
    let sender = bench.tls();
    let ops = vec![GrantOp::Add(grant(holder.grant(Right::Write)))];
    let draft = owner.manage(&here.seat, &fresh(&mut bench.rng), ops);
    assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
    Scene {
        bench,
        owner,
        holder,
        here,
        sender,
    }
}

pub(crate) fn scene() -> Scene {
    scene_with(|grant| grant)
}

impl Scene {
    pub(crate) fn register(&mut self) {
        let draft = self
            .owner
            .register(&self.here.seat, &fresh(&mut self.bench.rng), 3600);
        assert_eq!(self.bench.ask(&self.here, &draft).status(), Status::OK);
    }

    pub(crate) fn draft(&mut self, mark: u8) -> Draft {
        self.holder.message(
            &self.sender.seat,
            &self.owner.id,
            &fresh(&mut self.bench.rng),
            envelope(mark),
        )
    }

    pub(crate) fn send(&mut self, mark: u8) -> Status {
        let draft = self.draft(mark);
        self.bench.ask(&self.sender, &draft).status()
    }

    /// Comes back on a new connection.
    pub(crate) fn return_home(&mut self) {
        self.here = self.bench.tls();
        self.register();
    }

    pub(crate) fn items(&mut self) -> Vec<Request> {
        let got = self.bench.drain(&self.here);
        got.into_iter()
            .filter_map(|got| {
                if let Got::Request(request) = got {
                    Some(request)
                } else {
                    None
                }
            })
            .collect()
    }
}

// spec: queue-1
// spec: relay-1
#[test]
fn m2_a_202_comes_after_the_item_is_durable_and_never_sooner() {
    let mut scene = scene();
    scene.bench.disk = Disk::Held;
    let draft = scene.draft(1);
    scene.bench.send(&scene.sender, &draft);
    assert!(
        scene.bench.next(&scene.sender).is_none(),
        "nothing is durable yet"
    );

    scene.bench.sync(1);

    assert_eq!(scene.bench.response(&scene.sender).status(), Status::ACCEPTED);
}

#[test]
fn m2_what_was_answered_survives_a_crash_and_what_was_not_may_not() {
    let mut scene = scene();
    assert_eq!(scene.send(1), Status::ACCEPTED);
    scene.bench.disk = Disk::Held;
    let draft = scene.draft(2);
    scene.bench.send(&scene.sender, &draft);

    scene.bench.crash();
    scene.bench.disk = Disk::Prompt;
    scene.return_home();

    assert_eq!(scene.bench.keep(&scene.here), 1);
    assert!(scene.items().is_empty());
}

// spec: relay-3
#[test]
fn m1_an_answer_says_neither_that_the_owner_is_here_nor_who_he_is() {
    let mut scene = scene();
    let away = scene.send(1);
    let away_octets = scene.bench.raw(&scene.sender).len();
    scene.register();
    let here = scene.send(2);
    let here_octets = scene.bench.raw(&scene.sender);
    assert_eq!((away, here), (Status::ACCEPTED, Status::ACCEPTED));
    assert_eq!(away_octets, here_octets.len());
    assert!(!String::from_utf8(here_octets).unwrap().contains("Contact"));
}

// spec: queue-4
#[test]
fn m5_a_second_message_with_the_same_id_is_answered_as_the_first_and_stores_nothing() {
    let mut scene = scene();
    let exchange = fresh(&mut scene.bench.rng);
    for _ in 0..3 {
        let again = Exchange::of_call(exchange.call_id.clone(), &mut scene.bench.rng);
        let draft = scene
            .holder
            .message(&scene.sender.seat, &scene.owner.id, &again, envelope(7));
        assert_eq!(scene.bench.ask(&scene.sender, &draft).status(), Status::ACCEPTED);
    }
    scene.register();
    assert_eq!(scene.bench.keep(&scene.here), 7);
    assert!(scene.items().is_empty());
}

#[test]
fn m5_a_repeated_message_is_answered_no_sooner_than_the_first() {
    let mut scene = scene();
    scene.bench.disk = Disk::Held;
    let exchange = fresh(&mut scene.bench.rng);
    for _ in 0..2 {
        let again = Exchange::of_call(exchange.call_id.clone(), &mut scene.bench.rng);
        let draft = scene
            .holder
            .message(&scene.sender.seat, &scene.owner.id, &again, envelope(7));
        scene.bench.send(&scene.sender, &draft);
    }
    assert!(scene.bench.next(&scene.sender).is_none());
    scene.bench.sync(1);
    assert_eq!(scene.bench.drain(&scene.sender).len(), 2);
}

#[test]
fn m5_ids_of_two_grants_do_not_meet() {
    let mut scene = scene();
    let other = Holder::new(3);
    let ops = vec![GrantOp::Add(other.grant(Right::Write))];
    let draft = scene
        .owner
        .manage(&scene.here.seat, &fresh(&mut scene.bench.rng), ops);
    scene.bench.ask(&scene.here, &draft);
    let exchange = fresh(&mut scene.bench.rng);
    for (holder, mark) in [(scene.holder.clone(), 1), (other, 2)] {
        let again = Exchange::of_call(exchange.call_id.clone(), &mut scene.bench.rng);
        let draft = holder.message(&scene.sender.seat, &scene.owner.id, &again, envelope(mark));
        assert_eq!(scene.bench.ask(&scene.sender, &draft).status(), Status::ACCEPTED);
    }
    scene.register();
    assert_eq!(
        [scene.bench.keep(&scene.here), scene.bench.keep(&scene.here)],
        [1, 2]
    );
}

// spec: queue-3
#[test]
fn m4_an_expired_item_is_never_handed_out_and_its_row_goes_away() {
    let mut scene = scene();
    scene.send(1);
    let week = Duration::from_hours(7 * 24);
    scene.bench.now = scene.bench.now + week;
    scene.bench.pass(Duration::from_mins(1));
    assert_eq!(scene.bench.store.count(), 2, "swept");
    scene.sender = scene.bench.tls();
    scene.send(2);
    scene.return_home();
    assert_eq!(scene.bench.keep(&scene.here), 2);
}

#[test]
fn m4_an_item_that_expires_unswept_is_not_handed_out() {
    let mut scene = scene();
    scene.send(1);
    scene.bench.now = scene.bench.now + Duration::from_hours(7 * 24);
    scene.return_home();
    assert!(scene.items().is_empty());
}

// spec: client-11
// spec: reg-4
#[test]
fn a_spent_allowance_says_480_whether_the_owner_fetched_or_not_and_comes_back() {
    for fetched in [false, true] {
        let mut scene = scene_with(|grant| Grant {
            allowance: Allowance {
                items: 2,
                period_secs: 100,
            },
            ..grant
        });
        if fetched {
            scene.register();
        }
        for mark in 0..2 {
            assert_eq!(scene.send(mark), Status::ACCEPTED);
            if fetched {
                scene.bench.keep(&scene.here);
            }
        }
        let draft = scene.draft(9);
        let answer = scene.bench.ask(&scene.sender, &draft);
        assert_eq!(answer.status(), Status::TEMPORARILY_UNAVAILABLE);
        assert_eq!(answer.retry_after_secs(), Some(600));
        scene.bench.now = scene.bench.now + Duration::from_secs(100);
        assert_eq!(scene.send(3), Status::ACCEPTED);
    }
}

#[test]
fn repeating_an_item_costs_no_allowance() {
    let mut scene = scene_with(|grant| Grant {
        allowance: Allowance {
            items: 2,
            period_secs: 100,
        },
        ..grant
    });
    let exchange = fresh(&mut scene.bench.rng);
    for _ in 0..5 {
        let again = Exchange::of_call(exchange.call_id.clone(), &mut scene.bench.rng);
        let draft = scene
            .holder
            .message(&scene.sender.seat, &scene.owner.id, &again, envelope(7));
        assert_eq!(scene.bench.ask(&scene.sender, &draft).status(), Status::ACCEPTED);
    }
    assert_eq!(scene.send(1), Status::ACCEPTED);
}

// spec: grant-5
#[test]
fn a_politely_blocked_sender_gets_the_same_answer_after_the_same_commit_and_nothing_arrives() {
    let mut scene = scene_with(|grant| Grant {
        treatment: Treatment::Sink,
        ..grant
    });
    scene.register();
    scene.bench.disk = Disk::Held;
    let draft = scene.draft(1);
    scene.bench.send(&scene.sender, &draft);
    assert!(scene.bench.next(&scene.sender).is_none());
    scene.bench.sync(1);
    assert_eq!(scene.bench.response(&scene.sender).status(), Status::ACCEPTED);
    assert!(scene.items().is_empty());
    scene.bench.crash();
    scene.bench.disk = Disk::Prompt;
    scene.return_home();
    assert!(
        scene.items().is_empty(),
        "not even after a crash between the answer and the deletion"
    );
}

#[test]
fn a_grant_is_proven_once_a_connection() {
    let mut scene = scene();
    assert_eq!(scene.send(1), Status::ACCEPTED);
    let known = Credentials::known(scene.holder.key());
    let draft = message(
        &scene.sender.seat,
        &scene.owner.id,
        &fresh(&mut scene.bench.rng),
        envelope(2),
    );
    assert_eq!(
        scene
            .bench
            .ask(&scene.sender, &draft.clone().authorized(&known))
            .status(),
        Status::ACCEPTED
    );

    let elsewhere = scene.bench.tls();
    let draft = message(
        &elsewhere.seat,
        &scene.owner.id,
        &fresh(&mut scene.bench.rng),
        envelope(3),
    );
    assert_eq!(
        scene.bench.ask(&elsewhere, &draft.authorized(&known)).status(),
        Status::NOT_FOUND
    );
}

#[test]
fn a_closed_box_is_gone_with_all_that_waited() {
    let mut scene = scene();
    scene.send(1);
    scene.send(2);
    let draft = scene.owner.manage(
        &scene.here.seat,
        &fresh(&mut scene.bench.rng),
        vec![GrantOp::Close],
    );
    assert_eq!(scene.bench.ask(&scene.here, &draft).status(), Status::OK);
    assert_eq!(scene.bench.store.count(), 0);
    assert_eq!(scene.send(3), Status::NOT_FOUND);
    scene.register();
    assert!(scene.items().is_empty());
}

#[test]
fn more_than_the_disk_takes_is_503() {
    let mut scene = scene();
    scene.bench.disk = Disk::Held;
    for _ in 0..4097 {
        let client = if scene.bench.held().is_multiple_of(150) {
            scene.bench.tls()
        } else {
            scene.sender.clone()
        };
        scene.sender = client;
        let draft = scene.draft(1);
        scene.bench.send(&scene.sender, &draft);
    }
    scene.sender = scene.bench.tls();
    let draft = scene.draft(1);
    let answer = scene.bench.ask(&scene.sender, &draft);
    assert_eq!(answer.status(), Status::UNAVAILABLE);
    assert_eq!(answer.retry_after_secs(), Some(30));
}
