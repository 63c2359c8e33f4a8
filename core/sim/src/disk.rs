//! A client's disk: batches are there at once and for good, or not at all.

use std::collections::BTreeMap;

use sipher_engine::{Batch, Key, Kind, Op, Scanned, Snapshot, StoreFault};
use zeroize::Zeroizing;

/// What a client has on disk.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Disk {
    records: BTreeMap<Key, Vec<u8>>,
}

impl Disk {
    /// Makes a batch durable.
    pub fn commit(&mut self, batch: &Batch) {
        for op in batch.ops() {
            match op {
                Op::Put(key, value) => self.records.insert(key.clone(), value.to_vec()),
                Op::Delete(key) => self.records.remove(key),
            };
        }
    }

    /// Whether it is as this change would make it.
    pub fn has(&self, op: &Op) -> bool {
        match op {
            Op::Put(key, value) => self.records.get(key).is_some_and(|own| own == &**value),
            Op::Delete(key) => !self.records.contains_key(key),
        }
    }

    /// How many records of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.records.keys().filter(|key| key.kind == kind).count()
    }
}

impl Snapshot for Disk {
    fn get(&self, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        Ok(self.records.get(key).cloned().map(Zeroizing::new))
    }

    fn scan(
        &self,
        kind: Kind,
        group: Option<&[u8]>,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Scanned>, StoreFault> {
        let matches =
            |key: &Key| key.kind == kind && key.seq >= from && group.is_none_or(|group| key.group == group);
        let found = self.records.iter().filter(|(key, _)| matches(key)).take(limit);
        Ok(found
            .map(|(key, value)| (key.seq, Zeroizing::new(value.clone())))
            .collect())
    }
}
