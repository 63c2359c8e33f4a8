//! What encrypting and decrypting end in. Spec: ratchet, "Receiving".

use alloc::boxed::Box;

use thiserror::Error;

use super::session::Session;
use crate::encoding::Malformed;
use crate::padding::Body;

/// An envelope that opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The session from now on.
    pub next: Session,
    /// What was in it.
    pub body: Body,
}

/// A peer who used a number twice: his state is an older copy. Only he can have caused it.
#[derive(Debug)]
#[non_exhaustive]
pub struct RolledBack {
    /// The session from now on, with the higher count.
    pub next: Session,
    /// How often that was seen in this session.
    pub count: u32,
}

/// Why an envelope didn't open.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// Forged, changed, another link's, out of bounds, or too old to have a key.
    #[error("envelope refused")]
    Refused,
    /// It was opened before, or its number was and nobody remembers by what.
    #[error("envelope was opened before")]
    Replay,
    /// The peer himself used a number twice. Store the session inside; from
    /// [`Session::ROLLBACKS_TO_RELINK`] on propose a re-link.
    #[error("the peer went back to an older state")]
    PeerRolledBack(Box<RolledBack>),
}

impl From<Malformed> for DecryptError {
    fn from(_: Malformed) -> Self {
        Self::Refused
    }
}

/// Why nothing was sealed.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptError {
    /// More than 65,367 octets.
    #[error("more than fits the largest envelope")]
    TooLong,
    /// The peer hasn't spoken yet, or his key can't be used.
    #[error("the link was not answered yet")]
    NotAnswered,
    /// The chain's numbers are used up.
    #[error("no number left in this chain")]
    Exhausted,
}
