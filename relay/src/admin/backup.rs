//! Copies of a relay into an archive. Spec: `spec/operations.md`, backup.

use super::archive::Writer;
use super::observed::Observed;
use super::survey::each_chunk;
use crate::store::{Batch, Key, Sort, Store, StoreFault};
use std::io::Write;
use zeroize::Zeroizing;

/// Why a backup has no end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupFault {
    /// Another one is being made.
    #[error("another backup is being made")]
    Another,
    /// The relay wrote faster than the backup could.
    #[error("the relay wrote faster than the backup could")]
    Behind,
    /// Whoever takes it doesn't.
    #[error(transparent)]
    Out(#[from] std::io::Error),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// Files of a relay's directory.
pub(crate) type Files = [(&'static str, Zeroizing<String>)];

/// Writes files and rows of a relay, as of the moment at which it ends.
///
/// # Errors
/// [`BackupFault`], and then the archive has no end.
// spec: backup-1
pub(crate) fn write<S: Store>(
    store: &Observed<S>,
    files: &Files,
    out: impl Write,
) -> Result<(), BackupFault> {
    let changes = store.changes().ok_or(BackupFault::Another)?;
    let mut archive = Writer::begin(out)?;
    for (name, text) in files {
        archive.file(name, text.as_bytes())?;
    }
    each_chunk(store, |rows| {
        for (key, value) in rows.iter().filter(|(key, _)| is_taken(key)) {
            archive.row(key.as_octets(), value)?;
        }
        // Only between two reads: a change must never stand before an older value of its row.
        while let Some(batch) = changes.next_made() {
            add(&mut archive, &batch)?;
        }
        Ok::<_, BackupFault>(())
    })?;
    for batch in changes.end().ok_or(BackupFault::Behind)? {
        add(&mut archive, &batch)?;
    }
    archive.end()?;
    Ok(())
}

fn add(archive: &mut Writer<impl Write>, batch: &Batch) -> std::io::Result<()> {
    batch
        .ops()
        .iter()
        .filter(|op| is_taken(op.key()))
        .try_for_each(|op| archive.change(op))
}

/// Rows of the store itself stay: another engine has its own.
fn is_taken(key: &Key) -> bool {
    Key::sort_of(key.as_octets()) != Some(Sort::Meta)
}

#[cfg(test)]
mod tests {
    use super::super::archive::{Entry, Reader};
    use super::*;
    use crate::store::{MemoryStore, Op, Prefix, Visit};
    use bytes::Bytes;
    use std::collections::BTreeMap;

    /// Changes the store at each write, as a relay does that goes on.
    struct Busy<'a> {
        store: &'a Observed<MemoryStore>,
        written: Vec<u8>,
        step: u16,
    }

    impl Write for Busy<'_> {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.step += 1;
            if self.step < 6000 && self.step.is_multiple_of(64) {
                let mut batch = Batch::new();
                batch.put(
                    row(self.step % 1500),
                    Bytes::copy_from_slice(&self.step.to_be_bytes()),
                );
                batch.delete(row(self.step.wrapping_mul(7) % 1500));
                self.store.apply(&batch).unwrap();
            }
            self.written.extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn row(number: u16) -> Key {
        Key::from_octets(&[&b"i"[..], &number.to_be_bytes()].concat())
    }

    fn rows(store: &impl Store) -> BTreeMap<Key, Bytes> {
        let mut rows = BTreeMap::new();
        store
            .scan(&Prefix::everything(), None, &mut |key, value| {
                rows.insert(Key::from_octets(key), Bytes::copy_from_slice(value));
                Visit::Next
            })
            .unwrap();
        rows
    }

    fn replayed(archive: &[u8]) -> BTreeMap<Key, Bytes> {
        let mut reader = Reader::begin(archive).unwrap();
        let mut rows = BTreeMap::new();
        while let Some(entry) = reader.next().unwrap() {
            match entry {
                Entry::Change(Op::Put(key, value)) => drop(rows.insert(key, value)),
                Entry::Change(Op::Delete(key)) => drop(rows.remove(&key)),
                Entry::File(..) => {}
            }
        }
        rows
    }

    // spec: backup-1
    #[test]
    fn a_backup_of_a_busy_store_is_the_store_at_the_end_of_it() {
        let store = Observed::new(MemoryStore::new(), std::sync::Arc::default());
        let mut batch = Batch::new();
        batch.put(Key::format(), Bytes::from_static(b"engine's own"));
        for number in 0..1500 {
            batch.put(row(number), Bytes::from_static(b"old"));
        }
        store.apply(&batch).unwrap();

        let mut busy = Busy {
            store: &store,
            written: Vec::new(),
            step: 0,
        };
        write(&store, &[], &mut busy).unwrap();

        let mut now = rows(&store);
        now.remove(&Key::format());
        assert!(busy.step > 6000);
        assert_eq!(replayed(&busy.written), now);
    }
}
