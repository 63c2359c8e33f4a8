//! What every store must do, as one suite that runs on each of them.
//!
//! It panics where a store fails: it belongs to tests, of this crate and of whoever brings another store.

#![expect(clippy::panic, reason = "a suite of tests reports by panicking")]

use super::{Batch, Key, Prefix, Store, StoreFault, Visit};
use bytes::Bytes;
use sipher_wire::{BoxId, BoxKind, GrantId, OwnerKey};

/// Whether the suite asks for an empty store, or for the one that it used before, opened again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// An empty store.
    Fresh,
    /// The store of the opening before, closed and opened; only asked of a store that keeps things.
    Again,
}

/// Runs the suite. `open` gives a store for each test; it's dropped before the next one is asked for.
pub fn run<S: Store>(open: &mut dyn FnMut(Opening) -> S) {
    batches_are_whole(&open(Opening::Fresh));
    the_later_change_of_a_key_counts(&open(Opening::Fresh));
    scans_are_ordered_and_bounded(&open(Opening::Fresh));
    a_scan_goes_on_after_a_key(&open(Opening::Fresh));
    values_are_any_octets(&open(Opening::Fresh));
    the_largest_items_fit_one_batch(&open(Opening::Fresh));
}

/// Runs what only a store can do that keeps things over a restart.
pub fn run_reopening<S: Store>(open: &mut dyn FnMut(Opening) -> S) {
    let store = open(Opening::Fresh);
    for n in 0..200_u64 {
        let mut batch = Batch::new();
        batch.put(item(1, n), Bytes::from(vec![0xa5; 1024]));
        if n >= 100 {
            batch.delete(item(1, n - 100));
        }
        ok(store.apply(&batch));
        ok(store.sync());
    }
    drop(store);
    let store = open(Opening::Again);
    let kept = numbers(&store, &Prefix::items_of(&id(1)), None, usize::MAX);
    check(
        kept == (100..200).collect::<Vec<_>>(),
        "what was synced is there after a restart, and no more",
    );
}

fn batches_are_whole(store: &impl Store) {
    let mut batch = Batch::new();
    batch.put(Key::of_box(&id(1)), Bytes::from_static(b"box"));
    batch.put(
        Key::of_grant(&id(1), &GrantId::from_octets([1; 16])),
        Bytes::from_static(b"grant"),
    );
    batch.delete(Key::of_cell(&id(1)));
    ok(store.apply(&batch));
    ok(store.sync());
    check(
        ok(store.get(&Key::of_box(&id(1)))) == Some(Bytes::from_static(b"box")),
        "the box is there",
    );
    check(
        ok(store.get(&Key::of_cell(&id(1)))).is_none(),
        "a key that was never written has no value",
    );
    check(
        ok(store.get(&Key::of_box(&id(2)))).is_none(),
        "another box isn't there",
    );
}

fn the_later_change_of_a_key_counts(store: &impl Store) {
    let mut batch = Batch::new();
    batch.put(item(1, 1), Bytes::from_static(b"a"));
    batch.delete(item(1, 1));
    batch.delete(item(1, 2));
    batch.put(item(1, 2), Bytes::from_static(b"b"));
    batch.put(item(1, 2), Bytes::from_static(b"c"));
    ok(store.apply(&batch));
    check(
        ok(store.get(&item(1, 1))).is_none(),
        "written and deleted is deleted",
    );
    check(
        ok(store.get(&item(1, 2))) == Some(Bytes::from_static(b"c")),
        "the last value stays",
    );
}

fn scans_are_ordered_and_bounded(store: &impl Store) {
    let mut batch = Batch::new();
    for n in [300, 2, 65_536, 1] {
        batch.put(item(1, n), Bytes::from_static(b"x"));
        batch.put(item(2, n + 1), Bytes::from_static(b"y"));
    }
    ok(store.apply(&batch));
    let prefix = Prefix::items_of(&id(1));
    check(
        numbers(store, &prefix, None, usize::MAX) == [1, 2, 300, 65_536],
        "rows come in order, of one box",
    );
    check(numbers(store, &prefix, None, 2) == [1, 2], "a visitor can stop");
    check(
        numbers(store, &Prefix::items(), None, usize::MAX).len() == 8,
        "a shorter prefix shows both boxes",
    );
    check(
        numbers(store, &Prefix::items_of(&id(3)), None, 9).is_empty(),
        "an unknown box has no rows",
    );
}

fn a_scan_goes_on_after_a_key(store: &impl Store) {
    let mut batch = Batch::new();
    for n in 1..=5 {
        batch.put(item(1, n), Bytes::from_static(b"x"));
    }
    ok(store.apply(&batch));
    let prefix = Prefix::items_of(&id(1));
    check(
        numbers(store, &prefix, Some(&item(1, 3)), 9) == [4, 5],
        "after a row that is there",
    );
    ok(store.apply(&{
        let mut batch = Batch::new();
        batch.delete(item(1, 3));
        batch
    }));
    check(
        numbers(store, &prefix, Some(&item(1, 3)), 9) == [4, 5],
        "after a row that is gone",
    );
    check(
        numbers(store, &prefix, Some(&item(1, 5)), 9).is_empty(),
        "after the last row",
    );
    check(
        numbers(store, &prefix, Some(&Key::format()), 9).len() == 5 || Key::format() > item(1, 0),
        "from before",
    );
}

fn values_are_any_octets(store: &impl Store) {
    let all: Vec<u8> = (0..=255).collect();
    let mut batch = Batch::new();
    batch.put(item(1, 1), Bytes::from(all.clone()));
    batch.put(item(1, 2), Bytes::new());
    ok(store.apply(&batch));
    check(
        ok(store.get(&item(1, 1))) == Some(Bytes::from(all)),
        "octets come back unchanged",
    );
    check(
        ok(store.get(&item(1, 2))) == Some(Bytes::new()),
        "an empty value is a value",
    );
}

fn the_largest_items_fit_one_batch(store: &impl Store) {
    let mut batch = Batch::new();
    for n in 0..16 {
        batch.put(item(1, n), Bytes::from(vec![7; 68 * 1024]));
    }
    ok(store.apply(&batch));
    ok(store.sync());
    check(
        numbers(store, &Prefix::items_of(&id(1)), None, usize::MAX).len() == 16,
        "sixteen of the largest",
    );
}

fn numbers(store: &impl Store, prefix: &Prefix, after: Option<&Key>, limit: usize) -> Vec<u64> {
    let mut found = Vec::new();
    ok(store.scan(prefix, after, &mut |key, _| {
        found.extend(Key::item_parts(key).map(|(number, _)| number));
        if found.len() == limit {
            Visit::Stop
        } else {
            Visit::Next
        }
    }));
    found
}

fn id(seed: u8) -> BoxId {
    BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([seed; 32]))
}

fn item(seed: u8, number: u64) -> Key {
    Key::of_item(&id(seed), number, &[seed; 16])
}

fn ok<T>(result: Result<T, StoreFault>) -> T {
    result.unwrap_or_else(|fault| panic!("a store that works refused: {fault}"))
}

fn check(holds: bool, what: &str) {
    assert!(holds, "{what}");
}
