//! The way between clients and the relay: one thing after the other, cut and crashed where a test says so.

use bytes::Bytes;
use rand_core::Rng as _;
use sipher_engine::{Answer, Class, ConnId, Fault, Input, Output};
use sipher_wire::RelayAddress;
use sipher_wire::sip::{Cut as Piece, Cutter, Side};

use super::{Packet, Person, Wire, World};
use crate::faults::{Crash, Cut};
use crate::relay::{Did, RelayNode};

impl World {
    pub(super) fn client_turn(&mut self, person: Person) -> bool {
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
            Output::Open { conn, relay, class } => self.dial(person, conn, &relay, class),
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

    pub(super) fn relay_turn(&mut self, relay: usize) -> bool {
        if self.takes_crash(Crash::Relay(self.counts().effects)) {
            for relay in &mut self.relays {
                relay.apply_unsynced();
            }
            self.crash_relays();
            return true;
        }
        match self.relays[relay].poll(self.now, &mut self.rng) {
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

    pub(super) fn deliver(&mut self) -> bool {
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
        let relay = wire.relay;
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
            self.relays[relay].octets(self.now, conn, &part, &mut self.rng);
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

    fn dial(&mut self, person: Person, conn: ConnId, address: &RelayAddress, class: Class) {
        self.dials += 1;
        let numbers = 0_u8..u8::try_from(self.relays.len()).expect("few");
        let found = numbers.map(RelayNode::address).position(|own| own == *address);
        let Some(relay) = found.filter(|_| self.reachable) else {
            let fault = Fault::Unreachable;
            self.input(person, Input::Down { conn, fault });
            return;
        };
        let wire = self.next_wire;
        self.next_wire += 1;
        let mut binding = [0; 32];
        self.rng.fill_bytes(&mut binding);
        self.wires.insert(
            wire,
            Wire {
                person,
                relay,
                class,
                to_relay: Cutter::new(Side::Relay),
            },
        );
        self.nodes[person].conns.insert(conn, wire);
        self.relays[relay].up(self.now, wire, binding);
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

    pub(super) fn hang_up(&mut self, conn: u64) {
        if let Some(wire) = self.wires.remove(&conn) {
            self.relays[wire.relay].down(self.now, conn, &mut self.rng);
        }
    }

    pub(super) fn input(&mut self, person: Person, input: Input<'_>) {
        self.drain_outputs_first(person);
        self.nodes[person]
            .handle(self.now, input, &mut self.rng)
            .expect("memory doesn't fail");
    }

    /// The contract: all outputs are taken before the next input.
    pub(super) fn drain_outputs_first(&mut self, person: Person) {
        while self.client_turn(person) {}
    }

    pub(super) fn takes_crash(&mut self, crash: Crash) -> bool {
        let found = self.faults.crashes.iter().position(|planned| *planned == crash);
        found.is_some_and(|at| {
            self.faults.crashes.remove(at);
            true
        })
    }
}
