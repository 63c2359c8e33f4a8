//! The initiator's session until the responder spoke. Spec: handshake, "Confirmation".
//!
//! A type of its own, because nothing can be sent in this phase: no ratchet message ever depends on a prekey.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::encoding::Malformed;
use crate::ratchet::{DecryptError, Opened, Session};
use crate::time::Time;
use crate::witness::Witness;

/// Waits for the responder's first message, which confirms the keys.
// spec: link-7
pub struct Waiting(Session);

impl Waiting {
    pub(super) const fn new(session: Session) -> Self {
        Self(session)
    }

    /// Opens the responder's first message; the session that comes out can send.
    ///
    /// # Errors
    /// As [`Session::decrypt`]; whoever waits goes on waiting.
    pub fn open_answer(
        &self,
        envelope: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        self.0.decrypt(envelope, now, rng)
    }

    /// [`Self::open_answer`], showing intermediate **secrets** to a witness.
    ///
    /// # Errors
    /// As [`Self::open_answer`].
    pub fn open_answer_witnessed(
        &self,
        envelope: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Opened, DecryptError> {
        self.0.decrypt_witnessed(envelope, now, rng, witness)
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_bytes()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged, or a session that got its answer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let session = Session::read(bytes)?;
        if session.is_answered() {
            Err(Malformed)
        } else {
            Ok(Self(session))
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting(..)")
    }
}
