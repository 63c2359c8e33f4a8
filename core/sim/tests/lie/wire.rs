//! What the relay sees of two people: the same in everything but random fields, and four sizes.

use std::collections::{BTreeMap, BTreeSet};

use sipher_engine::Class;
use sipher_sim::{Faults, World};
use sipher_wire::sip::{Message, Name};

use crate::life::live;

/// A request with every header value replaced by its length; random fields have one length each.
fn shape(message: &Message) -> String {
    let head = String::from_utf8_lossy(message.head.octets()).into_owned();
    let mut lines = head.lines();
    let method = lines
        .next()
        .and_then(|line| line.split(' ').next())
        .unwrap_or_default()
        .to_owned();
    let fields = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| format!(" {name}:{}", value.len()));
    method + &fields.collect::<String>()
}

fn shapes(world: &World, person: usize) -> BTreeSet<String> {
    let own = world.requests.iter().filter(|(own, ..)| *own == person);
    own.filter(|(_, _, message)| !message.head.method_octets().is_empty())
        .map(|(_, _, message)| shape(message))
        .collect()
}

// P14 of spec/README.md.
#[test]
fn requests_of_two_installations_differ_in_random_fields_only() {
    let (one, other) = (live(1, Faults::default()), live(2, Faults::default()));
    for person in [0, 1] {
        assert_eq!(shapes(&one, person), shapes(&other, person));
    }
}

// P15 of spec/README.md.
#[test]
fn bodies_have_the_sizes_of_envelopes_and_cells() {
    let world = live(3, Faults::default());
    for (_, _, message) in &world.requests {
        let event = message.head.value(Name::Event).unwrap_or_default();
        match (message.head.method_octets(), event) {
            (b"MESSAGE", _) => assert!([1024, 4096, 16_384, 65_536].contains(&message.body.len())),
            (b"PUBLISH", b"sipher-cell") => assert!([1024, 4096].contains(&message.body.len())),
            (b"PUBLISH", b"sipher-grants") => assert!(message.body.len() < 100),
            (_, _) => assert!(message.body.is_empty()),
        }
    }
}

#[test]
fn each_class_of_connection_asks_for_its_own_things_only() {
    let world = live(4, Faults::default());
    let mut methods: BTreeMap<Class, BTreeSet<String>> = BTreeMap::new();
    for (_, class, message) in &world.requests {
        // Responses to what the relay asked go both ways on a connection.
        if message.head.method_octets().is_empty() {
            continue;
        }
        let method = String::from_utf8_lossy(message.head.method_octets()).into_owned();
        methods.entry(*class).or_default().insert(method);
    }
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(methods[&Class::Own], set(&["PUBLISH", "REGISTER"]));
    assert_eq!(methods[&Class::Send], set(&["MESSAGE"]));
    assert_eq!(methods[&Class::Watch], set(&["SUBSCRIBE"]));
}

#[test]
fn no_name_text_or_note_is_seen_by_the_relay() {
    let world = live(5, Faults::default());
    let needles: [&[u8]; 6] = [b"anna", b"bob", b"station", b"platform", b"Coming", b"lunch"];
    for (_, _, message) in &world.requests {
        let octets = [message.head.octets().as_ref(), message.body.as_ref()].concat();
        for needle in needles {
            assert!(
                !octets
                    .windows(needle.len())
                    .any(|window| window.eq_ignore_ascii_case(needle))
            );
        }
    }
}
