//! A store that is watched: how long its flushes take, and what is written while a backup reads.
//! Spec: `spec/operations.md`, backup.
//!
//! A backup reads the rows while the relay goes on, so the rows alone are of many moments. Beside them it
//! takes every change from its begin to its end, in order: replayed over the rows they give the store as it
//! was at the end. The relay never waits for a backup; one that can't follow fails.

use super::figures::{Figures, Flushed};
use crate::store::{Batch, Key, Op, Prefix, Sort, Store, StoreFault, Visit};
use bytes::Bytes;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A store and those who watch it.
#[derive(Debug)]
pub(crate) struct Observed<S> {
    store: S,
    figures: Arc<Figures>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Applied and not yet flushed.
    flushed: Flushed,
    tap: Option<Tap>,
    taps: u64,
}

/// Where the changes go, for one backup.
#[derive(Debug)]
struct Tap {
    number: u64,
    to: SyncSender<Batch>,
}

/// The changes since a backup began.
#[derive(Debug)]
pub(crate) struct Changes<'a, S> {
    of: &'a Observed<S>,
    number: u64,
    batches: Receiver<Batch>,
}

impl<S: Store> Observed<S> {
    /// Watches a store.
    pub(crate) fn new(store: S, figures: Arc<Figures>) -> Self {
        Self {
            store,
            figures,
            seen: Mutex::default(),
        }
    }

    /// Begins to take all changes; `None` while another backup does.
    pub(crate) fn changes(&self) -> Option<Changes<'_, S>> {
        let mut seen = self.seen();
        if seen.tap.is_some() {
            return None;
        }
        let (to, batches) = sync_channel(GROUPS_BEHIND);
        seen.taps += 1;
        let number = seen.taps;
        seen.tap = Some(Tap { number, to });
        Some(Changes {
            of: self,
            number,
            batches,
        })
    }
}

impl<S> Observed<S> {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Changes<'_, S> {
    /// The next change that was made already.
    pub(crate) fn next_made(&self) -> Option<Batch> {
        self.batches.try_recv().ok()
    }

    /// Ends it: gives what is left, or `None` if some of it couldn't be kept.
    pub(crate) fn end(self) -> Option<Vec<Batch>> {
        self.stop().then(|| self.batches.try_iter().collect())
    }

    /// Whether all changes were taken until now.
    fn stop(&self) -> bool {
        let mut seen = self.of.seen();
        let is_ours = seen.tap.as_ref().is_some_and(|tap| tap.number == self.number);
        if is_ours {
            seen.tap = None;
        }
        is_ours
    }
}

impl<S> Drop for Changes<'_, S> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<S: Store> Store for Observed<S> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        self.store.get(key)
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        self.store.scan(prefix, after, visit)
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        // Held over both, so that a backup that ends has each change wholly or not at all.
        let mut seen = self.seen();
        self.store.apply(batch)?;
        for op in batch.ops() {
            let octets = op.key().as_octets();
            match (op, Key::sort_of(octets)) {
                (_, Some(Sort::Meta)) => seen.flushed.probes += u64::from(*op.key() == Key::probe()),
                (Op::Put(..), Some(Sort::Item)) => seen.flushed.items += 1,
                _ => {}
            }
        }
        seen.flushed.changes += u64::try_from(batch.ops().len()).unwrap_or(u64::MAX);
        if seen
            .tap
            .as_ref()
            .is_some_and(|tap| tap.to.try_send(batch.clone()).is_err())
        {
            // Too far behind. It notices when it ends.
            seen.tap = None;
        }
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the time that a disk takes is measured where it is used"
    )]
    fn sync(&self) -> Result<(), StoreFault> {
        let flushed = std::mem::take(&mut self.seen().flushed);
        let begun = Instant::now();
        self.store.sync()?;
        self.figures.flushed(flushed, begun.elapsed());
        Ok(())
    }
}

/// Groups that a backup may be behind: at most 64 operations or a MiB each, as a rule far less.
const GROUPS_BEHIND: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn change(mark: u8) -> Batch {
        let mut batch = Batch::new();
        batch.put(Key::from_octets(&[b'i', mark]), Bytes::from(vec![mark]));
        batch
    }

    fn store() -> Observed<MemoryStore> {
        Observed::new(MemoryStore::new(), Arc::default())
    }

    #[test]
    fn all_changes_between_begin_and_end_are_taken_in_order() {
        let store = store();
        store.apply(&change(1)).unwrap();
        let changes = store.changes().unwrap();
        assert!(store.changes().is_none());
        for mark in 2..5 {
            store.apply(&change(mark)).unwrap();
        }
        assert_eq!(changes.next_made(), Some(change(2)));
        assert_eq!(changes.end(), Some(vec![change(3), change(4)]));
        assert!(store.changes().is_some());
    }

    #[test]
    fn a_backup_that_cannot_follow_fails_and_the_relay_does_not_wait() {
        let store = store();
        let changes = store.changes().unwrap();
        for _ in 0..=GROUPS_BEHIND {
            store.apply(&change(1)).unwrap();
        }
        assert_eq!(changes.end(), None);
    }

    #[test]
    fn a_flush_counts_what_was_applied_since_the_one_before() {
        let store = store();
        store.apply(&change(1)).unwrap();
        store.apply(&change(2)).unwrap();
        store.sync().unwrap();
        store.sync().unwrap();
        let counted = store.figures.snapshot();
        assert_eq!((counted.flushes, counted.items, counted.changes), (2, 2, 2));
    }
}
