//! Everybody in one thread: what one sends comes to the other in order, until something goes wrong.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sipher_crypto::SigningSeed;
use sipher_engine::{
    Account, Answer, Class, Command, CommandId, ConnId, Fault, Input, Name, NewAccount, Output, Pace, Refusal,
};
use sipher_wire::sip::{Cut as Piece, Cutter, Message, Side};
use sipher_wire::{RelayAddress, Time};

use crate::disk::Disk;
use crate::faults::{Crash, Cut, Faults};
use crate::node::Node;
use crate::recorder::Recorder;
use crate::relay::{Did, RelayNode};

/// Somebody in the world.
pub type Person = usize;

/// A connection between a client and the relay.
#[derive(Debug)]
struct Wire {
    person: Person,
    class: Class,
    to_relay: Cutter,
}

/// Octets that are on their way.
#[derive(Debug)]
enum Packet {
    ToRelay(u64, Bytes),
    ToClient(u64, Bytes),
    /// The relay closed.
    Closed(u64),
}

/// People with their clients, and one relay.
#[derive(Debug)]
pub struct World {
    /// What time it is.
    pub now: Time,
    /// The clients.
    pub nodes: Vec<Node>,
    /// The relay.
    pub relay: RelayNode,
    /// Whether the relay can be reached.
    pub reachable: bool,
    /// Every envelope that left a client.
    pub recorder: Recorder,
    /// Every request of a client, on which class of connection.
    pub requests: Vec<(Person, Class, Message)>,
    /// Whether the relay keeps back what it should hand over; it is in [`World::withheld`] then.
    pub withholds: bool,
    /// Items that the relay kept back: for whom, and the whole request.
    pub withheld: Vec<(Person, Bytes)>,
    rng: ChaCha20Rng,
    faults: Faults,
    wires: BTreeMap<u64, Wire>,
    packets: VecDeque<Packet>,
    next_wire: u64,
    octets_up: u64,
    octets_down: u64,
}

impl World {
    /// A world without people.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let now = Time::from_secs(1_800_000_000);
        Self {
            now,
            nodes: Vec::new(),
            relay: RelayNode::new(now),
            reachable: true,
            recorder: Recorder::default(),
            requests: Vec::new(),
            withholds: false,
            withheld: Vec::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
            faults,
            wires: BTreeMap::new(),
            packets: VecDeque::new(),
            next_wire: 0,
            octets_up: 0,
            octets_down: 0,
        }
    }

    /// Somebody new, who does things at once.
    pub fn add(&mut self, name: &str) -> Person {
        self.add_with(
            name,
            Pace {
                receipts: Duration::ZERO,
                fan_out: Duration::ZERO,
                ..Pace::default()
            },
        )
    }

    /// Somebody new.
    pub fn add_with(&mut self, name: &str, pace: Pace) -> Person {
        self.add_at(name, pace, RelayNode::address())
    }

    /// Somebody new, who was given this address of the relay.
    pub fn add_at(&mut self, name: &str, pace: Pace, relay: RelayAddress) -> Person {
        let new = NewAccount {
            relay,
            name: Name::parse(name).expect("a name"),
            seed: SigningSeed::random(&mut self.rng),
            pace,
        };
        let (account, batch) = Account::create(self.now, new, &mut self.rng);
        let mut disk = Disk::default();
        disk.commit(&batch);
        self.nodes.push(Node::new(account, disk));
        self.nodes.len() - 1
    }

    /// Gives a command and lets everything run until it is answered. `None` if a crash took it.
    pub fn call(&mut self, person: Person, command: Command) -> Option<Result<Answer, Refusal>> {
        let id = self.start(person, command);
        let crashes = self.nodes[person].crashes;
        for _ in 0..MAX_WAITS {
            self.run();
            if let Some(outcome) = self.nodes[person].done.remove(&id) {
                return Some(outcome);
            }
            if self.nodes[person].crashes != crashes {
                return None;
            }
            if !self.pass_to_next_wake() {
                break;
            }
        }
        panic!("a command is never answered");
    }

    /// Gives a command without waiting for its answer.
    pub fn start(&mut self, person: Person, command: Command) -> CommandId {
        let id = self.nodes[person].command_id();
        self.input(person, Input::Command { id, command });
        id
    }

    /// The answer to a command that was started, once there is one.
    pub fn answer(&mut self, person: Person, id: CommandId) -> Option<Result<Answer, Refusal>> {
        self.nodes[person].done.remove(&id)
    }

    /// Stops waiting for a command.
    pub fn cancel(&mut self, person: Person, id: CommandId) {
        self.input(person, Input::Cancel { id });
        self.run();
    }

    /// Lets time pass, with everything that happens meanwhile.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.run();
        while let Some(next) = self.next_wake().filter(|next| *next <= end) {
            self.tick(next);
        }
        self.now = end;
        self.tick(end);
    }

    /// A relay that lies: octets of its choice on a connection of somebody. False if there is no such connection.
    pub fn inject(&mut self, person: Person, class: Class, octets: &[u8]) -> bool {
        let mut wires = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.person == person && wire.class == class);
        let Some(conn) = wires
            .next()
            .and_then(|(wire, _)| self.nodes[person].own_conn(*wire))
        else {
            return false;
        };
        self.input(person, Input::Octets { conn, octets });
        self.run();
        true
    }

    /// What could still go wrong in a run like this one: outputs of each client, effects of the relay, octets up and
    /// down.
    pub fn counts(&self) -> Counts {
        Counts {
            outputs: self.nodes.iter().map(|node| node.outputs).collect(),
            effects: self.relay.effects,
            up: self.octets_up,
            down: self.octets_down,
        }
    }

    /// Kills the relay, and starts it again.
    pub fn crash_relay(&mut self) {
        self.relay.crash(self.now);
        self.packets.clear();
        for conn in std::mem::take(&mut self.wires).into_keys() {
            for node in &mut self.nodes {
                node.lost(self.now, conn, Fault::Closed, &mut self.rng);
            }
        }
        self.run();
    }

    /// Kills a client, and starts it again.
    pub fn crash_client(&mut self, person: Person) {
        for conn in self.nodes[person].crash() {
            self.hang_up(conn);
        }
    }

    /// Lets everything happen that can happen now.
    pub fn run(&mut self) {
        while self.turn() {}
        assert!(
            self.nodes.iter().all(Node::is_consistent),
            "memory and disk differ"
        );
    }

    /// One thing after the other; false when nothing can happen.
    fn turn(&mut self) -> bool {
        for person in 0..self.nodes.len() {
            if self.client_turn(person) {
                return true;
            }
        }
        self.relay_turn() || self.deliver()
    }

    fn client_turn(&mut self, person: Person) -> bool {
        if self.takes_crash(Crash::Client(person, self.nodes[person].outputs)) {
            self.crash_client(person);
            return true;
        }
        let Some(output) = self.nodes[person].poll() else {
            return false;
        };
        self.nodes[person].outputs += 1;
        match output {
            Output::Persist(batch) => self.nodes[person].disk.commit(&batch),
            Output::Open { conn, class, .. } => self.dial(person, conn, class),
            Output::Close { conn } => {
                if let Some(wire) = self.nodes[person].conns.remove(&conn) {
                    self.flush(wire);
                    self.hang_up(wire);
                }
            }
            Output::Transmit { conn, octets } => {
                if let Some(wire) = self.nodes[person].conns.get(&conn) {
                    self.packets.push_back(Packet::ToRelay(*wire, octets));
                }
            }
            Output::Done { id, outcome } => {
                if let Ok(Answer::Unread(unread)) = &outcome {
                    let lines = unread
                        .lines
                        .iter()
                        .map(|(_, line)| (line.message, line.text.clone()));
                    self.nodes[person].shown.extend(lines);
                }
                self.nodes[person].done.insert(id, outcome);
            }
            Output::Event(event) => self.nodes[person].note(&event),
            Output::Wake(at) => self.nodes[person].wake = at,
        }
        true
    }

    fn relay_turn(&mut self) -> bool {
        if self.takes_crash(Crash::Relay(self.relay.effects)) {
            self.relay.apply_unsynced();
            self.crash_relay();
            return true;
        }
        match self.relay.poll(self.now, &mut self.rng) {
            None => false,
            Some(Did::Committed) => true,
            Some(Did::Sent(conn, octets)) => {
                self.packets.push_back(Packet::ToClient(conn, octets));
                true
            }
            Some(Did::Closed(conn)) => {
                self.packets.push_back(Packet::Closed(conn));
                true
            }
        }
    }

    fn deliver(&mut self) -> bool {
        match self.packets.pop_front() {
            None => return false,
            Some(Packet::ToRelay(conn, octets)) => self.reach_relay(conn, &octets),
            Some(Packet::ToClient(conn, octets)) => self.reach_client(conn, &octets),
            Some(Packet::Closed(conn)) => {
                if let Some(wire) = self.wires.get(&conn) {
                    let person = wire.person;
                    self.hang_up(conn);
                    self.nodes[person].lost(self.now, conn, Fault::Closed, &mut self.rng);
                }
            }
        }
        true
    }

    fn reach_relay(&mut self, conn: u64, octets: &[u8]) {
        let Some(wire) = self.wires.get_mut(&conn) else {
            return;
        };
        wire.to_relay.push(octets);
        while let Some(piece) = wire.to_relay.next_cut() {
            let Piece::Message(message) = piece else { continue };
            // Items and flights; the rest has no plaintext of ours.
            if message.head.method_octets() == b"MESSAGE" {
                self.recorder
                    .record(&message.body)
                    .expect("no nonce is used twice");
            }
            self.requests.push((wire.person, wire.class, message));
        }
        let room = self.room(true, octets.len());
        for part in self.parts(octets.get(..room).unwrap_or(octets)) {
            self.relay.octets(self.now, conn, &part, &mut self.rng);
        }
        self.octets_up += u64::try_from(octets.len()).expect("small");
        if room < octets.len() {
            self.cut(conn);
        }
    }

    fn reach_client(&mut self, conn: u64, octets: &[u8]) {
        let Some(person) = self.wires.get(&conn).map(|wire| wire.person) else {
            return;
        };
        if self.withholds && octets.starts_with(b"MESSAGE") {
            self.withheld.push((person, Bytes::copy_from_slice(octets)));
            return;
        }
        let room = self.room(false, octets.len());
        for part in self.parts(octets.get(..room).unwrap_or(octets)) {
            if let Some(own) = self.nodes[person].own_conn(conn) {
                self.input(
                    person,
                    Input::Octets {
                        conn: own,
                        octets: &part,
                    },
                );
            }
        }
        self.octets_down += u64::try_from(octets.len()).expect("small");
        if room < octets.len() {
            self.cut(conn);
        }
    }

    /// How many of these octets still get through before a cut.
    fn room(&mut self, up: bool, len: usize) -> usize {
        let (done, len_octets) = (if up { self.octets_up } else { self.octets_down }, len as u64);
        let hit = self.faults.cuts.iter().position(|cut| match *cut {
            Cut::Up(at) => up && (done..done + len_octets).contains(&at),
            Cut::Down(at) => !up && (done..done + len_octets).contains(&at),
        });
        match hit.map(|at| self.faults.cuts.remove(at)) {
            Some(Cut::Up(at) | Cut::Down(at)) => usize::try_from(at - done).expect("small"),
            None => len,
        }
    }

    fn parts(&self, octets: &[u8]) -> Vec<Vec<u8>> {
        let piece = if self.faults.piece == 0 {
            octets.len().max(1)
        } else {
            self.faults.piece
        };
        octets.chunks(piece).map(<[u8]>::to_vec).collect()
    }

    /// Both ends lose a connection.
    fn cut(&mut self, conn: u64) {
        let Some(person) = self.wires.get(&conn).map(|wire| wire.person) else {
            return;
        };
        self.hang_up(conn);
        self.nodes[person].lost(self.now, conn, Fault::Closed, &mut self.rng);
    }

    fn dial(&mut self, person: Person, conn: ConnId, class: Class) {
        if !self.reachable {
            self.input(
                person,
                Input::Down {
                    conn,
                    fault: Fault::Unreachable,
                },
            );
            return;
        }
        let wire = self.next_wire;
        self.next_wire += 1;
        let mut binding = [0; 32];
        self.rng.fill_bytes(&mut binding);
        self.wires.insert(
            wire,
            Wire {
                person,
                class,
                to_relay: Cutter::new(Side::Relay),
            },
        );
        self.nodes[person].conns.insert(conn, wire);
        self.relay.up(self.now, wire, binding);
        self.input(person, Input::Up { conn, binding });
    }

    /// What was sent before a close still arrives.
    fn flush(&mut self, conn: u64) {
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.packets)
            .into_iter()
            .partition(|packet| matches!(packet, Packet::ToRelay(own, _) if *own == conn));
        self.packets = others.into();
        for packet in mine {
            if let Packet::ToRelay(conn, octets) = packet {
                self.reach_relay(conn, &octets);
            }
        }
    }

    fn hang_up(&mut self, conn: u64) {
        if self.wires.remove(&conn).is_some() {
            self.relay.down(self.now, conn, &mut self.rng);
        }
    }

    fn input(&mut self, person: Person, input: Input<'_>) {
        self.drain_outputs_first(person);
        self.nodes[person]
            .handle(self.now, input, &mut self.rng)
            .expect("memory doesn't fail");
    }

    /// The contract: all outputs are taken before the next input.
    fn drain_outputs_first(&mut self, person: Person) {
        while self.client_turn(person) {}
    }

    fn takes_crash(&mut self, crash: Crash) -> bool {
        let found = self.faults.crashes.iter().position(|planned| *planned == crash);
        found.is_some_and(|at| {
            self.faults.crashes.remove(at);
            true
        })
    }

    fn next_wake(&self) -> Option<Time> {
        let clients = self.nodes.iter().map(|node| node.wake);
        let next = clients.chain([self.relay.next_wake()]).min()?;
        (next < Time::NEVER).then_some(next)
    }

    fn pass_to_next_wake(&mut self) -> bool {
        let Some(next) = self.next_wake() else {
            return false;
        };
        self.tick(next);
        true
    }

    fn tick(&mut self, at: Time) {
        self.now = self.now.max(at);
        if self.relay.next_wake() <= self.now {
            self.relay.tick(self.now, &mut self.rng);
        }
        for person in 0..self.nodes.len() {
            if self.nodes[person].wake <= self.now {
                self.nodes[person].wake = Time::NEVER;
                self.input(person, Input::Tick);
            }
        }
        self.run();
    }
}

/// How much happened in a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counts {
    /// Outputs of each client.
    pub outputs: Vec<u64>,
    /// Effects of the relay.
    pub effects: u64,
    /// Octets from clients.
    pub up: u64,
    /// Octets to clients.
    pub down: u64,
}

/// Waits before a command counts as one that is never answered.
const MAX_WAITS: usize = 2_000;
