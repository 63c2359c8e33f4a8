//! Watchers: who may see a cell hears of it in his dialog, once a second at most.
//! `spec/sip-checklist.md` E rows; RFC 5839, 6665.

use crate::cells::{Scene, is_ended, scene};
use crate::support::bench::Got;
use crate::support::people::{envelope, fresh, subscribe};
use sipher_wire::sip::{Draft, Exchange, Name, Status, Tag};
use sipher_wire::{Credentials, ETag, EndReason, GrantOp, Right, SubscriptionState};
use std::time::Duration;

// spec: sub-2
#[test]
fn e3_a_fetch_gets_one_notify_that_ends_and_comes_in_the_same_write() {
    let mut scene = scene();
    let etag = scene.publish(5);
    let (_, answer) = scene.subscribe(0);
    assert_eq!((answer.status(), answer.expires_secs()), (Status::OK, Some(0)));
    assert_eq!(scene.bench.writes(&scene.watcher).len(), 1);
    let notify = scene.notify();
    assert!(is_ended(&notify, EndReason::Timeout));
    assert_eq!(notify.body()[0], 5);
    assert_eq!(notify.etag(Name::SipEtag), Some(Some(etag)));
    scene.nothing_comes();
}

// spec: sub-1
#[test]
fn e1_a_subscription_is_told_at_once_even_when_there_is_nothing_to_tell() {
    let mut scene = scene();
    let (_, answer) = scene.subscribe(600);
    assert_eq!((answer.status(), answer.expires_secs()), (Status::OK, Some(600)));
    assert!(answer.to_tag().is_some());
    assert!(answer.head().value(Name::Contact).is_some());
    assert_eq!(scene.bench.writes(&scene.watcher).len(), 1);
    let notify = scene.notify();
    assert_eq!(
        notify.subscription_state(),
        Some(SubscriptionState::Active { expires_secs: 600 })
    );
    assert!(notify.body().is_empty());
    assert_eq!(notify.etag(Name::SipEtag), None);
}

#[test]
fn e2_each_change_is_told_with_rising_numbers_and_the_event_as_it_was_asked() {
    let mut scene = scene();
    scene.watch();
    scene.bench.pass(Duration::from_secs(10));
    scene.publish(1);
    let first = scene.notify();
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);
    scene.bench.pass(Duration::from_secs(2));
    scene.publish(2);
    let second = scene.notify();
    assert_eq!((first.body()[0], second.body()[0]), (1, 2));
    assert!(first.cseq() < second.cseq());
    assert_eq!(second.event_octets(), b"sipher-cell");
    assert_eq!(
        second.subscription_state(),
        Some(SubscriptionState::Active { expires_secs: 3588 })
    );
}

// spec: cell-1
#[test]
fn e8_one_notify_is_in_flight_and_the_newest_value_wins() {
    let mut scene = scene();
    scene.watch();
    scene.bench.pass(Duration::from_secs(2));
    for mark in 1..=5 {
        scene.publish(mark);
    }
    let first = scene.notify();
    assert_eq!(first.body()[0], 1);
    scene.nothing_comes();
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);
    scene.nothing_comes();
    scene.bench.pass(Duration::from_secs(1));
    assert_eq!(scene.notify().body()[0], 5);
    scene.nothing_comes();
}

// spec: sub-7
#[test]
fn e5_a_notify_that_is_refused_or_unanswered_ends_the_subscription_silently() {
    for status in [Some(Status::NO_DIALOG), None] {
        let mut scene = scene();
        scene.watch();
        scene.bench.pass(Duration::from_secs(2));
        scene.publish(1);
        let notify = scene.notify();
        match status {
            Some(status) => scene.bench.reply(&scene.watcher.clone(), &notify, status),
            None => scene.bench.pass(Duration::from_secs(33)),
        }
        scene.publish(2);
        scene.nothing_comes();
    }
}

#[test]
fn e4_a_subscription_ends_at_its_time_with_a_last_notify() {
    let mut scene = scene();
    scene.publish(1);
    let (_, answer) = scene.subscribe(60);
    assert_eq!(answer.status(), Status::OK);
    let first = scene.notify();
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);
    scene.bench.pass(Duration::from_secs(61));
    assert!(is_ended(&scene.notify(), EndReason::Timeout));
}

/// A way in which a watcher loses what he watches.
type Ending = dyn Fn(&mut Scene, ETag);

#[test]
fn e4_emptiness_deletion_and_the_end_of_a_grant_look_alike() {
    let empty = |scene: &mut Scene, etag: ETag| {
        scene.publish_with(Some(&etag), 0, None);
    };
    let expired = |scene: &mut Scene, etag: ETag| {
        scene.publish_with(Some(&etag), 60, None);
        scene.bench.pass(Duration::from_secs(61));
    };
    let deleted = |scene: &mut Scene, _: ETag| {
        let ops = vec![GrantOp::Delete(scene.holder.key())];
        let draft = scene
            .owner
            .manage(&scene.here.seat, &fresh(&mut scene.bench.rng), ops);
        assert_eq!(scene.bench.ask(&scene.here, &draft).status(), Status::OK);
    };
    let closed = |scene: &mut Scene, _: ETag| {
        let draft = scene.owner.manage(
            &scene.here.seat,
            &fresh(&mut scene.bench.rng),
            vec![GrantOp::Close],
        );
        assert_eq!(scene.bench.ask(&scene.here, &draft).status(), Status::OK);
    };
    let ends: [&Ending; 4] = [&empty, &expired, &deleted, &closed];
    for end in ends {
        let mut scene = scene();
        let etag = scene.publish(1);
        scene.watch();
        end(&mut scene, etag);
        let last = scene.notify();
        assert!(is_ended(&last, EndReason::NoResource));
        assert!(last.body().is_empty());
        assert_eq!(last.etag(Name::SipEtag), None);
        scene.nothing_comes();
    }
}

// spec: sub-5
#[test]
fn e9_who_has_the_value_is_not_told_again() {
    let mut scene = scene();
    let etag = scene.publish(1);
    let fetch = |scene: &mut Scene, secs| {
        let exchange = fresh(&mut scene.bench.rng);
        let draft = subscribe(&scene.watcher.seat, &scene.owner.id, &exchange, secs, Some(&etag));
        let proof = scene
            .holder
            .proof(&scene.watcher.seat, &scene.owner.id, Right::Read);
        let answer = scene.bench.ask(&scene.watcher, &draft.authorized(&proof));
        (exchange, answer)
    };
    assert_eq!(fetch(&mut scene, 0).1.status(), Status::NO_NOTIFICATION);
    scene.nothing_comes();

    let (exchange, answer) = fetch(&mut scene, 600);
    assert_eq!(answer.status(), Status::OK);
    let first = scene.notify();
    assert!(
        first.body().is_empty(),
        "a dialog needs one, but not with what is known"
    );
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);

    let dialog = Exchange {
        to_tag: Tag::parse(answer.to_tag().unwrap()),
        ..exchange
    };
    let (_, answer) = scene.refresh(&dialog, 600, Some(&etag));
    assert_eq!(answer.status(), Status::NO_NOTIFICATION);
    scene.nothing_comes();

    scene.bench.pass(Duration::from_secs(2));
    scene.publish(2);
    assert_eq!(scene.notify().body()[0], 2, "changes come as usual");
}

#[test]
fn a_refresh_lengthens_the_subscription_and_tells_the_value() {
    let mut scene = scene();
    scene.publish(1);
    let dialog = scene.watch();
    for _ in 0..6 {
        scene.bench.pass(Duration::from_secs(500));
        scene.bench.octets(&scene.watcher, b"\r\n\r\n");
        assert!(matches!(scene.bench.next(&scene.watcher), Some(Got::Pong)));
    }
    let (dialog, answer) = scene.refresh(&dialog, 3600, None);
    assert_eq!((answer.status(), answer.expires_secs()), (Status::OK, Some(3600)));
    let notify = scene.notify();
    scene.bench.reply(&scene.watcher.clone(), &notify, Status::OK);
    scene.bench.pass(Duration::from_secs(500));

    let (_, answer) = scene.refresh(&dialog, 0, None);
    assert_eq!(answer.status(), Status::OK);
    assert!(is_ended(&scene.notify(), EndReason::Timeout));
    scene.here = scene.bench.tls();
    scene.publish(2);
    scene.bench.pass(Duration::from_secs(2));
    scene.nothing_comes();
}

#[test]
fn t15_a_refresh_of_no_dialog_is_481_and_a_stale_one_500() {
    let mut scene = scene();
    scene.publish(1);
    let dialog = scene.watch();
    let stranger = Exchange {
        to_tag: Tag::parse(b"none"),
        ..dialog.clone()
    };
    assert_eq!(scene.refresh(&stranger, 600, None).1.status(), Status::NO_DIALOG);
    let draft = subscribe(&scene.watcher.seat, &scene.owner.id, &dialog, 600, None);
    assert_eq!(
        scene.bench.ask(&scene.watcher, &draft).status(),
        Status::SERVER_ERROR
    );
}

#[test]
fn two_watchers_hear_of_one_change_each_in_his_dialog() {
    let mut scene = scene();
    scene.watch();
    let first = scene.watcher.clone();
    scene.watcher = scene.bench.tls();
    scene.watch();
    scene.bench.pass(Duration::from_secs(2));
    scene.publish(9);
    let mine = scene.notify();
    let theirs = scene.bench.request(&first);
    assert_eq!((mine.body()[0], theirs.body()[0]), (9, 9));
    assert_ne!(mine.call_id(), theirs.call_id());
}

#[test]
fn a_grant_that_ends_by_itself_ends_its_subscription() {
    let mut scene = scene();
    scene.bench.now = scene.bench.now + Duration::from_millis(700);
    scene.publish(1);
    let mut grant = scene.holder.grant(Right::Read);
    grant.not_after_secs = scene.bench.now.as_secs() + 100;
    let draft = scene.owner.manage(
        &scene.here.seat,
        &fresh(&mut scene.bench.rng),
        vec![GrantOp::Add(grant)],
    );
    scene.bench.ask(&scene.here, &draft);
    let (_, answer) = scene.subscribe(3600);
    assert!(answer.expires_secs().unwrap() <= 101);
    let first = scene.notify();
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);
    scene.bench.pass(Duration::from_secs(102));
    assert!(is_ended(&scene.notify(), EndReason::NoResource));
    assert_eq!(scene.subscribe(0).1.status(), Status::NOT_FOUND);
}

#[test]
fn subscriptions_of_one_connection_are_bounded_and_fetches_are_not_counted() {
    let mut scene = scene();
    let known = Credentials::known(scene.holder.key());
    for n in 0..513 {
        let exchange = fresh(&mut scene.bench.rng);
        let draft: Draft = match n {
            0 => scene
                .holder
                .subscribe(&scene.watcher.seat, &scene.owner.id, &exchange, 600),
            _ => subscribe(&scene.watcher.seat, &scene.owner.id, &exchange, 600, None).authorized(&known),
        };
        let answer = scene.bench.ask(&scene.watcher, &draft);
        if n == 512 {
            assert_eq!(answer.status(), Status::FORBIDDEN);
            continue;
        }
        assert_eq!(answer.status(), Status::OK);
        let Some(Got::Request(notify)) = scene.bench.next(&scene.watcher) else {
            panic!("a NOTIFY")
        };
        scene.bench.reply(&scene.watcher.clone(), &notify, Status::OK);
    }
    assert_eq!(scene.subscribe(0).1.status(), Status::OK);
}

#[test]
fn a_cell_whose_value_expired_unswept_is_watched_like_an_empty_one() {
    let mut scene = scene();
    scene.publish_with(None, 60, Some(envelope(1)));
    scene.bench.now = scene.bench.now + Duration::from_mins(2);
    let (_, answer) = scene.subscribe(600);
    assert_eq!(answer.status(), Status::OK);
    let first = scene.notify();
    assert!(first.body().is_empty());
    scene.bench.reply(&scene.watcher.clone(), &first, Status::OK);
    scene.bench.pass(Duration::from_secs(2));
    scene.nothing_comes();
    scene.publish(2);
    assert_eq!(scene.notify().body()[0], 2);
}
