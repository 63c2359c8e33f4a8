//! Where the relay keeps what it promised to keep. Spec: `spec/relay.md`, durability and store.
//!
//! A store holds ordered keys and opaque values, takes whole batches, and says when they are durable. It
//! knows nothing of boxes or grants, and it never answers anybody: one committer uses it, and a 202 leaves
//! only after [`Store::sync`] returned.

pub mod conformance;
mod disk;
mod fjall;
mod format;
mod key;
mod memory;
mod sled;

pub use self::disk::{DiskStore, Engine};
pub use self::fjall::FjallStore;
pub use self::key::{Key, Prefix, Sort};
pub use self::memory::MemoryStore;
pub use self::sled::SledStore;

use bytes::Bytes;

/// Why a store can't go on.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The disk or the file system refused; nothing may be promised after this.
    #[error("the disk refused: {0}")]
    Disk(#[source] std::io::Error),
    /// What is on the disk isn't what was written.
    #[error("the store is damaged")]
    Damaged,
    /// Another process has it open.
    #[error("the store is in use by another process")]
    Locked,
    /// It was written by a version that this one doesn't know.
    #[error("the store has a format that this version doesn't know")]
    Format,
}

/// One change of a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Op {
    /// Writes a value, over the one that is there.
    Put(Key, Bytes),
    /// Removes a value; one that isn't there is no fault.
    Delete(Key),
}

impl Op {
    /// The key that is changed.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }

    /// Octets that the change brings to the disk, for the bound of a group.
    pub fn len_octets(&self) -> usize {
        match self {
            Self::Put(key, value) => key.as_octets().len() + value.len(),
            Self::Delete(key) => key.as_octets().len(),
        }
    }
}

/// Changes that become visible and durable together. Of two changes to a key the later one counts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Batch(Vec<Op>);

impl Batch {
    /// A batch that changes nothing yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Writes a value.
    pub fn put(&mut self, key: Key, value: Bytes) {
        self.0.push(Op::Put(key, value));
    }

    /// Removes a value.
    pub fn delete(&mut self, key: Key) {
        self.0.push(Op::Delete(key));
    }

    /// Adds the changes of a later batch.
    pub fn append(&mut self, mut later: Self) {
        self.0.append(&mut later.0);
    }

    /// The changes, in order.
    pub fn ops(&self) -> &[Op] {
        &self.0
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Octets that the changes bring to the disk.
    pub fn len_octets(&self) -> usize {
        self.0.iter().map(Op::len_octets).sum()
    }
}

/// What a visitor of a scan wants next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Visit {
    /// The next row.
    Next,
    /// No more rows.
    Stop,
}

/// Ordered keys with opaque values.
///
/// Used by one writer at a time; readers may be many. A fault of [`Store::apply`] or [`Store::sync`] is
/// final: what is on the disk isn't known any more, so the caller stops and never tries again.
pub trait Store: Send + Sync + 'static {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreFault`] if the disk refuses or is damaged.
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault>;

    /// Shows the rows whose keys begin with `prefix`, in the order of their keys, from the first one that
    /// is greater than `after`, until the visitor stops.
    ///
    /// # Errors
    /// [`StoreFault`] if the disk refuses or is damaged.
    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault>;

    /// Makes all changes of a batch visible at once; they aren't durable yet.
    ///
    /// # Errors
    /// [`StoreFault`], and then the store must not be used again.
    fn apply(&self, batch: &Batch) -> Result<(), StoreFault>;

    /// Returns when all that was applied survives the loss of power.
    ///
    /// # Errors
    /// [`StoreFault`], and then the store must not be used again.
    fn sync(&self) -> Result<(), StoreFault>;
}

impl<S: Store> Store for std::sync::Arc<S> {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        S::get(self, key)
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        S::scan(self, prefix, after, visit)
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        S::apply(self, batch)
    }

    fn sync(&self) -> Result<(), StoreFault> {
        S::sync(self)
    }
}
