//! Requests of client and relay. Spec: `spec/wire.md`, header sets; RFC 3261 §8.1.1, 3428, 3903, 6665.
//!
//! The header set of each act is fixed, so that two installations differ in random fields only (RFC 3323).
//! No User-Agent, Date, Organization, Allow or display name is ever written.

mod dialog;

pub use self::dialog::{Dialog, Notice};

use super::exchange::{Exchange, Origin};
use super::method::Method;
use super::name::Name;
use super::rsip_bridge;
use crate::auth::Credentials;
use crate::box_id::BoxId;
use crate::event::{ETag, Package};
use crate::host::Host;
use crate::{ENVELOPE_TYPE, GRANTS_TYPE};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use sha2::{Digest, Sha256};

/// A box at a relay, as a SIP URI names it.
#[derive(Clone, Copy, Debug)]
pub struct BoxAt<'a> {
    /// The box.
    pub id: &'a BoxId,
    /// The relay's host, without port.
    pub host: &'a Host,
}

/// How long an item may wait for its reader. Three values only, so that disappearing timers don't show.
// spec: queue-5
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lifetime {
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
}

impl Lifetime {
    /// In seconds.
    pub const fn as_secs(self) -> u32 {
        const DAY: u32 = 86_400;
        match self {
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
        }
    }
}

/// What a PUBLISH says.
#[derive(Clone)]
pub struct Publication<'a> {
    /// The package: cell, log, or grants.
    pub package: Package,
    /// The version that it replaces or, of a log, follows.
    pub if_match: Option<&'a ETag>,
    /// How long the value holds, in seconds; zero removes it. Grants and logs say none.
    pub expires_secs: Option<u32>,
    /// The value; `None` refreshes the one that is there.
    pub body: Option<Bytes>,
}

impl fmt::Debug for Publication<'_> {
    /// Without the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publication")
            .field("package", &self.package)
            .finish_non_exhaustive()
    }
}

/// What a SUBSCRIBE asks for.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    /// The package: cell or log.
    pub package: Package,
    /// All items of a log up to this one are known.
    pub since: Option<u64>,
    /// How long to watch, in seconds; zero fetches once.
    pub expires_secs: u32,
    /// The version that is known: nothing is sent while it is current (RFC 5839).
    pub suppress: Option<&'a ETag>,
}

/// A request in the making: change nothing but its credentials, then write it.
#[derive(Clone)]
pub struct Draft {
    method: Method,
    uri: String,
    fields: Vec<(Name, String)>,
    body: Bytes,
}

// spec: secret-1
impl fmt::Debug for Draft {
    /// Neither values nor body: they hold box ids and proofs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl Draft {
    /// Owns a box and receives its items on this connection, for so many seconds; zero ends that.
    pub fn register(origin: &Origin, at: BoxAt<'_>, exchange: &Exchange, expires_secs: u32) -> Self {
        let contact = rsip_bridge::flow_contact(origin, &instance(at.id));
        Self::owned(
            Method::Register,
            rsip_bridge::uri(None, at.host),
            origin,
            at,
            exchange,
        )
        .with(Name::Supported, "outbound".into())
        .with(Name::Contact, contact)
        .with(Name::Expires, expires_secs.to_string())
    }

    /// Asks which bindings there are. The answer also says that all that had waited was sent before it.
    pub fn register_query(origin: &Origin, at: BoxAt<'_>, exchange: &Exchange) -> Self {
        Self::owned(
            Method::Register,
            rsip_bridge::uri(None, at.host),
            origin,
            at,
            exchange,
        )
    }

    /// Puts an item into a queue; the exchange's Call-ID is the item's id.
    pub fn message(
        origin: &Origin,
        at: BoxAt<'_>,
        exchange: &Exchange,
        lifetime: Lifetime,
        body: Bytes,
    ) -> Self {
        Self::anonymous(Method::Message, origin, at, exchange)
            .with(Name::Expires, lifetime.as_secs().to_string())
            .carrying(ENVELOPE_TYPE, body)
    }

    /// Writes a cell, appends to a log, or manages grants.
    pub fn publish(
        origin: &Origin,
        at: BoxAt<'_>,
        exchange: &Exchange,
        publication: Publication<'_>,
    ) -> Self {
        let media_type = match publication.package {
            Package::Grants => GRANTS_TYPE,
            Package::Cell | Package::Log => ENVELOPE_TYPE,
        };
        let uri = rsip_bridge::uri(Some(at.id.as_str()), at.host);
        let draft = match publication.package {
            Package::Log => Self::anonymous(Method::Publish, origin, at, exchange),
            Package::Cell | Package::Grants => Self::owned(Method::Publish, uri, origin, at, exchange),
        };
        let draft = draft
            .with(Name::Event, publication.package.as_str().into())
            .with_some(Name::SipIfMatch, publication.if_match.map(ToString::to_string))
            .with_some(
                Name::Expires,
                publication.expires_secs.map(|secs| secs.to_string()),
            );
        match publication.body {
            None => draft,
            Some(body) => draft.carrying(media_type, body),
        }
    }

    /// Watches a cell or a log, or fetches once. With a To tag in the exchange it refreshes the dialog.
    pub fn subscribe(origin: &Origin, at: BoxAt<'_>, exchange: &Exchange, wanted: Subscription<'_>) -> Self {
        let since = wanted
            .since
            .map_or(String::new(), |since| alloc::format!(";since={since}"));
        Self::anonymous(Method::Subscribe, origin, at, exchange)
            .with(Name::Contact, rsip_bridge::contact(origin))
            .with(Name::Event, alloc::format!("{}{since}", wanted.package.as_str()))
            .with_some(Name::SuppressIfMatch, wanted.suppress.map(ToString::to_string))
            .with(Name::Expires, wanted.expires_secs.to_string())
    }

    /// Asks a relay for its limits.
    pub fn options(origin: &Origin, host: &Host, exchange: &Exchange) -> Self {
        let to = rsip_bridge::name_addr(None, &host.to_string(), exchange.to_tag.as_ref());
        Self::begin(
            Method::Options,
            rsip_bridge::uri(None, host),
            origin,
            &anonymous(exchange),
            &to,
            exchange,
        )
    }

    /// Hands an item to the owner of a queue, at the Contact that he registered. `None` if that Contact is
    /// no URI that a request can be for.
    pub fn deliver(
        origin: &Origin,
        contact_uri: &[u8],
        at: BoxAt<'_>,
        exchange: &Exchange,
        body: Bytes,
    ) -> Option<Self> {
        let uri = super::uri::request_uri(contact_uri)?.into();
        let to = name_of(at, exchange);
        let draft = Self::begin(Method::Message, uri, origin, &anonymous(exchange), &to, exchange);
        Some(draft.carrying(ENVELOPE_TYPE, body))
    }

    /// With this proof.
    #[must_use]
    pub fn authorized(self, credentials: &Credentials) -> Self {
        self.with(Name::Authorization, credentials.to_string())
    }

    /// Its method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Its Request-URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Its values of this name.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Its body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request's octets.
    pub fn write(&self) -> Bytes {
        let mut out = Vec::with_capacity(1024 + self.body.len());
        rsip_bridge::request_line(&mut out, self.method, &self.uri);
        for (name, value) in &self.fields {
            rsip_bridge::field(&mut out, *name, value);
        }
        rsip_bridge::field(&mut out, Name::ContentLength, &self.body.len().to_string());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out.into()
    }

    /// A request of an owner: From is the box itself.
    fn owned(method: Method, uri: String, origin: &Origin, at: BoxAt<'_>, exchange: &Exchange) -> Self {
        let from = rsip_bridge::name_addr(
            Some(at.id.as_str()),
            &at.host.to_string(),
            Some(&exchange.from_tag),
        );
        Self::begin(method, uri, origin, &from, &name_of(at, exchange), exchange)
    }

    /// A request of somebody who only holds a grant.
    fn anonymous(method: Method, origin: &Origin, at: BoxAt<'_>, exchange: &Exchange) -> Self {
        let uri = rsip_bridge::uri(Some(at.id.as_str()), at.host);
        Self::begin(
            method,
            uri,
            origin,
            &anonymous(exchange),
            &name_of(at, exchange),
            exchange,
        )
    }

    fn begin(
        method: Method,
        uri: String,
        origin: &Origin,
        from: &str,
        to: &str,
        exchange: &Exchange,
    ) -> Self {
        // spec: anon-2
        let mut fields = Vec::with_capacity(12);
        fields.push((Name::Via, rsip_bridge::via(origin, &exchange.branch)));
        fields.push((Name::MaxForwards, "70".into()));
        fields.push((Name::From, from.into()));
        fields.push((Name::To, to.into()));
        fields.push((Name::CallId, exchange.call_id.as_str().into()));
        fields.push((Name::CSeq, rsip_bridge::cseq(exchange.cseq, method)));
        Self {
            method,
            uri,
            fields,
            body: Bytes::new(),
        }
    }

    fn carrying(mut self, media_type: &str, body: Bytes) -> Self {
        self.body = body;
        self.with(Name::ContentType, media_type.into())
    }

    fn with(mut self, name: Name, value: String) -> Self {
        self.fields.push((name, value));
        self
    }

    fn with_some(self, name: Name, value: Option<String>) -> Self {
        match value {
            None => self,
            Some(value) => self.with(name, value),
        }
    }
}

fn name_of(at: BoxAt<'_>, exchange: &Exchange) -> String {
    rsip_bridge::name_addr(
        Some(at.id.as_str()),
        &at.host.to_string(),
        exchange.to_tag.as_ref(),
    )
}

/// From of a request whose sender has no name, RFC 3323 §4.1.1.3.
fn anonymous(exchange: &Exchange) -> String {
    // spec: anon-4
    rsip_bridge::name_addr(Some("anonymous"), "anonymous.invalid", Some(&exchange.from_tag))
}

/// The instance of RFC 5626 as a UUID computed from the box: one stable id over several boxes would join them.
fn instance(id: &BoxId) -> String {
    let mut hash = Sha256::new();
    hash.update(b"sipher/1 instance");
    hash.update(id.as_str().as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let bits = u128::from_be_bytes(hash.first_chunk().copied().unwrap_or_default());
    // RFC 9562 §5.8: version 8 is free for such use, variant 10.
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    let text = alloc::format!("{bits:032x}");
    let part = |range| text.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests;
