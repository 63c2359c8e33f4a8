//! What the relay decides: who may do what with which box, and what goes out when. Spec: `spec/relay.md`.
//!
//! A value with two verbs: it takes requests, acknowledgements and the time, and gives [`Output`]s in the
//! order in which they must happen. It reads the store and never writes it, has no socket, and doesn't know
//! what SIP is. Answers that promise something wait for the disk, see [`Mailbox::committed`].

mod boxes;
mod deliver;
mod flow;
mod hold;
mod io;
mod own;
mod pending;
mod permit;
mod queue;
pub(crate) mod record;
mod send;
mod sweep;
mod timers;
mod watch;

pub use self::io::{
    Answer, Ask, BarrierId, Binding, Claim, ConnId, Delivery, Handover, NewItem, News, Opening, Outcome,
    Output, Owner, Place, Publication, Registering, RequestId, Ticket, WatchId, Watching,
};

use self::boxes::Boxes;
use self::flow::Flow;
use self::hold::Holds;
use self::pending::Pending;
use self::sweep::Sweep;
use self::timers::{Timer, Timers};
use self::watch::Watches;
use crate::limits::SWEEP_EVERY;
use crate::store::{Batch, Key, Store, StoreFault};
use rand_core::CryptoRng;
use sipher_wire::Time;
use std::collections::{BTreeMap, VecDeque};

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asker {
    /// His connection.
    pub conn: ConnId,
    /// His request.
    pub request: RequestId,
}

/// All boxes of a relay.
#[derive(Debug)]
pub struct Mailbox<S> {
    store: S,
    boxes: Boxes,
    pending: Pending,
    holds: Holds,
    flows: BTreeMap<ConnId, Flow>,
    watches: Watches,
    timers: Timers,
    sweep: Sweep,
    last_number: u64,
    /// Items that were accepted to be dropped, each with the batch that wrote it.
    sunk: VecDeque<(Ticket, Key)>,
    out: VecDeque<Output>,
}

impl<S: Store> Mailbox<S> {
    /// The boxes of a store. The store is read through this value and written by whoever takes its
    /// [`Output::Commit`]s.
    pub fn new(now: Time, store: S) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Sweep, now + SWEEP_EVERY);
        Self {
            store,
            boxes: Boxes::default(),
            pending: Pending::default(),
            holds: Holds::default(),
            flows: BTreeMap::new(),
            watches: Watches::default(),
            timers,
            sweep: Sweep::default(),
            last_number: 0,
            sunk: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Takes a request. Exactly one [`Output::Reply`] follows, now or later.
    ///
    /// # Errors
    /// [`StoreFault`] if the store can't be read; then the relay must stop.
    pub fn handle(
        &mut self,
        now: Time,
        rng: &mut impl CryptoRng,
        asker: Asker,
        ask: Ask,
    ) -> Result<(), StoreFault> {
        match ask {
            Ask::Register(owner, registering) => self.register(now, asker, owner, registering),
            Ask::Publish(owner, publication) => self.publish(now, rng, asker, (owner, publication)),
            Ask::Manage(owner, ops) => self.manage(now, asker, owner, &ops),
            Ask::Send(id, claim, item) => self.send(now, asker, (id, claim), item),
            Ask::Watch(id, claim, watching) => self.watch(now, asker, (id, claim), &watching),
            Ask::Rewatch(watch, watching) => self.rewatch(now, asker, watch, &watching),
            Ask::Unknown(id, claim) => {
                self.look(&id, &claim)?;
                self.reply(asker, Answer::Refused);
                Ok(())
            }
        }
    }

    /// An owner's connection told what became of an item.
    ///
    /// # Errors
    /// As [`Mailbox::handle`].
    pub fn delivered(
        &mut self,
        now: Time,
        conn: ConnId,
        delivery: Delivery,
        outcome: Outcome,
    ) -> Result<(), StoreFault> {
        self.settle(now, conn, delivery, outcome)?;
        self.pump(now, conn)
    }

    /// All batches up to this one are durable.
    pub fn committed(&mut self, up_to: Ticket) {
        self.pending.committed(up_to);
        self.holds.committed(up_to, &mut self.out);
        let mut batch = Batch::new();
        while let Some((_, key)) = self.sunk.pop_front_if(|(ticket, _)| *ticket <= up_to) {
            batch.delete(key);
        }
        if !batch.is_empty() {
            self.pending.commit(batch, &mut self.out);
        }
    }

    /// All that went to a connection before this barrier has left the relay.
    pub fn passed(&mut self, barrier: BarrierId) {
        self.holds.passed(barrier, &mut self.out);
    }

    /// A connection is gone: nothing leaves to it any more.
    pub fn closed(&mut self, conn: ConnId) {
        self.unbind_all(conn);
        self.unwatch_all(conn);
        self.holds.closed(conn, &mut self.out);
    }

    /// Does what is due at `now`.
    ///
    /// # Errors
    /// As [`Mailbox::handle`].
    pub fn tick(&mut self, now: Time) -> Result<(), StoreFault> {
        self.holds.tick(now, &mut self.out);
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Binding(id) => self.expire_binding(now, &id),
                Timer::Flow(conn) => self.pump(now, conn)?,
                Timer::Watch(watch) => self.wake_watch(now, watch)?,
                Timer::Value(id) => self.expire_value(now, &id),
                Timer::Sweep => self.sweep_some(now)?,
            }
        }
        Ok(())
    }

    /// When [`Mailbox::tick`] is due.
    pub fn next_wake(&self) -> Time {
        let first = self.timers.next().unwrap_or(Time::NEVER);
        self.holds.next_wake().map_or(first, |barrier| barrier.min(first))
    }

    /// Writes a row that means nothing, by the way that all others take.
    pub fn probe(&mut self) {
        let mut batch = Batch::new();
        batch.put(Key::probe(), bytes::Bytes::from_static(b"1"));
        self.commit(batch);
    }

    /// Tells all watchers that the relay goes down and that they shall come back (`spec/sip-checklist.md` E4).
    pub fn shut_down(&mut self, now: Time) {
        self.end_all_watches(now);
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn reply(&mut self, asker: Asker, answer: Answer) {
        self.out
            .push_back(Output::Reply(asker.conn, asker.request, answer));
    }

    fn commit(&mut self, batch: Batch) -> Ticket {
        self.pending.commit(batch, &mut self.out)
    }
}
