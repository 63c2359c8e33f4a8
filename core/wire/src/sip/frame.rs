//! Cutting messages and keep-alives out of a stream, a datagram, or a WebSocket frame. RFC 3261 §7.5, §18.3;
//! RFC 5626 §3.5.1; RFC 7118 §4.
//!
//! Bodies are octets that nobody looks at and that aren't copied. A stream whose border was once unclear
//! can't be resynchronized: after [`Cut::Broken`] there is nothing more.

use super::head::Head;
use super::name::Name;
use super::{grammar, status::Status};
use crate::limits::{BODY_OCTETS, HEAD_OCTETS};
use bytes::{Buf, Bytes, BytesMut};
use core::fmt;
use core::mem;

/// One whole message.
#[derive(Clone)]
pub struct Message {
    /// Its start line and fields.
    pub head: Head,
    /// Its body, exactly as it was sent.
    pub body: Bytes,
}

impl fmt::Debug for Message {
    /// Of the body its length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("head", &self.head)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// What was cut out.
#[derive(Clone, Debug)]
pub enum Cut {
    /// A message.
    Message(Message),
    /// A keep-alive, to be answered with CRLF at once.
    Ping,
    /// The answer to a keep-alive.
    Pong,
    /// The peer broke the framing: answer if possible (see [`super::check_broken`]), then close.
    Broken(Broken),
}

/// A message whose border or head can't be trusted.
#[derive(Clone, Debug)]
pub struct Broken {
    /// What was wrong.
    pub fault: Fault,
    /// What could be read.
    pub head: Head,
}

/// Why a message can't be taken.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// More than [`HEAD_OCTETS`] before the empty line.
    #[error("the head is too large")]
    HeadTooLarge,
    /// More than [`crate::limits::HEAD_FIELDS`] fields.
    #[error("there are too many header fields")]
    TooManyFields,
    /// A value of more than [`crate::limits::VALUE_OCTETS`].
    #[error("a header value is too long")]
    ValueTooLong,
    /// More than [`BODY_OCTETS`] announced or present.
    #[error("the body is too large")]
    BodyTooLarge,
    /// A bare CR or LF, or another control octet in the head.
    #[error("the head has an octet that none may have")]
    Octet,
    /// A line that is no header field.
    #[error("a line is no header field")]
    Field,
    /// No usable Content-Length, or one that doesn't agree with the octets.
    #[error("the body's length is unclear")]
    Length,
}

impl Fault {
    /// The answer that this fault gets, if any answer can be given.
    pub const fn status(self) -> Status {
        // spec: frame-5
        match self {
            Self::HeadTooLarge | Self::TooManyFields | Self::ValueTooLong => Status::HEAD_TOO_LARGE,
            Self::BodyTooLarge => Status::BODY_TOO_LARGE,
            Self::Octet | Self::Field | Self::Length => Status::BAD_REQUEST,
        }
    }
}

/// Which end of the stream reads: it decides what a lone CRLF means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// CRLFCRLF is a ping; a lone CRLF is noise before a message.
    Relay,
    /// CRLF is a pong.
    Client,
}

/// Cuts a stream, however it arrives. Holds at most one message in progress and what was pushed last:
/// take all cuts after each push.
///
/// An idle cutter holds no buffer.
#[derive(Debug)]
pub struct Cutter {
    side: Side,
    buffer: BytesMut,
    state: State,
}

#[derive(Debug)]
enum State {
    Between,
    InHead { searched: usize },
    InBody { head: Head, len: usize },
    Dead,
}

impl Cutter {
    /// A cutter at the start of a stream.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            buffer: BytesMut::new(),
            state: State::Between,
        }
    }

    /// Takes what was read from the stream.
    pub fn push(&mut self, octets: &[u8]) {
        if !matches!(self.state, State::Dead) {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// The next thing that is whole, if one is.
    pub fn next_cut(&mut self) -> Option<Cut> {
        let cut = self.advance();
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        cut
    }

    /// Whether nothing has begun: no octet of a message or keep-alive waits for its rest.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Between | State::Dead) && self.buffer.is_empty()
    }

    /// Whether a head is whole and its body is still coming.
    pub fn is_in_body(&self) -> bool {
        matches!(self.state, State::InBody { .. })
    }

    // spec: frame-1
    fn advance(&mut self) -> Option<Cut> {
        loop {
            match &mut self.state {
                State::Dead => {
                    self.buffer.clear();
                    return None;
                }
                State::Between => match between(self.side, &mut self.buffer)? {
                    Between::Cut(cut) => return Some(cut),
                    Between::Message => self.state = State::InHead { searched: 0 },
                },
                State::InHead { searched } => {
                    let Some(end) = head_end(&self.buffer, searched) else {
                        return self.refuse_an_overlong_head();
                    };
                    let octets = self.buffer.split_to(end).freeze();
                    match measured(&octets) {
                        Ok((head, len)) => self.state = State::InBody { head, len },
                        Err(broken) => return Some(self.die(broken)),
                    }
                }
                State::InBody { len, .. } if self.buffer.len() < *len => return None,
                State::InBody { .. } => {
                    if let State::InBody { head, len } = mem::replace(&mut self.state, State::Between) {
                        // spec: frame-6
                        let body = self.buffer.split_to(len).freeze();
                        return Some(Cut::Message(Message { head, body }));
                    }
                }
            }
        }
    }

    fn refuse_an_overlong_head(&mut self) -> Option<Cut> {
        if self.buffer.len() < HEAD_OCTETS {
            return None;
        }
        let (head, _) = Head::read(&self.buffer.split_to(HEAD_OCTETS).freeze());
        Some(self.die(Broken {
            fault: Fault::HeadTooLarge,
            head,
        }))
    }

    fn die(&mut self, broken: Broken) -> Cut {
        self.state = State::Dead;
        self.buffer = BytesMut::new();
        Cut::Broken(broken)
    }
}

enum Between {
    Cut(Cut),
    Message,
}

/// Takes line ends between messages; `None` if more octets must decide.
fn between(side: Side, buffer: &mut BytesMut) -> Option<Between> {
    loop {
        let pair = buffer.starts_with(b"\r\n");
        let cut = match side {
            _ if !pair => {
                let undecided = buffer.is_empty() || &buffer[..] == b"\r";
                return (!undecided).then_some(Between::Message);
            }
            Side::Client => (2, Some(Cut::Pong)),
            Side::Relay if buffer.starts_with(b"\r\n\r\n") => (4, Some(Cut::Ping)),
            Side::Relay if b"\r\n\r\n".starts_with(&buffer[..]) => return None,
            Side::Relay => (2, None),
        };
        buffer.advance(cut.0);
        if let Some(cut) = cut.1 {
            return Some(Between::Cut(cut));
        }
    }
}

/// Where the head ends, its empty line included. Remembers how far it has looked, so that a drip of single
/// octets costs no more than one read.
fn head_end(buffer: &[u8], searched: &mut usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    let within = buffer.get(..buffer.len().min(HEAD_OCTETS)).unwrap_or_default();
    let found = memchr::memmem::find(within.get(from..).unwrap_or_default(), b"\r\n\r\n");
    *searched = within.len();
    found.map(|at| from + at + 4)
}

/// A head and the length of its body, which a stream must say.
fn measured(octets: &Bytes) -> Result<(Head, usize), Broken> {
    let (head, fault) = Head::read(octets);
    let len = match (fault, announced(&head)) {
        (Some(fault), _) | (None, Err(fault)) => Err(fault),
        (None, Ok(None)) => Err(Fault::Length),
        (None, Ok(Some(len))) => Ok(len),
    };
    match len {
        Ok(len) => Ok((head, len)),
        Err(fault) => Err(Broken { fault, head }),
    }
}

/// The length that a head announces. Several equal values are one (`spec/sip-checklist.md` F2).
// spec: frame-2
fn announced(head: &Head) -> Result<Option<usize>, Fault> {
    let mut agreed = None;
    for value in head.values(Name::ContentLength) {
        let len = grammar::saturating_u32(value).ok_or(Fault::Length)?;
        if agreed.is_some_and(|other| other != len) {
            return Err(Fault::Length);
        }
        agreed = Some(len);
    }
    let Some(len) = agreed else { return Ok(None) };
    usize::try_from(len)
        .ok()
        .filter(|&len| len <= BODY_OCTETS)
        .map(Some)
        .ok_or(Fault::BodyTooLarge)
}

/// What holds exactly one message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whole {
    /// A datagram: without a length the body goes to the end, octets past an announced one are dropped.
    Datagram,
    /// A WebSocket message: a length may lack, but if there it must agree.
    Frame,
}

/// Cuts the one message or keep-alive of a datagram or a WebSocket frame. `None` if it holds nothing.
pub fn cut_whole(whole: Whole, octets: Bytes) -> Option<Cut> {
    let mut octets = octets;
    let mut pairs = 0_usize;
    while octets.starts_with(b"\r\n") {
        octets.advance(2);
        pairs += 1;
    }
    if octets.is_empty() {
        return match pairs {
            0 => None,
            1 => Some(Cut::Pong),
            _ => Some(Cut::Ping),
        };
    }
    let Some(end) = head_end(&octets, &mut 0) else {
        let fault = if octets.len() >= HEAD_OCTETS {
            Fault::HeadTooLarge
        } else {
            Fault::Field
        };
        return Some(Cut::Broken(Broken {
            fault,
            head: Head::read(&octets).0,
        }));
    };
    let mut body = octets.split_off(end);
    let (head, fault) = Head::read(&octets);
    let fit = match (fault, announced(&head)) {
        (Some(fault), _) | (None, Err(fault)) => Err(fault),
        (None, Ok(None)) if body.len() > BODY_OCTETS => Err(Fault::BodyTooLarge),
        (None, Ok(None)) => Ok(body.len()),
        (None, Ok(Some(len))) => match whole {
            Whole::Datagram if len <= body.len() => Ok(len),
            Whole::Frame if len == body.len() => Ok(len),
            Whole::Datagram | Whole::Frame => Err(Fault::Length),
        },
    };
    Some(match fit {
        Ok(len) => {
            body.truncate(len);
            Cut::Message(Message { head, body })
        }
        Err(fault) => Cut::Broken(Broken { fault, head }),
    })
}

#[cfg(test)]
mod tests;
