//! What a store holds, by sorts, and whether all of it makes sense. Spec: `spec/operations.md`, store check.

use crate::mailbox::record::{self, BoxRecord, CellRecord, ItemRecord};
use crate::store::{Key, Prefix, Sort, Store, StoreFault, Visit};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sipher_wire::BoxId;

/// Rows of a store, counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub(crate) boxes: u64,
    pub(crate) grants: u64,
    /// Items that wait for their owners.
    pub(crate) items: u64,
    /// Values of cells.
    pub(crate) values: u64,
    /// Octets of all keys and values.
    pub(crate) octets: u64,
}

/// Rows of a store, each looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Survey {
    pub(crate) counts: Counts,
    /// Rows that don't read.
    pub(crate) damaged: u64,
    /// Grants, items and values of boxes that aren't there.
    pub(crate) strays: u64,
}

impl Counts {
    /// Counts the rows of a store.
    ///
    /// # Errors
    /// [`StoreFault`] if it can't be read.
    pub(crate) fn of(store: &impl Store) -> Result<Self, StoreFault> {
        let mut counts = Self::default();
        each_chunk(store, |rows| {
            for (key, value) in rows {
                counts.add(key.as_octets(), value);
            }
            Ok::<_, StoreFault>(())
        })?;
        Ok(counts)
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        match Key::sort_of(key) {
            Some(Sort::Box) => self.boxes += 1,
            Some(Sort::Grant) => self.grants += 1,
            Some(Sort::Item) => self.items += 1,
            Some(Sort::Value) => self.values += 1,
            Some(Sort::Meta) | None => {}
        }
        self.octets += u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX);
    }
}

impl Survey {
    /// Looks at every row of a store.
    ///
    /// # Errors
    /// [`StoreFault`] if it can't be read.
    pub(crate) fn of(store: &impl Store) -> Result<Self, StoreFault> {
        let mut survey = Self::default();
        each_chunk(store, |rows| {
            rows.iter()
                .try_for_each(|(key, value)| survey.add(store, key, value))
        })?;
        Ok(survey)
    }

    fn add(&mut self, store: &impl Store, key: &Key, value: &Bytes) -> Result<(), StoreFault> {
        self.counts.add(key.as_octets(), value);
        let needs_box = matches!(
            Key::sort_of(key.as_octets()),
            Some(Sort::Grant | Sort::Item | Sort::Value)
        );
        if !is_sound(key.as_octets(), value) {
            self.damaged += 1;
        } else if needs_box
            && let Some(id) = Key::box_of(key.as_octets())
            && store.get(&Key::of_box(&id))?.is_none()
        {
            self.strays += 1;
        }
        Ok(())
    }

    /// Whether nothing is wrong.
    pub(crate) const fn is_sound(&self) -> bool {
        self.damaged == 0 && self.strays == 0
    }
}

/// Shows all rows in the order of their keys, some at a time. The store isn't held while they are looked
/// at, so a relay may go on.
///
/// # Errors
/// [`StoreFault`] if the store can't be read, or what `rows` gives.
pub(crate) fn each_chunk<E: From<StoreFault>>(
    store: &impl Store,
    mut rows: impl FnMut(&[(Key, Bytes)]) -> Result<(), E>,
) -> Result<(), E> {
    let mut after: Option<Key> = None;
    loop {
        let mut chunk: Vec<(Key, Bytes)> = Vec::new();
        let mut octets = 0;
        store.scan(&Prefix::everything(), after.as_ref(), &mut |key, value| {
            octets += value.len();
            chunk.push((Key::from_octets(key), Bytes::copy_from_slice(value)));
            if chunk.len() == CHUNK_ROWS || octets > CHUNK_OCTETS {
                Visit::Stop
            } else {
                Visit::Next
            }
        })?;
        rows(&chunk)?;
        match chunk.pop() {
            Some((last, _)) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Whether a row reads.
fn is_sound(key: &[u8], value: &[u8]) -> bool {
    let value = Bytes::copy_from_slice(value);
    match Key::sort_of(key) {
        Some(Sort::Meta) => true,
        Some(Sort::Box) => BoxRecord::decode(value)
            .is_ok_and(|own| Key::of_box(&BoxId::of(own.kind, &own.owner)).as_octets() == key),
        Some(Sort::Grant) => Key::box_of(key).is_some() && record::decode_grant(value).is_ok(),
        Some(Sort::Item) => Key::item_parts(key).is_some() && ItemRecord::decode(value).is_ok(),
        Some(Sort::Value) => Key::box_of(key).is_some() && CellRecord::decode(value).is_ok(),
        None => false,
    }
}

/// Rows that are read at once.
const CHUNK_ROWS: usize = 512;
/// Octets that are read at once, about.
const CHUNK_OCTETS: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, MemoryStore};
    use sipher_wire::{BoxKind, OwnerKey};

    fn put(store: &MemoryStore, key: Key, value: Bytes) {
        let mut batch = Batch::new();
        batch.put(key, value);
        store.apply(&batch).unwrap();
    }

    fn own() -> (BoxId, Bytes) {
        let (kind, owner) = (BoxKind::Queue, OwnerKey::from_octets([3; 32]));
        (BoxId::of(kind, &owner), BoxRecord { kind, owner }.encode())
    }

    fn item() -> Bytes {
        let call_id = sipher_wire::sip::CallId::parse(b"x").unwrap();
        let expires = sipher_wire::Time::from_secs(9);
        let body = Bytes::from_static(b"body");
        ItemRecord {
            expires,
            call_id,
            body,
        }
        .encode()
    }

    #[test]
    fn all_rows_are_counted_over_many_chunks() {
        let store = MemoryStore::new();
        let (id, record) = own();
        put(&store, Key::of_box(&id), record);
        for number in 0..2000 {
            put(&store, Key::of_item(&id, number, &[0; 16]), item());
        }
        let survey = Survey::of(&store).unwrap();
        assert_eq!((survey.counts.boxes, survey.counts.items), (1, 2000));
        assert_eq!(survey.counts, Counts::of(&store).unwrap());
        assert!(survey.is_sound());
    }

    #[test]
    fn a_row_that_does_not_read_and_one_without_its_box_are_told_apart() {
        let store = MemoryStore::new();
        let (id, record) = own();
        put(&store, Key::of_item(&id, 1, &[0; 16]), item());
        let survey = Survey::of(&store).unwrap();
        assert_eq!((survey.damaged, survey.strays), (0, 1));
        put(&store, Key::of_box(&id), record);
        put(
            &store,
            Key::of_item(&id, 1, &[0; 16]),
            Bytes::from_static(b"\x01short"),
        );
        put(&store, Key::from_octets(b"zzz"), Bytes::new());
        let survey = Survey::of(&store).unwrap();
        assert_eq!((survey.damaged, survey.strays), (2, 0));
        assert!(!survey.is_sound());
    }
}
