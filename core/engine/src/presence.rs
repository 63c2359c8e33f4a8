//! Presence: what a person shows, cut down for each buddy, and what buddies show. Spec: `spec/presence.md`.
//!
//! A document is redacted *before* it is sealed, in [`redact`]; the relay and the other buddies never see more.
//! Past its end a document says nothing: the reader shows *unknown, last known at*, never a state.

use alloc::string::String;

use minicbor::{Decode, Encode};
use sipher_wire::Time;

/// The coarse state of a person.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(index_only)]
pub enum Basic {
    /// Here, and willing to talk.
    #[default]
    #[n(0)]
    Available,
    /// Not here for a while.
    #[n(1)]
    Away,
    /// Here, but not to be disturbed.
    #[n(2)]
    Busy,
    /// Not to be reached.
    #[n(3)]
    Offline,
}

/// What a person says of himself.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(map)]
pub struct Status {
    /// The state.
    #[n(0)]
    pub basic: Basic,
    /// A few words, at most [`Status::NOTE_OCTETS`].
    #[n(1)]
    pub note: Option<String>,
    /// When it ends; afterwards he counts as available without a note.
    #[cbor(n(2), with = "crate::record::field")]
    pub until: Option<Time>,
}

impl Status {
    /// Octets of a note at most: a document has 863 for everything.
    pub const NOTE_OCTETS: usize = 512;
}

/// What a buddy's document said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Shown {
    /// The state; `None` if he shows only that he can be reached or not.
    pub status: Status,
    /// Whether this is all that he lets us see of it: reachable or not.
    pub reachable_only: bool,
    /// When he published it.
    pub published: Time,
    /// Until when it says anything.
    pub valid_until: Time,
}

/// What is known of a buddy's presence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PresenceView<'a> {
    /// He grants nothing.
    NotGranted,
    /// He grants it, and nothing that holds now was seen. The last that was, if any.
    Unknown {
        /// What was known last.
        last: Option<&'a Shown>,
    },
    /// He says this.
    Known(&'a Shown),
}
