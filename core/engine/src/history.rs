//! The conversation as it is kept: lines, and how far our own came. Spec: `spec/client.md`, history.
//!
//! A line is written once and never changed; the progress of a message is a record of its own.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_wire::Time;
use zeroize::Zeroizing;

use crate::buddy::BuddyId;
use crate::record;
use crate::store::{Key, Kind, Snapshot, StoreFault};

/// Names a message to both sides; no relay sees it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub(crate) [u8; 16]);

impl MessageId {
    /// The id's octets.
    pub const fn as_octets(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageId(..)")
    }
}

/// How far a message of ours came. It only moves forward; nothing is claimed that wasn't shown by the far side.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
pub enum MessageState {
    /// It waits on this device.
    #[n(0)]
    Queued,
    /// A relay has it on disk.
    #[n(1)]
    Stored,
    /// The buddy's device has it.
    #[n(2)]
    Delivered,
    /// The buddy saw it.
    #[n(3)]
    Read,
}

/// Whose a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Author {
    /// The buddy's.
    Buddy,
    /// Ours, and how far it came.
    Us(MessageState),
}

/// One line of a conversation.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// Its number in the conversation, rising.
    pub number: u64,
    /// The message's name.
    pub message: MessageId,
    /// Whose it is.
    pub author: Author,
    /// When it was written, by its author's clock.
    pub written: Time,
    /// When it came or was queued here.
    pub at: Time,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({}, {:?}, ..)", self.number, self.author)
    }
}

/// A line as it is stored.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct StoredLine {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) message: MessageId,
    #[n(1)]
    pub(crate) is_ours: bool,
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) written: Time,
    #[cbor(n(3), with = "crate::record::field")]
    pub(crate) at: Time,
    #[n(4)]
    pub(crate) text: String,
}

impl StoredLine {
    /// The line; its progress is only asked for if it's ours.
    pub(crate) fn into_line(self, number: u64, progress: MessageState) -> Line {
        Line {
            number,
            message: self.message,
            author: if self.is_ours {
                Author::Us(progress)
            } else {
                Author::Buddy
            },
            written: self.written,
            at: self.at,
            text: self.text,
        }
    }
}

/// Lines of a conversation.
pub(crate) fn lines(
    store: &(impl Snapshot + ?Sized),
    buddy: BuddyId,
    from: u64,
    limit: usize,
) -> Result<Vec<Line>, StoreFault> {
    let mut lines = Vec::new();
    for (number, octets) in store.scan(Kind::History, Some(&buddy.group()), from, limit)? {
        let stored: StoredLine = record::read(&octets)?;
        let state = if stored.is_ours {
            progress(|key| store.get(key), buddy, number)?
        } else {
            None
        };
        lines.push(stored.into_line(number, state.unwrap_or(MessageState::Queued)));
    }
    Ok(lines)
}

/// The number of a message's line.
pub(crate) fn line_of(
    get: impl Fn(&Key) -> Got,
    buddy: BuddyId,
    message: MessageId,
) -> Result<Option<u64>, StoreFault> {
    get(&message_key(buddy, message))?
        .map(|octets| record::read(&octets))
        .transpose()
}

/// How far the message of a line of ours came; `None` if the line isn't ours.
pub(crate) fn progress(
    get: impl Fn(&Key) -> Got,
    buddy: BuddyId,
    line: u64,
) -> Result<Option<MessageState>, StoreFault> {
    get(&progress_key(buddy, line))?
        .map(|octets| record::read(&octets))
        .transpose()
}

/// What a look at the store gives.
type Got = Result<Option<Zeroizing<Vec<u8>>>, StoreFault>;

/// The name of a line's record.
pub(crate) fn line_key(buddy: BuddyId, line: u64) -> Key {
    Key::new(Kind::History, &buddy.group(), line)
}

/// The name of a line's progress.
pub(crate) fn progress_key(buddy: BuddyId, line: u64) -> Key {
    Key::new(Kind::Progress, &buddy.group(), line)
}

/// The name under which the number of a message's line is found. Each buddy's ids are his own, so none can take
/// another's.
pub(crate) fn message_key(buddy: BuddyId, message: MessageId) -> Key {
    let group: Vec<u8> = buddy.group().into_iter().chain(message.0).collect();
    Key::single(Kind::Message, &group)
}
