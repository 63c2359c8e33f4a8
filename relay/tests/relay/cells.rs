//! Cells: the latest value, told to those who may see it. `spec/sip-checklist.md` P and E rows; RFC 3903, 5839, 6665.

use crate::support::bench::{Bench, Client, Disk};
use crate::support::people::{Holder, Owner, envelope, fresh, subscribe};
use bytes::Bytes;
use sipher_wire::sip::{Exchange, Method, Request, Response, Status, Tag};
use sipher_wire::{ETag, EndReason, GrantOp, Right, SubscriptionState};
use std::time::Duration;

/// A cell, and somebody who may watch it.
pub(crate) struct Scene {
    pub(crate) bench: Bench,
    pub(crate) owner: Owner,
    pub(crate) holder: Holder,
    pub(crate) here: Client,
    pub(crate) watcher: Client,
}

/// A cell with one grant to read and no value.
pub(crate) fn scene() -> Scene {
    let mut bench = Bench::new();
    let owner = Owner::of_cell(1);
    let holder = Holder::new(2);
    let here = bench.tls();
    let watcher = bench.tls();
    let ops = vec![GrantOp::Add(holder.grant(Right::Read))];
    let draft = owner.manage(&here.seat, &fresh(&mut bench.rng), ops);
    assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
    Scene {
        bench,
        owner,
        holder,
        here,
        watcher,
    }
}

impl Scene {
    pub(crate) fn publish_with(
        &mut self,
        if_match: Option<&ETag>,
        secs: u32,
        body: Option<Bytes>,
    ) -> Response {
        let exchange = fresh(&mut self.bench.rng);
        let draft = self
            .owner
            .publish(&self.here.seat, &exchange, if_match, secs, body);
        self.bench.ask(&self.here, &draft)
    }

    pub(crate) fn publish(&mut self, mark: u8) -> ETag {
        let answer = self.publish_with(None, 3600, Some(envelope(mark)));
        assert_eq!(answer.status(), Status::OK);
        answer.etag().unwrap()
    }

    pub(crate) fn subscribe(&mut self, secs: u32) -> (Exchange, Response) {
        let exchange = fresh(&mut self.bench.rng);
        let draft = self
            .holder
            .subscribe(&self.watcher.seat, &self.owner.id, &exchange, secs);
        let answer = self.bench.ask(&self.watcher, &draft);
        (exchange, answer)
    }

    /// A subscription whose first NOTIFY was answered.
    pub(crate) fn watch(&mut self) -> Exchange {
        let (exchange, answer) = self.subscribe(3600);
        assert_eq!(answer.status(), Status::OK);
        let first = self.notify();
        self.bench.reply(&self.watcher.clone(), &first, Status::OK);
        let tag = Tag::parse(answer.to_tag().unwrap());
        Exchange {
            to_tag: tag,
            ..exchange
        }
    }

    pub(crate) fn refresh(
        &mut self,
        dialog: &Exchange,
        secs: u32,
        suppress: Option<&ETag>,
    ) -> (Exchange, Response) {
        let next = dialog.next(&mut self.bench.rng);
        let draft = subscribe(&self.watcher.seat, &self.owner.id, &next, secs, suppress);
        (next.clone(), self.bench.ask(&self.watcher, &draft))
    }

    pub(crate) fn notify(&mut self) -> Request {
        let request = self.bench.request(&self.watcher);
        assert_eq!(request.method(), Method::Notify);
        request
    }

    pub(crate) fn nothing_comes(&mut self) {
        assert!(self.bench.next(&self.watcher).is_none());
    }
}

pub(crate) fn is_ended(request: &Request, reason: EndReason) -> bool {
    request.subscription_state() == Some(SubscriptionState::ended(reason))
}

// spec: sub-6
// spec: pub-2
// spec: cell-3
#[test]
fn p1_a_stale_version_is_412_and_changes_nothing() {
    let mut scene = scene();
    let first = scene.publish(1);
    let second = scene.publish(2);
    assert_ne!(first, second);
    let stale = scene.publish_with(Some(&first), 3600, Some(envelope(3)));
    assert_eq!(stale.status(), Status::CONDITIONAL_REQUEST_FAILED);
    scene.subscribe(0);
    assert_eq!(scene.notify().body()[0], 2);
    let current = scene.publish_with(Some(&second), 3600, Some(envelope(4)));
    assert_eq!(current.status(), Status::OK);
}

// spec: cell-2
#[test]
fn p2_every_200_has_a_fresh_version_and_no_more_time_than_asked() {
    let mut scene = scene();
    let first = scene.publish_with(None, 900, Some(envelope(1)));
    assert_eq!(first.expires_secs(), Some(900));
    let refreshed = scene.publish_with(first.etag().as_ref(), 800, None);
    assert_eq!(
        (refreshed.status(), refreshed.expires_secs()),
        (Status::OK, Some(800))
    );
    assert_ne!(first.etag(), refreshed.etag());
    let removed = scene.publish_with(refreshed.etag().as_ref(), 0, None);
    assert_eq!((removed.status(), removed.expires_secs()), (Status::OK, Some(0)));
    assert!(removed.etag().is_some());
    let gone = scene.publish_with(removed.etag().as_ref(), 800, None);
    assert_eq!(gone.status(), Status::CONDITIONAL_REQUEST_FAILED);
}

// spec: pub-1
#[test]
fn p3_a_refresh_keeps_the_value_and_tells_nobody() {
    let mut scene = scene();
    let etag = scene.publish(1);
    scene.watch();
    scene.bench.pass(Duration::from_secs(2));
    assert_eq!(scene.publish_with(Some(&etag), 3600, None).status(), Status::OK);
    scene.nothing_comes();
    scene.subscribe(0);
    assert_eq!(scene.notify().body()[0], 1);
}

// spec: cell-4
#[test]
fn an_expired_value_is_no_value() {
    let mut scene = scene();
    scene.publish_with(None, 60, Some(envelope(1)));
    scene.bench.pass(Duration::from_secs(61));
    scene.subscribe(0);
    assert!(scene.notify().body().is_empty());
}

#[test]
fn a_value_of_a_day_is_answered_before_the_disk_and_one_of_a_week_after_it() {
    let mut scene = scene();
    scene.bench.disk = Disk::Held;
    assert_eq!(
        scene.publish_with(None, 86_400, Some(envelope(1))).status(),
        Status::OK
    );
    let exchange = fresh(&mut scene.bench.rng);
    let draft = scene
        .owner
        .publish(&scene.here.seat, &exchange, None, 7 * 86_400, Some(envelope(2)));
    scene.bench.send(&scene.here, &draft);
    assert!(scene.bench.next(&scene.here).is_none());
    scene.bench.sync(2);
    assert_eq!(scene.bench.response(&scene.here).status(), Status::OK);
    scene.bench.crash();
    scene.bench.disk = Disk::Prompt;
    scene.watcher = scene.bench.tls();
    scene.subscribe(0);
    assert_eq!(scene.notify().body()[0], 2, "what was answered survives");
}
