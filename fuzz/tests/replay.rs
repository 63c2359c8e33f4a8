//! All corpora, and a short seeded run of mutations for each target, on stable.
//!
//! The number of runs is fixed and no clock is read, so a find is a find on every machine: the input that made the
//! target panic is in the message and goes into the corpus as `find-…`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should fail loudly"
)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sipher_fuzz::{TARGETS, corpus, mutate::Mutator, target};

/// A module a target, with the mutations that take about two seconds on two slow cores.
macro_rules! targets {
    ($($name:ident: $mutations:literal,)*) => {
        const REPLAYED: &[&str] = &[$(stringify!($name),)*];

        $(mod $name {
            #[test]
            fn holds_against_its_corpus() {
                super::replay(stringify!($name));
            }

            #[test]
            fn holds_against_seeded_mutations() {
                super::mutate(stringify!($name), $mutations);
            }
        })*
    };
}

targets! {
    account_load: 2_000,
    auth_header: 400_000,
    bundle_open: 15_000,
    conversation: 2_000,
    engine_octets: 1_500,
    envelope_open: 20_000,
    first_flight: 4_000,
    grants_body: 600_000,
    hostile_buddy: 1_500,
    hostile_peer: 2_400,
    invitation_uri: 10_000,
    people_and_faults: 120,
    phrase: 400_000,
    presence_open: 100_000,
    relay_address: 600_000,
    relay_stream: 2_000,
    sip_answer: 240_000,
    sip_build: 120_000,
    sip_cutter: 30_000,
    sip_reader: 240_000,
    state_decode: 120_000,
    typed_values: 600_000,
}

#[test]
fn every_target_is_replayed_and_has_a_corpus() {
    let listed: BTreeSet<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, REPLAYED.iter().copied().collect());
    for name in listed {
        assert!(!corpus::inputs(name).unwrap().is_empty(), "{name}");
    }
}

fn replay(name: &str) {
    for (file, octets) in corpus::inputs(name).unwrap() {
        run(name, &octets, &file);
    }
}

fn mutate(name: &str, mutations: u32) {
    let corpus: Vec<_> = corpus::inputs(name)
        .unwrap()
        .into_iter()
        .map(|(_, octets)| octets)
        .collect();
    let mut mutator = Mutator::new(1);
    for number in 0..mutations {
        run(name, &mutator.input(&corpus), &format!("mutation {number}"));
    }
}

fn run(name: &str, octets: &[u8], which: &str) {
    let target = target(name).unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| target(octets)));
    assert!(outcome.is_ok(), "{name} fell to {which}: {}", hex(octets));
}

fn hex(octets: &[u8]) -> String {
    let mut out = String::new();
    for octet in octets {
        write!(out, "{octet:02x}").unwrap();
    }
    out
}
