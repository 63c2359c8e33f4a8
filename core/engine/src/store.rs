//! What the engine keeps and how it asks for it: records, batches, and a reader of what is on disk.
//! Spec: `spec/client.md`, store.
//!
//! The engine never touches a disk. It reads through a [`Snapshot`] and writes by handing out a [`Batch`],
//! which is atomic: all of it is durable, or nothing of it. Sealing, hiding of names and the file's form are the
//! driver's.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// What a record is about: one octet of its name.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Kind {
    /// The account itself: one record.
    Account = 1,
    /// An invitation of ours, by its id.
    Invitation = 2,
    /// A buddy and the ratchet session with him, by his id.
    Buddy = 3,
    /// What waits to be sent to a buddy, by his id, in order.
    Outbox = 4,
    /// A line of the conversation with a buddy, by his id, in order.
    History = 5,
    /// How far a line that we wrote came, by the buddy's id, under the line's number.
    Progress = 6,
    /// The number of a message's line, by the buddy's id and the message's.
    Message = 7,
    /// A receipt that waits for its time, by the buddy's id, under the line's number.
    Receipt = 8,
    /// A box that is still to be closed at its relay, by its id.
    Closing = 9,
    /// Somebody who asks at a standing address, by his number.
    Ask = 10,
    /// A link that was begun at a standing address, by the address's id, under the link's.
    Met = 11,
}

impl Kind {
    /// The octet that stands for the kind.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// The name of a record.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// What it is about.
    pub kind: Kind,
    /// Whose it is, at most 32 octets; empty where a kind has one record.
    pub group: Vec<u8>,
    /// Its number in the group.
    pub seq: u64,
}

impl Key {
    /// A name.
    pub fn new(kind: Kind, group: &[u8], seq: u64) -> Self {
        Self {
            kind,
            group: group.to_vec(),
            seq,
        }
    }

    /// The name of the only record of its group.
    pub fn single(kind: Kind, group: &[u8]) -> Self {
        Self::new(kind, group, 0)
    }
}

/// One change.
#[derive(Eq, PartialEq)]
pub enum Op {
    /// Writes a record, over what was there.
    Put(Key, Zeroizing<Vec<u8>>),
    /// Removes a record; one that isn't there is no fault.
    Delete(Key),
}

impl Op {
    /// The name of the record that it changes.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Put(..) => "Put",
            Self::Delete(_) => "Delete",
        };
        write!(f, "{verb}({:?}, ..)", self.key().kind)
    }
}

/// Changes that are made together or not at all. Each name appears once.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Batch(Vec<Op>);

impl Batch {
    /// Nothing to change.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The changes.
    pub fn ops(&self) -> &[Op] {
        &self.0
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the changes out, for a store that keeps the values.
    pub fn into_ops(self) -> Vec<Op> {
        self.0
    }

    pub(crate) fn put(&mut self, key: Key, value: Zeroizing<Vec<u8>>) {
        self.set(Op::Put(key, value));
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.set(Op::Delete(key));
    }

    /// What this batch says about a record, if anything.
    pub(crate) fn change_of(&self, key: &Key) -> Option<&Op> {
        self.0.iter().find(|op| op.key() == key)
    }

    fn set(&mut self, op: Op) {
        match self.0.iter_mut().find(|old| old.key() == op.key()) {
            Some(old) => *old = op,
            None => self.0.push(op),
        }
    }
}

impl FromIterator<Op> for Batch {
    fn from_iter<T: IntoIterator<Item = Op>>(ops: T) -> Self {
        let mut batch = Self::new();
        ops.into_iter().for_each(|op| batch.set(op));
        batch
    }
}

/// Why a record couldn't be read. The account in memory is to be dropped, as after a failed write.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreFault {
    /// The disk failed; another attempt may succeed.
    #[error("the account's store could not be read")]
    Unreadable,
    /// What is there isn't what was written.
    #[error("the account's store is damaged")]
    Damaged,
}

/// A record as a scan finds it: its number and its value.
pub type Scanned = (u64, Zeroizing<Vec<u8>>);

/// The records on disk, as of the last durable batch.
pub trait Snapshot {
    /// The value of a record.
    ///
    /// # Errors
    /// The disk failed, or the record is damaged.
    fn get(&self, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault>;

    /// At most `limit` records of a kind with numbers from `from` on, of one group in rising order, or of all
    /// groups in any order.
    ///
    /// # Errors
    /// The disk failed, or a record is damaged.
    fn scan(
        &self,
        kind: Kind,
        group: Option<&[u8]>,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Scanned>, StoreFault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_record_in_a_batch_counts() {
        let mut batch = Batch::new();
        batch.put(Key::single(Kind::Buddy, b"a"), Zeroizing::new(alloc::vec![1]));
        batch.put(Key::single(Kind::Buddy, b"b"), Zeroizing::new(alloc::vec![2]));
        batch.delete(Key::single(Kind::Buddy, b"a"));
        assert_eq!(batch.ops().len(), 2);
        assert_eq!(
            batch.change_of(&Key::single(Kind::Buddy, b"a")),
            Some(&Op::Delete(Key::single(Kind::Buddy, b"a")))
        );
    }

    #[test]
    fn debug_shows_no_value() {
        let op = Op::Put(Key::single(Kind::Buddy, b""), Zeroizing::new(b"secret".to_vec()));
        assert_eq!(alloc::format!("{op:?}"), "Put(Buddy, ..)");
    }
}
