//! Responses. RFC 3261 §8.2.6.
//!
//! Via, From, To, Call-ID and CSeq are copied octet for octet from the request, never through a parser;
//! the rest of the head is written as everywhere. No Warning, no Server, no Date.

use super::exchange::{Origin, Tag};
use super::grammar;
use super::head::Head;
use super::method::Method;
use super::name::Name;
use super::name_addr::NameAddr;
use super::rsip_bridge;
use super::status::Status;
use super::via::Via;
use super::view::Request;
use crate::event::{ETag, Package};
use crate::nonce::Nonce;
use crate::{ENVELOPE_TYPE, GRANTS_TYPE};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// A response in the making.
#[derive(Clone)]
pub struct Reply {
    octets: Vec<u8>,
    fields: Vec<(Name, String)>,
}

impl fmt::Debug for Reply {
    /// Nothing: the copied values name boxes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(..)")
    }
}

impl Reply {
    /// A response to a request, under this To tag unless the request has one. The tag must be the same in
    /// every response of the transaction.
    pub fn to(request: &Request, status: Status, tag: &Tag) -> Self {
        Self::copying(request.head(), status, tag)
    }

    /// A response to a head that may be broken: a second To or From is left out.
    pub(crate) fn to_head(head: &Head, status: Status, tag: &Tag) -> Option<Self> {
        Self::can_answer(head).then(|| Self::copying(head, status, tag))
    }

    /// Whether a head has what a response must copy, and isn't an ACK.
    pub(crate) fn can_answer(head: &Head) -> bool {
        let copied = [Name::To, Name::From, Name::CallId, Name::CSeq];
        let mut vias = head.items(Name::Via);
        head.method_octets() != Method::Ack.as_str().as_bytes()
            && vias.next().is_some_and(|via| Via::parse(via).is_some())
            && copied
                .into_iter()
                .all(|name| head.value(name).is_some_and(|value| !value.is_empty()))
    }

    fn copying(head: &Head, status: Status, tag: &Tag) -> Self {
        let mut octets = Vec::with_capacity(512);
        rsip_bridge::status_line(&mut octets, status);
        // spec: trans-1
        for via in head.values(Name::Via) {
            copy(&mut octets, Name::Via, via, "");
        }
        copy(
            &mut octets,
            Name::From,
            head.value(Name::From).unwrap_or_default(),
            "",
        );
        let to = head.value(Name::To).unwrap_or_default();
        let tagged = NameAddr::parse(to).is_none_or(|to| to.params().get(b"tag").is_some());
        let own = if tagged || status == Status::TRYING {
            String::new()
        } else {
            alloc::format!(";tag={}", tag.as_str())
        };
        copy(&mut octets, Name::To, to, &own);
        for name in [Name::CallId, Name::CSeq] {
            copy(&mut octets, name, head.value(name).unwrap_or_default(), "");
        }
        Self {
            octets,
            fields: Vec::new(),
        }
    }

    /// With how long it lasts.
    #[must_use]
    pub fn expires(self, secs: u32) -> Self {
        self.with(Name::Expires, secs.to_string())
    }

    /// With the least time that is accepted: 423.
    #[must_use]
    pub fn min_expires(self, secs: u32) -> Self {
        self.with(Name::MinExpires, secs.to_string())
    }

    /// With the time to wait: 480, 500, 503.
    #[must_use]
    pub fn retry_after(self, secs: u32) -> Self {
        self.with(Name::RetryAfter, secs.to_string())
    }

    /// With the version of the value.
    #[must_use]
    pub fn etag(self, tag: &ETag) -> Self {
        self.with(Name::SipEtag, tag.to_string())
    }

    /// With the methods that a relay serves: 405, OPTIONS.
    #[must_use]
    pub fn allow(self) -> Self {
        self.with(Name::Allow, Method::SERVED.map(Method::as_str).join(", "))
    }

    /// With the event packages that a relay has: 489, OPTIONS.
    #[must_use]
    pub fn allow_events(self) -> Self {
        self.with(Name::AllowEvents, Package::ALL.map(Package::as_str).join(", "))
    }

    /// With the body types that a relay takes: 415, OPTIONS.
    #[must_use]
    pub fn accept(self) -> Self {
        self.with(Name::Accept, [ENVELOPE_TYPE, GRANTS_TYPE].join(", "))
    }

    /// With the only encoding that is taken: 415.
    #[must_use]
    pub fn accept_encoding(self) -> Self {
        self.with(Name::AcceptEncoding, "identity".into())
    }

    /// With the extensions that a relay has: OPTIONS.
    #[must_use]
    pub fn supported(self) -> Self {
        self.with(Name::Supported, "outbound".into())
    }

    /// With the extensions of the request that nobody here knows: 420. Those that are no tokens are left out.
    #[must_use]
    pub fn unsupported<'a>(self, tags: impl Iterator<Item = &'a [u8]>) -> Self {
        let tags: Vec<_> = tags
            .filter(|tag| grammar::is_token(tag))
            .filter_map(|tag| core::str::from_utf8(tag).ok())
            .collect();
        self.with(Name::Unsupported, tags.join(", "))
    }

    /// With a challenge: 401 on a connection without an exporter, or for credentials that are missing.
    #[must_use]
    pub fn challenge(self, nonce: &Nonce) -> Self {
        self.with(Name::WwwAuthenticate, alloc::format!("Sipher n={nonce}"))
    }

    /// With the flow of RFC 5626: how long the relay waits for a ping.
    #[must_use]
    pub fn flow(self, flow_timer_secs: u32) -> Self {
        self.with(Name::Require, "outbound".into())
            .with(Name::FlowTimer, flow_timer_secs.to_string())
    }

    /// With one binding of a REGISTER: the Contact as it was registered, and how long it holds.
    #[must_use]
    pub fn binding(self, contact: &NameAddr<'_>, expires_secs: u32) -> Self {
        let Ok(uri) = core::str::from_utf8(contact.uri()) else {
            return self;
        };
        let mut value = alloc::format!("<{uri}>");
        for (name, text) in contact.params().iter() {
            if let (Ok(name), false) = (core::str::from_utf8(name), name.eq_ignore_ascii_case(b"expires")) {
                value.push(';');
                value.push_str(name);
                if let Some(text) = text.and_then(|text| core::str::from_utf8(text).ok()) {
                    value.push('=');
                    value.push_str(text);
                }
            }
        }
        self.with(Name::Contact, alloc::format!("{value};expires={expires_secs}"))
    }

    /// With where the relay takes the requests of this dialog: a 200 to SUBSCRIBE.
    #[must_use]
    pub fn contact(self, origin: &Origin) -> Self {
        self.with(Name::Contact, rsip_bridge::contact(origin))
    }

    /// The response's octets. It has no body.
    pub fn write(self) -> Bytes {
        let mut octets = self.octets;
        for (name, value) in &self.fields {
            rsip_bridge::field(&mut octets, *name, value);
        }
        rsip_bridge::field(&mut octets, Name::ContentLength, "0");
        octets.extend_from_slice(b"\r\n");
        octets.into()
    }

    fn with(mut self, name: Name, value: String) -> Self {
        self.fields.push((name, value));
        self
    }
}

/// Writes a value as it came. The head that it is from has no control octets in its values.
fn copy(out: &mut Vec<u8>, name: Name, value: &[u8], suffix: &str) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(suffix.as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
