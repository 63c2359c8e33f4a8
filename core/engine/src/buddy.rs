//! A buddy as a person sees him. Spec: `spec/client.md`, buddies.
//!
//! What the engine keeps about him beside this is in [`crate::link`].

use minicbor::{Decode, Encode};
use sipher_crypto::SafetyNumber;
use sipher_crypto::handshake::Link;
use sipher_wire::Time;

use crate::name::Name;
use crate::presence::PresenceView;

/// Names a buddy on this device; never on the wire, and never used twice.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct BuddyId(#[n(0)] pub(crate) u32);

impl BuddyId {
    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The group of the records about him.
    pub(crate) const fn group(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// How far a link is. It only moves forward.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LinkStage {
    /// His invitation was accepted; the first flight isn't at his relay yet.
    Asking,
    /// The first flight is at his relay; he hasn't answered.
    Waiting,
    /// He accepted our invitation; our answer isn't at his relay yet.
    Answering,
    /// Messages go both ways.
    Linked,
}

/// A buddy.
#[derive(Debug)]
#[non_exhaustive]
pub struct Buddy<'a> {
    /// His number.
    pub id: BuddyId,
    /// What our person calls him.
    pub name: &'a Name,
    /// What he calls himself, if he said so.
    pub own_name: Option<&'a Name>,
    /// How far the link is.
    pub stage: LinkStage,
    /// Since when he's in the list.
    pub since: Time,
    /// Whether the safety words were compared.
    pub verified: bool,
    /// Unread lines.
    pub unread: u32,
    /// Messages that no relay has yet.
    pub queued: u32,
    /// What is known of his presence.
    pub presence: PresenceView<'a>,
    /// Whether he may be written to, as far as he said.
    pub takes_messages: bool,
    pub(crate) safety: SafetySource<'a>,
}

/// What number and words are computed from when they're asked for: thousands of hashes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SafetySource<'a> {
    pub(crate) ours: &'a sipher_crypto::AccountRecord,
    pub(crate) his: &'a sipher_crypto::AccountRecord,
    pub(crate) link: &'a Link,
}

impl Buddy<'_> {
    /// Six words of this link, for both to say to each other, so that they are sure that nobody is between.
    pub fn words(&self) -> [&'static str; 6] {
        self.safety.link.words()
    }

    /// The number of the two accounts; it stays the same over links.
    pub fn safety_number(&self) -> SafetyNumber {
        SafetyNumber::of(self.safety.ours, self.safety.his)
    }
}
