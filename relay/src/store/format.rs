//! What every store on a disk begins with, whichever engine keeps it. Spec: `spec/relay.md`, durability and store.
//!
//! The first row names the version of keys and values. It belongs to the rows and not to the engine, so it has one
//! place.

use super::{Batch, Key, Store, StoreFault};
use bytes::Bytes;
use std::fs::File;
use std::path::Path;

/// Writes the first row of a store that was just made in `directory`, and sees that store and directory are on the
/// disk.
pub(super) fn begin<S: Store>(store: S, directory: &Path) -> Result<S, StoreFault> {
    let mut first = Batch::new();
    first.put(Key::format(), Bytes::from_static(FORMAT));
    store.apply(&first)?;
    store.sync()?;
    settle(directory)?;
    Ok(store)
}

/// Takes a store that was opened only if it was once made whole, by a version whose rows are understood.
pub(super) fn known<S: Store>(store: S) -> Result<S, StoreFault> {
    match store.get(&Key::format())? {
        Some(format) if format == FORMAT => Ok(store),
        Some(_) => Err(StoreFault::Format),
        None => Err(StoreFault::Damaged),
    }
}

/// Sees that the names of what was made in a directory, and the directory's own name, are on the disk.
pub(super) fn settle(directory: &Path) -> Result<(), StoreFault> {
    let sync = |directory: &Path| File::open(directory)?.sync_all();
    sync(directory)
        .and_then(|()| directory.parent().map_or(Ok(()), sync))
        .map_err(StoreFault::Disk)
}

/// The version of keys and values, in the row of [`Key::format`].
const FORMAT: &[u8] = b"sipher relay store 1";
