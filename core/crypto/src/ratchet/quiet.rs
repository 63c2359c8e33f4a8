//! When an empty message should go out so that the keys go on healing. Spec: ratchet, "Fillers".
//!
//! The random delay of 1 to 6 hours is the engine's, who also lets a person turn fillers off. A filler that comes
//! in doesn't count as a message that wants an answer: two silent sides stay silent.

use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::Duplicate;
use crate::time::Time;

/// Counts what makes a filler due.
#[derive(Clone, Copy, Default)]
pub(super) struct Quiet {
    /// Messages that left in a row without room for a chunk that was waiting.
    without_room: u32,
    /// Messages that came in since one went out.
    unanswered: u32,
    /// When the first of these came.
    unanswered_since: Option<Time>,
}

impl Quiet {
    pub(super) fn sent(&mut self, chunk: Chunk) {
        let without_room = match chunk {
            Chunk::NoRoom => self.without_room.saturating_add(1),
            Chunk::Sent | Chunk::None => 0,
        };
        *self = Self {
            without_room,
            ..Self::default()
        };
    }

    pub(super) fn received(&mut self, now: Time) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.unanswered_since.get_or_insert(now);
    }

    pub(super) fn wants_filler(&self, now: Time) -> bool {
        self.without_room >= WITHOUT_ROOM
            || self.unanswered >= UNANSWERED
            || self
                .unanswered_since
                .is_some_and(|since| now.seconds_since(since) >= UNANSWERED_FOR)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(self.without_room).u32(self.unanswered);
        writer.optional(self.unanswered_since.as_ref(), |writer, since| {
            writer.u64(since.as_unix_seconds());
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            without_room: reader.u32()?,
            unanswered: reader.u32()?,
            unanswered_since: reader.optional(|reader| reader.u64().map(Time::from_unix_seconds))?,
        })
    }
}

impl Duplicate for Quiet {
    fn duplicate(&self) -> Self {
        *self
    }
}

/// What became of the exchange's chunk in a message that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// There was none to send.
    None,
    /// It went along.
    Sent,
    /// The message had no room for it.
    NoRoom,
}

const WITHOUT_ROOM: u32 = 8;
const UNANSWERED: u32 = 50;
/// A day in seconds.
const UNANSWERED_FOR: u64 = 24 * 3600;
