//! The account's store on disk: redb, every value sealed, every name hidden, one durable commit a batch.
//!
//! A record's key on disk is `kind ‖ HMAC(group)[..16] ‖ seq`, and its value is sealed with exactly this key as
//! associated data, so that records can't be read, named or swapped without the store's key. [`record`] has the
//! inside of a value. A head record holds the format's version and the number of the last commit; a record with
//! a later number than the head's comes from another state of the store, and the store counts as damaged.
//!
//! What this doesn't do: old ciphertexts stay in the file until redb reuses their pages, so whoever gets both the
//! file and the store's key may find states that were overwritten. And nothing local detects that the whole
//! folder was set back to an older copy; the ratchet's peers do (`spec/ratchet.md`, receiving).

mod record;

use std::cell::Cell;
use std::io;
use std::path::Path;

use rand_core::CryptoRng;
use redb::{Builder, Database, Durability, ReadableDatabase as _, TableDefinition};
use sipher_crypto::StoreKey;
use sipher_engine::{Batch, Key, Kind, Op, Scanned, Snapshot, StoreFault};
use zeroize::Zeroizing;

use record::{DiskKey, Record};

/// An account's store, opened and checked. Queries read from it through [`Snapshot`].
pub struct Disk {
    database: Database,
    key: StoreKey,
    /// Number of the last commit.
    head: u64,
    /// The fault behind the last [`StoreFault`] that the engine was told.
    last_fault: Cell<Option<DiskFault>>,
}

/// What can be wrong with a store. Nothing was changed when it is returned, except that a failed commit
/// may have been written completely or not at all.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum DiskFault {
    /// No space is left, by the disk or by a quota.
    #[error("no space is left for the account's store")]
    Full,
    /// The file system failed; a retry can help if its cause goes away.
    #[error("the account's store could not be read or written")]
    Io(#[source] io::Error),
    /// The file is not what was written. It is left as it is.
    #[error("the account's store is damaged")]
    Damaged,
    /// A newer version of sipher wrote it.
    #[error("the account's store was written by a newer version")]
    Newer,
    /// Another process has it open.
    #[error("the account's store is in use")]
    InUse,
}

impl Disk {
    /// Makes a new store at `path` that holds what `first` says.
    pub(crate) fn create(
        path: &Path,
        key: StoreKey,
        first: &Batch,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, DiskFault> {
        crate::home::create_private_file(path).map_err(io_fault)?;
        let database = builder().create(path).map_err(|error| fault(&error.into()))?;
        let mut disk = Self {
            database,
            key,
            head: 0,
            last_fault: Cell::new(None),
        };
        disk.commit(first, rng)?;
        Ok(disk)
    }

    /// Opens the store at `path`; every page and the head are checked first.
    // spec: store-7
    pub(crate) fn open(path: &Path, key: StoreKey) -> Result<Self, DiskFault> {
        let database = builder().open(path).map_err(|error| fault(&error.into()))?;
        let mut disk = Self {
            database,
            key,
            head: u64::MAX,
            last_fault: Cell::new(None),
        };
        let head = disk.open_one(&DiskKey::head())?.ok_or(DiskFault::Damaged)?;
        disk.head = record::read_head(&head)?;
        Ok(disk)
    }

    /// Makes all of `batch` durable, or nothing of it.
    ///
    /// After an error the store's state in memory is stale: drop it.
    pub(crate) fn commit(&mut self, batch: &Batch, rng: &mut impl CryptoRng) -> Result<(), DiskFault> {
        let number = self.head.checked_add(1).ok_or(DiskFault::Damaged)?;
        self.write(number, batch, rng)?;
        self.head = number;
        Ok(())
    }

    fn write(&self, number: u64, batch: &Batch, rng: &mut impl CryptoRng) -> Result<(), DiskFault> {
        // Sealed before the transaction begins, which then only moves octets.
        let mut changes = vec![(
            DiskKey::head(),
            Some(self.seal(&DiskKey::head(), &record::write_head(number), rng)),
        )];
        for op in batch.ops() {
            let name = self.hidden(op.key().kind, &op.key().group, op.key().seq);
            let sealed = match op {
                Op::Put(_, value) => Some(self.seal(&name, &Record::write(number, value)?, rng)),
                Op::Delete(_) => None,
            };
            changes.push((name, sealed));
        }
        self.apply(&changes).map_err(|error| fault(&error))
    }

    fn apply(&self, changes: &[(DiskKey, Option<Vec<u8>>)]) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        // spec: store-4
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for (name, sealed) in changes {
                match sealed {
                    Some(sealed) => drop(table.insert(name.as_bytes(), sealed.as_slice())?),
                    None => drop(table.remove(name.as_bytes())?),
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn hidden(&self, kind: Kind, group: &[u8], seq: u64) -> DiskKey {
        DiskKey::new(kind, &self.key.index_name(kind.number(), group), seq)
    }

    // spec: store-5
    fn seal(&self, name: &DiskKey, plain: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        self.key.seal_record(name.as_bytes(), plain, rng)
    }

    /// Plaintext of the record with this name, or `None`.
    fn open_one(&self, name: &DiskKey) -> Result<Option<Zeroizing<Vec<u8>>>, DiskFault> {
        let sealed = self.read_sealed(name).map_err(|error| fault(&error))?;
        sealed.map(|sealed| self.unseal(name, &sealed)).transpose()
    }

    fn unseal(&self, name: &DiskKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DiskFault> {
        self.key
            .open_record(name.as_bytes(), sealed)
            .map_err(|_| DiskFault::Damaged)
    }

    fn read_sealed(&self, name: &DiskKey) -> Result<Option<Vec<u8>>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(RECORDS)?;
        Ok(table.get(name.as_bytes())?.map(|guard| guard.value().to_vec()))
    }

    /// Sealed records between two names, at most `limit` of those numbered `from` or higher.
    fn read_range(
        &self,
        (first, last): (DiskKey, DiskKey),
        from: u64,
        limit: usize,
    ) -> Result<Vec<(DiskKey, Vec<u8>)>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(RECORDS)?;
        let mut found = Vec::new();
        for entry in table.range(first.as_bytes()..=last.as_bytes())? {
            let (name, sealed) = entry?;
            if found.len() == limit {
                break;
            }
            if let Some(name) = DiskKey::read(name.value())
                && name.seq() >= from
            {
                found.push((name, sealed.value().to_vec()));
            }
        }
        Ok(found)
    }

    /// The engine's value in an opened record, if it belongs to this state of the store.
    // spec: store-6
    fn value_of(&self, plain: &[u8]) -> Result<Record, DiskFault> {
        Record::read(plain)
            .filter(|record| record.commit <= self.head)
            .ok_or(DiskFault::Damaged)
    }

    /// What really was wrong, after the engine was told no more than a [`StoreFault`].
    pub fn explain(&self, told: StoreFault) -> DiskFault {
        let kept = self.last_fault.take();
        kept.unwrap_or(match told {
            StoreFault::Damaged => DiskFault::Damaged,
            _ => DiskFault::Io(io::Error::other("the store could not be read")),
        })
    }

    fn tell<T>(&self, result: Result<T, DiskFault>) -> Result<T, StoreFault> {
        result.map_err(|fault| {
            let told = match fault {
                DiskFault::Damaged | DiskFault::Newer => StoreFault::Damaged,
                _ => StoreFault::Unreadable,
            };
            self.last_fault.set(Some(fault));
            told
        })
    }
}

impl Snapshot for Disk {
    fn get(&self, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let name = self.hidden(key.kind, &key.group, key.seq);
        self.tell(self.open_one(&name).and_then(|plain| {
            let record = plain.map(|plain| self.value_of(&plain)).transpose()?;
            Ok(record.map(|record| record.value))
        }))
    }

    fn scan(
        &self,
        kind: Kind,
        group: Option<&[u8]>,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Scanned>, StoreFault> {
        let range = match group {
            Some(group) => (self.hidden(kind, group, from), self.hidden(kind, group, u64::MAX)),
            None => DiskKey::all_of(kind),
        };
        let sealed = self.read_range(range, from, limit).map_err(|error| fault(&error));
        self.tell(sealed.and_then(|sealed| {
            let open = |(name, sealed): (DiskKey, Vec<u8>)| {
                let record = self.value_of(&self.unseal(&name, &sealed)?)?;
                Ok((name.seq(), record.value))
            };
            sealed.into_iter().map(open).collect()
        }))
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk(..)")
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    // An account has a few thousand small records.
    builder.set_cache_size(CACHE_OCTETS);
    // Only with it a file that was altered from outside is refused; a plain open may panic.
    builder.set_check_integrity_on_open(true);
    builder
}

fn fault(error: &redb::Error) -> DiskFault {
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::RepairAborted
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TypeDefinitionChanged { .. } => DiskFault::Damaged,
        redb::Error::UpgradeRequired(_) => DiskFault::Newer,
        redb::Error::DatabaseAlreadyOpen => DiskFault::InUse,
        redb::Error::Io(error) => io_fault(copy_of(error)),
        other => DiskFault::Io(io::Error::other(other.to_string())),
    }
}

/// Sorts a fault of the file system.
pub(crate) fn io_fault(error: io::Error) -> DiskFault {
    use io::ErrorKind::{FileTooLarge, InvalidData, NotFound, QuotaExceeded, StorageFull, UnexpectedEof};
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => DiskFault::Full,
        // redb's words for a file that is none of its own; and a store that is gone is no new store.
        InvalidData | UnexpectedEof | NotFound => DiskFault::Damaged,
        _ => DiskFault::Io(error),
    }
}

fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::new(error.kind(), error.to_string()),
        io::Error::from_raw_os_error,
    )
}

/// All records. Their names and values mean nothing without the store's key.
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

/// Pages that are kept in memory.
const CACHE_OCTETS: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests;
