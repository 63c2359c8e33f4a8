//! What a relay knows of a permission: a key, a right, an end, an allowance. Spec: `spec/boxes.md`, grants.
//!
//! The seed behind the key never comes here; it travels in end-to-end encrypted messages. Whose grant it
//! is, the relay doesn't learn either.

mod ops;

pub use self::ops::{GrantOp, GrantOps};

use crate::auth;
use crate::time::Time;
use core::fmt;
use core::time::Duration;
use sha2::{Digest, Sha256};

/// The public Ed25519 key of a grant: who can sign with it holds the grant.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GrantKey([u8; 32]);

impl GrantKey {
    /// Takes the octets as they are; a weak key fails every proof and is refused in [`GrantOps`].
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The key's octets.
    pub const fn as_octets(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id under which a relay files the grant.
    pub fn id(&self) -> GrantId {
        let mut hash = Sha256::new();
        hash.update(b"sipher/1 grant");
        hash.update(self.0);
        let hash: [u8; 32] = hash.finalize().into();
        GrantId(hash.first_chunk().copied().unwrap_or_default())
    }

    /// Whether the key is a point of large order, so that a proof under it says something.
    pub fn is_strong(&self) -> bool {
        auth::is_strong(&self.0)
    }
}

impl fmt::Debug for GrantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantKey(..)")
    }
}

/// The first 16 octets of SHA-256 over `"sipher/1 grant"` and the grant's key.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GrantId([u8; 16]);

impl GrantId {
    /// An id from where it was stored.
    pub const fn from_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The id's octets.
    pub const fn as_octets(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantId(..)")
    }
}

/// What a grant allows, one octet in its proof.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Right {
    /// To put items into a queue or a log.
    Write = 1,
    /// To read a cell or a log.
    Read = 2,
}

impl Right {
    /// The right's octet.
    pub const fn as_octet(self) -> u8 {
        self as u8
    }

    /// The right of an octet, if there is one.
    pub const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Write),
            2 => Some(Self::Read),
            _ => None,
        }
    }
}

/// How many items a grant's holder may send over time, whether they were fetched or not.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Allowance {
    /// Items that are accepted in one period.
    pub items: u32,
    /// The period in seconds, at least one.
    pub period_secs: u32,
}

impl Allowance {
    /// The period.
    pub const fn period(&self) -> Duration {
        Duration::from_secs(self.period_secs as u64)
    }
}

/// What the relay does with items of this grant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Treatment {
    /// Keeps them for the owner.
    Deliver,
    /// Accepts them the same way and drops them: the polite form of blocking.
    Sink,
}

/// A permission as the relay stores it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Grant {
    /// Whose signature proves it.
    pub key: GrantKey,
    /// What it allows.
    pub right: Right,
    /// Items that are dropped, or delivered.
    pub treatment: Treatment,
    /// Seconds since the Unix epoch after which it allows nothing; `u64::MAX` is never.
    pub not_after_secs: u64,
    /// Items over time; a grant to read isn't counted.
    pub allowance: Allowance,
}

impl Grant {
    /// Whether the grant has ended at `now`.
    pub const fn has_ended(&self, now: Time) -> bool {
        now.as_secs() > self.not_after_secs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_id_is_the_hash_of_its_label_and_key() {
        let mut input = b"sipher/1 grant".to_vec();
        input.extend([9; 32]);
        let hash: [u8; 32] = Sha256::digest(&input).into();
        assert_eq!(GrantKey::from_octets([9; 32]).id().as_octets()[..], hash[..16]);
    }

    #[test]
    fn a_grant_holds_through_its_last_second() {
        let grant = Grant {
            key: GrantKey::from_octets([0; 32]),
            right: Right::Read,
            treatment: Treatment::Deliver,
            not_after_secs: 10,
            allowance: Allowance {
                items: 1,
                period_secs: 1,
            },
        };
        assert!(!grant.has_ended(Time::from_millis(10_999)));
        assert!(grant.has_ended(Time::from_secs(11)));
    }
}
