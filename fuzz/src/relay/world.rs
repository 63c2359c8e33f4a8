//! A relay over a store in memory, its peers, and what they were promised.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_relay::desk::Carrier;
use sipher_relay::domain::{Access, Domain};
use sipher_relay::mailbox::{ConnId, Ticket};
use sipher_relay::store::{Batch, MemoryStore, Op, Store};
use sipher_relay::{Effect, Machine};
use sipher_wire::sip::{Cut, Method, Reply, Request, Response, Status, Tag, Verdict, check};
use sipher_wire::{RelayId, Time};

use super::asking::Asked;
use super::people::{BOXES, Expected, Mark, Peer, What};

/// Connections at a time.
pub(super) const PEERS: usize = 4;

pub(super) struct World {
    machine: Machine<Arc<MemoryStore>>,
    store: Arc<MemoryStore>,
    pub(super) now: Time,
    pub(super) rng: ChaCha20Rng,
    pub(super) peers: BTreeMap<ConnId, Peer>,
    next_conn: u64,
    commits: VecDeque<(Ticket, Batch)>,
    /// Marks of items that are on the disk.
    durable: BTreeSet<Mark>,
    /// Marks of items that were answered with 202.
    accepted: BTreeSet<Mark>,
    /// Marks of items that their owner has; he may have them before his sender has the 202.
    kept: BTreeSet<Mark>,
    /// Requests to close a box, by branch, that weren't answered: they may have been followed.
    closing: BTreeMap<Vec<u8>, usize>,
    /// The branch of the newest REGISTER or SUBSCRIBE of each box since it was asked to be closed or retracted.
    newest: BTreeMap<usize, Vec<u8>>,
    /// Somebody spoke freely with a proof that holds: what became of boxes isn't known.
    pub(super) unknown: bool,
}

impl World {
    pub(super) fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let now = Time::from_secs(1_800_000_000);
        let mut world = Self {
            machine: machine(now, &store),
            store,
            now,
            rng: ChaCha20Rng::seed_from_u64(1),
            peers: BTreeMap::new(),
            next_conn: 0,
            commits: VecDeque::new(),
            durable: BTreeSet::new(),
            accepted: BTreeSet::new(),
            kept: BTreeSet::new(),
            closing: BTreeMap::new(),
            newest: BTreeMap::new(),
            unknown: false,
        };
        for _ in 0..PEERS {
            world.connect();
        }
        world
    }

    /// The connection of a number, over those that there are.
    pub(super) fn conn(&self, number: u8) -> ConnId {
        let at = usize::from(number) % self.peers.len().max(1);
        self.peers.keys().nth(at).copied().unwrap_or(ConnId(0))
    }

    /// Sends a request whose outcome is known.
    pub(super) fn request(&mut self, conn: ConnId, asked: Asked, split: usize) {
        let Asked {
            draft,
            branch,
            expected,
        } = asked;
        let place = expected.place;
        match expected.what {
            What::Close => {
                self.closing.insert(branch.clone(), place);
                self.newest.remove(&place);
            }
            What::Revoke | What::Unregister => drop(self.newest.remove(&place)),
            What::Register | What::Watch => drop(self.newest.insert(place, branch.clone())),
            _ => {}
        }
        if let Some(peer) = self.peers.get_mut(&conn) {
            // An answer may come too late to be sent, or after what it lets through.
            if expected.proven && matches!(expected.what, What::Register | What::Watch) {
                peer.receives.insert(place);
            }
            peer.asked.insert(branch, expected);
        }
        let octets = draft.write();
        let (first, second) = octets.split_at(split.min(octets.len()));
        self.say(conn, first);
        self.say(conn, second);
    }

    /// Items that were accepted and neither reached their owner nor went with their box.
    pub(super) fn lost(&self) -> usize {
        let closed: BTreeSet<_> = self.closing.values().collect();
        let stays = |mark: &&Mark| !closed.contains(&usize::from(mark[0]));
        self.accepted.difference(&self.kept).filter(stays).count()
    }

    pub(super) fn say(&mut self, conn: ConnId, octets: &[u8]) {
        let taken = self.machine.octets(self.now, conn, octets, &mut self.rng);
        assert!(taken.is_ok(), "a store in memory fails");
        self.take_effects();
    }

    /// Answers the oldest request of the relay on a connection.
    pub(super) fn answer(&mut self, conn: ConnId, status: Status) {
        let Some(request) = self
            .peers
            .get_mut(&conn)
            .and_then(|peer| peer.unanswered.pop_front())
        else {
            return;
        };
        if let (Method::Message, true, Some(mark)) =
            (request.method(), status == Status::OK, mark_in(request.body()))
        {
            self.kept.insert(mark);
        }
        let reply = Reply::to(&request, status, &Tag::random(&mut self.rng));
        self.say(conn, &reply.write());
    }

    /// Makes the oldest batch durable.
    pub(super) fn commit(&mut self) {
        let Some((ticket, batch)) = self.commits.pop_front() else {
            return;
        };
        for op in batch.ops() {
            if let Op::Put(_, value) = op {
                self.durable
                    .extend(value.windows(size_of::<Mark>()).filter_map(mark_in));
            }
        }
        let applied = self.store.apply(&batch).and_then(|()| self.store.sync());
        assert!(applied.is_ok(), "a store in memory fails");
        let told = self.machine.committed(self.now, ticket, &mut self.rng);
        assert!(told.is_ok(), "a store in memory fails");
        self.take_effects();
    }

    pub(super) fn commit_all(&mut self) {
        while !self.commits.is_empty() {
            self.commit();
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        let ticked = self.machine.tick(self.now, &mut self.rng);
        assert!(ticked.is_ok(), "a store in memory fails");
        self.take_effects();
    }

    pub(super) fn hang_up(&mut self, conn: ConnId) {
        if self.peers.remove(&conn).is_some() {
            let down = self.machine.down(self.now, conn, &mut self.rng);
            assert!(down.is_ok(), "a store in memory fails");
            self.take_effects();
            self.connect();
        }
    }

    /// The relay is killed and started again: what wasn't durable never was.
    pub(super) fn restart(&mut self) {
        self.commits.clear();
        self.store.crash();
        self.machine = machine(self.now, &self.store);
        self.peers.clear();
        for _ in 0..PEERS {
            self.connect();
        }
    }

    fn connect(&mut self) {
        self.next_conn += 1;
        let peer = Peer::new(self.next_conn);
        self.machine.up(self.now, peer.conn, Carrier::Tls(peer.binding()));
        self.peers.insert(peer.conn, peer);
    }

    fn take_effects(&mut self) {
        let mut closed = Vec::new();
        while let Some(effect) = self.machine.poll() {
            match effect {
                Effect::Commit(ticket, batch) => self.commits.push_back((ticket, batch)),
                Effect::Write(conn, octets) => self.hear(conn, &octets),
                Effect::Close(conn) => closed.push(conn),
            }
        }
        for conn in closed {
            self.hang_up(conn);
        }
    }

    /// What the relay writes is SIP, and what was promised.
    fn hear(&mut self, conn: ConnId, octets: &Bytes) {
        let Some(peer) = self.peers.get_mut(&conn) else {
            return;
        };
        peer.cutter.push(octets);
        let mut cuts = Vec::new();
        while let Some(cut) = peer.cutter.next_cut() {
            cuts.push(cut);
        }
        assert!(peer.cutter.is_idle(), "a message without its end");
        for cut in cuts {
            match cut {
                Cut::Pong => {}
                Cut::Message(message) => match check(message) {
                    Verdict::Request(request) => self.hear_request(conn, request),
                    Verdict::Response(response) => self.hear_response(conn, &response),
                    // The answer to a request with several Vias is right, and not for a client as ours.
                    Verdict::Drop(_) => assert!(self.spoke_freely(conn), "an answer that isn't sound"),
                    Verdict::Refuse(_) => self.assert_never("a request of the relay that isn't sound"),
                },
                Cut::Ping | Cut::Broken(_) => self.assert_never("octets that aren't SIP"),
            }
        }
    }

    fn hear_request(&mut self, conn: ConnId, request: Request) {
        let free = self.spoke_freely(conn);
        let Some(peer) = self.peers.get_mut(&conn) else {
            return;
        };
        assert!(
            matches!(request.method(), Method::Message | Method::Notify),
            "a relay that asks something else"
        );
        if let (Some(&place), false) = (request.body().first(), free) {
            assert!(
                peer.receives.contains(&usize::from(place)),
                "octets of a box for somebody who may not have them: {:?}",
                request.method()
            );
        }
        peer.unanswered.push_back(request);
    }

    fn hear_response(&mut self, conn: ConnId, response: &Response) {
        let Some(peer) = self.peers.get_mut(&conn) else {
            return;
        };
        let branch = response.branch().unwrap_or_default();
        let Some(expected) = peer.asked.get(branch).cloned() else {
            assert!(peer.spoke_freely, "an answer to nothing");
            return;
        };
        self.closing.remove(branch);
        if !response.status().is_success() {
            return;
        }
        assert!(expected.proven, "accepted without a proof: {:?}", expected.what);
        if let Some(class) = expected.what.class() {
            let known = *peer.class.get_or_insert(class);
            assert!(
                known == class || peer.spoke_freely,
                "two classes on one connection"
            );
        }
        self.granted(conn, branch, &expected);
    }

    /// What a success changes in who may receive what.
    fn granted(&mut self, conn: ConnId, branch: &[u8], expected: &Expected) {
        let place = expected.place;
        match &expected.what {
            What::Register if self.newest.get(&place).is_none_or(|newest| newest == branch) => {
                self.silence(place);
                self.peer(conn).map(|peer| peer.receives.insert(place));
            }
            What::Watch => {
                self.peer(conn).map(|peer| peer.receives.insert(place));
            }
            What::Unregister if !self.newest.contains_key(&place) => {
                self.peer(conn).map(|peer| peer.receives.remove(&place));
            }
            What::Revoke if is_cell(place) => self.silence_unless_renewed(place),
            What::Close => {
                self.silence_unless_renewed(place);
                self.accepted.retain(|mark| usize::from(mark[0]) != place);
            }
            What::Send(mark) => {
                assert!(self.durable.contains(mark), "accepted before it was durable");
                self.accepted.insert(*mark);
            }
            What::Register
            | What::Unregister
            | What::Query
            | What::Publish
            | What::Grant
            | What::Revoke
            | What::Options => {}
        }
    }

    /// Nobody receives of a box any more.
    fn silence(&mut self, place: usize) {
        for peer in self.peers.values_mut() {
            peer.receives.remove(&place);
        }
    }

    /// The same, unless somebody asked after whoever ended it: his request may be served before the end is told.
    fn silence_unless_renewed(&mut self, place: usize) {
        if !self.newest.contains_key(&place) {
            self.silence(place);
        }
    }

    fn peer(&mut self, conn: ConnId) -> Option<&mut Peer> {
        self.peers.get_mut(&conn)
    }

    fn spoke_freely(&self, conn: ConnId) -> bool {
        self.peers.get(&conn).is_none_or(|peer| peer.spoke_freely)
    }

    #[expect(clippy::panic, clippy::unused_self, reason = "a target reports by panicking")]
    fn assert_never(&self, what: &str) {
        panic!("the relay wrote {what}");
    }
}

fn machine(now: Time, store: &Arc<MemoryStore>) -> Machine<Arc<MemoryStore>> {
    let names = Domain::loopback_names();
    let domain = Domain::new(
        names[0].clone(),
        names[1..].to_vec(),
        RelayId::of(&[1; 32]),
        Access::Public,
    );
    Machine::new(now, domain, Arc::clone(store))
}

fn is_cell(place: usize) -> bool {
    BOXES
        .get(place)
        .is_some_and(|of| of.kind == sipher_wire::BoxKind::Cell)
}

/// The mark that these octets are: the place of a queue, three zero octets, a number.
pub(super) fn mark_in(octets: &[u8]) -> Option<Mark> {
    let mark: Mark = octets.try_into().ok()?;
    (mark[0] < 4 && mark[1..4] == [0; 3]).then_some(mark)
}
