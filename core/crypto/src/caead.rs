//! CAEAD, the one authenticated encryption of the protocol. Spec: conventions, "CAEAD".
//!
//! ChaCha20-Poly1305 under a key that is derived from key, nonce and associated data, with a 32-octet commitment
//! in front: a ciphertext opens under one (key, nonce, associated data) only, which the plain cipher doesn't
//! promise. Opening compares the commitment in constant time before it decrypts and has one error. Files have a
//! form of their own and aren't sealed here.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cipher::{self, TAG};
use crate::hash::sha256;
use crate::secret::CaeadKey;
use crate::{kdf, labels};

/// Octets that sealing adds: the commitment (32) and the tag (16).
pub const OVERHEAD: usize = COMMITMENT + TAG;

/// 24 random octets, new for each sealing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; Self::LEN]);

impl Nonce {
    /// Octets of a nonce.
    pub const LEN: usize = 24;

    /// A new one.
    // spec: seal-3
    pub fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut octets = [0; Self::LEN];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }

    /// One that was received.
    pub const fn from_octets(octets: [u8; Self::LEN]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// Something didn't open: another key, nonce or associated data, or changed octets. Which, isn't said.
// spec: seal-2
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("did not open")]
pub struct DidNotOpen;

/// Seals `plaintext`; `associated` is the concatenation of its parts. The nonce is `None` only under a key that
/// seals once in its life.
pub fn seal(key: &CaeadKey, nonce: Option<&Nonce>, associated: &[&[u8]], plaintext: &[u8]) -> Vec<u8> {
    seal_under(key.expose_octets(), nonce, associated, plaintext)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`DidNotOpen`], whatever was wrong.
pub fn open(
    key: &CaeadKey,
    nonce: Option<&Nonce>,
    associated: &[&[u8]],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DidNotOpen> {
    open_under(key.expose_octets(), nonce, associated, sealed)
}

pub(crate) fn seal_under(
    key: &[u8; 32],
    nonce: Option<&Nonce>,
    associated: &[&[u8]],
    plaintext: &[u8],
) -> Vec<u8> {
    let keys = commit(key, nonce, associated);
    let [commitment, encryption] = &*keys;
    #[cfg(test)]
    recorder::record(key, nonce, encryption);
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    sealed.extend_from_slice(commitment);
    sealed.extend_from_slice(plaintext);
    let body = sealed.get_mut(COMMITMENT..).unwrap_or_default();
    let tag = cipher::encrypt(encryption, &[0; cipher::NONCE], b"", body);
    sealed.extend_from_slice(&tag);
    sealed
}

pub(crate) fn open_under(
    key: &[u8; 32],
    nonce: Option<&Nonce>,
    associated: &[&[u8]],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DidNotOpen> {
    let (claimed, rest) = sealed.split_first_chunk::<COMMITMENT>().ok_or(DidNotOpen)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(DidNotOpen)?;
    let keys = commit(key, nonce, associated);
    let [commitment, encryption] = &*keys;
    // spec: seal-1
    if !bool::from(commitment.ct_eq(claimed)) {
        return Err(DidNotOpen);
    }
    let mut plaintext = Zeroizing::new(body.to_vec());
    cipher::decrypt(encryption, &[0; cipher::NONCE], b"", &mut plaintext, tag).map_err(|_| DidNotOpen)?;
    Ok(plaintext)
}

/// Commitment and encryption key.
fn commit(key: &[u8; 32], nonce: Option<&Nonce>, associated: &[&[u8]]) -> kdf::Keys<2> {
    let associated = sha256(associated);
    match nonce {
        Some(nonce) => kdf::expand(
            key,
            &[labels::CAEAD, &[NONCE_LEN_OCTET], nonce.as_octets(), &associated],
        ),
        None => kdf::expand(key, &[labels::CAEAD, &[0], &associated]),
    }
}

const COMMITMENT: usize = 32;
/// The nonce's length as the derivation's input names it.
const NONCE_LEN_OCTET: u8 = 24;

/// Remembers every (key, nonce) that was sealed under, on the thread of the test that asks.
#[cfg(test)]
pub(crate) mod recorder {
    use core::cell::RefCell;
    use std::collections::HashSet;

    use super::Nonce;
    use crate::hash::sha256;

    std::thread_local! {
        static SEEN: RefCell<Option<Record>> = const { RefCell::new(None) };
    }

    #[derive(Default)]
    pub(crate) struct Record {
        pub(crate) sealed: usize,
        pub(crate) repeated_pairs: usize,
        pub(crate) repeated_cipher_keys: usize,
        pairs: HashSet<[u8; 32]>,
        cipher_keys: HashSet<[u8; 32]>,
    }

    pub(crate) fn start() {
        SEEN.with(|seen| *seen.borrow_mut() = Some(Record::default()));
    }

    pub(crate) fn stop() -> Record {
        SEEN.with(|seen| seen.borrow_mut().take()).unwrap_or_default()
    }

    pub(super) fn record(key: &[u8; 32], nonce: Option<&Nonce>, cipher_key: &[u8; 32]) {
        SEEN.with(|seen| {
            if let Some(record) = seen.borrow_mut().as_mut() {
                record.sealed += 1;
                let pair = sha256(&[key, nonce.map_or(&[][..], |nonce| nonce.as_octets())]);
                record.repeated_pairs += usize::from(!record.pairs.insert(pair));
                record.repeated_cipher_keys += usize::from(!record.cipher_keys.insert(sha256(&[cipher_key])));
            }
        });
    }
}

#[cfg(test)]
mod tests;
