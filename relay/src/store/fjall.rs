//! The store on fjall 3, a log-structured merge tree. Spec: `spec/relay.md`, durability and store.
//!
//! One keyspace holds all kinds, because an idle second one would pin journals without a bound. A batch goes
//! to the journal when it is applied and to the disk when it is synced; nothing else ever asks for a sync.

use super::{Batch, Key, Op, Prefix, Store, StoreFault, Visit, format};
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::collections::HashSet;
use std::io::{Error, ErrorKind};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A store in a directory of its own.
pub struct FjallStore {
    database: Database,
    rows: Keyspace,
}

impl FjallStore {
    /// Makes a new store in a directory that holds none.
    ///
    /// # Errors
    /// [`StoreFault::Disk`]; with [`ErrorKind::AlreadyExists`] if something is there.
    pub fn create(directory: &Path) -> Result<Self, StoreFault> {
        if directory.join(MARKER).exists() {
            return Err(StoreFault::Disk(Error::from(ErrorKind::AlreadyExists)));
        }
        std::fs::create_dir_all(directory).map_err(StoreFault::Disk)?;
        format::begin(Self::with_files(directory)?, directory)
    }

    /// Opens the store of a directory. It never starts an empty one: what was promised would be lost
    /// without a word.
    ///
    /// # Errors
    /// [`StoreFault::Damaged`] if it is missing or can't be read, [`StoreFault::Locked`] if another
    /// process has it, [`StoreFault::Format`] if a newer version wrote it.
    // spec: relay-4
    pub fn open(directory: &Path) -> Result<Self, StoreFault> {
        if !directory.join(MARKER).is_file() {
            return Err(StoreFault::Damaged);
        }
        format::known(Self::with_files(directory)?)
    }

    fn with_files(directory: &Path) -> Result<Self, StoreFault> {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let database = Database::builder(directory)
                .cache_size(CACHE_OCTETS)
                .max_journaling_size(JOURNAL_OCTETS)
                .manual_journal_persist(true)
                .open()?;
            let rows = database.keyspace("rows", || {
                KeyspaceCreateOptions::default()
                    .manual_journal_persist(true)
                    .max_memtable_size(MEMTABLE_OCTETS)
            })?;
            Ok(Self { database, rows })
        }));
        // Some damage is reported by a panic.
        opened.map_err(|_| StoreFault::Damaged)?.map_err(fault)
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FjallStore(..)")
    }
}

impl Store for FjallStore {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        let value = self.rows.get(key.as_octets()).map_err(fault)?;
        Ok(value.map(Bytes::from))
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        let first = prefix.as_octets();
        let start = match after {
            Some(after) if after.as_octets() >= first => Bound::Excluded(after.as_octets()),
            _ => Bound::Included(first),
        };
        for row in self.rows.range::<&[u8], _>((start, Bound::Unbounded)) {
            let (key, value) = row.into_inner().map_err(fault)?;
            if !key.starts_with(first) || visit(&key, &value) == Visit::Stop {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        let mut theirs = self.database.batch().durability(None);
        for op in last_of_each(batch) {
            match op {
                Op::Put(key, value) => theirs.insert(&self.rows, key.as_octets(), value.clone()),
                Op::Delete(key) => theirs.remove(&self.rows, key.as_octets()),
            }
        }
        theirs.commit().map_err(fault)
    }

    fn sync(&self) -> Result<(), StoreFault> {
        self.database.persist(PersistMode::SyncData).map_err(fault)
    }
}

/// All changes of a batch have one sequence number, so a key may stand in it once: the last change counts.
fn last_of_each(batch: &Batch) -> impl Iterator<Item = &Op> {
    let mut seen = HashSet::with_capacity(batch.ops().len());
    batch.ops().iter().rev().filter(move |op| seen.insert(op.key()))
}

fn fault(error: fjall::Error) -> StoreFault {
    match error {
        fjall::Error::Locked => StoreFault::Locked,
        // Its text may name files; its kind says the same in words.
        fjall::Error::Io(error) => StoreFault::Disk(error.kind().into()),
        fjall::Error::InvalidVersion(Some(_)) => StoreFault::Format,
        _ => StoreFault::Damaged,
    }
}

/// The file that fjall writes last when it makes a database.
const MARKER: &str = "version";
/// Memory for blocks that were read.
const CACHE_OCTETS: u64 = 64 * 1024 * 1024;
/// Memory for what was written and isn't in a table yet; twice that while a table is written.
const MEMTABLE_OCTETS: u64 = 32 * 1024 * 1024;
/// Disk for the journal at most.
const JOURNAL_OCTETS: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{self, Opening};

    #[test]
    fn the_store_on_fjall_conforms() {
        let root = tempfile::tempdir().unwrap();
        let mut count = 0;
        conformance::run(&mut |_| {
            count += 1;
            FjallStore::create(&root.path().join(count.to_string())).unwrap()
        });
    }

    #[test]
    fn what_was_synced_is_there_when_it_is_opened_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("store");
        conformance::run_reopening(&mut |opening| match opening {
            Opening::Fresh => FjallStore::create(&path).unwrap(),
            Opening::Again => FjallStore::open(&path).unwrap(),
        });
    }

    #[test]
    fn a_missing_store_is_damage_and_never_an_empty_start() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(FjallStore::open(root.path()), Err(StoreFault::Damaged)));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_store_is_never_made_over_another() {
        let root = tempfile::tempdir().unwrap();
        drop(FjallStore::create(root.path()).unwrap());
        assert!(matches!(
            FjallStore::create(root.path()),
            Err(StoreFault::Disk(_))
        ));
    }

    #[test]
    fn a_store_in_use_is_locked() {
        let root = tempfile::tempdir().unwrap();
        let _held = FjallStore::create(root.path()).unwrap();
        assert!(matches!(FjallStore::open(root.path()), Err(StoreFault::Locked)));
    }

    #[test]
    fn damage_in_the_middle_of_the_journal_is_reported_and_never_read_as_an_end() {
        let root = tempfile::tempdir().unwrap();
        let store = FjallStore::create(root.path()).unwrap();
        for n in 0..64_u8 {
            let mut batch = Batch::new();
            batch.put(Key::from_octets(&[b'x', n]), Bytes::from(vec![n; 4096]));
            store.apply(&batch).unwrap();
            store.sync().unwrap();
        }
        drop(store);
        let journal = std::fs::read_dir(root.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|end| end == "jnl"))
            .unwrap();
        let mut octets = std::fs::read(&journal).unwrap();
        octets[100_000] ^= 0xff;
        std::fs::write(&journal, octets).unwrap();

        let opened = FjallStore::open(root.path());

        assert!(matches!(opened, Err(StoreFault::Damaged)));
    }
}
