//! The conversation as it is kept: lines, and how far our own came. Spec: `spec/client.md`, history.
//!
//! A line is written once and never changed; the progress of a message is a record of its own.

use alloc::string::String;
use core::fmt;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_wire::Time;

/// Names a message to both sides; no relay sees it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub(crate) [u8; 16]);

impl MessageId {
    /// The id's octets.
    pub const fn as_octets(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageId(..)")
    }
}

/// How far a message of ours came. It only moves forward; nothing is claimed that wasn't shown by the far side.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum MessageState {
    /// It waits on this device.
    #[n(0)]
    Queued,
    /// A relay has it on disk.
    #[n(1)]
    Stored,
    /// The buddy's device has it.
    #[n(2)]
    Delivered,
    /// The buddy saw it.
    #[n(3)]
    Read,
}

/// Whose a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Author {
    /// The buddy's.
    Buddy,
    /// Ours, and how far it came.
    Us(MessageState),
}

/// One line of a conversation.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// Its number in the conversation, rising.
    pub number: u64,
    /// The message's name.
    pub message: MessageId,
    /// Whose it is.
    pub author: Author,
    /// When it was written, by its author's clock.
    pub written: Time,
    /// When it came or was queued here.
    pub at: Time,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({}, {:?}, ..)", self.number, self.author)
    }
}
