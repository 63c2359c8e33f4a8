//! The Double Ratchet with header encryption and a continuous ML-KEM exchange in the padding. Spec: ratchet.
//!
//! One session per link and pair of devices. A session is a value: encrypting replaces it when it succeeded,
//! decrypting returns the next one. The parts are files of their own: `root`, `chain`, `header`, `skipped` (keys
//! of messages that haven't come), `used` (what tells a replay from a peer that was rolled back), `kem` (the
//! exchange), `sending`, `receiving`, `quiet` (when to send a filler), and `session`, which joins them.

mod chain;
mod envelope;
mod halves;
mod header;
mod kem;
mod outcome;
mod quiet;
mod receiving;
mod root;
mod sending;
mod session;
mod skipped;
mod used;

pub use envelope::{Envelope, ItemId, item_id};
pub use outcome::{DecryptError, EncryptError, Opened, RolledBack};
pub use session::Session;

pub(crate) use envelope::OVERHEAD as ENVELOPE_OVERHEAD;
pub(crate) use kem::Exchange;

#[cfg(test)]
mod tests;
