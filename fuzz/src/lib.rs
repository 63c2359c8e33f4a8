//! Fuzz targets: plain functions over octets that panic where a promise of the code is broken.
//!
//! `cargo test` replays the committed corpora and a short seeded run of mutations on stable; `fuzz/fuzzers` hands
//! the same functions to libFuzzer (see `fuzz/README.md`). A target holds no state: what it does depends on its
//! octets alone, so every find replays.

pub mod corpus;
pub mod mutate;

mod crypto;
mod dice;
mod engine;
mod relay;
mod wire;

pub use dice::{Dice, edited};

/// Takes any octets, and panics only if a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus and of its fuzzer.
pub const TARGETS: &[(&str, Target)] = &[
    ("account_load", engine::account_load::target),
    ("auth_header", wire::auth_header::target),
    ("bundle_open", crypto::bundle_open::target),
    ("conversation", crypto::conversation::target),
    ("engine_octets", engine::engine_octets::target),
    ("envelope_open", crypto::envelope_open::target),
    ("first_flight", crypto::first_flight::target),
    ("grants_body", wire::grants_body::target),
    ("hostile_buddy", engine::hostile_buddy::target),
    ("hostile_peer", crypto::hostile_peer::target),
    ("invitation_uri", engine::invitation_uri::target),
    ("people_and_faults", engine::people_and_faults::target),
    ("phrase", crypto::phrase::target),
    ("presence_open", crypto::presence_open::target),
    ("relay_address", wire::relay_address::target),
    ("relay_stream", relay::stream::target),
    ("sip_answer", wire::sip_answer::target),
    ("sip_build", wire::sip_build::target),
    ("sip_cutter", wire::sip_cutter::target),
    ("sip_reader", wire::sip_reader::target),
    ("state_decode", crypto::state_decode::target),
    ("typed_values", wire::typed_values::target),
];

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, target)| target)
}
