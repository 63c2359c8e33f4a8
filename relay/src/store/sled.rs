//! The store on sled 0.34. Spec: `spec/relay.md`, durability and store.
//!
//! sled's own flush never asks the kernel to put anything on the disk, so [`Store::sync`] does, on a
//! handle of its own: without that a 202 would be a lie. One tree holds all kinds, because only one tree's
//! batch is atomic. Segments are so large that no value ever goes to a blob file, which nobody syncs.

use super::{Batch, Key, Op, Prefix, Store, StoreFault, Visit, format};
use bytes::Bytes;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::ops::Bound;
use std::path::Path;

/// A store in a directory of its own.
pub struct SledStore {
    db: sled::Db,
    /// sled's file once more, to sync it.
    file: File,
}

impl SledStore {
    /// Makes a new store in a directory that holds none.
    ///
    /// # Errors
    /// [`StoreFault::Disk`]; with [`ErrorKind::AlreadyExists`] if something is there.
    pub fn create(directory: &Path) -> Result<Self, StoreFault> {
        if directory.join(FILE).exists() {
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
        if !directory.join(FILE).is_file() || !directory.join("conf").is_file() {
            return Err(StoreFault::Damaged);
        }
        format::known(Self::with_files(directory)?)
    }

    fn with_files(directory: &Path) -> Result<Self, StoreFault> {
        let config = sled::Config::default()
            .path(directory)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_OCTETS)
            .segment_size(SEGMENT_OCTETS);
        // sled reports some damage by a panic while it recovers.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.open()));
        let db = opened.map_err(|_| StoreFault::Damaged)?.map_err(fault)?;
        let file = File::options()
            .read(true)
            .write(true)
            .open(directory.join(FILE))
            .map_err(StoreFault::Disk)?;
        Ok(Self { db, file })
    }
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SledStore(..)")
    }
}

impl Store for SledStore {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        let value = self.db.get(key.as_octets()).map_err(fault)?;
        Ok(value.map(|octets| Bytes::copy_from_slice(&octets)))
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
        for row in self.db.range::<&[u8], _>((start, Bound::Unbounded)) {
            let (key, value) = row.map_err(fault)?;
            if !key.starts_with(first) || visit(&key, &value) == Visit::Stop {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        let mut theirs = sled::Batch::default();
        for op in batch.ops() {
            match op {
                Op::Put(key, value) => theirs.insert(key.as_octets(), &value[..]),
                Op::Delete(key) => theirs.remove(key.as_octets()),
            }
        }
        self.db.apply_batch(theirs).map_err(fault)
    }

    fn sync(&self) -> Result<(), StoreFault> {
        self.db.flush().map_err(fault)?;
        self.file.sync_data().map_err(StoreFault::Disk)
    }
}

fn fault(error: sled::Error) -> StoreFault {
    match error {
        // sled has no variant for its lock; the text is all that it gives.
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => StoreFault::Locked,
        // sled puts the debug text of an error into a new one; its kind says the same in words.
        sled::Error::Io(error) => StoreFault::Disk(error.kind().into()),
        sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => StoreFault::Damaged,
    }
}

/// The name of sled's file.
const FILE: &str = "db";
/// Memory for pages. sled counts what they take on the disk, so the process needs more than this.
const CACHE_OCTETS: u64 = 128 * 1024 * 1024;
/// A leaf holds up to 16 values, and a record over a quarter of a segment would go to a blob file:
/// 16 values of 68 KiB need 1.1 MiB.
const SEGMENT_OCTETS: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{self, Opening};

    fn blobs(directory: &Path) -> usize {
        std::fs::read_dir(directory.join("blobs")).map_or(0, Iterator::count)
    }

    #[test]
    fn the_store_on_sled_conforms_and_never_writes_a_blob() {
        let root = tempfile::tempdir().unwrap();
        let mut count = 0;
        conformance::run(&mut |_| {
            count += 1;
            SledStore::create(&root.path().join(count.to_string())).unwrap()
        });
        for n in 1..=count {
            assert_eq!(blobs(&root.path().join(n.to_string())), 0);
        }
    }

    #[test]
    fn what_was_synced_is_there_when_it_is_opened_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("store");
        conformance::run_reopening(&mut |opening| match opening {
            Opening::Fresh => SledStore::create(&path).unwrap(),
            Opening::Again => SledStore::open(&path).unwrap(),
        });
    }

    #[test]
    fn a_missing_store_is_damage_and_never_an_empty_start() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(SledStore::open(root.path()), Err(StoreFault::Damaged)));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_store_is_never_made_over_another() {
        let root = tempfile::tempdir().unwrap();
        drop(SledStore::create(root.path()).unwrap());
        assert!(matches!(SledStore::create(root.path()), Err(StoreFault::Disk(_))));
    }

    #[test]
    fn a_store_in_use_is_locked() {
        let root = tempfile::tempdir().unwrap();
        let _held = SledStore::create(root.path()).unwrap();
        assert!(matches!(SledStore::open(root.path()), Err(StoreFault::Locked)));
    }

    #[test]
    fn a_damaged_store_is_reported_and_its_file_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let store = SledStore::create(root.path()).unwrap();
        for n in 0..64_u8 {
            let mut batch = Batch::new();
            batch.put(Key::from_octets(&[b'x', n]), Bytes::from(vec![n; 4096]));
            store.apply(&batch).unwrap();
            store.sync().unwrap();
        }
        drop(store);
        let path = root.path().join(FILE);
        let len = std::fs::metadata(&path).unwrap().len();
        std::fs::write(&path, vec![0xff; usize::try_from(len).unwrap()]).unwrap();

        assert!(matches!(SledStore::open(root.path()), Err(StoreFault::Damaged)));
        assert!(path.is_file());
    }
}
