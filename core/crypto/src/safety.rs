//! The number and the words that two people compare. Spec: handshake, "Safety number and six words".
//!
//! The number is about two accounts, so it doesn't change with devices: 60 digits, about 199 bits. The words are
//! about one finished handshake: 66 bits of what only its two ends know. Whoever stands in the middle has two
//! handshakes that must agree, and where an honest side initiates he can no longer choose its secret when he chooses
//! the other one's: a second preimage, not a collision.

use alloc::string::String;
use core::fmt;

use bip39::Language;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::identity::AccountRecord;
use crate::labels;
use crate::secret::LinkSecret;

/// What the two sides of a link must see alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SafetyNumber([u8; 64]);

impl SafetyNumber {
    /// `H^5200("sipher/1 safety" || 1 || smaller record || larger record)` with SHA-512.
    // spec: safety-1
    pub fn of(one: &AccountRecord, other: &AccountRecord) -> Self {
        let (one, other) = (one.to_octets(), other.to_octets());
        let digest = iterated(&[labels::SAFETY, &[VERSION], &one.min(other), &one.max(other)]);
        Self(*digest)
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
}

/// Words of a handshake for reading aloud.
pub(crate) const WORDS: usize = 6;

/// `H^5200("sipher/1 words" || link_secret)` with SHA-512: its first 66 bits as six words of the English list of
/// BIP-39, 11 bits each.
// spec: safety-1
pub(crate) fn words(secret: &LinkSecret) -> [&'static str; WORDS] {
    words_of(&iterated(&[labels::WORDS, secret.expose_octets()]))
}

fn words_of(digest: &[u8; 64]) -> [&'static str; WORDS] {
    let mut bits = digest
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

/// SHA-512 over the parts, and as often again over its own result as makes each guess dear.
fn iterated(parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    let mut digest = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
    for _ in 1..ITERATIONS {
        *digest = Sha512::digest(digest.as_slice()).into();
    }
    digest
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
    fn digits_have_their_form() {
        let number = SafetyNumber::of(&account(1), &account(2));
        let digits = number.digits();
        assert_eq!(digits.len(), 60 + 11);
        assert!(
            digits
                .split(' ')
                .all(|group| group.len() == 5 && group.parse::<u32>().is_ok())
        );
    }

    #[test]
    fn another_secret_has_other_words() {
        let of = |seed| words(&LinkSecret::from_octets(&[seed; 32]));
        assert!(of(1).iter().all(|word| (3..=8).contains(&word.len())));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn words_are_eleven_bits_each() {
        let mut octets = [0; 64];
        octets[1] = 0b0010_0000;
        octets[8] = 0b0100_0000;
        assert_eq!(
            words_of(&octets),
            ["ability", "abandon", "abandon", "abandon", "abandon", "ability"]
        );
    }
}
