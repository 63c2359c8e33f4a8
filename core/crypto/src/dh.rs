//! X25519 (RFC 7748). Spec: conventions, "Keys".
//!
//! A result that the other side could have forced (small-order points) is refused. There is no conversion from or
//! to Ed25519.

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;
use thiserror::Error;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::secret::{DhShared, Duplicate};

/// A private X25519 key: a device's identity, a prekey, a ratchet key.
// Boxed: a move must not leave the key behind. It wipes itself on drop.
pub struct DhSecret(Box<StaticSecret>);

impl DhSecret {
    /// A new key.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(Box::new(StaticSecret::random_from_rng(rng)))
    }

    /// A key that was stored.
    pub fn from_octets(octets: &[u8; 32]) -> Self {
        Self(Box::new(StaticSecret::from(*octets)))
    }

    /// Its octets, to be stored sealed.
    pub fn expose_octets(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public key.
    pub fn public(&self) -> DhPublic {
        DhPublic(PublicKey::from(&*self.0).to_bytes())
    }

    /// The shared secret with another key.
    pub(crate) fn agree(&self, other: &DhPublic) -> Result<DhShared, NonContributory> {
        let shared = self.0.diffie_hellman(&PublicKey::from(other.0));
        // spec: dh-1
        if !shared.was_contributory() {
            return Err(NonContributory);
        }
        Ok(DhShared::from_octets(shared.as_bytes()))
    }
}

impl Duplicate for DhSecret {
    fn duplicate(&self) -> Self {
        Self::from_octets(self.expose_octets())
    }
}

impl fmt::Debug for DhSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhSecret(..)")
    }
}

/// A public X25519 key as received; agreement decides whether it can be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DhPublic([u8; Self::LEN]);

impl DhPublic {
    /// Octets of a public key.
    pub const LEN: usize = 32;

    /// Takes a received key.
    pub const fn from_octets(octets: [u8; Self::LEN]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for DhPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhPublic(..)")
    }
}

/// The other key leads to a result that doesn't depend on ours.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a usable public key")]
pub struct NonContributory;

#[cfg(test)]
mod tests {
    use subtle::ConstantTimeEq;

    use super::*;

    #[test]
    fn both_sides_agree() {
        let (one, two) = (DhSecret::from_octets(&[1; 32]), DhSecret::from_octets(&[2; 32]));
        let agreed = one.agree(&two.public()).unwrap();
        assert!(bool::from(agreed.ct_eq(&two.agree(&one.public()).unwrap())));
    }

    #[test]
    fn small_order_points_are_refused() {
        let mut one = [0; 32];
        one[0] = 1;
        let order_eight = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
            0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ];
        for octets in [[0; 32], one, order_eight] {
            let agreed = DhSecret::from_octets(&[7; 32]).agree(&DhPublic::from_octets(octets));
            assert!(agreed.is_err());
        }
    }
}
