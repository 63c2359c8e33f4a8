//! Proofs of possession: who owns a box, who holds a grant. Spec: `spec/boxes.md`, proofs.
//!
//! A proof is an Ed25519 signature bound to one connection, so what an eavesdropper of headers or a log
//! holds is useless elsewhere. Signing is the caller's: this module gives the octets to sign.

use crate::box_id::BoxId;
use crate::grant::{GrantKey, Right};
use crate::limits::OPENING_TOKEN_OCTETS;
use crate::nonce::NonceProof;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

mod header;

pub(crate) use self::header::{base64, scheme_rest};

/// The public Ed25519 key of a box's owner.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OwnerKey([u8; 32]);

impl OwnerKey {
    /// Takes the octets as they are; a weak key fails every proof.
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The key's octets.
    pub const fn as_octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerKey(..)")
    }
}

/// What ties a proof to one TLS connection: its exporter under `EXPORTER-sipher-1`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// The exporter's octets.
    pub const fn from_octets(octets: [u8; 32]) -> Self {
        Self(octets)
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binding(..)")
    }
}

/// The octets that an owner signs on this connection: purpose `own`.
pub fn own_input(binding: &Binding, id: &BoxId) -> Vec<u8> {
    signed("own", &[&binding.0, &id.proof_octets()])
}

/// The octets that a grant's holder signs on this connection: purpose `use`.
pub fn use_input(binding: &Binding, id: &BoxId, right: Right) -> Vec<u8> {
    signed("use", &[&binding.0, &id.proof_octets(), &[right.as_octet()]])
}

/// `"sipher/1 sign " || purpose || 0x00 || content`, `spec/conventions.md`, signatures.
pub(crate) fn signed(purpose: &str, content: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(80);
    out.extend_from_slice(b"sipher/1 sign ");
    out.extend_from_slice(purpose.as_bytes());
    out.push(0);
    for part in content {
        out.extend_from_slice(part);
    }
    out
}

/// An Ed25519 signature.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// A signature as it was made or received.
    pub const fn from_octets(octets: [u8; 64]) -> Self {
        Self(octets)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// The key in a proof: an owner's or a grant's, as the request's method says.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct ProofKey([u8; 32]);

impl ProofKey {
    /// The key, read as an owner's.
    pub const fn as_owner(&self) -> OwnerKey {
        OwnerKey(self.0)
    }

    /// The key, read as a grant's.
    pub const fn as_grant(&self) -> GrantKey {
        GrantKey::from_octets(self.0)
    }
}

impl From<OwnerKey> for ProofKey {
    fn from(key: OwnerKey) -> Self {
        Self(key.0)
    }
}

impl From<GrantKey> for ProofKey {
    fn from(key: GrantKey) -> Self {
        Self(*key.as_octets())
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(..)")
    }
}

/// The proof is missing or doesn't hold. One variant, whatever was wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct Unproven;

/// `Authorization: Sipher k=<key>[,s=<signature>][,t=<opening token>][,n=<nonce>,c=<count>]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// Whose proof it is.
    pub key: ProofKey,
    /// The proof; left out once this connection has proven the key.
    pub signature: Option<Signature>,
    /// What lets a first request of an owner open a box at a relay that isn't public.
    pub opening: Option<OpeningToken>,
    /// The challenge that is answered, on a connection without an exporter.
    pub nonce: Option<NonceProof>,
}

impl Credentials {
    /// A key that this connection has proven before.
    pub fn known(key: impl Into<ProofKey>) -> Self {
        Self {
            key: key.into(),
            signature: None,
            opening: None,
            nonce: None,
        }
    }

    /// A key with its proof over [`own_input`] or [`use_input`].
    pub fn proven(key: impl Into<ProofKey>, signature: Signature) -> Self {
        Self {
            signature: Some(signature),
            ..Self::known(key)
        }
    }

    /// The same, with the token that lets it open a box.
    #[must_use]
    pub fn opening(self, token: OpeningToken) -> Self {
        Self {
            opening: Some(token),
            ..self
        }
    }

    /// Checks the signature over these octets.
    ///
    /// # Errors
    /// [`Unproven`] without a signature, under a weak key, or if it doesn't verify strictly.
    pub fn verify(&self, input: &[u8]) -> Result<(), Unproven> {
        let signature = self.signature.ok_or(Unproven)?;
        let key = strong_key(&self.key.0).ok_or(Unproven)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(input, &signature).map_err(|_| Unproven)
    }

    /// Checks the proof that the key's holder owns the box, on this connection.
    ///
    /// # Errors
    /// [`Unproven`], also if the id isn't one of this key.
    pub fn verify_own(&self, binding: &Binding, id: &BoxId) -> Result<(), Unproven> {
        // spec: box-2
        id.kind_under(&self.key.as_owner()).ok_or(Unproven)?;
        // spec: proof-2
        self.verify(&own_input(binding, id))
    }

    /// Checks the proof that the key's holder has the grant, on this connection.
    ///
    /// # Errors
    /// [`Unproven`]. That the box has such a grant is the relay's to know.
    pub fn verify_use(&self, binding: &Binding, id: &BoxId, right: Right) -> Result<(), Unproven> {
        self.verify(&use_input(binding, id, right))
    }
}

/// Whether octets are an Ed25519 key of large order, in its one encoding.
pub(crate) fn is_strong(key: &[u8; 32]) -> bool {
    strong_key(key).is_some()
}

/// A key that proves something. Decompression also takes encodings with y >= p; one key must have one encoding.
// spec: sign-2
fn strong_key(octets: &[u8; 32]) -> Option<ed25519_dalek::VerifyingKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(octets).ok()?;
    let is_canonical = key.to_edwards().compress().as_bytes() == octets;
    (is_canonical && !key.is_weak()).then_some(key)
}

/// A secret of the operator that lets its holders open boxes; wiped on drop, never shown.
///
/// Small letters, digits, `-` and `.`, so that it fits a QR code's alphanumeric set in capitals.
#[derive(Clone)]
pub struct OpeningToken(Zeroizing<String>);

impl OpeningToken {
    /// Reads a token; capitals are taken as small letters.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
        ((1..=OPENING_TOKEN_OCTETS).contains(&text.len()) && text.bytes().all(allowed))
            .then(|| Self(Zeroizing::new(text.to_ascii_lowercase())))
    }

    /// A fresh token of 130 random bits.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        let text = crate::base32::id_of(&seed);
        Self(Zeroizing::new(text.iter().map(|&c| char::from(c)).collect()))
    }

    /// The token's text; for the header and for the address that its holder keeps.
    pub fn expose_text(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the token: what a relay keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Whether this is the token of that hash, in constant time.
    pub fn has_hash(&self, hash: &[u8; 32]) -> bool {
        // spec: open-2
        self.hash().ct_eq(hash).into()
    }
}

impl PartialEq for OpeningToken {
    fn eq(&self, other: &Self) -> bool {
        self.has_hash(&other.hash())
    }
}

impl Eq for OpeningToken {}

impl fmt::Debug for OpeningToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningToken(..)")
    }
}

#[cfg(test)]
mod tests;
