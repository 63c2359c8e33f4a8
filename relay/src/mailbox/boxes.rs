//! Boxes as they are in memory, read from the store when somebody asks for one. Spec: `spec/relay.md`, boxes.
//!
//! A box that nobody needs makes room for another. One whose rows are on their way to the disk, that has a
//! binding, or that somebody reads from stays.

use super::io::{ConnId, WatchId};
use super::pending::Pending;
use super::queue::Queue;
use super::record::{self, BoxRecord, CellRecord};
use crate::limits::BOXES_CACHED;
use crate::store::{Key, Prefix, Store, StoreFault, Visit};
use bytes::Bytes;
use sipher_wire::{BoxId, BoxKind, ETag, Grant, GrantKey, OwnerKey, Time};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// The boxes in memory.
#[derive(Debug, Default)]
pub(crate) struct Boxes {
    known: HashMap<BoxId, BoxState>,
    order: VecDeque<BoxId>,
}

/// One box.
#[derive(Debug)]
pub(crate) struct BoxState {
    pub(crate) owner: OwnerKey,
    pub(crate) grants: Vec<HeldGrant>,
    pub(crate) content: Content,
}

/// A grant and what was sent under it.
///
/// The count is in memory alone: a restart gives a fresh allowance, which is cheaper than a write an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldGrant {
    pub(crate) grant: Grant,
    began: Time,
    used: u32,
}

/// What a box holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// Items.
    Queue(Queue),
    /// A value.
    Cell(Cell),
}

/// A cell's state; the value itself is on the disk.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) value: Option<Version>,
    pub(crate) watchers: BTreeSet<WatchId>,
    /// Connections to which the value went or may be going.
    pub(crate) readers: BTreeSet<ConnId>,
}

/// Which value a cell has.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) etag: ETag,
    pub(crate) expires: Time,
}

impl Boxes {
    /// A box, from memory or from the store.
    pub(crate) fn find(
        &mut self,
        store: &dyn Store,
        pending: &Pending,
        id: &BoxId,
    ) -> Result<Option<&mut BoxState>, StoreFault> {
        if !self.known.contains_key(id) {
            let Some(state) = read(store, pending, id)? else {
                return Ok(None);
            };
            self.insert(pending, *id, state);
        }
        Ok(self.known.get_mut(id))
    }

    /// A box that is in memory.
    pub(crate) fn get(&self, id: &BoxId) -> Option<&BoxState> {
        self.known.get(id)
    }

    /// A box that is in memory.
    pub(crate) fn get_mut(&mut self, id: &BoxId) -> Option<&mut BoxState> {
        self.known.get_mut(id)
    }

    /// The queue of a box that is in memory.
    pub(crate) fn queue_mut(&mut self, id: &BoxId) -> Option<&mut Queue> {
        match &mut self.known.get_mut(id)?.content {
            Content::Queue(queue) => Some(queue),
            Content::Cell(_) => None,
        }
    }

    /// The cell of a box that is in memory.
    pub(crate) fn cell_mut(&mut self, id: &BoxId) -> Option<&mut Cell> {
        match &mut self.known.get_mut(id)?.content {
            Content::Cell(cell) => Some(cell),
            Content::Queue(_) => None,
        }
    }

    /// Adds a box.
    pub(crate) fn insert(&mut self, pending: &Pending, id: BoxId, state: BoxState) {
        self.make_room(pending);
        if self.known.insert(id, state).is_none() {
            self.order.push_back(id);
        }
    }

    /// Forgets a box that is no more.
    pub(crate) fn remove(&mut self, id: &BoxId) -> Option<BoxState> {
        self.known.remove(id)
    }

    /// Looks at the few boxes that came first; those that are needed go to the end of the line.
    fn make_room(&mut self, pending: &Pending) {
        let mut looks = 8;
        while self.known.len() >= BOXES_CACHED && looks > 0 {
            looks -= 1;
            let Some(id) = self.order.pop_front() else { return };
            let needed = self.known.get(&id).is_some_and(BoxState::is_needed) || pending.has(&id);
            if needed {
                self.order.push_back(id);
            } else {
                self.known.remove(&id);
            }
        }
        // Closed boxes leave their place in the line behind.
        if self.order.len() > BOXES_CACHED * 2 {
            let known = &self.known;
            self.order.retain(|id| known.contains_key(id));
        }
    }
}

impl BoxState {
    /// A new box of a kind that this relay has.
    pub(crate) fn new(kind: BoxKind, owner: OwnerKey) -> Option<Self> {
        let content = match kind {
            BoxKind::Queue => Content::Queue(Queue::default()),
            BoxKind::Cell => Content::Cell(Cell::default()),
            BoxKind::Log | BoxKind::Bundle => return None,
        };
        Some(Self {
            owner,
            grants: Vec::new(),
            content,
        })
    }

    /// The grant of this key.
    pub(crate) fn grant_mut(&mut self, key: &GrantKey) -> Option<&mut HeldGrant> {
        self.grants.iter_mut().find(|held| held.grant.key == *key)
    }

    /// The grant of this key.
    pub(crate) fn grant(&self, key: &GrantKey) -> Option<&Grant> {
        self.grants
            .iter()
            .map(|held| &held.grant)
            .find(|grant| grant.key == *key)
    }

    /// Adds a grant, or replaces the one of the same key; what was sent under it stays counted.
    pub(crate) fn add_grant(&mut self, grant: Grant) {
        match self.grant_mut(&grant.key) {
            Some(held) => held.grant = grant,
            None => self.grants.push(HeldGrant::new(grant)),
        }
    }

    /// Removes a grant.
    pub(crate) fn remove_grant(&mut self, key: &GrantKey) {
        self.grants.retain(|held| held.grant.key != *key);
    }

    fn is_needed(&self) -> bool {
        match &self.content {
            Content::Queue(queue) => queue.bound.is_some(),
            Content::Cell(cell) => !cell.watchers.is_empty() || !cell.readers.is_empty(),
        }
    }
}

impl HeldGrant {
    fn new(grant: Grant) -> Self {
        Self {
            grant,
            began: Time::default(),
            used: 0,
        }
    }

    /// Counts one item, if the allowance has room for it.
    pub(crate) fn spend(&mut self, now: Time) -> bool {
        if now.since(self.began) >= self.grant.allowance.period() {
            self.began = now;
            self.used = 0;
        }
        let room = self.used < self.grant.allowance.items;
        if room {
            self.used += 1;
        }
        room
    }
}

impl Cell {
    /// The value that the cell has at `now`.
    pub(crate) fn current(&self, now: Time) -> Option<&Version> {
        self.value.as_ref().filter(|value| now < value.expires)
    }
}

/// Reads a box. Rows that are being deleted are gone; none are being written, or it would be in memory.
fn read(store: &dyn Store, pending: &Pending, id: &BoxId) -> Result<Option<BoxState>, StoreFault> {
    let Some(row) = pending.get(store, &Key::of_box(id))? else {
        return Ok(None);
    };
    let record = BoxRecord::decode(row)?;
    let mut state = BoxState::new(record.kind, record.owner).ok_or(StoreFault::Format)?;
    let mut grants = Vec::new();
    visit(store, pending, &Prefix::grants_of(id), &mut |_, value| {
        grants.push(record::decode_grant(Bytes::copy_from_slice(value))?);
        Ok(())
    })?;
    state.grants = grants.into_iter().map(HeldGrant::new).collect();
    match &mut state.content {
        Content::Queue(queue) => visit(store, pending, &Prefix::items_of(id), &mut |key, _| {
            let (number, hash) = Key::item_parts(key).ok_or(StoreFault::Damaged)?;
            queue.push(number, hash);
            Ok(())
        })?,
        Content::Cell(cell) => {
            if let Some(row) = pending.get(store, &Key::of_cell(id))? {
                let CellRecord { expires, etag, .. } = CellRecord::decode(row)?;
                cell.value = Some(Version { etag, expires });
            }
        }
    }
    Ok(Some(state))
}

type Row<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreFault> + 'a;

fn visit(store: &dyn Store, pending: &Pending, prefix: &Prefix, row: &mut Row<'_>) -> Result<(), StoreFault> {
    let mut seen = Ok(());
    store.scan(prefix, None, &mut |key, value| {
        if pending.is_deleting(key) {
            return Visit::Next;
        }
        seen = row(key, value);
        if seen.is_ok() { Visit::Next } else { Visit::Stop }
    })?;
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use sipher_wire::{Allowance, Right, Treatment};

    fn grant(items: u32) -> Grant {
        Grant {
            key: GrantKey::from_octets([1; 32]),
            right: Right::Write,
            treatment: Treatment::Deliver,
            not_after_secs: u64::MAX,
            allowance: Allowance {
                items,
                period_secs: 10,
            },
        }
    }

    #[test]
    fn an_allowance_counts_what_was_accepted_and_comes_back_with_its_period() {
        let mut held = HeldGrant::new(grant(2));
        let start = Time::from_secs(1_000_000);
        assert!(held.spend(start));
        assert!(held.spend(start));
        assert!(!held.spend(start));
        assert!(held.spend(start + std::time::Duration::from_secs(10)));
    }

    #[test]
    fn replacing_a_grant_gives_no_fresh_allowance() {
        let mut state = BoxState::new(BoxKind::Queue, OwnerKey::from_octets([1; 32])).unwrap();
        state.add_grant(grant(1));
        let now = Time::from_secs(1_000_000);
        assert!(state.grant_mut(&grant(1).key).unwrap().spend(now));
        state.add_grant(grant(1));
        assert!(!state.grant_mut(&grant(1).key).unwrap().spend(now));
    }

    #[test]
    fn boxes_that_nobody_needs_make_room() {
        let store = MemoryStore::new();
        let pending = Pending::default();
        let mut boxes = Boxes::default();
        let mut first = None;
        for n in 0..=u32::try_from(BOXES_CACHED).unwrap() {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&n.to_be_bytes());
            let owner = OwnerKey::from_octets(key);
            let id = BoxId::of(BoxKind::Queue, &owner);
            first = first.or(Some(id));
            boxes.insert(&pending, id, BoxState::new(BoxKind::Queue, owner).unwrap());
        }
        assert_eq!(boxes.known.len(), BOXES_CACHED);
        assert!(boxes.find(&store, &pending, &first.unwrap()).unwrap().is_none());
    }
}
