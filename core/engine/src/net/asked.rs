//! What is asked of a relay. Spec: `spec/client.md`, requests.

use sipher_wire::sip::{Draft, Exchange};
use sipher_wire::{BoxId, Credentials};

use crate::buddy::BuddyId;
use crate::io::CommandId;

/// A request by its purpose: at most one of each is in flight.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Asked {
    /// To receive what comes to a queue of ours.
    Register(BoxId),
    /// Whether all that waited was handed over.
    Barrier(BoxId),
    /// To take the grants of a box of ours.
    Grant(BoxId),
    /// To take the value of a cell of ours.
    Value(BoxId),
    /// To remove a box of ours.
    Close(BoxId),
    /// To take our first flight to a buddy.
    Flight(BuddyId),
    /// To take a row of the outbox.
    Item(BuddyId, u64),
    /// To show a cell of somebody else.
    Watch(Target),
}

/// Whose cell is looked at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Target {
    /// An invitation's, for the command that uses it.
    Bundle(CommandId),
    /// A buddy's presence.
    Presence(BuddyId),
}

/// A request that can be sent.
pub(crate) struct Prepared {
    pub(crate) asked: Asked,
    pub(crate) draft: Draft,
    pub(crate) exchange: Exchange,
    pub(crate) key: [u8; 32],
    pub(crate) credentials: Credentials,
}

/// What is remembered of a request until its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) asked: Asked,
    /// The key that a success proves for the rest of the connection.
    pub(crate) key: [u8; 32],
}
