//! What waits in a queue, in the order in which it arrived. Spec: `spec/relay.md`, queues; `spec/sip-checklist.md` M5, M6.
//!
//! Numbers and ids only: the items themselves are on the disk.

use super::io::{Binding, ConnId};
use sipher_wire::Time;
use std::collections::{HashSet, VecDeque};

/// What makes an item unique in its box: a hash over its grant and its Call-ID.
pub(crate) type ItemHash = [u8; 16];

/// A queue's state.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    hashes: HashSet<ItemHash>,
    /// Where its items go, if its owner is here.
    pub(crate) bound: Option<Bound>,
}

/// A binding that holds.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) conn: ConnId,
    pub(crate) binding: Binding,
    pub(crate) ends: Time,
}

/// One item that its owner doesn't have yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    pub(crate) hash: ItemHash,
    pub(crate) attempts: u32,
    handed_to: Option<ConnId>,
}

impl Queue {
    /// Adds an item; numbers rise.
    pub(crate) fn push(&mut self, number: u64, hash: ItemHash) {
        debug_assert!(self.waiting.back().is_none_or(|last| last.number < number));
        self.hashes.insert(hash);
        self.waiting.push_back(Waiting {
            number,
            hash,
            attempts: 0,
            handed_to: None,
        });
    }

    /// Whether an item is waiting, by its hash.
    pub(crate) fn number_of(&self, hash: &ItemHash) -> Option<u64> {
        self.hashes.contains(hash).then_some(())?;
        self.waiting
            .iter()
            .find(|item| item.hash == *hash)
            .map(|item| item.number)
    }

    /// The first item that isn't on its way, handed to this connection from here on.
    // spec: queue-3
    pub(crate) fn hand_out(&mut self, conn: ConnId) -> Option<Waiting> {
        let item = self.waiting.iter_mut().find(|item| item.handed_to.is_none())?;
        item.handed_to = Some(conn);
        item.attempts = item.attempts.saturating_add(1);
        Some(*item)
    }

    /// Whether an item isn't on its way.
    pub(crate) fn is_ready(&self) -> bool {
        self.waiting.iter().any(|item| item.handed_to.is_none())
    }

    /// Takes an item out for good.
    pub(crate) fn remove(&mut self, number: u64) -> Option<Waiting> {
        let at = self
            .waiting
            .binary_search_by_key(&number, |item| item.number)
            .ok()?;
        let item = self.waiting.remove(at)?;
        self.hashes.remove(&item.hash);
        Some(item)
    }

    /// Takes an item back that this connection didn't keep. False if it isn't on its way there.
    pub(crate) fn take_back(&mut self, number: u64, conn: ConnId) -> bool {
        let Ok(at) = self.waiting.binary_search_by_key(&number, |item| item.number) else {
            return false;
        };
        let Some(item) = self.waiting.get_mut(at) else {
            return false;
        };
        let held = item.handed_to == Some(conn);
        if held {
            item.handed_to = None;
        }
        held
    }

    /// Takes all items back that are on their way.
    pub(crate) fn take_all_back(&mut self) {
        for item in &mut self.waiting {
            item.handed_to = None;
        }
    }

    /// All items, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// The number of the last item.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.waiting.back().map(|item| item.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: ConnId = ConnId(1);
    const THERE: ConnId = ConnId(2);

    fn queue(numbers: &[u64]) -> Queue {
        let mut queue = Queue::default();
        for &number in numbers {
            queue.push(number, [u8::try_from(number).unwrap(); 16]);
        }
        queue
    }

    #[test]
    fn items_are_handed_out_once_and_in_order() {
        let mut queue = queue(&[3, 5, 9]);
        assert_eq!(queue.hand_out(HERE).unwrap().number, 3);
        assert_eq!(queue.hand_out(HERE).unwrap().number, 5);
        assert!(queue.remove(5).is_some());
        assert_eq!(queue.hand_out(HERE).unwrap().number, 9);
        assert!(queue.hand_out(HERE).is_none());
        assert!(!queue.is_ready());
    }

    #[test]
    fn an_item_that_was_not_kept_is_handed_out_again_and_counted() {
        let mut queue = queue(&[3, 5]);
        queue.hand_out(HERE);
        assert!(
            !queue.take_back(3, THERE),
            "it is on its way to another connection"
        );
        assert!(queue.take_back(3, HERE));
        let again = queue.hand_out(THERE).unwrap();
        assert_eq!((again.number, again.attempts), (3, 2));
    }

    #[test]
    fn an_id_is_free_again_once_its_item_is_gone() {
        let mut queue = queue(&[3]);
        assert_eq!(queue.number_of(&[3; 16]), Some(3));
        queue.remove(3);
        assert_eq!(queue.number_of(&[3; 16]), None);
        assert!(queue.remove(3).is_none());
    }
}
