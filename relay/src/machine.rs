//! A whole relay without sockets, threads or a clock: desks and one mailbox, for simulation and tests.
//!
//! What is written by [`Machine::poll`] counts as having left the relay, in that order. Who drives it makes
//! the batches durable and says so.

use crate::desk::{Carrier, Desk, Step};
use crate::domain::Domain;
use crate::mailbox::{
    Answer, Asker, BarrierId, ConnId, Handover, Mailbox, News, Output, RequestId, Ticket, WatchId,
};
use crate::store::{Batch, Store, StoreFault};
use bytes::Bytes;
use rand_core::CryptoRng;
use sipher_wire::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a machine wants done, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Make this durable, then call [`Machine::committed`].
    Commit(Ticket, Batch),
    /// Send these octets on a connection.
    Write(ConnId, Bytes),
    /// Close a connection, then call [`Machine::down`].
    Close(ConnId),
}

/// A relay as a value.
#[derive(Debug)]
pub struct Machine<S> {
    domain: Arc<Domain>,
    mailbox: Mailbox<S>,
    desks: BTreeMap<ConnId, Desk>,
    effects: VecDeque<Effect>,
}

impl<S: Store> Machine<S> {
    /// A relay over a store, which it reads and never writes.
    pub fn new(now: Time, domain: Domain, store: S) -> Self {
        Self {
            domain: Arc::new(domain),
            mailbox: Mailbox::new(now, store),
            desks: BTreeMap::new(),
            effects: VecDeque::new(),
        }
    }

    /// A connection begins. Its id was never used before.
    pub fn up(&mut self, now: Time, conn: ConnId, carrier: Carrier) {
        self.desks
            .insert(conn, Desk::new(now, Arc::clone(&self.domain), carrier));
    }

    /// A connection is gone.
    ///
    /// # Errors
    /// [`StoreFault`] if the store can't be read; then the relay must stop.
    pub fn down(&mut self, now: Time, conn: ConnId, rng: &mut impl CryptoRng) -> Result<(), StoreFault> {
        self.desks.remove(&conn);
        self.mailbox.closed(conn);
        self.settle(now, rng)
    }

    /// Octets came on a stream.
    ///
    /// # Errors
    /// As [`Machine::down`].
    pub fn octets(
        &mut self,
        now: Time,
        conn: ConnId,
        octets: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        if let Some(desk) = self.desks.get_mut(&conn) {
            desk.octets(now, octets, rng);
        }
        self.attend(now, conn, rng)?;
        self.settle(now, rng)
    }

    /// A datagram came.
    ///
    /// # Errors
    /// As [`Machine::down`].
    pub fn datagram(
        &mut self,
        now: Time,
        conn: ConnId,
        octets: Bytes,
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        if let Some(desk) = self.desks.get_mut(&conn) {
            desk.datagram(now, octets, rng);
        }
        self.attend(now, conn, rng)?;
        self.settle(now, rng)
    }

    /// All batches up to this one are durable.
    ///
    /// # Errors
    /// As [`Machine::down`].
    pub fn committed(
        &mut self,
        now: Time,
        up_to: Ticket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        self.mailbox.committed(up_to);
        self.settle(now, rng)
    }

    /// Does what is due at `now`.
    ///
    /// # Errors
    /// As [`Machine::down`].
    pub fn tick(&mut self, now: Time, rng: &mut impl CryptoRng) -> Result<(), StoreFault> {
        self.mailbox.tick(now)?;
        let due: Vec<_> = self
            .desks
            .iter()
            .filter(|(_, desk)| desk.next_wake() <= now)
            .map(|(id, _)| *id)
            .collect();
        for conn in due {
            if let Some(desk) = self.desks.get_mut(&conn) {
                desk.tick(now, rng);
            }
            self.attend(now, conn, rng)?;
        }
        self.settle(now, rng)
    }

    /// When [`Machine::tick`] is due.
    pub fn next_wake(&self) -> Time {
        self.desks
            .values()
            .map(Desk::next_wake)
            .fold(self.mailbox.next_wake(), Time::min)
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Takes the steps of a desk.
    fn attend(&mut self, now: Time, conn: ConnId, rng: &mut impl CryptoRng) -> Result<(), StoreFault> {
        while let Some(step) = self.desks.get_mut(&conn).and_then(Desk::poll) {
            match ToMailbox::from_step(step) {
                Ok(message) => message.give(&mut self.mailbox, now, conn, rng)?,
                Err(Local::Write(octets)) => self.effects.push_back(Effect::Write(conn, octets)),
                Err(Local::Close) => self.effects.push_back(Effect::Close(conn)),
            }
        }
        Ok(())
    }

    /// Takes what the mailbox wants, until it wants nothing more.
    fn settle(&mut self, now: Time, rng: &mut impl CryptoRng) -> Result<(), StoreFault> {
        while let Some(output) = self.mailbox.poll() {
            match ToDesk::from_output(output) {
                Ok((_, ToDesk::Barrier(barrier))) => {
                    self.mailbox.passed(barrier);
                }
                Ok((conn, ToDesk::Close)) => self.effects.push_back(Effect::Close(conn)),
                Ok((conn, message)) => {
                    if let Some(desk) = self.desks.get_mut(&conn) {
                        message.give(desk, now, rng);
                    }
                    self.attend(now, conn, rng)?;
                }
                Err((ticket, batch)) => self.effects.push_back(Effect::Commit(ticket, batch)),
            }
        }
        Ok(())
    }
}

/// What goes from a desk to the mailbox.
#[derive(Debug)]
pub(crate) struct ToMailbox(Step);

/// What a desk's connection does itself.
#[derive(Debug)]
pub(crate) enum Local {
    Write(Bytes),
    Close,
}

impl ToMailbox {
    /// Tells what is for the mailbox from what is for the connection.
    pub(crate) fn from_step(step: Step) -> Result<Self, Local> {
        match step {
            Step::Write(octets) => Err(Local::Write(octets)),
            Step::Close => Err(Local::Close),
            step => Ok(Self(step)),
        }
    }

    /// Gives it.
    pub(crate) fn give<S: Store>(
        self,
        mailbox: &mut Mailbox<S>,
        now: Time,
        conn: ConnId,
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        match self.0 {
            Step::Ask(request, ask) => mailbox.handle(now, rng, Asker { conn, request }, ask),
            Step::Delivered(delivery, outcome) => mailbox.delivered(now, conn, delivery, outcome),
            Step::Notified(watch) => mailbox.notified(now, watch),
            Step::Unwatch(watch) => {
                mailbox.forget_watch(watch);
                Ok(())
            }
            Step::Write(_) | Step::Close => Ok(()),
        }
    }
}

/// What goes from the mailbox to one connection.
#[derive(Debug)]
pub(crate) enum ToDesk {
    Reply(RequestId, Answer),
    Deliver(Handover),
    Notify(WatchId, u32, News),
    Barrier(BarrierId),
    Close,
}

impl ToDesk {
    /// Tells what is for a connection from what is for the disk.
    pub(crate) fn from_output(output: Output) -> Result<(ConnId, Self), (Ticket, Batch)> {
        Ok(match output {
            Output::Commit(ticket, batch) => return Err((ticket, batch)),
            Output::Reply(conn, request, answer) => (conn, Self::Reply(request, answer)),
            Output::Deliver(conn, handover) => (conn, Self::Deliver(handover)),
            Output::Notify(conn, watch, number, news) => (conn, Self::Notify(watch, number, news)),
            Output::Barrier(conn, barrier) => (conn, Self::Barrier(barrier)),
            Output::Close(conn) => (conn, Self::Close),
        })
    }

    /// Gives it to the connection's desk, as far as it is for that.
    pub(crate) fn give(self, desk: &mut Desk, now: Time, rng: &mut impl CryptoRng) {
        match self {
            Self::Reply(request, answer) => desk.answer(now, request, answer, rng),
            Self::Deliver(handover) => desk.deliver(now, handover, rng),
            Self::Notify(watch, number, news) => desk.notify(now, watch, number, news, rng),
            Self::Barrier(_) | Self::Close => {}
        }
    }
}
