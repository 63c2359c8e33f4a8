//! Accounts and their pins. Spec: handshake, "Account and device".
//!
//! An account record is a version and the account's public key. Its hash, cut to 130 bits, is what an invitation
//! carries: a second preimage is all that a forger could use, a collision gives him nothing.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::hash::sha256;
use crate::labels;
use crate::signature::{VerifyingKey, WeakKey};

/// Who somebody is: what pins and safety numbers are made of. Devices come and go, this stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountRecord(VerifyingKey);

impl AccountRecord {
    /// Octets of a record.
    pub const LEN: usize = 33;

    /// The record of an account key.
    pub const fn new(key: VerifyingKey) -> Self {
        Self(key)
    }

    /// Parses a stored or received record.
    ///
    /// # Errors
    /// [`WeakKey`] if the version is unknown or the key can't be used.
    pub fn from_octets(octets: &[u8; Self::LEN]) -> Result<Self, WeakKey> {
        match octets.split_first_chunk() {
            Some((&[VERSION], rest)) => {
                let key = rest.try_into().map_err(|_| WeakKey)?;
                VerifyingKey::from_octets(key).map(Self)
            }
            _ => Err(WeakKey),
        }
    }

    /// `version || key`.
    pub fn to_octets(&self) -> [u8; Self::LEN] {
        let mut octets = [VERSION; Self::LEN];
        for (to, from) in octets.iter_mut().skip(1).zip(self.0.as_octets()) {
            *to = *from;
        }
        octets
    }

    /// The account's public key.
    pub const fn key(&self) -> &VerifyingKey {
        &self.0
    }

    /// `H("sipher/1 account" || version || key)`.
    pub fn pin(&self) -> Pin {
        Pin(sha256(&[labels::ACCOUNT, &self.to_octets()]))
    }
}

/// The whole pin: 32 octets, compared exactly, as a QR code for verification carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Takes a pin that was read from somewhere.
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 130 bits, as an invitation carries them.
    pub fn short(&self) -> ShortPin {
        let mut letters = [0; ShortPin::LEN];
        let mut bits = self
            .0
            .iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
        for letter in &mut letters {
            let value = bits.by_ref().take(5).fold(0_u8, |value, bit| value << 1 | bit);
            *letter = ALPHABET.get(usize::from(value)).copied().unwrap_or_default();
        }
        ShortPin(letters)
    }
}

/// 130 bits of a pin as 26 characters `A-Z2-7` (base32 of RFC 4648).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShortPin([u8; Self::LEN]);

impl ShortPin {
    /// Characters of a short pin.
    pub const LEN: usize = 26;

    /// Whether it belongs to this account.
    pub fn is_of(&self, account: &AccountRecord) -> bool {
        *self == account.pin().short()
    }
}

impl FromStr for ShortPin {
    type Err = PinError;

    /// Reads 26 characters in either case.
    fn from_str(text: &str) -> Result<Self, PinError> {
        let mut letters: [u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| PinError::Length)?;
        letters.make_ascii_uppercase();
        if letters.iter().all(|letter| ALPHABET.contains(letter)) {
            Ok(Self(letters))
        } else {
            Err(PinError::Character)
        }
    }
}

impl fmt::Display for ShortPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.0.iter().copied().map(char::from).collect();
        f.write_str(&text)
    }
}

/// Why a text is no short pin.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinError {
    /// Not 26 characters.
    #[error("a pin has 26 characters")]
    Length,
    /// A character outside `A-Z2-7`.
    #[error("a pin has only the letters A to Z and the digits 2 to 7")]
    Character,
}

/// Version of account records. Another kind of key, or a second one, is another version and another pin.
const VERSION: u8 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::{SigningKey, SigningSeed};

    fn account(seed: u8) -> AccountRecord {
        AccountRecord::new(SigningKey::from_seed(SigningSeed::from_octets(&[seed; 32])).verifying_key())
    }

    #[test]
    fn a_record_round_trips_and_refuses_other_versions() {
        let mut octets = account(1).to_octets();
        assert_eq!(AccountRecord::from_octets(&octets), Ok(account(1)));
        octets[0] = 2;
        assert_eq!(AccountRecord::from_octets(&octets), Err(WeakKey));
    }

    #[test]
    fn a_short_pin_names_its_account_only() {
        let pin = account(1).pin().short();
        assert!(pin.is_of(&account(1)));
        assert!(!pin.is_of(&account(2)));
    }

    #[test]
    fn a_short_pin_reads_back_in_either_case() {
        let pin = account(1).pin().short();
        let text = pin.to_string();
        assert_eq!(text.len(), ShortPin::LEN);
        assert_eq!(text.parse(), Ok(pin));
        assert_eq!(text.to_lowercase().parse(), Ok(pin));
        assert_eq!(text.repeat(2).parse::<ShortPin>(), Err(PinError::Length));
        assert_eq!("1".repeat(26).parse::<ShortPin>(), Err(PinError::Character));
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let mut octets = [0; 32];
        octets[..6].copy_from_slice(b"foobar");
        assert_eq!(
            Pin::from_octets(octets).short().to_string(),
            "MZXW6YTBOIAAAAAAAAAAAAAAAA"
        );
    }
}
