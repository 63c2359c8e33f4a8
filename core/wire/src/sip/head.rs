//! The start line and header fields of one message as a view of its octets. RFC 3261 §7.
//!
//! One pass, one allocation for the list of spans (a second one where lines are folded, which nobody of
//! ours does). It reads leniently and says the first fault, so that even a broken message can be answered.

use super::frame::Fault;
use super::grammar::{self, is_blank, trim};
use super::method::Method;
use super::name::Name;
use super::status::Status;
use crate::limits::{HEAD_FIELDS, HEAD_OCTETS, VALUE_OCTETS};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::ops::Range;

/// The first line of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StartLine {
    /// `METHOD URI SIP/2.0`.
    Request {
        /// Its method.
        method: Method,
    },
    /// `SIP/2.0 CODE phrase`; the phrase is dropped, as it means nothing.
    Response {
        /// Its code.
        status: Status,
    },
    /// A request of another version, to be answered with 505.
    OtherVersion,
    /// A response that can't be read, of any version: to be dropped.
    BrokenResponse,
    /// Anything else.
    Broken,
}

/// Start line and header fields, without their values being understood.
#[derive(Clone)]
pub struct Head {
    octets: Bytes,
    start: StartLine,
    method: Span,
    uri: Span,
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Default)]
struct Span {
    start: u16,
    end: u16,
}

#[derive(Clone, Copy)]
struct Field {
    name: Name,
    value: Span,
}

impl Head {
    /// Reads a head of at most [`HEAD_OCTETS`], its last line ended or cut. What can't be read is left
    /// out, and the first fault told.
    pub(crate) fn read(octets: &Bytes) -> (Self, Option<Fault>) {
        let octets = octets.slice(..octets.len().min(HEAD_OCTETS));
        let (octets, mut fault) = match unfolded(&octets) {
            Ok(None) => (octets, None),
            Ok(Some(unfolded)) => (unfolded, None),
            Err(fault) => (octets, Some(fault)),
        };
        let mut head = Self {
            octets: Bytes::new(),
            start: StartLine::Broken,
            method: Span::default(),
            uri: Span::default(),
            fields: Vec::with_capacity(16),
        };
        let mut lines = Lines {
            octets: &octets,
            next: 0,
        };
        match lines.next() {
            Some(Ok(line)) => head.read_start(&octets, line),
            Some(Err(found)) => fault = fault.or(Some(found)),
            None => {}
        }
        for line in lines {
            let read = line.and_then(|line| read_field(&octets, line));
            match read {
                Ok(_) if head.fields.len() == HEAD_FIELDS => {
                    fault = fault.or(Some(Fault::TooManyFields));
                    break;
                }
                Ok(field) => head.fields.push(field),
                Err(found) => fault = fault.or(Some(found)),
            }
        }
        head.octets = octets;
        (head, fault)
    }

    /// The first line.
    pub fn start(&self) -> &StartLine {
        &self.start
    }

    /// The method of a request as it was written; empty for responses.
    pub fn method_octets(&self) -> &[u8] {
        self.text(self.method)
    }

    /// The Request-URI as it was written; empty for responses.
    pub fn uri_octets(&self) -> &[u8] {
        self.text(self.uri)
    }

    /// The values of all fields of this name in order, trimmed and unfolded.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> + Clone {
        self.fields
            .iter()
            .filter(move |field| field.name == name)
            .map(|field| self.text(field.value))
    }

    /// The first value of this name.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The only value of this name; `None` if there is none or more than one.
    pub fn only(&self, name: Name) -> Option<&[u8]> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The items of all fields of this name, which must be one of comma lists (`spec/sip-checklist.md` F7).
    pub fn items(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.values(name).flat_map(grammar::list)
    }

    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (Name, &[u8])> {
        self.fields
            .iter()
            .map(|field| (field.name, self.text(field.value)))
    }

    /// The octets, with folded lines joined.
    pub fn octets(&self) -> &Bytes {
        &self.octets
    }

    fn text(&self, span: Span) -> &[u8] {
        self.octets
            .get(usize::from(span.start)..usize::from(span.end))
            .unwrap_or_default()
    }

    fn read_start(&mut self, octets: &[u8], line: Range<usize>) {
        let text = octets.get(line.clone()).unwrap_or_default();
        if text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
        {
            self.start =
                status_line(text).map_or(StartLine::BrokenResponse, |status| StartLine::Response { status });
            return;
        }
        let mut parts = text.split(|&c| c == b' ');
        let (Some(method), Some(uri), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let method_end = line.start + method.len();
        let uri_end = method_end + 1 + uri.len();
        let (Some(kind), false) = (Method::parse(method), uri.is_empty()) else {
            return;
        };
        let spans = (span(&(line.start..method_end)), span(&(method_end + 1..uri_end)));
        let (Some(method), Some(uri)) = spans else { return };
        (self.method, self.uri) = (method, uri);
        self.start = match version {
            _ if version.eq_ignore_ascii_case(b"SIP/2.0") => StartLine::Request { method: kind },
            _ if is_version(version) => StartLine::OtherVersion,
            _ => StartLine::Broken,
        };
    }
}

impl fmt::Debug for Head {
    /// Neither values nor the URI: they hold box ids and proofs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("start", &self.start)
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

fn status_line(text: &[u8]) -> Option<Status> {
    let mut parts = text.splitn(3, |&c| c == b' ');
    let version = parts.next()?;
    let status = Status::parse(parts.next()?)?;
    (version.eq_ignore_ascii_case(b"SIP/2.0") && parts.next().is_some()).then_some(status)
}

/// `SIP/` and two numbers.
fn is_version(text: &[u8]) -> bool {
    let Some((name, numbers)) = text.split_at_checked(4) else {
        return false;
    };
    let mut parts = numbers.split(|&c| c == b'.');
    let is_number = |part: Option<&[u8]>| part.and_then(grammar::saturating_u32).is_some();
    name.eq_ignore_ascii_case(b"SIP/")
        && is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_none()
}

/// The lines of a head as ranges without their ends; an empty line ends it.
struct Lines<'a> {
    octets: &'a [u8],
    next: usize,
}

impl Iterator for Lines<'_> {
    type Item = Result<Range<usize>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next;
        let rest = self.octets.get(start..).filter(|rest| !rest.is_empty())?;
        let Some(end) = memchr::memchr(b'\n', rest) else {
            self.next = self.octets.len();
            return Some(Err(Fault::Octet));
        };
        self.next = start + end + 1;
        let line = rest.get(..end).unwrap_or_default();
        let Some((b'\r', text)) = line.split_last() else {
            return Some(Err(Fault::Octet));
        };
        if text.is_empty() {
            self.next = self.octets.len();
            return None;
        }
        // spec: frame-3
        let is_control = |c: u8| (c < 0x20 && c != b'\t') || c == 0x7f;
        Some(if text.iter().any(|&c| is_control(c)) {
            Err(Fault::Octet)
        } else {
            Ok(start..start + text.len())
        })
    }
}

fn read_field(octets: &[u8], line: Range<usize>) -> Result<Field, Fault> {
    let text = octets.get(line.clone()).unwrap_or_default();
    let colon = memchr::memchr(b':', text).ok_or(Fault::Field)?;
    let (name, value) = text.split_at(colon);
    let trailing = name.iter().rev().take_while(|&&c| is_blank(c)).count();
    // spec: frame-4
    let name = name.get(..name.len() - trailing).unwrap_or_default();
    if !grammar::is_token(name) {
        return Err(Fault::Field);
    }
    let value = value.get(1..).unwrap_or_default();
    let trimmed = trim(value);
    let leading = value.iter().take_while(|&&c| is_blank(c)).count();
    let start = line.start + colon + 1 + if trimmed.is_empty() { 0 } else { leading };
    if trimmed.len() > VALUE_OCTETS {
        return Err(Fault::ValueTooLong);
    }
    let value = span(&(start..start + trimmed.len())).ok_or(Fault::HeadTooLarge)?;
    Ok(Field {
        name: Name::parse(name),
        value,
    })
}

fn span(range: &Range<usize>) -> Option<Span> {
    Some(Span {
        start: u16::try_from(range.start).ok()?,
        end: u16::try_from(range.end).ok()?,
    })
}

/// Joins folded lines by one blank; `None` if nothing is folded. The start line can't be continued.
fn unfolded(octets: &Bytes) -> Result<Option<Bytes>, Fault> {
    let folds = |at: &usize| {
        let blank = octets.get(at + 1).is_some_and(|&c| is_blank(c));
        blank && at.checked_sub(1).and_then(|before| octets.get(before)) == Some(&b'\r')
    };
    let Some(first) = memchr::memchr_iter(b'\n', octets).find(folds) else {
        return Ok(None);
    };
    if memchr::memchr(b'\n', octets) == Some(first) {
        return Err(Fault::Field);
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = &octets[..];
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (line, after) = rest.split_at(at + 1);
        if after.first().is_some_and(|&c| is_blank(c)) && line.ends_with(b"\r\n") {
            let line = line.strip_suffix(b"\r\n").unwrap_or_default();
            let kept = line.len() - line.iter().rev().take_while(|&&c| is_blank(c)).count();
            out.extend_from_slice(line.get(..kept).unwrap_or_default());
            out.push(b' ');
            let skipped = after.iter().take_while(|&&c| is_blank(c)).count();
            rest = after.get(skipped..).unwrap_or_default();
        } else {
            out.extend_from_slice(line);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    Ok(Some(out.into()))
}

#[cfg(test)]
mod tests;
