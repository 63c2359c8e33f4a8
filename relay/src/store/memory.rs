//! A store that forgets what wasn't synced: for simulation and tests.
//!
//! It keeps nothing on a disk. [`MemoryStore::crash`] takes back what was applied since the last sync, as
//! the loss of power does to the real one at its worst.

use super::{Batch, Key, Op, Prefix, Store, StoreFault, Visit};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store in memory, with a crash that it can be put through.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    now: BTreeMap<Key, Bytes>,
    /// What was there before each change since the last sync, oldest first.
    undo: Vec<(Key, Option<Bytes>)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loses all that was applied since the last sync.
    pub fn crash(&self) {
        let mut rows = self.lock();
        for (key, value) in std::mem::take(&mut rows.undo).into_iter().rev() {
            match value {
                Some(value) => rows.now.insert(key, value),
                None => rows.now.remove(&key),
            };
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.lock().now.len()
    }

    /// A lock that is poisoned belongs to a test that failed already.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        Ok(self.lock().now.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        let rows = self.lock();
        let first = Key::from_octets(prefix.as_octets());
        let start = match after {
            Some(after) if *after >= first => Bound::Excluded(after),
            _ => Bound::Included(&first),
        };
        for (key, value) in rows.now.range::<Key, _>((start, Bound::Unbounded)) {
            let inside = key.as_octets().starts_with(prefix.as_octets());
            if !inside || visit(key.as_octets(), value) == Visit::Stop {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        let mut rows = self.lock();
        for op in batch.ops() {
            let before = match op {
                Op::Put(key, value) => rows.now.insert(key.clone(), value.clone()),
                Op::Delete(key) => rows.now.remove(key),
            };
            rows.undo.push((op.key().clone(), before));
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreFault> {
        self.lock().undo.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[test]
    fn the_store_in_memory_conforms() {
        conformance::run(&mut |_| MemoryStore::new());
    }

    #[test]
    fn a_crash_takes_back_what_was_not_synced_and_nothing_else() {
        let store = MemoryStore::new();
        let mut first = Batch::new();
        first.put(Key::format(), Bytes::from_static(b"1"));
        store.apply(&first).unwrap();
        store.sync().unwrap();
        let mut second = Batch::new();
        second.put(Key::format(), Bytes::from_static(b"2"));
        second.delete(Key::format());
        store.apply(&second).unwrap();

        store.crash();

        assert_eq!(store.get(&Key::format()).unwrap(), Some(Bytes::from_static(b"1")));
    }
}
