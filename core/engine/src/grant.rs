//! What a person gives a buddy. Spec: `spec/content.md`.
//!
//! A permission is given and taken here; what enforces it is keys and the relay's grants, in
//! [`crate::presence`] and [`crate::boxes`].

use minicbor::{Decode, Encode};
use sipher_wire::Time;

/// How much of our presence a buddy sees.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum PresenceLevel {
    /// Nothing: he has no keys.
    #[default]
    #[n(0)]
    None,
    /// Whether we can be reached, and nothing else.
    #[n(1)]
    Reachable,
    /// The state and until when, without the note.
    #[n(2)]
    Status,
    /// All of it.
    #[n(3)]
    Full,
}

/// Which receipts a buddy gets. They go out late and in batches.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum ReceiptLevel {
    /// None.
    #[n(0)]
    None,
    /// When a message came.
    #[n(1)]
    Delivered,
    /// When it was read, too.
    #[default]
    #[n(2)]
    Read,
}

/// A right with its dates.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(map)]
pub struct Granted<T> {
    /// What.
    #[n(0)]
    pub what: T,
    /// Since when.
    #[cbor(n(1), with = "crate::record::field")]
    pub since: Time,
    /// Until when; else until it is retracted.
    #[cbor(n(2), with = "crate::record::field")]
    pub until: Option<Time>,
}

impl<T> Granted<T> {
    /// Whether its end has passed.
    pub fn has_ended(&self, now: Time) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What one buddy may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rights {
    /// Write to us.
    pub message: Option<Granted<()>>,
    /// See our presence.
    pub presence: Option<Granted<PresenceLevel>>,
    /// Get receipts.
    pub receipts: Option<Granted<ReceiptLevel>>,
}
