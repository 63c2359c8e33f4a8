//! What a relay sees of a long conversation: one size, and no octet that says more than another. Spec: ratchet,
//! "Sizes" and "PQ exchange".
//!
//! The long count is a command of its own, with its results in `spec/results/crypto-uniformity.md`:
//! `cargo test -p sipher-crypto --release --test steady_state -- --ignored`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use sipher_crypto::SizeClass;

use crate::census::Census;
use crate::conversation::Conversation;

#[path = "fixture/census.rs"]
mod census;
#[path = "fixture/conversation.rs"]
mod conversation;
#[path = "fixture/people.rs"]
mod people;

const MESSAGES: u32 = 10_000;
/// The longest text that leaves room for a chunk of the PQ exchange in the smallest envelope.
const LONGEST_WITH_CHUNK: u32 = 251;

// spec: ratchet-2
// spec: pq-1
#[test]
fn ten_thousand_messages_with_every_step_of_the_pq_exchange_have_the_smallest_size() {
    let mut conversation = Conversation::new(1);
    let (mut before, mut epochs) = (conversation.epochs(), 0);
    for number in 0..MESSAGES {
        let value = vec![7; conversation.roll(LONGEST_WITH_CHUNK + 1)];
        let envelope = conversation.say(&value);
        assert_eq!(
            SizeClass::of_envelope(envelope.as_octets().len()),
            Some(SizeClass::K1),
            "message {number}"
        );

        // An epoch ends on a side only after all of it happened: key in two chunks, ciphertext in two, mixed.
        let after = conversation.epochs();
        assert!(after[0].abs_diff(after[1]) <= 1, "message {number}: {after:?}");
        for (before, after) in before.into_iter().zip(after) {
            assert!(after == before || after == before + 1, "no epoch is left out");
            epochs += after - before;
        }
        before = after;
    }
    assert!(epochs > 2 * 500, "both sides went through {epochs} epochs");
}

// spec: ratchet-1
#[test]
fn no_octet_of_ten_thousand_envelopes_with_the_same_text_is_biased() {
    assert_unbiased(MESSAGES);
}

// spec: ratchet-1
#[test]
#[ignore = "half a minute with optimization, minutes without: see the head of this file"]
fn no_octet_of_a_hundred_thousand_envelopes_with_the_same_text_is_biased() {
    assert_unbiased(100_000);
}

/// Prints the census too.
#[expect(clippy::print_stdout, reason = "the page of results is copied from here")]
fn assert_unbiased(count: u32) {
    let (mut conversation, mut census) = (Conversation::new(2), Census::default());
    for _ in 0..count {
        let envelope = conversation.say(b"the same words every time");
        let (&version, rest) = envelope.as_octets().split_first().unwrap();
        assert_eq!(version, 1);
        census.count(rest);
    }
    let report = census.report();
    println!("{report:#?}");
    report.assert_unbiased();
}

#[test]
fn the_census_notices_an_octet_and_a_bit_that_are_biased() {
    use rand_core::Rng;

    let mut die = people::rng(3);
    let (mut stuck_octet, mut tilted_bit) = (Census::default(), Census::default());
    for number in 0..MESSAGES {
        let mut octets = [0; 64];
        die.fill_bytes(&mut octets);
        // One envelope in a hundred has a constant in its 8th octet.
        let stuck = if number % 100 == 0 { 1 } else { octets[7] };
        stuck_octet.count(&[&octets[..7], &[stuck], &octets[8..]].concat());
        // In one envelope in ten the first bit is set.
        octets[0] |= if number % 10 == 0 { 0x80 } else { 0 };
        tilted_bit.count(&octets);
    }
    assert!(
        stuck_octet
            .report()
            .biased()
            .is_some_and(|text| text.contains("octet 8"))
    );
    assert!(tilted_bit.report().biased().is_some());
}
