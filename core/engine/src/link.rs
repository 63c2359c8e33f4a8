//! A link with one buddy: its phases, and everything that the engine keeps about him. Spec: `spec/handshake.md`.
//!
//! Phases are types. *Asking*: we used his invitation; nothing but the first flight may leave. *Answering*: he used
//! ours; he learns of our queue as soon as it stands. *Linked*: messages go both ways.

use alloc::collections::BTreeMap;

use bytes::Bytes;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_crypto::handshake::{Link, Waiting};
use sipher_crypto::{AccountRecord, DecryptError, Opened, Session};
use sipher_wire::Time;

use crate::boxes::OwnQueue;
use crate::buddy::{BuddyId, LinkStage};
use crate::grant::{Granted, ReceiptLevel};
use crate::history::MessageId;
use crate::name::Name;
use crate::outbox::Row;
use crate::place::Access;
use crate::presence::{OwnCell, Watched};

/// Everything about one buddy. Lines, rows and receipts are records of their own.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Peer {
    #[n(0)]
    pub(crate) id: BuddyId,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) name: Name,
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) own_name: Option<Name>,
    #[cbor(n(3), with = "crate::record::field")]
    pub(crate) account: AccountRecord,
    #[cbor(n(4), with = "crate::record::field")]
    pub(crate) since: Time,
    #[n(5)]
    pub(crate) is_verified: bool,
    #[n(6)]
    pub(crate) stage: Stage,
    /// Our queue for him; none if he may not write.
    #[n(7)]
    pub(crate) queue: Option<OwnQueue>,
    /// Whether he must be told of our queue, once it stands.
    #[n(8)]
    pub(crate) owes_hello: bool,
    #[n(9)]
    pub(crate) given: Given,
    /// Whether he lets us write, as far as he said.
    #[n(10)]
    pub(crate) takes_messages: bool,
    #[n(11)]
    pub(crate) talk: Conversation,
    /// His presence, if he grants it.
    #[n(12)]
    pub(crate) watched: Option<Watched>,
    /// When an empty envelope is due that lets keys heal.
    #[cbor(n(13), with = "crate::record::field", default)]
    pub(crate) filler: Option<Time>,
    /// What waits to be sent, by number.
    #[cbor(skip)]
    pub(crate) outbox: BTreeMap<u64, Row>,
    /// Receipts that wait, by the line's number.
    #[cbor(skip)]
    pub(crate) receipts: BTreeMap<u64, DueReceipt>,
}

/// What we gave him.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Given {
    #[n(0)]
    pub(crate) message: Option<Granted<()>>,
    #[n(1)]
    pub(crate) receipts: Option<Granted<ReceiptLevel>>,
    #[n(2)]
    pub(crate) presence: Option<OwnCell>,
}

/// Numbers of a conversation.
#[derive(Clone, Copy, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Conversation {
    /// The number of the next line.
    #[n(0)]
    pub(crate) next_line: u64,
    /// The number of the next row of the outbox.
    #[n(1)]
    pub(crate) next_row: u64,
    /// No unread line has a smaller number.
    #[n(2)]
    pub(crate) unread_from: u64,
    #[n(3)]
    pub(crate) unread: u32,
}

impl Default for Conversation {
    /// Row 0 is kept for the first word in the ratchet, which stands before all that was queued meanwhile.
    fn default() -> Self {
        Self {
            next_line: 0,
            next_row: FIRST_WORD + 1,
            unread_from: 0,
            unread: 0,
        }
    }
}

/// A receipt that waits for its time; its record's number is the line's.
#[derive(Clone, Copy, Debug, Encode, Decode, Eq, PartialEq)]
#[cbor(map)]
pub(crate) struct DueReceipt {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) message: MessageId,
    #[n(1)]
    pub(crate) level: ReceiptLevel,
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) due: Time,
}

/// How far the link is, with what that phase needs.
#[derive(Encode, Decode)]
pub(crate) enum Stage {
    #[n(0)]
    Asking(#[n(0)] Asking),
    #[n(1)]
    Answering(#[n(0)] Talking),
    #[n(2)]
    Linked(#[n(0)] Talking),
}

/// We used his invitation; he hasn't answered.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Asking {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) link: Link,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) waiting: Waiting,
    /// His front door.
    #[n(2)]
    pub(crate) door: Access,
    /// The first flight, the same octets at each attempt.
    #[cbor(n(3), with = "crate::record::field")]
    pub(crate) flight: Bytes,
    /// When his invitation ends.
    #[cbor(n(4), with = "crate::record::field")]
    pub(crate) until: Time,
    /// Whether his relay has the flight.
    #[n(5)]
    pub(crate) is_stored: bool,
    /// The line of ours that the flight carries, until his relay has it.
    #[n(6)]
    pub(crate) said: Option<Said>,
}

/// A line that went with a first flight.
#[derive(Clone, Copy, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Said {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) message: MessageId,
    #[n(1)]
    pub(crate) line: u64,
}

/// There is a session that both sides can use.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Talking {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) link: Link,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) session: Session,
    /// His queue for us.
    #[n(2)]
    pub(crate) to: Access,
}

impl Asking {
    /// When nothing can come of it any more: the invitation's end if the flight never left, else as much later as an
    /// item may wait at his front door.
    pub(crate) fn lost_at(&self) -> Time {
        if self.is_stored {
            self.until + crate::invite::LIFETIME
        } else {
            self.until
        }
    }
}

impl Peer {
    /// Somebody new, with what everybody gets: the right to write, and receipts.
    pub(crate) fn new(id: BuddyId, name: Name, account: AccountRecord, stage: Stage, now: Time) -> Self {
        Self {
            id,
            name,
            own_name: None,
            account,
            since: now,
            is_verified: false,
            stage,
            queue: None,
            owes_hello: false,
            given: Given {
                message: Some(Granted {
                    what: (),
                    since: now,
                    until: None,
                }),
                receipts: Some(Granted {
                    what: ReceiptLevel::default(),
                    since: now,
                    until: None,
                }),
                presence: None,
            },
            takes_messages: true,
            talk: Conversation::default(),
            watched: None,
            filler: None,
            outbox: BTreeMap::new(),
            receipts: BTreeMap::new(),
        }
    }

    /// How far the link is, as people are told.
    // spec: link-9
    pub(crate) fn link_stage(&self) -> LinkStage {
        match &self.stage {
            Stage::Asking(Asking { is_stored: false, .. }) => LinkStage::Asking,
            Stage::Asking(_) => LinkStage::Waiting,
            Stage::Answering(_) => LinkStage::Answering,
            Stage::Linked(_) if self.outbox.contains_key(&FIRST_WORD) => LinkStage::Answering,
            Stage::Linked(_) => LinkStage::Linked,
        }
    }

    /// What the handshake left.
    pub(crate) fn link(&self) -> &Link {
        match &self.stage {
            Stage::Asking(asking) => &asking.link,
            Stage::Answering(talking) | Stage::Linked(talking) => &talking.link,
        }
    }

    /// The session, where there is one that can send.
    pub(crate) fn talking(&self) -> Option<&Talking> {
        match &self.stage {
            Stage::Asking(_) => None,
            Stage::Answering(talking) | Stage::Linked(talking) => Some(talking),
        }
    }

    /// The same, to be changed.
    pub(crate) fn talking_mut(&mut self) -> Option<&mut Talking> {
        match &mut self.stage {
            Stage::Asking(_) => None,
            Stage::Answering(talking) | Stage::Linked(talking) => Some(talking),
        }
    }

    /// Opens an envelope of his; nothing changes.
    pub(crate) fn open(
        &self,
        envelope: &[u8],
        now: sipher_crypto::Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Opened, DecryptError> {
        match &self.stage {
            Stage::Asking(asking) => asking.waiting.open_answer(envelope, now, rng),
            Stage::Answering(talking) | Stage::Linked(talking) => talking.session.decrypt(envelope, now, rng),
        }
    }

    /// Messages that no relay has yet.
    pub(crate) fn queued(&self) -> u32 {
        u32::try_from(self.outbox.values().filter(|row| row.message.is_some()).count()).unwrap_or(u32::MAX)
    }

    /// A number for a row behind all that wait.
    pub(crate) fn next_row(&mut self) -> u64 {
        let row = self.talk.next_row;
        self.talk.next_row = row.saturating_add(1);
        row
    }

    /// A number for a line behind all that are there.
    pub(crate) fn next_line(&mut self) -> u64 {
        let line = self.talk.next_line;
        self.talk.next_line = line.saturating_add(1);
        line
    }
}

/// The row of the first word in the ratchet.
pub(crate) const FIRST_WORD: u64 = 0;
