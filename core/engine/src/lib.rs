//! The decisions of an account: invitations, links, outbox, inbox, grants, presence. Spec: `spec/client.md`.
//!
//! It holds no clock, socket, disk or hidden randomness: they come in as [`Input`], a [`Snapshot`] and arguments,
//! and effects go out as [`Output`]. What is to be remembered leaves as one atomic [`Batch`] before anything
//! that depends on it.
//!
//! ```
//! use sipher_crypto::SigningSeed;
//! use sipher_engine::{Account, Answer, Batch, Command, CommandId, Input, Key, Kind, Lifetime, Name, NewAccount};
//! use sipher_engine::{Output, Pace, Refusal, Scanned, Snapshot, StoreFault, Wait};
//! use sipher_wire::{RelayAddress, Time};
//! # use rand_core::SeedableRng as _;
//! # use zeroize::Zeroizing;
//! # struct Empty;
//! # impl Snapshot for Empty {
//! #     fn get(&self, _: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> { Ok(None) }
//! #     fn scan(&self, _: Kind, _: Option<&[u8]>, _: u64, _: usize) -> Result<Vec<Scanned>, StoreFault> { Ok(Vec::new()) }
//! # }
//! # let (disk, now) = (Empty, Time::from_secs(1_800_000_000));
//! # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
//! let relay = RelayAddress::parse("sipher-relay:relay.example/k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap();
//! let seed = SigningSeed::random(&mut rng);
//! let new = NewAccount { relay, name: Name::parse("Anna").unwrap(), seed, pace: Pace::default() };
//! let (mut account, first) = Account::create(now, new, &mut rng);
//! assert!(!first.is_empty(), "written before anything else");
//!
//! let command = Command::Invite { for_name: Some(Name::parse("Bob").unwrap()) };
//! account.handle(now, Input::Command { id: CommandId(1), command }, &disk, &mut rng).unwrap();
//! assert!(matches!(account.poll(), Some(Output::Persist(_))), "durable, and only then:");
//! assert!(matches!(account.poll(), Some(Output::Open { .. })));
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod account;
mod ask;
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
pub use ask::{Ask, AskId};
pub use buddy::{Buddy, BuddyId, LinkStage};
pub use grant::{Granted, PresenceLevel, ReceiptLevel, Rights};
pub use history::{Author, Line, MessageId, MessageState};
pub use invite::{InvitationId, InvitationKind, InvitationStage, InvitationUri, OwnInvitation, UriFault};
pub use io::{
    Answer, Class, Command, CommandId, ConnId, Event, Fault, Input, Invited, Output, Presenting, Refusal,
    Report, RightChange, StandingChange, Trouble, TroubleCause, Unread, Wait, WithdrawnRight,
};
pub use name::{Name, NameFault};
pub use presence::{Basic, PresenceView, Shown, Status};
pub use sipher_wire::sip::Lifetime;
pub use store::{Batch, Key, Kind, Op, Scanned, Snapshot, StoreFault};
