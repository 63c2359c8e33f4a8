//! How commands end.

use alloc::string::String;
use alloc::vec::Vec;

use sipher_wire::Time;

use super::Fault;
use crate::buddy::{BuddyId, LinkStage};
use crate::history::{Line, MessageId, MessageState};
use crate::invite::{InvitationId, InvitationUri, UriFault};

/// What came of a command that was carried out.
#[derive(Debug)]
pub enum Answer {
    /// The invitation can be used.
    Invited(Invited),
    /// The invitation is kept, and will be published as soon as the relay can be reached.
    InvitationWaits {
        /// Which.
        invitation: InvitationId,
        /// What was in the way.
        trouble: Trouble,
    },
    /// The invitation was used. The link is there or goes on by itself.
    Accepted {
        /// The new buddy.
        buddy: BuddyId,
        /// How far it came.
        stage: LinkStage,
        /// What was in the way.
        troubles: Vec<Trouble>,
    },
    /// The messages are kept, and the least of them came so far.
    Sent {
        /// Their ids, in order.
        messages: Vec<MessageId>,
        /// How far all of them came at least.
        state: MessageState,
        /// What was in the way.
        trouble: Option<Trouble>,
    },
    /// A sync came to its end.
    Synced(Report),
    /// What was unread.
    Unread(Unread),
    /// The change is kept; the report says whether relays have it.
    Changed(Report),
}

/// An invitation to hand over.
#[derive(Debug)]
pub struct Invited {
    /// Which.
    pub invitation: InvitationId,
    /// What to hand over; a secret.
    pub uri: InvitationUri,
    /// When it ends.
    pub until: Time,
}

/// What was carried on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// New lines in the history.
    pub received: u32,
    /// Messages that no relay has yet.
    pub queued: u32,
    /// What was in the way, at most one a relay.
    pub troubles: Vec<Trouble>,
}

impl Report {
    /// Whether nothing was in the way.
    pub fn is_complete(&self) -> bool {
        self.troubles.is_empty()
    }
}

/// Something in the way, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trouble {
    /// Host and port of the relay.
    pub relay: String,
    /// What.
    pub cause: TroubleCause,
}

/// What can be in the way at a relay.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TroubleCause {
    /// The connection.
    #[error(transparent)]
    Connection(#[from] Fault),
    /// The relay doesn't let this account open boxes: it wants another token.
    #[error("the relay does not let this account open boxes there")]
    MayNotOpen,
    /// The relay took none of it for this buddy: the right to write ended there.
    #[error("the relay takes no messages for this buddy")]
    NotAccepted,
    /// The buddy's allowance is used up for a time.
    #[error("this buddy takes no more messages for a while")]
    Allowance,
    /// The relay has a fault of its own or too much to do; later is better.
    #[error("the relay is overloaded or faulty at the moment")]
    Busy,
}

/// Unread lines.
#[derive(Debug)]
pub struct Unread {
    /// The lines, each with its buddy, in order for each buddy.
    pub lines: Vec<(BuddyId, Line)>,
    /// Whether there are more; ask again.
    pub more: bool,
}

/// Why a command wasn't carried out. Nothing has changed then.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// What was pasted isn't an invitation.
    #[error(transparent)]
    Uri(#[from] UriFault),
    /// The invitation is one's own.
    #[error("this invitation is your own")]
    OwnInvitation,
    /// Its relay has nothing under it: it was used, it expired, it was taken back, or it was mistyped.
    // spec: invite-7
    #[error("this invitation has been used already, has expired, or was mistyped")]
    InvitationGone,
    /// Its relay gave something that its maker didn't make.
    #[error("what the relay gave for this invitation was not made by who invited you")]
    InvitationForged,
    /// Its end has passed.
    #[error("this invitation has expired")]
    InvitationExpired,
    /// It was made by a version that this one doesn't understand.
    #[error("this invitation was made by a newer version")]
    InvitationNewer,
    /// Its maker is a buddy already.
    #[error("you are linked already")]
    AlreadyLinked(BuddyId),
    /// The relay couldn't be used, and nothing was kept.
    #[error("the relay {} could not be used: {}", .0.relay, .0.cause)]
    Relay(Trouble),
    /// Another buddy or invitation has this name.
    #[error("another buddy has this name")]
    NameTaken,
    /// There is no such buddy.
    #[error("there is no such buddy")]
    UnknownBuddy,
    /// There is no such invitation.
    #[error("there is no such invitation")]
    UnknownInvitation,
    /// Nobody of this number asks.
    #[error("nobody asks under this number")]
    UnknownAsk,
    /// The link isn't there yet, and this needs it.
    #[error("the link with this buddy is not there yet")]
    NotLinked,
    /// Nothing was granted that could be retracted.
    #[error("this buddy does not have this right")]
    NotGranted,
    /// An end that has passed already.
    #[error("the end lies in the past")]
    EndsInThePast,
    /// A text that is empty.
    #[error("there is nothing to send")]
    TextEmpty,
    /// A text that fits no envelope.
    #[error("a message has at most {max_octets} octets")]
    TextTooLong {
        /// What fits.
        max_octets: usize,
    },
    /// A text that fits no first flight.
    #[error("what is said with an invitation has at most {max_chars} characters, fewer in some scripts")]
    AskTooLong {
        /// What fits.
        max_chars: usize,
    },
    /// A note that fits no presence document.
    #[error("a note has at most {max_octets} octets of printable text")]
    NoteUnfit {
        /// What fits.
        max_octets: usize,
    },
    /// He ended our right to write to him.
    #[error("this buddy takes no messages from you")]
    TakesNoMessages,
    /// Too much waits to be sent to this buddy.
    #[error("too much waits to be sent to this buddy")]
    OutboxFull,
    /// There are too many buddies, invitations or commands at once.
    #[error("there are too many of them")]
    TooMany,
    /// It was cancelled before anything was kept.
    #[error("it was cancelled")]
    Cancelled,
}
