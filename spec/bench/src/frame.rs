//! Frames of the null server: as long as the SIP messages that they stand for, and nothing in them.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// One frame: what it is, and whom it is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    /// Items for this box come to this connection.
    Hello(u16),
    /// An item for a box.
    Send(u16),
    /// An item is durable, or a greeting was heard.
    Answer,
    /// An item for the owner.
    Item(u16),
    /// The owner has the item.
    Ack(u16),
    /// A new value for all who said hello.
    Change,
}

impl Frame {
    /// The frame's octets.
    pub(crate) fn octets(self) -> Bytes {
        let (kind, who, len) = match self {
            Self::Hello(who) => (0, who, HEAD_LEN),
            Self::Send(who) => (1, who, HEAD_LEN + BODY_LEN),
            Self::Answer => (2, 0, ANSWER_LEN),
            Self::Item(who) => (3, who, HEAD_LEN + BODY_LEN),
            Self::Ack(who) => (4, who, ANSWER_LEN),
            Self::Change => (5, 0, HEAD_LEN + BODY_LEN),
        };
        let mut octets = BytesMut::with_capacity(len);
        octets.put_u32(u32::try_from(len).unwrap_or_default());
        octets.put_u8(kind);
        octets.put_u16(who);
        octets.resize(len, 0x5a);
        octets.freeze()
    }

    /// Cuts the first whole frame off.
    pub(crate) fn cut(from: &mut BytesMut) -> Option<(Self, Bytes)> {
        let len = usize::try_from(u32::from_be_bytes(*from.first_chunk()?)).ok()?;
        if from.len() < len.max(7) {
            return None;
        }
        let whole = from.split_to(len).freeze();
        let mut head = whole.clone();
        head.advance(4);
        let kind = head.get_u8();
        let who = head.get_u16();
        let frame = match kind {
            0 => Self::Hello(who),
            1 => Self::Send(who),
            2 => Self::Answer,
            3 => Self::Item(who),
            4 => Self::Ack(who),
            _ => Self::Change,
        };
        Some((frame, whole))
    }
}

/// Octets of a body: the smallest envelope.
pub(crate) const BODY_LEN: usize = 1024;
/// Octets of a request's head, about what the relay's clients send.
const HEAD_LEN: usize = 640;
/// Octets of an answer, about what the relay sends.
const ANSWER_LEN: usize = 300;
