//! What a message must have before anybody acts on it. RFC 3261 §8.1.1, §8.1.3.3, §20;
//! `spec/sip-checklist.md` F10 to F13.
//!
//! One pass over the head. A good request or response comes out as a value whose accessors can't fail;
//! the rest as an answer to give, or as silence. What a *method* must have is the server's to check.

use super::exchange::Tag;
use super::frame::{Broken, Fault, Message};
use super::grammar;
use super::head::{Head, StartLine};
use super::method::Method;
use super::name::Name;
use super::name_addr::NameAddr;
use super::reply::Reply;
use super::status::Status;
use super::uri::Target;
use super::via::Via;
use super::view::{Request, Response};
use crate::limits::{CALL_ID_OCTETS, CONTACTS, CSEQ_MAX, VIAS};

/// What to do with a message.
#[derive(Debug)]
pub enum Verdict {
    /// Serve it.
    Request(Request),
    /// Match it with a transaction.
    Response(Response),
    /// Answer it.
    Refuse(Refusal),
    /// Say nothing.
    Drop(After),
}

/// What becomes of the stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum After {
    /// It goes on.
    Keep,
    /// It is closed; a datagram socket is not.
    Close,
}

/// A request that gets an answer and nothing else.
#[derive(Debug)]
pub struct Refusal {
    /// The answer's code.
    pub status: Status,
    /// What becomes of the stream then.
    pub after: After,
    head: Head,
}

impl Refusal {
    /// The answer, under this To tag. `None` for an ACK, which is never answered.
    pub fn reply(&self, tag: &Tag) -> Option<Reply> {
        Reply::to_head(&self.head, self.status, tag)
    }
}

/// Judges a message.
pub fn check(message: Message) -> Verdict {
    match *message.head.start() {
        StartLine::Response { status } if is_sound_response(&message.head) => {
            Verdict::Response(Response::new(message, status))
        }
        // spec: frame-10
        StartLine::Response { .. } | StartLine::BrokenResponse => Verdict::Drop(After::Keep),
        StartLine::OtherVersion => refuse(message.head, Status::BAD_VERSION, After::Keep),
        StartLine::Broken => refuse(message.head, Status::BAD_REQUEST, After::Close),
        StartLine::Request { method } => match request_cseq(&message.head) {
            Some(cseq) => Verdict::Request(Request::new(message, method, cseq)),
            None => refuse(message.head, Status::BAD_REQUEST, After::Close),
        },
    }
}

/// Judges what the cutter couldn't take. The stream is always closed.
pub fn check_broken(broken: Broken) -> Verdict {
    match broken.head.start() {
        StartLine::Response { .. } | StartLine::BrokenResponse => Verdict::Drop(After::Close),
        StartLine::Broken if broken.fault == Fault::HeadTooLarge => Verdict::Drop(After::Close),
        StartLine::Request { .. } | StartLine::OtherVersion | StartLine::Broken => {
            refuse(broken.head, broken.fault.status(), After::Close)
        }
    }
}

/// An answer, if the values that it must copy are there; else silence.
fn refuse(head: Head, status: Status, after: After) -> Verdict {
    if Reply::can_answer(&head) {
        return Verdict::Refuse(Refusal { status, after, head });
    }
    let unanswerable_but_framed =
        head.method_octets() == Method::Ack.as_str().as_bytes() && after == After::Keep;
    Verdict::Drop(if unanswerable_but_framed {
        After::Keep
    } else {
        After::Close
    })
}

/// The CSeq of a request that has all it must have, and nothing twice.
fn request_cseq(head: &Head) -> Option<u32> {
    let (cseq, method) = common(head)?;
    let target_is_sound = Target::parse(head.uri_octets())?.may_be_requested();
    let mut vias = head.items(Name::Via).take(VIAS + 1).enumerate().peekable();
    // A field without a value is an empty list, of which every item is sound.
    let has_vias = vias.peek().is_some();
    let vias_are_sound = has_vias && vias.all(|(n, via)| n < VIAS && Via::parse(via).is_some());
    // spec: frame-9
    let sound = method == head.method_octets() && target_is_sound && vias_are_sound;
    (sound && numbers_are_sound(head) && contacts_are_sound(head)).then_some(cseq)
}

fn is_sound_response(head: &Head) -> bool {
    let mut vias = head.items(Name::Via);
    let one_via = vias.next().is_some_and(|via| Via::parse(via).is_some()) && vias.next().is_none();
    one_via && common(head).is_some() && numbers_are_sound(head)
}

/// What requests and responses share: the mandatory fields, each once. Gives CSeq and its method.
fn common(head: &Head) -> Option<(u32, &[u8])> {
    let mut seen = Seen::default();
    for (name, _) in head.fields() {
        if name.is_unique() && !seen.first_time(name) {
            return None;
        }
    }
    head.value(Name::Via)?;
    NameAddr::parse(head.only(Name::To)?)?;
    NameAddr::parse(head.only(Name::From)?)?;
    let call_id = head.only(Name::CallId)?;
    let is_call_id =
        (1..=CALL_ID_OCTETS).contains(&call_id.len()) && call_id.iter().all(|c| matches!(c, 0x21..=0x7e));
    is_call_id.then_some(())?;
    parse_cseq(head.only(Name::CSeq)?)
}

/// `number LWS method`; the number is below 2^31 and may have leading zeros.
pub(crate) fn parse_cseq(value: &[u8]) -> Option<(u32, &[u8])> {
    let blank = value.iter().position(|&c| grammar::is_blank(c))?;
    let (number, method) = value.split_at(blank);
    let method = grammar::trim(method);
    let number = grammar::saturating_u32(number).filter(|&n| n <= CSEQ_MAX)?;
    Method::parse(method).map(|_| (number, method))
}

fn numbers_are_sound(head: &Head) -> bool {
    let hops = head.value(Name::MaxForwards).map(grammar::saturating_u32);
    let is_number = |name| {
        head.value(name)
            .is_none_or(|value| grammar::saturating_u32(value).is_some())
    };
    hops.is_none_or(|hops| hops.is_some_and(|hops| hops <= 255))
        && [Name::Expires, Name::MinExpires].into_iter().all(is_number)
}

fn contacts_are_sound(head: &Head) -> bool {
    let mut contacts = head.items(Name::Contact).take(CONTACTS + 1).enumerate();
    contacts.all(|(n, contact)| n < CONTACTS && (contact == b"*" || NameAddr::parse(contact).is_some()))
}

/// Which of the unique names have come.
#[derive(Default)]
struct Seen(u64);

impl Seen {
    fn first_time(&mut self, name: Name) -> bool {
        let bit = 1_u64.checked_shl(name as u32).unwrap_or(0);
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }
}

#[cfg(test)]
mod tests;
