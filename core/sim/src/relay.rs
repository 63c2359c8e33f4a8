//! A real relay's decisions over a store that forgets what wasn't synced.

use std::sync::Arc;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use sipher_relay::desk::Carrier;
use sipher_relay::domain::{Access, Domain};
use sipher_relay::mailbox::ConnId;
use sipher_relay::store::{MemoryStore, Store as _};
use sipher_relay::{Effect, Machine};
use sipher_wire::{Binding, Host, OpeningToken, RelayAddress, RelayId, Time};

/// A relay.
#[derive(Debug)]
pub struct RelayNode {
    store: Arc<MemoryStore>,
    domain: Domain,
    machine: Machine<Arc<MemoryStore>>,
    /// Effects that were carried out.
    pub(crate) effects: u64,
}

/// What a relay did.
#[derive(Debug)]
pub(crate) enum Did {
    /// Made something durable.
    Committed,
    /// Sent octets on a connection.
    Sent(u64, Bytes),
    /// Closed a connection.
    Closed(u64),
}

impl RelayNode {
    /// A new, empty relay that opens boxes for everybody, the one of this number.
    pub fn new(now: Time, number: u8) -> Self {
        Self::with_access(now, number, Access::Public)
    }

    /// A new, empty relay that opens boxes for those who have a token.
    pub fn with_token(now: Time, number: u8, token: &OpeningToken) -> Self {
        Self::with_access(now, number, Access::Token(token.hash()))
    }

    fn with_access(now: Time, number: u8, access: Access) -> Self {
        let store = Arc::new(MemoryStore::new());
        let domain = Domain::new(host(number), Vec::new(), id(number), access);
        let machine = Machine::new(now, domain.clone(), Arc::clone(&store));
        Self {
            store,
            domain,
            machine,
            effects: 0,
        }
    }

    /// The address of the relay of this number.
    pub fn address(number: u8) -> RelayAddress {
        RelayAddress {
            host: host(number),
            port: sipher_wire::DEFAULT_PORT,
            id: id(number),
            token: None,
        }
    }

    /// Rows in its store.
    pub fn rows(&self) -> usize {
        self.store.count()
    }

    /// Loses power and comes back.
    pub(crate) fn crash(&mut self, now: Time) {
        self.store.crash();
        self.machine = Machine::new(now, self.domain.clone(), Arc::clone(&self.store));
    }

    pub(crate) fn up(&mut self, now: Time, conn: u64, binding: [u8; 32]) {
        self.machine
            .up(now, ConnId(conn), Carrier::Tls(Binding::from_octets(binding)));
    }

    pub(crate) fn down(&mut self, now: Time, conn: u64, rng: &mut ChaCha20Rng) {
        self.machine
            .down(now, ConnId(conn), rng)
            .expect("memory doesn't fail");
    }

    pub(crate) fn octets(&mut self, now: Time, conn: u64, octets: &[u8], rng: &mut ChaCha20Rng) {
        self.machine
            .octets(now, ConnId(conn), octets, rng)
            .expect("memory doesn't fail");
    }

    pub(crate) fn tick(&mut self, now: Time, rng: &mut ChaCha20Rng) {
        self.machine.tick(now, rng).expect("memory doesn't fail");
    }

    pub(crate) fn next_wake(&self) -> Time {
        self.machine.next_wake()
    }

    /// Carries out the next effect. `None` when there is none.
    pub(crate) fn poll(&mut self, now: Time, rng: &mut ChaCha20Rng) -> Option<Did> {
        let effect = self.machine.poll()?;
        self.effects += 1;
        Some(match effect {
            Effect::Commit(ticket, batch) => {
                self.store
                    .apply(&batch)
                    .and_then(|()| self.store.sync())
                    .expect("memory doesn't fail");
                self.machine
                    .committed(now, ticket, rng)
                    .expect("memory doesn't fail");
                Did::Committed
            }
            Effect::Write(conn, octets) => Did::Sent(conn.0, octets),
            Effect::Close(conn) => Did::Closed(conn.0),
        })
    }

    /// Writes the next effect, if it is a commit, without making it durable.
    pub(crate) fn apply_unsynced(&mut self) {
        if let Some(Effect::Commit(_, batch)) = self.machine.poll() {
            self.store.apply(&batch).expect("memory doesn't fail");
        }
    }
}

fn host(number: u8) -> Host {
    Host::Name(format!("relay-{number}.example"))
}

fn id(number: u8) -> RelayId {
    RelayId::of(&[number; 32])
}
