//! Everybody in one thread: what one sends comes to the other in order, until something goes wrong.

mod network;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sipher_crypto::SigningSeed;
use sipher_engine::{
    Account, Answer, Class, Command, CommandId, Fault, Input, Name, NewAccount, Pace, Refusal,
};
use sipher_wire::sip::{Cutter, Message};
use sipher_wire::{RelayAddress, Time};

use crate::disk::Disk;
use crate::faults::Faults;
use crate::node::Node;
use crate::recorder::Recorder;
use crate::relay::RelayNode;

/// Somebody in the world.
pub type Person = usize;

/// A connection between a client and the relay.
#[derive(Debug)]
struct Wire {
    person: Person,
    /// Which of the relays.
    relay: usize,
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

/// People with their clients, and some relays.
#[derive(Debug)]
pub struct World {
    /// What time it is.
    pub now: Time,
    /// The clients.
    pub nodes: Vec<Node>,
    /// The relays, by number.
    pub relays: Vec<RelayNode>,
    /// Whether relays can be reached.
    pub reachable: bool,
    /// Every envelope that left a client.
    pub recorder: Recorder,
    /// Every request of a client, on which class of connection.
    pub requests: Vec<(Person, Class, Message)>,
    /// Attempts of clients to connect.
    pub dials: usize,
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
            relays: vec![RelayNode::new(now, 0), RelayNode::new(now, 1)],
            reachable: true,
            recorder: Recorder::default(),
            requests: Vec::new(),
            dials: 0,
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
        self.add_at(name, pace, RelayNode::address(0))
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

    /// What could still go wrong in a run like this one: outputs of each client, effects of relays, octets up and
    /// down.
    pub fn counts(&self) -> Counts {
        Counts {
            outputs: self.nodes.iter().map(|node| node.outputs).collect(),
            effects: self.relays.iter().map(|relay| relay.effects).sum(),
            up: self.octets_up,
            down: self.octets_down,
        }
    }

    /// Kills all relays, and starts them again.
    pub fn crash_relays(&mut self) {
        for relay in &mut self.relays {
            relay.crash(self.now);
        }
        self.packets.clear();
        for conn in std::mem::take(&mut self.wires).into_keys() {
            for node in &mut self.nodes {
                node.lost(self.now, conn, Fault::Closed, &mut self.rng);
            }
        }
        self.run();
    }

    /// Kills a client, and starts it again from an older copy of its disk.
    pub fn set_back(&mut self, person: Person, disk: Disk) {
        self.nodes[person].disk = disk;
        self.crash_client(person);
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
        (0..self.relays.len()).any(|relay| self.relay_turn(relay)) || self.deliver()
    }

    fn next_wake(&self) -> Option<Time> {
        let clients = self.nodes.iter().map(|node| node.wake);
        let next = clients
            .chain(self.relays.iter().map(RelayNode::next_wake))
            .min()?;
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
        for relay in &mut self.relays {
            if relay.next_wake() <= self.now {
                relay.tick(self.now, &mut self.rng);
            }
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
    /// Effects of the relays.
    pub effects: u64,
    /// Octets from clients.
    pub up: u64,
    /// Octets to clients.
    pub down: u64,
}

/// Waits before a command counts as one that is never answered.
const MAX_WAITS: usize = 2_000;
