//! One operation of the protocol, many times: what `benches/instructions` counts the instructions of.
//!
//! `costs OPERATION TIMES` does everything that any number of times up to [`MOST`] needs beforehand, then the
//! operation `TIMES` times. Two runs with different `TIMES` differ by the operation alone.

#![expect(clippy::unwrap_used, reason = "the harness of a measurement")]

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use rand_chacha::ChaCha20Rng;
use sipher_crypto::{Envelope, Session, SizeClass};

use crate::people::{NOW, People, rng, text};

#[path = "../tests/fixture/people.rs"]
mod people;

/// The most times that an operation is done in one run.
const MOST: usize = 64;
/// What fills a 1 KiB envelope: 855 octets less kind and length.
const FULL: [u8; 852] = [7; 852];

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let operation = arguments.next().unwrap_or_default();
    let times = arguments
        .next()
        .and_then(|times| times.parse().ok())
        .unwrap_or(MOST);
    let Some((_, run)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else {
        return ExitCode::FAILURE;
    };
    run(times.min(MOST));
    ExitCode::SUCCESS
}

type Operation = (&'static str, fn(usize));

const OPERATIONS: [Operation; 8] = [
    ("seal", seal),
    ("open", open),
    ("seal-new-chain", seal_new_chain),
    ("open-new-chain", open_new_chain),
    ("refuse", refuse),
    ("initiate", initiate),
    ("accept", accept),
    ("handshake", handshake),
];

/// Seals a full message of 1 KiB in a chain that goes on.
fn seal(times: usize) {
    let (mut from, _, mut rng) = link();
    said(&mut from, &mut rng);
    for _ in 0..times {
        black_box(said(&mut from, &mut rng));
    }
}

/// Opens a full message of 1 KiB of a chain that goes on.
fn open(times: usize) {
    let (mut from, mut to, mut rng) = link();
    to = heard(&to, &said(&mut from, &mut rng), &mut rng);
    let envelopes: Vec<_> = (0..MOST).map(|_| said(&mut from, &mut rng)).collect();
    for envelope in envelopes.iter().take(times) {
        to = heard(&to, envelope, &mut rng);
    }
    black_box(to);
}

/// Seals the first message of a new chain: a key pair, an agreement, a root step.
fn seal_new_chain(times: usize) {
    let (_, from, mut rng) = turned();
    let stored: Vec<_> = (0..MOST)
        .map(|_| Session::from_bytes(&from.to_bytes()).unwrap())
        .collect();
    for mut session in stored.into_iter().take(times) {
        black_box(said(&mut session, &mut rng));
    }
}

/// Opens the first message of a new chain: an agreement and a root step.
fn open_new_chain(times: usize) {
    let (to, mut from, mut rng) = turned();
    let envelope = said(&mut from, &mut rng);
    for _ in 0..times {
        black_box(heard(&to, &envelope, &mut rng));
    }
}

/// Refuses what a stranger made, after trying all header keys that a session can hold.
fn refuse(times: usize) {
    let (mut one, mut two, mut rng) = link();
    for _ in 0..10 {
        two = heard(&two, &said(&mut one, &mut rng), &mut rng);
        one = heard(&one, &said(&mut two, &mut rng), &mut rng);
    }
    let mut forged = [0x55; 1024];
    forged[0] = 1;
    for _ in 0..times {
        assert!(black_box(two.decrypt(&forged, NOW, &mut rng)).is_err());
    }
}

/// Opens and checks a bundle, and makes a first flight for it.
fn initiate(times: usize) {
    let mut rng = rng(1);
    let people = People::new(&mut rng);
    for _ in 0..times {
        black_box(people.initiate(&mut rng));
    }
}

/// Accepts a first flight.
fn accept(times: usize) {
    let mut rng = rng(1);
    let people = People::new(&mut rng);
    let flight = people.initiate(&mut rng).flight;
    for _ in 0..times {
        black_box(people.accept(&flight, &mut rng));
    }
}

/// All of a handshake, both sides: bundle opened and checked, flight made and accepted, answer made and opened.
fn handshake(times: usize) {
    let mut rng = rng(1);
    let people = People::new(&mut rng);
    for _ in 0..times {
        black_box(people.link(&mut rng));
    }
}

fn link() -> (Session, Session, ChaCha20Rng) {
    let mut rng = rng(1);
    let (initiator, responder) = People::new(&mut rng).link(&mut rng);
    (initiator, responder, rng)
}

/// One who has spoken, one whose next message begins a chain.
fn turned() -> (Session, Session, ChaCha20Rng) {
    let (mut one, two, mut rng) = link();
    let two = heard(&two, &said(&mut one, &mut rng), &mut rng);
    (one, two, rng)
}

fn said(from: &mut Session, rng: &mut ChaCha20Rng) -> Envelope {
    from.encrypt(&[text(&FULL)], SizeClass::K1, rng).unwrap()
}

fn heard(to: &Session, envelope: &Envelope, rng: &mut ChaCha20Rng) -> Session {
    to.decrypt(envelope.as_octets(), NOW, rng).unwrap().next
}
