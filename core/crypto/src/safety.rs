//! The number and the words that two people compare. Spec: handshake, "Safety number".
//!
//! It is about accounts, so it doesn't change with devices, and both sides get the same. 60 digits are about 199
//! bits, six words 66. Whoever stands in the middle chooses two accounts, one for each side, and needs both sides
//! to see the same: a collision, about 2^100 runs of 5,200 hashes for the digits, but only about 2^34 for the words.
//! Words find mistakes and ordinary attackers; who fears more compares digits, or the pins in full by a QR code.

use alloc::string::String;
use core::fmt;

use bip39::Language;
use sha2::{Digest, Sha512};

use crate::identity::AccountRecord;
use crate::labels;

/// What the two sides of a link must see alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SafetyNumber([u8; 64]);

impl SafetyNumber {
    /// Words for reading aloud.
    pub const WORDS: usize = 6;

    /// `H^5200("sipher/1 safety" || 1 || smaller record || larger record)` with SHA-512.
    // spec: safety-1
    pub fn of(one: &AccountRecord, other: &AccountRecord) -> Self {
        let (one, other) = (one.to_octets(), other.to_octets());
        let mut hash = Sha512::new();
        hash.update(labels::SAFETY);
        hash.update([VERSION]);
        hash.update(one.min(other));
        hash.update(one.max(other));
        let mut digest = hash.finalize();
        for _ in 1..ITERATIONS {
            digest = Sha512::digest(digest);
        }
        Self(digest.into())
    }

    /// 60 digits in 12 groups of 5 with blanks between: each group is 5 octets of the hash, big-endian, modulo
    /// 100,000.
    pub fn digits(&self) -> String {
        let groups = self.0.chunks_exact(5).take(12).map(|octets| {
            octets
                .iter()
                .fold(0_u64, |number, &octet| number << 8 | u64::from(octet))
                % 100_000
        });
        let mut digits = String::new();
        for group in groups {
            if !digits.is_empty() {
                digits.push(' ');
            }
            digits.extend(five_digits(group));
        }
        digits
    }

    /// The first 66 bits as six words of the English list of BIP-39, 11 bits each.
    pub fn words(&self) -> [&'static str; Self::WORDS] {
        let mut bits = self
            .0
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
        core::array::from_fn(|_| {
            let index = bits
                .by_ref()
                .take(11)
                .fold(0_usize, |index, bit| index << 1 | usize::from(bit));
            Language::English
                .word_list()
                .get(index)
                .copied()
                .unwrap_or_default()
        })
    }
}

/// Decimal digits with zeros in front.
fn five_digits(group: u64) -> impl Iterator<Item = char> {
    [10_000, 1000, 100, 10, 1]
        .into_iter()
        .filter_map(move |place| u32::try_from(group / place % 10).ok())
        .filter_map(|digit| char::from_digit(digit, 10))
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SafetyNumber(..)")
    }
}

const VERSION: u8 = 1;
const ITERATIONS: u32 = 5200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, SigningSeed};

    fn account(seed: u8) -> AccountRecord {
        AccountRecord::new(SigningKey::from_seed(SigningSeed::from_octets(&[seed; 32])).verifying_key())
    }

    #[test]
    fn both_sides_see_the_same_and_others_something_else() {
        let number = SafetyNumber::of(&account(1), &account(2));
        assert_eq!(number, SafetyNumber::of(&account(2), &account(1)));
        assert_ne!(number, SafetyNumber::of(&account(1), &account(3)));
    }

    #[test]
    fn digits_and_words_have_their_form() {
        let number = SafetyNumber::of(&account(1), &account(2));
        let digits = number.digits();
        assert_eq!(digits.len(), 60 + 11);
        assert!(
            digits
                .split(' ')
                .all(|group| group.len() == 5 && group.parse::<u32>().is_ok())
        );
        assert!(number.words().iter().all(|word| (3..=8).contains(&word.len())));
    }

    #[test]
    fn words_are_eleven_bits_each() {
        let mut octets = [0; 64];
        octets[1] = 0b0010_0000;
        octets[8] = 0b0100_0000;
        assert_eq!(
            SafetyNumber(octets).words(),
            ["ability", "abandon", "abandon", "abandon", "abandon", "ability"]
        );
    }
}
