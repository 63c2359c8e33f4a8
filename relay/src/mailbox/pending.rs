//! What was decided but isn't durable yet. Spec: `spec/relay.md`, durability.
//!
//! The store lags behind the decisions by what its committer has in hand; this is that difference. Reads
//! go through it, so that a decision never looks at an older state than the one before it.

use super::io::{Output, Ticket};
use crate::store::{Batch, Key, Op, Store, StoreFault};
use bytes::Bytes;
use sipher_wire::BoxId;
use std::collections::{HashMap, VecDeque};

/// Batches on their way to the disk.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    next: u64,
    octets: usize,
    queue: VecDeque<Waiting>,
    newest: HashMap<Key, (Ticket, Option<Bytes>)>,
    boxes: HashMap<BoxId, u32>,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    keys: Vec<Key>,
    octets: usize,
}

impl Pending {
    /// Sends a batch on its way.
    pub(crate) fn commit(&mut self, batch: Batch, out: &mut VecDeque<Output>) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        let octets = batch.len_octets();
        let mut keys = Vec::with_capacity(batch.ops().len());
        for op in batch.ops() {
            let value = match op {
                Op::Put(_, value) => Some(value.clone()),
                Op::Delete(_) => None,
            };
            self.newest.insert(op.key().clone(), (ticket, value));
            if let Some(id) = Key::box_of(op.key().as_octets()) {
                *self.boxes.entry(id).or_default() += 1;
            }
            keys.push(op.key().clone());
        }
        self.octets += octets;
        self.queue.push_back(Waiting { ticket, keys, octets });
        out.push_back(Output::Commit(ticket, batch));
        ticket
    }

    /// Forgets what is durable now: all batches up to this one.
    pub(crate) fn committed(&mut self, up_to: Ticket) {
        while let Some(done) = self.queue.pop_front_if(|first| first.ticket <= up_to) {
            self.octets -= done.octets;
            for key in done.keys {
                if self
                    .newest
                    .get(&key)
                    .is_some_and(|(ticket, _)| *ticket == done.ticket)
                {
                    self.newest.remove(&key);
                }
                if let Some(id) = Key::box_of(key.as_octets()) {
                    self.release(&id);
                }
            }
        }
    }

    /// The value of a key as of the last decision.
    pub(crate) fn get(&self, store: &dyn Store, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        match self.newest.get(key) {
            Some((_, value)) => Ok(value.clone()),
            None => store.get(key),
        }
    }

    /// The batch that a key waits for, if it isn't durable yet.
    pub(crate) fn ticket_of(&self, key: &Key) -> Option<Ticket> {
        self.newest.get(key).map(|(ticket, _)| *ticket)
    }

    /// Whether a row of the store is being deleted.
    pub(crate) fn is_deleting(&self, key: &[u8]) -> bool {
        !self.newest.is_empty() && matches!(self.newest.get(&Key::from_octets(key)), Some((_, None)))
    }

    /// Whether rows of a box are on their way, so that the store's own view of it is old.
    pub(crate) fn has(&self, id: &BoxId) -> bool {
        self.boxes.contains_key(id)
    }

    /// Whether more is on its way than the relay takes.
    pub(crate) fn is_full(&self) -> bool {
        self.octets > PENDING_OCTETS || self.queue.len() > PENDING_BATCHES
    }

    fn release(&mut self, id: &BoxId) {
        if let Some(count) = self.boxes.get_mut(id) {
            *count -= 1;
            if *count == 0 {
                self.boxes.remove(id);
            }
        }
    }
}

/// Octets that may wait for the disk: half a second of a disk that takes 64 MiB a second.
const PENDING_OCTETS: usize = 32 * 1024 * 1024;
/// Batches that may wait for the disk: 64 full groups.
const PENDING_BATCHES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn id() -> BoxId {
        BoxId::parse(b"k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap()
    }

    fn put(value: &'static [u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(Key::of_cell(&id()), Bytes::from_static(value));
        batch
    }

    #[test]
    fn reads_see_the_last_decision_until_it_is_durable() {
        let store = MemoryStore::new();
        let mut pending = Pending::default();
        let mut out = VecDeque::new();
        let key = Key::of_cell(&id());

        let first = pending.commit(put(b"1"), &mut out);
        let second = pending.commit(put(b"2"), &mut out);
        assert_eq!(pending.get(&store, &key).unwrap(), Some(Bytes::from_static(b"2")));
        assert_eq!(pending.ticket_of(&key), Some(second));

        pending.committed(first);
        assert_eq!(pending.get(&store, &key).unwrap(), Some(Bytes::from_static(b"2")));
        assert!(pending.has(&id()));

        pending.committed(second);
        assert_eq!(
            pending.get(&store, &key).unwrap(),
            None,
            "the store has it from here on"
        );
        assert!(!pending.has(&id()));
        assert_eq!(pending.octets, 0);
    }

    #[test]
    fn a_deletion_on_its_way_hides_what_the_store_still_has() {
        let store = MemoryStore::new();
        store.apply(&put(b"old")).unwrap();
        let mut pending = Pending::default();
        let mut batch = Batch::new();
        batch.delete(Key::of_cell(&id()));

        pending.commit(batch, &mut VecDeque::new());

        assert_eq!(pending.get(&store, &Key::of_cell(&id())).unwrap(), None);
    }

    #[test]
    fn it_is_full_when_the_disk_falls_behind() {
        let mut pending = Pending::default();
        let mut out = VecDeque::new();
        for _ in 0..=PENDING_BATCHES {
            pending.commit(put(b""), &mut out);
        }
        assert!(pending.is_full());
        pending.committed(Ticket(2));
        assert!(!pending.is_full());
    }
}
