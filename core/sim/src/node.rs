//! A client: an account, its disk, and what it told its person.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use sipher_engine::{
    Account, Answer, CommandId, ConnId, Event, Fault, Input, Kind, MessageId, MessageState, Output, Refusal,
    StoreFault,
};
use sipher_wire::Time;

use crate::disk::Disk;

/// A client.
#[derive(Debug)]
pub struct Node {
    pub(crate) account: Option<Account>,
    pub(crate) disk: Disk,
    /// Connections of the account that runs, by its own number, to the world's number.
    pub(crate) conns: BTreeMap<ConnId, u64>,
    /// Outputs that were carried out since the start.
    pub(crate) outputs: u64,
    /// Crashes so far.
    pub(crate) crashes: u64,
    pub(crate) wake: Time,
    pub(crate) done: BTreeMap<CommandId, Result<Answer, Refusal>>,
    next_command: u64,
    /// Texts that were shown as unread, in order.
    pub shown: Vec<(MessageId, String)>,
    /// Alarms: what must not happen in a run without attackers.
    pub alarms: Vec<String>,
    /// How far each message came, as it was told.
    progress: BTreeMap<MessageId, MessageState>,
}

impl Node {
    pub(crate) fn new(account: Account, disk: Disk) -> Self {
        Self {
            account: Some(account),
            disk,
            conns: BTreeMap::new(),
            outputs: 0,
            crashes: 0,
            wake: Time::NEVER,
            done: BTreeMap::new(),
            next_command: 0,
            shown: Vec::new(),
            alarms: Vec::new(),
            progress: BTreeMap::new(),
        }
    }

    /// The account, which runs unless the node is in the middle of a crash.
    pub fn account(&self) -> &Account {
        self.account.as_ref().expect("the account runs")
    }

    /// What is on disk.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Whether memory holds what the disk has, no more and no less.
    pub(crate) fn is_consistent(&self) -> bool {
        let Some(account) = &self.account else { return true };
        let records = account.records();
        let held = [
            Kind::Account,
            Kind::Invitation,
            Kind::Buddy,
            Kind::Closing,
            Kind::Ask,
        ];
        let count: usize = held.iter().map(|kind| self.disk.count(*kind)).sum();
        records.ops().len() == count && records.ops().iter().all(|op| self.disk.has(op))
    }

    pub(crate) fn command_id(&mut self) -> CommandId {
        self.next_command += 1;
        CommandId(self.next_command)
    }

    pub(crate) fn handle(
        &mut self,
        now: Time,
        input: Input<'_>,
        rng: &mut ChaCha20Rng,
    ) -> Result<(), StoreFault> {
        match &mut self.account {
            Some(account) => account.handle(now, input, &self.disk, rng),
            None => Ok(()),
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.account.as_mut()?.poll()
    }

    /// Dies and comes back with what was durable.
    pub(crate) fn crash(&mut self) -> Vec<u64> {
        self.crashes += 1;
        self.wake = Time::NEVER;
        self.account = Account::load(&self.disk).expect("what was written can be read");
        std::mem::take(&mut self.conns).into_values().collect()
    }

    /// The account's number of a connection of the world's.
    pub(crate) fn own_conn(&self, conn: u64) -> Option<ConnId> {
        self.conns
            .iter()
            .find(|(_, world)| **world == conn)
            .map(|(own, _)| *own)
    }

    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Unreadable { .. }
            | Event::RolledBack { .. }
            | Event::InvitationTriedAgain { .. }
            | Event::InvitationNoise { .. } => self.alarms.push(format!("{event:?}")),
            Event::Progress { message, state, .. } => {
                let before = self.progress.insert(*message, *state);
                if before.is_some_and(|before| before >= *state) {
                    self.alarms.push(format!("{before:?}, then {state:?}"));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn lost(&mut self, now: Time, conn: u64, fault: Fault, rng: &mut ChaCha20Rng) {
        if let Some(own) = self.own_conn(conn) {
            self.conns.remove(&own);
            self.handle(now, Input::Down { conn: own, fault }, rng)
                .expect("memory doesn't fail");
        }
    }
}
