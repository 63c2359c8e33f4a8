//! Keys of the store: one octet for the kind, then the box, then what tells its rows apart.
//!
//! The kinds share one tree, so that a batch over several of them is atomic. Items sort by their number,
//! hence in the order in which they arrived.

use sipher_wire::{BoxId, GrantId};

/// A key of the store.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The row that says which format the store has.
    pub fn format() -> Self {
        Self(Box::new([META]))
    }

    /// The row that is written to see whether the disk takes anything.
    pub fn probe() -> Self {
        Self(Box::new([META, PROBE]))
    }

    /// The row of a box itself.
    pub fn of_box(id: &BoxId) -> Self {
        joined(BOX, id, &[])
    }

    /// The row of one grant of a box.
    pub fn of_grant(id: &BoxId, grant: &GrantId) -> Self {
        joined(GRANT, id, &[grant.as_octets()])
    }

    /// The row of one item of a queue: its number in the order of arrival, and what makes it unique.
    pub fn of_item(id: &BoxId, number: u64, item: &[u8; 16]) -> Self {
        joined(ITEM, id, &[&number.to_be_bytes(), item])
    }

    /// The row of a cell's value.
    pub fn of_cell(id: &BoxId) -> Self {
        joined(CELL, id, &[])
    }

    /// A key as a store shows it.
    pub fn from_octets(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// The key's octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// What the row of a key holds, if it's one of ours.
    pub fn sort_of(octets: &[u8]) -> Option<Sort> {
        match octets {
            [META] | [META, PROBE] => Some(Sort::Meta),
            [BOX, ..] => Some(Sort::Box),
            [GRANT, ..] => Some(Sort::Grant),
            [ITEM, ..] => Some(Sort::Item),
            [CELL, ..] => Some(Sort::Value),
            _ => None,
        }
    }

    /// Number and uniqueness of an item from the key of its row.
    pub fn item_parts(octets: &[u8]) -> Option<(u64, [u8; 16])> {
        let rest = octets.strip_prefix(&[ITEM])?.get(BOX_OCTETS..)?;
        let (number, item) = rest.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*number), item.try_into().ok()?))
    }

    /// The box that a row belongs to, from its key.
    pub fn box_of(octets: &[u8]) -> Option<BoxId> {
        BoxId::parse(octets.get(1..)?.get(..BOX_OCTETS)?)
    }
}

/// What a row holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sort {
    /// Something of the store itself, which isn't taken along to another one.
    Meta,
    /// A box.
    Box,
    /// A grant of a box.
    Grant,
    /// An item of a queue.
    Item,
    /// The value of a cell.
    Value,
}

/// What keys of one sort begin with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prefix(Box<[u8]>);

impl Prefix {
    /// The grants of a box.
    pub fn grants_of(id: &BoxId) -> Self {
        Self(joined(GRANT, id, &[]).0)
    }

    /// The items of a queue.
    pub fn items_of(id: &BoxId) -> Self {
        Self(joined(ITEM, id, &[]).0)
    }

    /// All rows.
    pub fn everything() -> Self {
        Self(Box::new([]))
    }

    /// All boxes.
    pub fn boxes() -> Self {
        Self(Box::new([BOX]))
    }

    /// All items of all queues.
    pub fn items() -> Self {
        Self(Box::new([ITEM]))
    }

    /// All values of cells.
    pub fn cells() -> Self {
        Self(Box::new([CELL]))
    }

    /// The prefix's octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

fn joined(kind: u8, id: &BoxId, parts: &[&[u8]]) -> Key {
    let mut octets = Vec::with_capacity(51);
    octets.push(kind);
    octets.extend_from_slice(id.as_str().as_bytes());
    for part in parts {
        octets.extend_from_slice(part);
    }
    Key(octets.into_boxed_slice())
}

const META: u8 = b'm';
const PROBE: u8 = b'w';
const BOX: u8 = b'b';
const GRANT: u8 = b'g';
const ITEM: u8 = b'i';
const CELL: u8 = b'c';
/// Characters of a box id, all of which stand in a key: two boxes must never share a row.
const BOX_OCTETS: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> BoxId {
        BoxId::parse(b"k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap()
    }

    #[test]
    fn items_sort_by_their_number() {
        let earlier = Key::of_item(&id(), 255, &[9; 16]);
        let later = Key::of_item(&id(), 256, &[0; 16]);
        assert!(earlier < later);
        assert!(later.as_octets().starts_with(Prefix::items_of(&id()).as_octets()));
    }

    #[test]
    fn an_items_parts_are_read_back_from_its_key() {
        let key = Key::of_item(&id(), 77, &[3; 16]);
        assert_eq!(Key::item_parts(key.as_octets()), Some((77, [3; 16])));
        assert_eq!(Key::box_of(key.as_octets()), Some(id()));
        assert_eq!(Key::item_parts(Key::of_cell(&id()).as_octets()), None);
    }

    #[test]
    fn rows_of_different_kinds_never_share_a_key() {
        let grant = GrantId::from_octets([0; 16]);
        let mut keys = vec![
            Key::format(),
            Key::probe(),
            Key::of_box(&id()),
            Key::of_cell(&id()),
            Key::of_grant(&id(), &grant),
        ];
        keys.push(Key::of_item(&id(), 0, &[0; 16]));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 6);
        assert!(keys.iter().all(|key| Key::sort_of(key.as_octets()).is_some()));
    }
}
