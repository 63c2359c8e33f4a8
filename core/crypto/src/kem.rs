//! ML-KEM-768 (FIPS 203) behind three functions. Spec: conventions, "Keys".
//!
//! Decapsulation keys are only ever made from our own seeds, and encapsulation keys pass the modulus check: that
//! closes the known binding failures. Swapping the implementation means swapping this file.

use alloc::boxed::Box;
use core::fmt;

use ml_kem::kem::{Decapsulate, Encapsulate, KeyExport};
use ml_kem::ml_kem_768 as inner;
use rand_core::CryptoRng;
use thiserror::Error;

pub use crate::secret::{KemSecret, KemSeed};

/// A public key as received: octets, checked when they are used.
#[derive(Clone, PartialEq, Eq)]
pub struct EncapsulationKey(Box<[u8; Self::LEN]>);

/// What [`encapsulate`] makes for the holder of the seed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext(Box<[u8; Self::LEN]>);

/// The public key of a seed.
pub fn public_key(seed: &KemSeed) -> EncapsulationKey {
    let key = decapsulation_key(seed).encapsulation_key().to_bytes();
    EncapsulationKey(boxed(&key))
}

/// Makes a shared secret and its ciphertext.
///
/// # Errors
/// [`BadKey`] if the key fails the modulus check of FIPS 203 section 7.2.
pub fn encapsulate(
    key: &EncapsulationKey,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Ciphertext, KemSecret), BadKey> {
    let octets = key.0.as_slice().try_into().map_err(|_| BadKey)?;
    // spec: kem-1
    let key = inner::EncapsulationKey::new(&octets).map_err(|_| BadKey)?;
    let (ciphertext, mut secret) = key.encapsulate_with_rng(rng);
    let shared = KemSecret::from_octets(secret.as_ref());
    zeroize::Zeroize::zeroize(secret.as_mut_slice());
    Ok((Ciphertext(boxed(&ciphertext)), shared))
}

/// The shared secret of a ciphertext. A forged ciphertext yields an unrelated secret, never an error.
pub fn decapsulate(seed: &KemSeed, ciphertext: &Ciphertext) -> KemSecret {
    let mut secret = decapsulation_key(seed).decapsulate(&(*ciphertext.0).into());
    let shared = KemSecret::from_octets(secret.as_ref());
    zeroize::Zeroize::zeroize(secret.as_mut_slice());
    shared
}

fn decapsulation_key(seed: &KemSeed) -> inner::DecapsulationKey {
    // spec: kem-2
    inner::DecapsulationKey::from_seed((*seed.expose_octets()).into())
}

fn boxed<const N: usize>(octets: &[u8]) -> Box<[u8; N]> {
    let mut array = Box::new([0; N]);
    for (to, from) in array.iter_mut().zip(octets) {
        *to = *from;
    }
    array
}

macro_rules! public_octets {
    ($name:ident, $len:literal) => {
        impl $name {
            /// Octets of one.
            pub const LEN: usize = $len;

            /// Takes received octets.
            pub fn from_octets(octets: &[u8; $len]) -> Self {
                Self(boxed(octets))
            }

            /// Its octets.
            pub fn as_octets(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

public_octets!(EncapsulationKey, 1184);
public_octets!(Ciphertext, 1088);

/// An encapsulation key with a coefficient outside the field.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a usable encapsulation key")]
pub struct BadKey;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use subtle::ConstantTimeEq;

    use super::*;

    #[test]
    fn both_sides_share_a_secret() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let seed = KemSeed::random(&mut rng);
        let (ciphertext, secret) = encapsulate(&public_key(&seed), &mut rng).unwrap();
        assert!(bool::from(secret.ct_eq(&decapsulate(&seed, &ciphertext))));
    }

    #[test]
    fn a_forged_ciphertext_yields_another_secret() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let seed = KemSeed::random(&mut rng);
        let (mut ciphertext, secret) = encapsulate(&public_key(&seed), &mut rng).unwrap();
        ciphertext.0[0] ^= 1;
        assert!(!bool::from(secret.ct_eq(&decapsulate(&seed, &ciphertext))));
    }

    #[test]
    fn a_key_outside_the_field_is_refused() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let refused = encapsulate(&EncapsulationKey::from_octets(&[0xff; 1184]), &mut rng);
        assert_eq!(refused.err(), Some(BadKey));
    }
}
