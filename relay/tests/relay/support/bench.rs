//! A relay as a value, with a disk that can be held back and a clock that stands still unless it's moved.

use super::people::{Seat, relay_host};
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sipher_relay::desk::Carrier;
use sipher_relay::domain::{Access, Domain};
use sipher_relay::mailbox::{ConnId, Ticket};
use sipher_relay::store::{Batch, MemoryStore, Store};
use sipher_relay::{Effect, Machine};
use sipher_wire::sip::{
    Cut, Cutter, Draft, Method, Origin, Reply, Request, Response, Side, Status, Tag, Transport, Verdict,
    check,
};
use sipher_wire::{Binding, RelayId, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A relay and all its connections.
pub(crate) struct Bench {
    pub(crate) machine: Machine<Arc<MemoryStore>>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) now: Time,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) disk: Disk,
    access: Access,
    held: VecDeque<(Ticket, Batch)>,
    peers: BTreeMap<ConnId, Peer>,
    next: u64,
}

/// How the disk behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Disk {
    /// Everything is durable at once.
    Prompt,
    /// Nothing is, until [`Bench::sync`].
    Held,
}

struct Peer {
    cutter: Cutter,
    got: VecDeque<Got>,
    raw: Vec<u8>,
    writes: Vec<Bytes>,
    open: bool,
}

/// What a client got.
#[derive(Debug)]
pub(crate) enum Got {
    Response(Response),
    Request(Request),
    Pong,
}

/// A client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) conn: ConnId,
    pub(crate) seat: Seat,
}

impl Bench {
    /// A public relay.
    pub(crate) fn new() -> Self {
        Self::with(Access::Public)
    }

    pub(crate) fn with(access: Access) -> Self {
        let store = Arc::new(MemoryStore::new());
        let now = Time::from_secs(1_790_000_000);
        Self {
            machine: Machine::new(now, domain(access.clone()), Arc::clone(&store)),
            store,
            now,
            rng: ChaCha20Rng::seed_from_u64(7),
            disk: Disk::Prompt,
            access,
            held: VecDeque::new(),
            peers: BTreeMap::new(),
            next: 0,
        }
    }

    /// Power is lost and comes back: connections and all that wasn't synced are gone.
    pub(crate) fn crash(&mut self) {
        self.store.crash();
        self.held.clear();
        self.peers.clear();
        self.machine = Machine::new(self.now, domain(self.access.clone()), Arc::clone(&self.store));
    }

    pub(crate) fn tls(&mut self) -> Client {
        let mut octets = [0; 32];
        self.rng.fill_bytes(&mut octets);
        let binding = Binding::from_octets(octets);
        self.connect(Carrier::Tls(binding), Transport::Tls, Some(binding))
    }

    pub(crate) fn tcp(&mut self) -> Client {
        self.connect(Carrier::Tcp, Transport::Tcp, None)
    }

    pub(crate) fn udp(&mut self) -> Client {
        self.connect(Carrier::Udp, Transport::Udp, None)
    }

    fn connect(&mut self, carrier: Carrier, transport: Transport, binding: Option<Binding>) -> Client {
        self.next += 1;
        let conn = ConnId(self.next);
        let peer = Peer {
            cutter: Cutter::new(Side::Client),
            got: VecDeque::new(),
            raw: Vec::new(),
            writes: Vec::new(),
            open: true,
        };
        self.peers.insert(conn, peer);
        self.machine.up(self.now, conn, carrier);
        let origin = Origin::random(transport, &mut self.rng);
        Client {
            conn,
            seat: Seat {
                origin,
                binding,
                host: relay_host(),
            },
        }
    }

    pub(crate) fn hang_up(&mut self, client: &Client) {
        self.peers.get_mut(&client.conn).unwrap().open = false;
        self.machine.down(self.now, client.conn, &mut self.rng).unwrap();
        self.run();
    }

    pub(crate) fn octets(&mut self, client: &Client, octets: &[u8]) {
        self.machine
            .octets(self.now, client.conn, octets, &mut self.rng)
            .unwrap();
        self.run();
    }

    pub(crate) fn datagram(&mut self, client: &Client, octets: &[u8]) {
        let octets = Bytes::copy_from_slice(octets);
        self.machine
            .datagram(self.now, client.conn, octets, &mut self.rng)
            .unwrap();
        self.run();
    }

    pub(crate) fn send(&mut self, client: &Client, draft: &Draft) {
        self.octets(client, &draft.write());
    }

    /// Sends a request and gives the one response to it; the answer must come at once, before anything else.
    pub(crate) fn ask(&mut self, client: &Client, draft: &Draft) -> Response {
        self.send(client, draft);
        self.response(client)
    }

    /// Sends octets and gives the one response to them.
    pub(crate) fn ask_octets(&mut self, client: &Client, octets: &[u8]) -> Response {
        self.octets(client, octets);
        self.response(client)
    }

    /// The next response, which must be what came next.
    pub(crate) fn response(&mut self, client: &Client) -> Response {
        match self.next(client) {
            Some(Got::Response(response)) => response,
            other => panic!("a response, not {other:?}"),
        }
    }

    /// The next request, which must be what came next.
    pub(crate) fn request(&mut self, client: &Client) -> Request {
        match self.next(client) {
            Some(Got::Request(request)) => request,
            other => panic!("a request, not {other:?}"),
        }
    }

    pub(crate) fn next(&mut self, client: &Client) -> Option<Got> {
        self.peers.get_mut(&client.conn).unwrap().got.pop_front()
    }

    /// All that came and wasn't looked at.
    pub(crate) fn drain(&mut self, client: &Client) -> Vec<Got> {
        self.peers.get_mut(&client.conn).unwrap().got.drain(..).collect()
    }

    /// The octets that came since the last look.
    pub(crate) fn raw(&mut self, client: &Client) -> Vec<u8> {
        std::mem::take(&mut self.peers.get_mut(&client.conn).unwrap().raw)
    }

    /// The writes that came since the last look.
    pub(crate) fn writes(&mut self, client: &Client) -> Vec<Bytes> {
        std::mem::take(&mut self.peers.get_mut(&client.conn).unwrap().writes)
    }

    pub(crate) fn is_open(&self, client: &Client) -> bool {
        self.peers[&client.conn].open
    }

    /// Answers a request of the relay.
    pub(crate) fn reply(&mut self, client: &Client, request: &Request, status: Status) {
        let octets = Reply::to(request, status, &Tag::random(&mut self.rng)).write();
        self.octets(client, &octets);
    }

    /// The next item for an owner, kept: gives its first octet.
    pub(crate) fn keep(&mut self, client: &Client) -> u8 {
        let request = self.request(client);
        assert_eq!(request.method(), Method::Message);
        self.reply(client, &request, Status::OK);
        request.body()[0]
    }

    /// Lets time pass, in steps in which everything that is due happens.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let next = self.machine.next_wake();
            self.now = next.max(self.now).min(end);
            self.machine.tick(self.now, &mut self.rng).unwrap();
            self.run();
            if end < self.machine.next_wake() {
                self.now = end;
                return;
            }
        }
    }

    /// Makes durable what is held back, up to this many batches.
    pub(crate) fn sync(&mut self, batches: usize) {
        for _ in 0..batches {
            let Some((ticket, batch)) = self.held.pop_front() else {
                return;
            };
            self.write(ticket, &batch);
        }
    }

    /// Batches that are held back.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    fn write(&mut self, ticket: Ticket, batch: &Batch) {
        self.store.apply(batch).unwrap();
        self.store.sync().unwrap();
        self.machine.committed(self.now, ticket, &mut self.rng).unwrap();
        self.run();
    }

    fn run(&mut self) {
        while let Some(effect) = self.machine.poll() {
            match effect {
                Effect::Commit(ticket, batch) if self.disk == Disk::Prompt => self.write(ticket, &batch),
                Effect::Commit(ticket, batch) => self.held.push_back((ticket, batch)),
                Effect::Write(conn, octets) => self.peers.get_mut(&conn).unwrap().take(&octets),
                Effect::Close(conn) => {
                    self.peers.get_mut(&conn).unwrap().open = false;
                    self.machine.down(self.now, conn, &mut self.rng).unwrap();
                }
            }
        }
    }
}

impl Peer {
    fn take(&mut self, octets: &Bytes) {
        assert!(self.open, "nothing is written after the end");
        self.writes.push(octets.clone());
        self.raw.extend_from_slice(octets);
        self.cutter.push(octets);
        while let Some(cut) = self.cutter.next_cut() {
            self.got.push_back(match cut {
                Cut::Pong => Got::Pong,
                Cut::Message(message) => match check(message) {
                    Verdict::Request(request) => Got::Request(request),
                    Verdict::Response(response) => Got::Response(response),
                    // A response with several Vias is no client's, and is looked at as octets.
                    Verdict::Drop(_) => continue,
                    Verdict::Refuse(refusal) => panic!("the relay wrote what nobody takes: {refusal:?}"),
                },
                other => panic!("the relay wrote what nobody takes: {other:?}"),
            });
        }
    }
}

/// The relay of all tests.
pub(crate) fn domain(access: Access) -> Domain {
    Domain::new(relay_host(), Vec::new(), relay_id(), access)
}

pub(crate) fn relay_id() -> RelayId {
    RelayId::of(&[9; 32])
}
