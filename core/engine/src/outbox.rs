//! What waits to be sent to a buddy. Spec: `spec/client.md`, outbox.
//!
//! A row is queued open, in the sealed store, and sealed for the ratchet when it is about to leave; from then on its
//! envelope is sent as it is, however often. Sealing moves the session and rewrites the row in one batch, before the
//! envelope leaves, so nothing is ever sealed twice. Rows leave in order, each until a relay has it on disk.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};
use sipher_crypto::{Session, SizeClass, Tlv};
use sipher_wire::sip::Lifetime;

use crate::buddy::BuddyId;
use crate::content::{Content, Item, Text};
use crate::history::{self, MessageId, StoredLine};
use crate::link::Peer;
use crate::record::{self, Blob};
use crate::step::Step;
use crate::store::{Key, Kind, StoreFault};

/// A row as it is held in memory: without its octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The message that it carries, if a person wrote it, and the number of its line.
    pub(crate) message: Option<(MessageId, u64)>,
    /// How long a relay keeps it.
    pub(crate) lifetime: Lifetime,
    /// Whether its envelope is made.
    pub(crate) is_sealed: bool,
}

/// A row as it is stored.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct StoredRow {
    #[cbor(n(0), with = "crate::record::field")]
    message: Option<MessageId>,
    #[n(1)]
    line: u64,
    #[cbor(n(2), with = "crate::record::field")]
    lifetime: Lifetime,
    #[n(3)]
    form: Form,
}

#[derive(Encode, Decode)]
enum Form {
    #[n(0)]
    Open(#[n(0)] Vec<Item>),
    #[n(1)]
    Sealed(#[n(0)] Blob),
}

impl StoredRow {
    /// A row that is still open.
    pub(crate) fn open(message: Option<(MessageId, u64)>, lifetime: Lifetime, items: Vec<Item>) -> Self {
        let line = message.map_or(0, |(_, line)| line);
        Self {
            message: message.map(|(id, _)| id),
            line,
            lifetime,
            form: Form::Open(items),
        }
    }

    /// What is held in memory of it.
    pub(crate) fn row(&self) -> Row {
        Row {
            message: self.message.map(|id| (id, self.line)),
            lifetime: self.lifetime,
            is_sealed: matches!(self.form, Form::Sealed(_)),
        }
    }
}

/// The envelope of a row, made now if it wasn't. The caller marks the buddy as touched.
///
/// # Errors
/// The store couldn't be read, or has something else there.
// spec: ratchet-4
// spec: msg-3
pub(crate) fn envelope_of(
    buddy: BuddyId,
    number: u64,
    session: &mut Session,
    step: &mut Step<'_>,
) -> Result<Vec<u8>, StoreFault> {
    let key = key_of(buddy, number);
    let octets = step.get(&key)?.ok_or(StoreFault::Damaged)?;
    let mut stored: StoredRow = record::read(&octets)?;
    let items = match stored.form {
        Form::Sealed(envelope) => return Ok(envelope.0.to_vec()),
        Form::Open(items) => items,
    };
    let tlvs: Vec<Tlv<'_>> = items.iter().filter_map(Item::as_tlv).collect();
    // What was queued was measured then, so a row that doesn't fit is not what was written.
    let envelope = session
        .encrypt(&tlvs, SizeClass::K1, step.rng)
        .map_err(|_| StoreFault::Damaged)?;
    let envelope = envelope.into_octets();
    stored.form = Form::Sealed(Blob::of(&envelope));
    step.put(key, &stored);
    Ok(envelope)
}

/// Opens the rows of a buddy again whose envelopes belong to a session that is no more. Messages are written anew
/// from their lines, under the new session's keys; what no person wrote is left out, as the new link says it again.
///
/// # Errors
/// The store couldn't be read, or has something else there.
pub(crate) fn reopen(peer: &mut Peer, step: &mut Step<'_>) -> Result<(), StoreFault> {
    let sealed: Vec<(u64, Row)> = peer
        .outbox
        .iter()
        .filter(|(_, row)| row.is_sealed)
        .map(|(n, row)| (*n, *row))
        .collect();
    for (number, row) in sealed {
        let Some((id, line)) = row.message else {
            peer.outbox.remove(&number);
            step.delete(key_of(peer.id, number));
            continue;
        };
        let octets = step
            .get(&history::line_key(peer.id, line))?
            .ok_or(StoreFault::Damaged)?;
        let stored: StoredLine = record::read(&octets)?;
        let content = Content::Text(Text {
            id,
            written: stored.written,
            text: stored.text,
        });
        let open = StoredRow::open(row.message, row.lifetime, [content.to_item()].into());
        peer.outbox.insert(number, open.row());
        step.put(key_of(peer.id, number), &open);
    }
    Ok(())
}

/// The name of a row's record.
pub(crate) fn key_of(buddy: BuddyId, number: u64) -> Key {
    Key::new(Kind::Outbox, &buddy.group(), number)
}

/// Rows that may wait for one buddy: days of writing, and a bound on what is held for somebody who never answers.
pub(crate) const MAX_ROWS: usize = 2_000;
