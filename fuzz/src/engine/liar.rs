//! One account with its disk, and a relay that is whatever the dice make of it.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_engine::{Account, Class, Command, CommandId, ConnId, Fault, Input, Kind, Output};
use sipher_sim::Disk;
use sipher_wire::Time;
use sipher_wire::sip::{Cut, Cutter, Method, Request, Side, Verdict, check};

use super::fixture::{ALICE, account};

/// An account whose connections all lead here.
pub(super) struct Liar {
    account: Account,
    disk: Disk,
    pub(super) now: Time,
    pub(super) rng: ChaCha20Rng,
    lines: BTreeMap<ConnId, Line>,
    /// Connections that it wants, not yet there.
    dialed: VecDeque<ConnId>,
    /// What it asked, oldest first.
    asked: VecDeque<(ConnId, Request)>,
    wake: Time,
    commands: u64,
}

struct Line {
    class: Class,
    cutter: Cutter,
    /// The Contact of its last REGISTER.
    contact: Option<Vec<u8>>,
}

impl Liar {
    /// Alice's relay.
    pub(super) fn of_alice() -> Self {
        Self::of(account(), ALICE.disk.clone())
    }

    /// The relay of an account.
    pub(super) fn of(account: Account, disk: Disk) -> Self {
        Self {
            account,
            disk,
            now: ALICE.now,
            rng: ChaCha20Rng::seed_from_u64(2),
            lines: BTreeMap::new(),
            dialed: VecDeque::new(),
            asked: VecDeque::new(),
            wake: Time::NEVER,
            commands: 0,
        }
    }

    pub(super) const fn account(&self) -> &Account {
        &self.account
    }

    /// What it has on disk.
    #[cfg(test)]
    pub(super) const fn disk(&self) -> &Disk {
        &self.disk
    }

    pub(super) fn command(&mut self, command: Command) {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.input(Input::Command { id, command });
    }

    /// Lets all connections be there that it wants.
    pub(super) fn connect(&mut self) {
        while let Some(conn) = self.dialed.pop_front() {
            let binding = [9; 32];
            if self.lines.contains_key(&conn) {
                self.input(Input::Up { conn, binding });
            }
        }
    }

    /// Ends a connection, or lets it never be there.
    pub(super) fn hang_up(&mut self, conn: ConnId, fault: Fault) {
        if self.lines.remove(&conn).is_some() {
            self.input(Input::Down { conn, fault });
        }
    }

    /// The oldest request that has no answer.
    pub(super) fn next_asked(&mut self) -> Option<(ConnId, Request)> {
        self.asked.pop_front()
    }

    /// Octets on a connection, if it's still there.
    pub(super) fn say(&mut self, conn: ConnId, octets: &[u8]) {
        if self.lines.contains_key(&conn) && !self.dialed.contains(&conn) {
            self.input(Input::Octets { conn, octets });
        }
    }

    /// A connection of a class, with the Contact that was registered on it.
    pub(super) fn line_of(&self, class: Class) -> Option<(ConnId, Option<&[u8]>)> {
        let mut lines = self.lines.iter();
        lines
            .find(|(_, line)| line.class == class)
            .map(|(conn, line)| (*conn, line.contact.as_deref()))
    }

    /// Lets time pass, and its timer ring if it is due.
    pub(super) fn pass(&mut self, secs: u64) {
        self.now = self.now + core::time::Duration::from_secs(secs);
        if self.wake <= self.now {
            self.wake = Time::NEVER;
            self.input(Input::Tick);
        }
    }

    /// The machine dies and comes back with what was durable.
    pub(super) fn restart(&mut self) {
        let account = Account::load(&self.disk);
        assert!(matches!(account, Ok(Some(_))), "its own records are unreadable");
        if let Ok(Some(account)) = account {
            self.account = account;
        }
        self.lines.clear();
        self.dialed.clear();
        self.asked.clear();
        self.wake = Time::NEVER;
    }

    fn input(&mut self, input: Input<'_>) {
        let handled = self.account.handle(self.now, input, &self.disk, &mut self.rng);
        assert!(handled.is_ok(), "its own records are unreadable");
        let mut outputs = 0_u32;
        while let Some(output) = self.account.poll() {
            outputs += 1;
            assert!(outputs < OUTPUTS, "one input makes outputs without end");
            self.take(output);
        }
        self.assert_consistent();
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Persist(batch) => self.disk.commit(&batch),
            Output::Open { conn, class, .. } => {
                self.dialed.push_back(conn);
                let line = Line {
                    class,
                    cutter: Cutter::new(Side::Relay),
                    contact: None,
                };
                assert!(
                    self.lines.insert(conn, line).is_none(),
                    "a connection's number comes twice"
                );
            }
            Output::Close { conn } => {
                self.lines.remove(&conn);
            }
            Output::Transmit { conn, octets } => self.hear(conn, &octets),
            Output::Wake(at) => self.wake = at,
            Output::Done { id, .. } => assert!(id.0 <= self.commands, "an answer to nothing"),
            Output::Event(_) => {}
        }
    }

    /// What it says is SIP, on a connection of the right class.
    fn hear(&mut self, conn: ConnId, octets: &Bytes) {
        let Some(line) = self.lines.get_mut(&conn) else {
            return;
        };
        line.cutter.push(octets);
        while let Some(cut) = line.cutter.next_cut() {
            let Cut::Message(message) = cut else {
                assert!(matches!(cut, Cut::Ping | Cut::Pong), "octets that aren't SIP");
                continue;
            };
            match check(message) {
                Verdict::Request(request) => {
                    let class = match request.method() {
                        Method::Register | Method::Publish => Some(Class::Own),
                        Method::Message => Some(Class::Send),
                        Method::Subscribe => Some(Class::Watch),
                        _ => None,
                    };
                    assert!(class.is_none_or(|class| class == line.class), "classes are mixed");
                    if request.method() == Method::Register {
                        let contact = request.head().value(sipher_wire::sip::Name::Contact);
                        line.contact = contact.map(<[u8]>::to_vec).or(line.contact.take());
                    }
                    self.asked.push_back((conn, request));
                }
                // An answer copies what it answers, which the relay may have made as it liked.
                Verdict::Response(_) | Verdict::Drop(_) | Verdict::Refuse(_) => {}
            }
        }
    }

    /// Memory holds what the disk has.
    fn assert_consistent(&self) {
        let records = self.account.records();
        let held = [Kind::Account, Kind::Invitation, Kind::Buddy, Kind::Closing];
        let count: usize = held.iter().map(|kind| self.disk.count(*kind)).sum();
        assert_eq!(records.ops().len(), count, "memory and disk differ");
        assert!(
            records.ops().iter().all(|op| self.disk.has(op)),
            "memory and disk differ"
        );
    }
}

/// Outputs of one input: more than everything that a small account has to say.
const OUTPUTS: u32 = 2_000;
