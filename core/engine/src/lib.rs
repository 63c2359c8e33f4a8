//! The decisions of an account: invitations, links, outbox, inbox, grants, presence. Spec: `spec/client.md`.
//!
//! It holds no clock, socket, disk or hidden randomness: they come in as [`Input`], a [`Snapshot`] and arguments,
//! and effects go out as [`Output`]. What is to be remembered leaves as one atomic [`Batch`] before anything
//! that depends on it.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod account;
mod boxes;
mod buddy;
mod content;
mod grant;
mod history;
mod invite;
mod io;
mod link;
mod name;
mod net;
mod outbox;
mod place;
mod presence;
mod record;
mod step;
mod store;

pub use account::{Account, NewAccount, Pace};
pub use buddy::{Buddy, BuddyId, LinkStage};
pub use grant::{Granted, PresenceLevel, ReceiptLevel, Rights};
pub use history::{Author, Line, MessageId, MessageState};
pub use invite::{InvitationId, InvitationKind, InvitationStage, InvitationUri, OwnInvitation, UriFault};
pub use io::{
    Answer, Class, Command, CommandId, ConnId, Event, Fault, Input, Invited, Output, Presenting, Refusal,
    Report, RightChange, Trouble, TroubleCause, Unread, Wait, WithdrawnRight,
};
pub use name::{Name, NameFault};
pub use presence::{Basic, PresenceView, Shown, Status};
pub use sipher_wire::sip::Lifetime;
pub use store::{Batch, Key, Kind, Op, Scanned, Snapshot, StoreFault};
