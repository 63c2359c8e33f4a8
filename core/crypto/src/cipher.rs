//! ChaCha20-Poly1305 (RFC 8439) behind two functions. Spec: conventions, "CAEAD".
//!
//! The only place that calls the cipher, so that fixed vectors go through what the protocol uses. As it stands it
//! doesn't commit to its key: nothing but [`crate::caead`] builds on it.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit};
use thiserror::Error;

/// Encrypts in place and returns the tag.
pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], associated: &[u8], text: &mut [u8]) -> [u8; TAG] {
    #[expect(
        clippy::expect_used,
        reason = "no caller seals more than 256 KiB; the cipher ends at 256 GiB"
    )]
    let tag = ChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_inout_detached(&(*nonce).into(), associated, text.into())
        .expect("the plaintext is shorter than the cipher's limit");
    tag.into()
}

/// Decrypts in place what [`encrypt`] made. If it fails, `text` holds nothing of the plaintext.
///
/// # Errors
/// [`WrongTag`], whatever was wrong.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    associated: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG],
) -> Result<(), WrongTag> {
    ChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_inout_detached(&(*nonce).into(), associated, text.into(), &(*tag).into())
        .map_err(|_| WrongTag)
}

/// The tag isn't that of this key, nonce, associated data and text.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("wrong tag")]
pub(crate) struct WrongTag;

/// Octets of a nonce.
pub(crate) const NONCE: usize = 12;
/// Octets of a tag.
pub(crate) const TAG: usize = 16;
