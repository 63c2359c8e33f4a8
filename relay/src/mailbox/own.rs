//! What owners do with their boxes: REGISTER and PUBLISH. Spec: `spec/relay.md`; `spec/sip-checklist.md` G1 to G5, P1 to P3.

use super::boxes::{BoxState, Content, Version};
use super::io::{
    Answer, Binding, ConnId, Opening, Owner, Place, Publication, Registering, WatchId, secs_until,
};
use super::queue::Bound;
use super::record::{self, BoxRecord, CellRecord};
use super::timers::Timer;
use super::{Asker, Mailbox};
use crate::limits::{GRANTS_PER_BOX, KEPT_MAX_SECS, SOFT_LIFETIME_SECS};
use crate::store::{Batch, Key, Store, StoreFault};
use rand_core::CryptoRng;
use sipher_wire::{BoxId, BoxKind, ETag, EndReason, GrantKey, GrantOp, GrantOps, Right, Time};
use std::collections::BTreeSet;
use std::time::Duration;

/// Whether a box was there before a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    /// It was.
    There,
    /// It is new, and its row is in the request's batch.
    New,
}

impl<S: Store> Mailbox<S> {
    /// REGISTER: who owns a queue gets its items on this connection.
    pub(crate) fn register(
        &mut self,
        now: Time,
        asker: Asker,
        owner: Owner,
        registering: Registering,
    ) -> Result<(), StoreFault> {
        let mut batch = Batch::new();
        let found = match owner.kind {
            BoxKind::Queue => self.find_or_open(owner, &mut batch)?,
            BoxKind::Cell | BoxKind::Log | BoxKind::Bundle => None,
        };
        let Some(found) = found else {
            self.reply(asker, Answer::Forbidden);
            return Ok(());
        };
        let place = match &registering {
            Registering::Query => None,
            Registering::Bind(Binding { place, .. }) | Registering::Unbind(place) => Some(place),
        };
        if place.is_some_and(|place| self.is_older(&owner.id, place)) {
            self.reply(asker, Answer::OutOfOrder);
            return Ok(());
        }
        match registering {
            Registering::Query => {}
            Registering::Bind(binding) => self.bind(now, asker.conn, owner.id, binding),
            Registering::Unbind(_) => self.unbind(&owner.id),
        }
        let bound = self
            .boxes
            .queue_mut(&owner.id)
            .and_then(|queue| queue.bound.as_ref());
        let answer = Answer::Registered(bound.map(|b| (b.binding.contact.clone(), secs_until(now, b.ends))));
        match found {
            Found::There => self.reply(asker, answer),
            Found::New => {
                let ticket = self.commit(batch);
                self.holds.until_durable(ticket, asker, answer);
            }
        }
        self.make_ready(now, &owner.id)
    }

    /// Whether a REGISTER comes after a later one of its call (RFC 3261 §10.3 step 7).
    // spec: reg-6
    fn is_older(&mut self, id: &BoxId, place: &Place) -> bool {
        let bound = self.boxes.queue_mut(id).and_then(|queue| queue.bound.as_ref());
        let last = bound.map(|bound| &bound.binding.place);
        last.is_some_and(|last| last.call_id == place.call_id && place.cseq <= last.cseq)
    }

    /// A box has one owner on one connection: the newest takes it over from the one before.
    // spec: reg-1
    fn bind(&mut self, now: Time, conn: ConnId, id: BoxId, binding: Binding) {
        let before = self
            .boxes
            .queue_mut(&id)
            .and_then(|queue| queue.bound.as_ref())
            .map(|b| b.conn);
        if before != Some(conn) {
            self.unbind(&id);
        }
        let ends = now + Duration::from_secs(u64::from(binding.lifetime_secs));
        if let Some(queue) = self.boxes.queue_mut(&id) {
            queue.bound = Some(Bound { conn, binding, ends });
        }
        self.flow_of(conn).attach(id);
        self.timers.set(Timer::Binding(id), ends);
    }

    /// PUBLISH of a cell's value.
    pub(crate) fn publish(
        &mut self,
        now: Time,
        rng: &mut impl CryptoRng,
        asker: Asker,
        (owner, publication): (Owner, Publication),
    ) -> Result<(), StoreFault> {
        if self.pending.is_full() {
            self.reply(asker, Answer::Overloaded);
            return Ok(());
        }
        let mut batch = Batch::new();
        let found = match owner.kind {
            BoxKind::Cell => self.find_or_open(owner, &mut batch)?,
            BoxKind::Queue | BoxKind::Log | BoxKind::Bundle => None,
        };
        let (Some(found), Some(cell)) = (found, self.boxes.cell_mut(&owner.id)) else {
            self.reply(asker, Answer::Forbidden);
            return Ok(());
        };
        let current = cell.current(now);
        let matches = current.map(|version| &version.etag) == publication.if_match.as_ref();
        // spec: cell-3
        if publication.if_match.is_some() && !matches {
            self.undo_opening(&owner.id, found);
            self.reply(asker, Answer::Stale);
            return Ok(());
        }
        let lifetime_secs = publication.lifetime_secs.min(KEPT_MAX_SECS);
        // spec: cell-2
        let etag = ETag::random(rng);
        // spec: pub-1
        let told = publication.body.is_some() || lifetime_secs == 0;
        self.put_value(
            now,
            &owner.id,
            (&etag, lifetime_secs, publication.body),
            &mut batch,
        )?;
        let ticket = self.commit(batch);
        let answer = Answer::Published { etag, lifetime_secs };
        if found == Found::There && lifetime_secs <= SOFT_LIFETIME_SECS {
            self.reply(asker, answer);
        } else {
            self.holds.until_durable(ticket, asker, answer);
        }
        if told {
            self.announce(now, &owner.id)
        } else {
            Ok(())
        }
    }

    /// Writes, keeps longer, or takes away the value of a cell.
    // spec: cell-1
    fn put_value(
        &mut self,
        now: Time,
        id: &BoxId,
        (etag, lifetime_secs, body): (&ETag, u32, Option<bytes::Bytes>),
        batch: &mut Batch,
    ) -> Result<(), StoreFault> {
        let key = Key::of_cell(id);
        let expires = now + Duration::from_secs(u64::from(lifetime_secs));
        let body = match body {
            Some(body) => Some(body),
            None => self
                .pending
                .get(&self.store, &key)?
                .map(CellRecord::decode)
                .transpose()?
                .map(|old| old.body),
        };
        let Some(cell) = self.boxes.cell_mut(id) else {
            return Ok(());
        };
        // spec: pub-2
        let Some(body) = body.filter(|_| lifetime_secs > 0) else {
            batch.delete(key);
            cell.value = None;
            return Ok(());
        };
        batch.put(
            key,
            CellRecord {
                expires,
                etag: etag.clone(),
                body,
            }
            .encode(),
        );
        cell.value = Some(Version {
            etag: etag.clone(),
            expires,
        });
        if !cell.watchers.is_empty() {
            self.timers.set(Timer::Value(*id), expires);
        }
        Ok(())
    }

    /// PUBLISH of grants. The answer comes when they are durable and, where one was taken away, when all
    /// that its holder may still be told has left.
    pub(crate) fn manage(
        &mut self,
        now: Time,
        asker: Asker,
        owner: Owner,
        ops: &GrantOps,
    ) -> Result<(), StoreFault> {
        if self.pending.is_full() {
            self.reply(asker, Answer::Overloaded);
            return Ok(());
        }
        if ops.as_slice().contains(&GrantOp::Close) {
            return self.close(now, asker, owner);
        }
        let mut batch = Batch::new();
        let Some(found) = self.find_or_open(owner, &mut batch)? else {
            self.reply(asker, Answer::Forbidden);
            return Ok(());
        };
        let Some(state) = self.boxes.get_mut(&owner.id) else {
            return Ok(());
        };
        let added = ops
            .as_slice()
            .iter()
            .filter(|op| matches!(op, GrantOp::Add(_)))
            .count();
        if state.grants.len() + added > GRANTS_PER_BOX {
            self.undo_opening(&owner.id, found);
            self.reply(asker, Answer::Forbidden);
            return Ok(());
        }
        let mut lost = Vec::new();
        for op in ops.as_slice() {
            match op {
                GrantOp::Add(grant) => {
                    if grant.right != Right::Read || grant.has_ended(now) {
                        lost.push(grant.key);
                    }
                    state.add_grant(*grant);
                    batch.put(
                        Key::of_grant(&owner.id, &grant.key.id()),
                        record::encode_grant(grant),
                    );
                }
                GrantOp::Delete(key) => {
                    lost.push(*key);
                    state.remove_grant(key);
                    batch.delete(Key::of_grant(&owner.id, &key.id()));
                }
                _ => {}
            }
        }
        // spec: grant-7
        let deletes = ops.as_slice().iter().any(|op| matches!(op, GrantOp::Delete(_)));
        let watches = self.watches_under(&owner.id, &lost);
        self.settle_loss(now, asker, (owner.id, watches, deletes), batch);
        Ok(())
    }

    /// Removes a box with all that it holds. One that isn't there is closed already.
    fn close(&mut self, now: Time, asker: Asker, owner: Owner) -> Result<(), StoreFault> {
        if self.boxes.find(&self.store, &self.pending, &owner.id)?.is_none() {
            self.reply(asker, Answer::Managed);
            return Ok(());
        }
        self.unbind(&owner.id);
        let watches = self.watches_of(&owner.id);
        let mut batch = Batch::new();
        batch.delete(Key::of_box(&owner.id));
        if let Some(state) = self.boxes.get(&owner.id) {
            for held in &state.grants {
                batch.delete(Key::of_grant(&owner.id, &held.grant.key.id()));
            }
            match &state.content {
                Content::Queue(queue) => {
                    queue
                        .iter()
                        .for_each(|item| batch.delete(Key::of_item(&owner.id, item.number, &item.hash)));
                }
                Content::Cell(_) => batch.delete(Key::of_cell(&owner.id)),
            }
        }
        self.settle_loss(now, asker, (owner.id, watches, true), batch);
        self.timers.cancel(Timer::Value(owner.id));
        self.boxes.remove(&owner.id);
        Ok(())
    }

    /// Ends these subscriptions and answers when nothing can leave to their watchers any more.
    // spec: grant-4
    fn settle_loss(
        &mut self,
        now: Time,
        asker: Asker,
        (id, watches, deletes): (BoxId, Vec<WatchId>, bool),
        batch: Batch,
    ) {
        for watch in watches {
            self.end_watch(now, watch, EndReason::NoResource);
        }
        let conns = match self.boxes.cell_mut(&id) {
            Some(cell) if deletes => cell.readers.clone(),
            _ => BTreeSet::new(),
        };
        let ticket = self.commit(batch);
        self.holds
            .until_settled(now, ticket, (asker, Answer::Managed), &conns, &mut self.out);
    }

    /// The subscriptions of a cell under one of these grants.
    fn watches_under(&self, id: &BoxId, lost: &[GrantKey]) -> Vec<WatchId> {
        let watches = self.watches_of(id).into_iter();
        watches
            .filter(|watch| {
                self.watches
                    .grant_of(*watch)
                    .is_some_and(|key| lost.contains(key))
            })
            .collect()
    }

    /// The box of an owner, which is made if he may have it. `None` if not.
    fn find_or_open(&mut self, owner: Owner, batch: &mut Batch) -> Result<Option<Found>, StoreFault> {
        if let Some(state) = self.boxes.find(&self.store, &self.pending, &owner.id)? {
            return Ok((state.owner == owner.key).then_some(Found::There));
        }
        let state = match owner.opening {
            Opening::Allowed => BoxState::new(owner.kind, owner.key),
            // spec: open-3
            Opening::Denied => None,
        };
        let Some(state) = state else { return Ok(None) };
        self.boxes.insert(&self.pending, owner.id, state);
        batch.put(
            Key::of_box(&owner.id),
            BoxRecord {
                kind: owner.kind,
                owner: owner.key,
            }
            .encode(),
        );
        Ok(Some(Found::New))
    }

    /// Forgets a box that was made for a request that is refused.
    fn undo_opening(&mut self, id: &BoxId, found: Found) {
        if found == Found::New {
            self.boxes.remove(id);
        }
    }
}
