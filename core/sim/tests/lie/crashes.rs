//! Everything that can break breaks, at every point: clients die between any two outputs, the relay between any two
//! effects, connections at any octet.

use proptest::prelude::*;
use sipher_sim::{Crash, Cut, Faults, World};

use crate::life::{live, live_at};
use crate::support::{linked, send, sync, texts};

#[test]
fn a_life_without_faults_holds() {
    let world = live(1, Faults::default());
    assert!(world.recorder.len() > 10);
    assert!(
        world.nodes.iter().all(|node| node.shown.len() == 3),
        "everything was shown"
    );
}

// spec: ratchet-3
// spec: ratchet-4
// spec: state-1
// spec: client-6
// spec: presence-4
// spec: invite-3
#[test]
fn anna_may_die_before_each_of_her_outputs() {
    for at in 0..live(1, Faults::default()).counts().outputs[0] {
        live(
            1,
            Faults {
                crashes: vec![Crash::Client(0, at)],
                ..Faults::default()
            },
        );
    }
}

// spec: ratchet-12
// spec: client-9
// spec: client-4
// spec: client-7
// spec: content-3
// spec: queue-6
#[test]
fn bob_may_die_before_each_of_his_outputs() {
    for at in 0..live(1, Faults::default()).counts().outputs[1] {
        live(
            1,
            Faults {
                crashes: vec![Crash::Client(1, at)],
                ..Faults::default()
            },
        );
    }
}

// spec: queue-2
#[test]
fn the_relay_may_die_before_each_of_its_effects() {
    for at in 0..live(1, Faults::default()).counts().effects {
        live(
            1,
            Faults {
                crashes: vec![Crash::Relay(at)],
                ..Faults::default()
            },
        );
    }
}

// spec: msg-3
#[test]
fn connections_may_be_cut_anywhere() {
    let counts = live(1, Faults::default()).counts();
    for part in 0..CUTS {
        let (up, down) = (counts.up * part / CUTS + part, counts.down * part / CUTS + part);
        live(
            1,
            Faults {
                cuts: vec![Cut::Up(up)],
                ..Faults::default()
            },
        );
        live(
            1,
            Faults {
                cuts: vec![Cut::Down(down)],
                ..Faults::default()
            },
        );
    }
}

#[test]
fn buddies_of_two_relays_survive_the_same() {
    let counts = live_at(1, Faults::default(), 1).counts();
    for at in (0..counts.outputs[0]).step_by(7) {
        let crashes = vec![
            Crash::Client(0, at),
            Crash::Client(1, at + 40),
            Crash::Relay(at * 2),
        ];
        live_at(
            1,
            Faults {
                crashes,
                ..Faults::default()
            },
            1,
        );
    }
}

#[test]
fn octets_may_come_in_any_pieces() {
    for piece in [1, 7, 1000] {
        live(
            1,
            Faults {
                piece,
                ..Faults::default()
            },
        );
    }
}

// spec: ratchet-15
// P2 of spec/README.md: the recorder fails the run if a nonce serves two envelopes.
#[test]
fn a_disk_that_was_set_back_repeats_no_nonce_and_the_buddy_notices() {
    let mut world = World::new(1, Faults::default());
    let (anna, bob) = linked(&mut world);
    send(&mut world, anna, "before");
    let copy = world.nodes[anna].disk().clone();
    send(&mut world, anna, "one");
    sync(&mut world, bob);

    world.set_back(anna, copy);
    send(&mut world, anna, "another");
    sync(&mut world, bob);

    assert_eq!(texts(&world, bob), ["before", "one"]);
    assert!(
        world.nodes[bob]
            .alarms
            .iter()
            .any(|alarm| alarm.contains("RolledBack"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn many_faults_in_one_life_are_survived(
        seed in 0_u64..1000,
        clients in prop::collection::vec((0_usize..2, 0_u64..400), 0..5),
        relay in prop::collection::vec(0_u64..300, 0..3),
        up in prop::collection::vec(0_u64..150_000, 0..3),
        down in prop::collection::vec(0_u64..100_000, 0..3),
    ) {
        let clients = clients.into_iter().map(|(person, at)| Crash::Client(person, at));
        let crashes = clients.chain(relay.into_iter().map(Crash::Relay)).collect();
        let cuts = up.into_iter().map(Cut::Up).chain(down.into_iter().map(Cut::Down)).collect();
        live(seed, Faults { crashes, cuts, piece: 0 });
    }
}

/// Places at which a connection is cut, in each direction.
const CUTS: u64 = 80;
