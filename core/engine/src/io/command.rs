//! What a person or a program can want of an account.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use sipher_wire::Time;
use sipher_wire::sip::Lifetime;
use zeroize::Zeroizing;

use crate::ask::AskId;
use crate::buddy::BuddyId;
use crate::grant::{PresenceLevel, ReceiptLevel};
use crate::invite::InvitationId;
use crate::name::Name;
use crate::presence::Status;

/// Something that an account is to do. Commands that need a relay carry on everything else that waits, too.
pub enum Command {
    /// Make a one-time invitation. Answered by [`Answer::Invited`](super::Answer::Invited) once it can be used.
    Invite {
        /// What the new buddy will be called.
        for_name: Option<Name>,
    },
    /// Have, replace or end the address at which anybody may ask. Answered like [`Self::Invite`], or when it's gone.
    Stand(StandingChange),
    /// Use an invitation of somebody, with a text that he sees before he answers.
    Ask {
        /// The invitation, as it was pasted.
        uri: Zeroizing<String>,
        /// What the new buddy will be called; else as he calls himself.
        as_name: Option<Name>,
        /// What to say, at most 500 characters.
        text: String,
    },
    /// Make a buddy of somebody who asks. Answered by [`Answer::Accepted`](super::Answer::Accepted).
    Admit {
        /// Whom.
        ask: AskId,
        /// What he will be called; else as he calls himself.
        as_name: Option<Name>,
    },
    /// Forget somebody who asks. He isn't told.
    Decline(AskId),
    /// Take an invitation back.
    Withdraw(InvitationId),
    /// Use an invitation of somebody.
    Accept {
        /// The invitation, as it was pasted.
        uri: Zeroizing<String>,
        /// What the new buddy will be called; else as he calls himself.
        as_name: Option<Name>,
    },
    /// Send texts, each one a message.
    Send {
        /// To whom.
        to: BuddyId,
        /// What, in order.
        texts: Vec<String>,
        /// How long the relay keeps it.
        lifetime: Lifetime,
        /// What is waited for.
        wait: Wait,
    },
    /// Fetch what waits, send what waits, carry on links, grants and presence.
    Sync {
        /// Whether the buddies' presence is fetched as well.
        presence: Presenting,
    },
    /// Take what is unread, once: it counts as read from then on.
    MarkRead {
        /// Of whom; else of everybody.
        buddy: Option<BuddyId>,
    },
    /// Stay connected and tell what happens by events, until [`Command::Leave`].
    Stay,
    /// Connect only for commands again.
    Leave,
    /// Set one's own presence.
    SetStatus(Status),
    /// Give a buddy a right.
    Grant {
        /// To whom.
        buddy: BuddyId,
        /// What.
        right: RightChange,
        /// Until when; else until it is retracted.
        until: Option<Time>,
    },
    /// Take a right from a buddy.
    Retract {
        /// From whom.
        buddy: BuddyId,
        /// Which.
        right: WithdrawnRight,
    },
    /// Call a buddy by another name.
    Rename {
        /// Whom.
        buddy: BuddyId,
        /// How.
        name: Name,
    },
    /// Note that the safety words were compared, or that it shall be forgotten.
    SetVerified {
        /// With whom.
        buddy: BuddyId,
        /// Whether they were equal.
        verified: bool,
    },
}

impl fmt::Debug for Command {
    /// The verb only: texts, notes and invitations are nobody's but the person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invite { .. } => "Invite",
            Self::Stand(_) => "Stand",
            Self::Ask { .. } => "Ask",
            Self::Admit { .. } => "Admit",
            Self::Decline(_) => "Decline",
            Self::Withdraw(_) => "Withdraw",
            Self::Accept { .. } => "Accept",
            Self::Send { .. } => "Send",
            Self::Sync { .. } => "Sync",
            Self::MarkRead { .. } => "MarkRead",
            Self::Stay => "Stay",
            Self::Leave => "Leave",
            Self::SetStatus(_) => "SetStatus",
            Self::Grant { .. } => "Grant",
            Self::Retract { .. } => "Retract",
            Self::Rename { .. } => "Rename",
            Self::SetVerified { .. } => "SetVerified",
        })
    }
}

/// What is to become of the standing address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StandingChange {
    /// Make one if there is none, and show it.
    Show,
    /// Make another; who has the old one can't ask any more. Links and asks stay.
    Rotate,
    /// Have none.
    End,
}

/// A right that is given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RightChange {
    /// To write messages.
    Message,
    /// To see presence, up to this much.
    Presence(PresenceLevel),
    /// To get receipts, up to this much.
    Receipts(ReceiptLevel),
}

/// A right that is taken away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WithdrawnRight {
    /// To write messages.
    Message,
    /// To see presence.
    Presence,
    /// To get receipts.
    Receipts,
    /// All of them.
    All,
}

/// Whether a sync fetches the presence of buddies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presenting {
    /// It does.
    Fetch,
    /// It doesn't.
    Skip,
}

/// What a send waits for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Wait {
    /// Nothing: it is kept and will be sent.
    Queued,
    /// The relay has it on disk.
    #[default]
    Stored,
    /// The buddy's device has it.
    Delivered,
    /// The buddy saw it.
    Read,
}
