//! An account: everything that a person's device decides. Spec: `spec/client.md`.
//!
//! [`Account::handle`] takes one input, [`Account::poll`] gives what is to be done; see [`crate::io`]. The account
//! holds what it needs at hand; texts and envelopes stay on disk.
//!
//! Work is found, not scheduled: after each input, [`settle`] compares what ought to be (records) with
//! what relays confirmed (records, too) and with what is in flight (memory), and asks for the difference. So there is
//! one way to carry on, whether it's the first attempt, a lost connection, or a restart after a crash.

mod acquaint;
mod answer;
mod asks;
mod calls;
mod command;
mod contents;
mod me;
mod own;
mod queries;
mod receive;
mod rights;
mod save;
mod send;
mod settle;
mod watch;

pub use self::me::{NewAccount, Pace};

use alloc::collections::{BTreeMap, VecDeque};

use rand_core::CryptoRng;
use sipher_wire::{BoxId, Time};

use self::calls::Call;
use self::me::Me;
use crate::ask::{AskId, StoredAsk};
use crate::boxes::Closing;
use crate::buddy::BuddyId;
use crate::invite::{Invitation, InvitationId};
use crate::io::{CommandId, Input, Output};
use crate::link::Peer;
use crate::net::Net;
use crate::step::{Step, Touched};
use crate::store::{Batch, Snapshot, StoreFault};

/// An account in memory.
pub struct Account {
    me: Me,
    invitations: BTreeMap<InvitationId, Invitation>,
    peers: BTreeMap<BuddyId, Peer>,
    closing: BTreeMap<BoxId, Closing>,
    asks: BTreeMap<AskId, StoredAsk>,
    net: Net,
    calls: BTreeMap<CommandId, Call>,
    /// Whether it stays connected without a command.
    stays: bool,
    /// The wish that was told last.
    wake: Option<Time>,
    outputs: VecDeque<Output>,
}

impl Account {
    /// Makes a new account. The caller makes the batch durable before anything else happens.
    pub fn create(now: Time, new: NewAccount, rng: &mut impl CryptoRng) -> (Self, Batch) {
        let account = Self::of(Me::new(now, new, rng));
        let mut batch = Batch::new();
        account.write(Touched::Account, &mut batch);
        (account, batch)
    }

    /// The account of a store; `None` if the store has none.
    ///
    /// # Errors
    /// A record can't be read, or isn't what was written.
    pub fn load(snapshot: &impl Snapshot) -> Result<Option<Self>, StoreFault> {
        save::load(snapshot)
    }

    /// Takes one input. All [`Output`]s are to be taken before the next one, and the snapshot must show every
    /// batch that was handed out before.
    ///
    /// # Errors
    /// The store couldn't be read. The account is to be dropped, as after a failed write.
    pub fn handle(
        &mut self,
        now: Time,
        input: Input<'_>,
        snapshot: &impl Snapshot,
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        let mut step = Step::new(now, snapshot, rng);
        match input {
            Input::Up { conn, binding } => {
                self.net.up(conn, binding, &mut step);
            }
            Input::Down { conn, fault } => {
                self.net.down(conn, fault, self.stays, &mut step);
            }
            Input::Octets { conn, octets } => self.arrive(conn, octets, &mut step)?,
            Input::Command { id, command } => self.command(id, command, &mut step)?,
            Input::Cancel { id } => self.cancel(id, &mut step),
            // The wish that was told is used up.
            Input::Tick => self.wake = None,
        }
        self.settle(&mut step)?;
        self.finish(step);
        Ok(())
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn of(me: Me) -> Self {
        Self {
            me,
            invitations: BTreeMap::new(),
            peers: BTreeMap::new(),
            closing: BTreeMap::new(),
            asks: BTreeMap::new(),
            net: Net::default(),
            calls: BTreeMap::new(),
            stays: false,
            wake: None,
            outputs: VecDeque::new(),
        }
    }

    /// Writes what was touched, and queues what the step wants.
    fn finish(&mut self, mut step: Step<'_>) {
        for touched in step.take_touched() {
            self.write(touched, step.batch_mut());
        }
        let now = step.now;
        self.outputs.extend(step.finish());
        let wake = self.next_wake(now);
        if wake != self.wake {
            self.wake = wake;
            self.outputs.push_back(Output::Wake(wake.unwrap_or(Time::NEVER)));
        }
    }
}

impl core::fmt::Debug for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Account(..)")
    }
}
