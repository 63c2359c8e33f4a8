//! Ed25519 signatures, each for one purpose. Spec: conventions, "Signatures".
//!
//! Input is `"sipher/1 sign " || purpose || 0x00 || content`, so that a signature of one purpose is none of
//! another. Verification is strict (no cofactor, canonical `s`, no small-order point), and weak public keys
//! don't parse. Keys are never converted to X25519 and batches aren't verified together, as that isn't strict.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use thiserror::Error;

use crate::labels;
use crate::secret::{Duplicate, SigningSeed};

/// What a signature is for. The set is closed: a new one is a new version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The account's signature of a device's certificate.
    Device,
    /// The device's own signature of its certificate.
    DeviceSelf,
    /// The account's signature of its list of devices.
    DeviceList,
    /// A device's signature of an invitation's bundle.
    Bundle,
    /// A box owner's proof towards a relay.
    Own,
    /// A grant holder's proof towards a relay.
    Use,
    /// A ticker's item.
    Ticker,
}

impl Purpose {
    /// The purpose as it stands in the signature's input.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::DeviceSelf => "device-self",
            Self::DeviceList => "device-list",
            Self::Bundle => "bundle",
            Self::Own => "own",
            Self::Use => "use",
            Self::Ticker => "ticker",
        }
    }
}

/// A signing key; its seed is what is stored and sent.
pub struct SigningKey {
    seed: SigningSeed,
    // Boxed: a move must not leave the key behind. It wipes itself on drop.
    key: Box<ed25519_dalek::SigningKey>,
}

impl SigningKey {
    /// A new key.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::from_seed(SigningSeed::random(rng))
    }

    /// The key of a seed.
    pub fn from_seed(seed: SigningSeed) -> Self {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(seed.expose_octets()));
        Self { seed, key }
    }

    /// The seed, to be stored or sent sealed.
    pub fn expose_seed(&self) -> &SigningSeed {
        &self.seed
    }

    /// The public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.key.verifying_key())
    }

    /// Signs `content`, the concatenation of its parts, for one purpose.
    pub fn sign(&self, purpose: Purpose, content: &[&[u8]]) -> Signature {
        Signature(self.key.sign(&input(purpose, content)).to_bytes())
    }

    /// Signs an input that was already laid out in full, for [`Purpose::Own`] and [`Purpose::Use`] only: the
    /// proofs towards a relay, whose layout is the wire's.
    ///
    /// # Errors
    /// [`WrongPurpose`] if the input doesn't begin as one of these two.
    pub fn sign_proof(&self, laid_out: &[u8]) -> Result<Signature, WrongPurpose> {
        let is_proof = [Purpose::Own, Purpose::Use]
            .iter()
            .any(|&purpose| laid_out.starts_with(&input(purpose, &[])));
        if !is_proof {
            return Err(WrongPurpose);
        }
        Ok(Signature(self.key.sign(laid_out).to_bytes()))
    }
}

impl Duplicate for SigningKey {
    fn duplicate(&self) -> Self {
        Self::from_seed(self.seed.duplicate())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A public key that is a point of full order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Octets of a public key.
    pub const LEN: usize = 32;

    /// Checks and takes a received key.
    ///
    /// # Errors
    /// [`WeakKey`] if it is no point of the curve, not in canonical form, or of small order.
    pub fn from_octets(octets: &[u8; Self::LEN]) -> Result<Self, WeakKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(octets).map_err(|_| WeakKey)?;
        // Decompression also takes encodings with y >= p; one key must have one encoding.
        let is_canonical = key.to_edwards().compress().as_bytes() == octets;
        // spec: sign-2
        if key.is_weak() || !is_canonical {
            return Err(WeakKey);
        }
        Ok(Self(key))
    }

    /// Its octets.
    pub fn as_octets(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// Verifies strictly.
    ///
    /// # Errors
    /// [`BadSignature`] for another key, purpose or content.
    // spec: sign-3
    pub fn verify(
        &self,
        purpose: Purpose,
        content: &[&[u8]],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        // spec: sign-1
        self.verify_laid_out(&input(purpose, content), signature)
    }

    /// [`Self::verify`] for an input that was laid out in full.
    pub(crate) fn verify_laid_out(&self, input: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(input, &signature).map_err(|_| BadSignature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey(..)")
    }
}

/// A signature, unverified until [`VerifyingKey::verify`] says so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; Self::LEN]);

impl Signature {
    /// Octets of a signature.
    pub const LEN: usize = 64;

    /// Takes a received signature.
    pub const fn from_octets(octets: [u8; Self::LEN]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// A public key that must not be used.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not a usable public key")]
pub struct WeakKey;

/// A signature that isn't by this key, for this purpose, over this content.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("signature does not verify")]
pub struct BadSignature;

/// An input that [`SigningKey::sign_proof`] doesn't sign.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not the input of a proof")]
pub struct WrongPurpose;

fn input(purpose: Purpose, content: &[&[u8]]) -> Vec<u8> {
    let mut input = Vec::new();
    input.extend_from_slice(labels::SIGN);
    input.extend_from_slice(purpose.name().as_bytes());
    input.push(0);
    for part in content {
        input.extend_from_slice(part);
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(SigningSeed::from_octets(&[5; 32]))
    }

    #[test]
    fn a_signature_serves_one_purpose_and_one_content() {
        let all = [
            Purpose::Device,
            Purpose::DeviceSelf,
            Purpose::DeviceList,
            Purpose::Bundle,
            Purpose::Own,
            Purpose::Use,
            Purpose::Ticker,
        ];
        for made in all {
            let signature = key().sign(made, &[b"con", b"tent"]);
            for asked in all {
                let verdict = key().verifying_key().verify(asked, &[b"content"], &signature);
                assert_eq!(verdict.is_ok(), made == asked);
            }
            assert!(
                key()
                    .verifying_key()
                    .verify(made, &[b"Content"], &signature)
                    .is_err()
            );
        }
    }

    #[test]
    fn only_laid_out_proofs_are_signed_as_they_stand() {
        let proof = key().sign_proof(b"sipher/1 sign own\0content").unwrap();
        assert_eq!(proof, key().sign(Purpose::Own, &[b"content"]));
        assert!(key().sign_proof(b"sipher/1 sign use\0content").is_ok());
        for other in [
            &b"sipher/1 sign bundle\0content"[..],
            b"sipher/1 sign owner\0",
            b"own\0",
            b"",
        ] {
            assert_eq!(key().sign_proof(other), Err(WrongPurpose));
        }
    }

    #[test]
    fn small_order_and_non_canonical_public_keys_do_not_parse() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let order_two = {
            let mut octets = [0xff; 32];
            octets[0] = 0xec;
            octets[31] = 0x7f;
            octets
        };
        let non_canonical_one = {
            let mut octets = [0xff; 32];
            octets[0] = 0xee;
            octets[31] = 0x7f;
            octets
        };
        // y = p + 3 names the same point as y = 3, which has full order.
        let non_canonical_three = {
            let mut octets = non_canonical_one;
            octets[0] = 0xf0;
            octets
        };
        for octets in [
            identity,
            [0; 32],
            order_two,
            non_canonical_one,
            non_canonical_three,
        ] {
            assert_eq!(VerifyingKey::from_octets(&octets), Err(WeakKey));
        }
    }

    #[test]
    fn a_changed_signature_is_refused() {
        let signature = key().sign(Purpose::Bundle, &[b"content"]);
        for at in 0..Signature::LEN {
            let mut octets = *signature.as_octets();
            octets[at] ^= 0x10;
            let forged = Signature::from_octets(octets);
            assert!(
                key()
                    .verifying_key()
                    .verify(Purpose::Bundle, &[b"content"], &forged)
                    .is_err()
            );
        }
    }
}
