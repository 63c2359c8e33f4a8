//! What an account tells unasked.

use crate::ask::AskId;
use crate::buddy::BuddyId;
use crate::history::{Line, MessageId, MessageState};
use crate::invite::InvitationId;

use super::Trouble;

/// Something that happened. Whoever doesn't listen loses nothing: all of it can be asked for.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event {
    /// A message came and is kept.
    Message {
        /// From whom.
        buddy: BuddyId,
        /// What.
        line: Line,
    },
    /// A message of ours came further.
    Progress {
        /// To whom.
        buddy: BuddyId,
        /// Which.
        message: MessageId,
        /// How far.
        state: MessageState,
    },
    /// A link is there now.
    Linked {
        /// With whom.
        buddy: BuddyId,
    },
    /// An invitation of ours was used; the buddy is new.
    InvitationUsed {
        /// Which.
        invitation: InvitationId,
        /// By whom.
        buddy: BuddyId,
    },
    /// Somebody asks at the standing address.
    Asked {
        /// Who.
        ask: AskId,
    },
    /// Somebody else came with an invitation that was used before: whoever passed it on should know.
    InvitationTriedAgain {
        /// Which.
        invitation: InvitationId,
    },
    /// Something came to an invitation's front door that nobody could have made who has the invitation.
    InvitationNoise {
        /// Which.
        invitation: InvitationId,
    },
    /// An invitation that waited can be used now.
    InvitationReady {
        /// Which.
        invitation: InvitationId,
    },
    /// An invitation that was accepted leads nowhere: it was used by somebody else, or it ended.
    LinkFailed {
        /// The buddy who never became one; he's no longer listed.
        buddy: BuddyId,
    },
    /// A buddy's presence, or the right to see it, changed.
    Presence {
        /// Whose.
        buddy: BuddyId,
    },
    /// What a buddy grants changed.
    Rights {
        /// Whose.
        buddy: BuddyId,
    },
    /// Something came in a buddy's queue that isn't from him, or that his device and ours no longer agree on.
    Unreadable {
        /// In whose queue.
        buddy: BuddyId,
    },
    /// A buddy's device was set back to an older state and repeats itself.
    RolledBack {
        /// Whose.
        buddy: BuddyId,
    },
    /// Something is in the way at a relay.
    Trouble(Trouble),
}
