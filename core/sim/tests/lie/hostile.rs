//! A relay that lies: what it forges, changes, repeats or makes up changes nothing in an account.

use proptest::prelude::*;
use sipher_engine::{Class, Command, Key, Kind, Op};
use sipher_sim::{Faults, Person, World};
use std::collections::BTreeMap;

use crate::support::{linked, send, texts};

/// What an account holds in memory, to be compared.
fn held(world: &World, person: Person) -> BTreeMap<Key, Vec<u8>> {
    let records = world.nodes[person].account().records().into_ops();
    records
        .into_iter()
        .map(|op| match op {
            Op::Put(key, value) => (key, value.to_vec()),
            Op::Delete(key) => (key, Vec::new()),
        })
        .collect()
}

/// Bob stays connected, and the relay keeps back the first item that Anna sends.
fn kept_back(seed: u64) -> (World, Person, Vec<u8>) {
    let mut world = World::new(seed, Faults::default());
    let (anna, bob) = linked(&mut world);
    world.call(bob, Command::Stay).unwrap().unwrap();
    world.run();
    world.withholds = true;
    send(&mut world, anna, "only this");
    let (person, request) = world.withheld.pop().expect("an item was kept back");
    assert_eq!(person, bob);
    (world, bob, request.to_vec())
}

#[test]
fn an_item_with_any_octet_changed_changes_nothing_and_the_true_one_still_opens() {
    let (mut world, bob, request) = kept_back(1);
    let before = held(&world, bob);
    let body = request.len() - 1024;
    for at in (body..request.len()).step_by(37) {
        let mut forged = request.clone();
        forged[at] ^= 0x40;
        assert!(world.inject(bob, Class::Own, &forged));
        assert!(held(&world, bob) == before, "octet {at}");
    }
    assert!(!world.nodes[bob].alarms.is_empty(), "forgeries are told");

    assert!(world.inject(bob, Class::Own, &request));
    assert_eq!(texts(&world, bob), ["only this"]);
}

#[test]
fn an_item_that_is_repeated_changes_nothing() {
    let (mut world, bob, request) = kept_back(2);
    assert!(world.inject(bob, Class::Own, &request));
    let before = held(&world, bob);
    for _ in 0..5 {
        assert!(world.inject(bob, Class::Own, &request));
    }
    assert!(held(&world, bob) == before);
    assert_eq!(texts(&world, bob), ["only this"]);
}

#[test]
fn an_item_on_a_connection_of_another_class_is_refused() {
    let (mut world, bob, request) = kept_back(3);
    let to = crate::support::buddy(&world, bob);
    world.start(
        bob,
        Command::Send {
            to,
            texts: vec!["x".into()],
            lifetime: sipher_engine::Lifetime::Day,
            wait: sipher_engine::Wait::Read,
        },
    );
    world.run();
    assert!(world.inject(bob, Class::Send, &request));
    assert!(texts(&world, bob).is_empty());
}

#[test]
fn a_relay_that_speaks_nonsense_loses_the_connection_and_nothing_else() {
    let (mut world, bob, _) = kept_back(4);
    let before = held(&world, bob);
    assert!(world.inject(
        bob,
        Class::Own,
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"
    ));
    assert!(held(&world, bob) == before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_relay_makes_up_changes_nothing(
        octets in prop::collection::vec(any::<u8>(), 0..2000),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut world, bob, request) = kept_back(5);
        let before = held(&world, bob);
        let mut changed = request.clone();
        // Only within the body and the Call-ID's line, where a change can't turn it into the true item.
        for (index, octet) in edits {
            let at = request.len() - 1024 + index.index(1024);
            changed[at] = changed[at].wrapping_add(octet.max(1));
        }
        if changed != request && world.inject(bob, Class::Own, &changed) {
            prop_assert!(held(&world, bob) == before);
        }
        if world.inject(bob, Class::Own, &octets) {
            prop_assert!(held(&world, bob) == before);
        }
        prop_assert_eq!(world.nodes[bob].disk().count(Kind::History), 0);
    }
}
