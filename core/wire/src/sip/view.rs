//! Requests and responses that [`super::check()`] found sound. Accessors borrow and don't fail.

use super::frame::Message;
use super::grammar;
use super::head::Head;
use super::method::Method;
use super::name::Name;
use super::name_addr::NameAddr;
use super::status::Status;
use super::uri::{SipUri, Target};
use super::via::Via;
use crate::auth::Credentials;
use crate::event::{ETag, Event, SubscriptionState};
use alloc::vec::Vec;
use bytes::Bytes;

/// A request with all that every request must have.
#[derive(Clone, Debug)]
pub struct Request {
    message: Message,
    method: Method,
    cseq: u32,
}

/// The bindings that a REGISTER names.
#[derive(Clone, Debug)]
pub enum Contacts<'a> {
    /// None: it asks which there are.
    Absent,
    /// `*`: all of them end.
    All,
    /// These.
    Listed(Vec<NameAddr<'a>>),
    /// `*` beside others, to be answered with 400.
    Mixed,
}

impl Request {
    pub(crate) fn new(message: Message, method: Method, cseq: u32) -> Self {
        Self {
            message,
            method,
            cseq,
        }
    }

    /// Its method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whom it is for.
    pub fn target(&self) -> Target<'_> {
        Target::parse(self.head().uri_octets()).unwrap_or(Target::OtherScheme)
    }

    /// The SIP URI that it is for, if it's one.
    pub fn sip_target(&self) -> Option<SipUri<'_>> {
        match self.target() {
            Target::Sip(uri) => Some(uri),
            Target::OtherScheme => None,
        }
    }

    /// The number of its CSeq.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }

    /// Its To; `None` can't happen, and reads as a malformed request.
    pub fn to(&self) -> Option<NameAddr<'_>> {
        self.head().value(Name::To).and_then(NameAddr::parse)
    }

    /// Its From.
    pub fn from(&self) -> Option<NameAddr<'_>> {
        self.head().value(Name::From).and_then(NameAddr::parse)
    }

    /// Its Call-ID; of a MESSAGE the item's id.
    pub fn call_id(&self) -> &[u8] {
        self.head().value(Name::CallId).unwrap_or_default()
    }

    /// Its first Via.
    pub fn via(&self) -> Option<Via<'_>> {
        self.head().items(Name::Via).next().and_then(Via::parse)
    }

    /// The seconds of its Expires, saturating.
    pub fn expires_secs(&self) -> Option<u32> {
        self.head().value(Name::Expires).and_then(grammar::saturating_u32)
    }

    /// Its first credentials of our scheme; others are ignored, and broken ones count as absent.
    pub fn credentials(&self) -> Option<Credentials> {
        self.head()
            .values(Name::Authorization)
            .find_map(Credentials::parse)
    }

    /// Its event package; `None` if it has no readable one.
    pub fn event(&self) -> Option<Event> {
        self.head().value(Name::Event).and_then(Event::parse)
    }

    /// Its Event as it was written, for the NOTIFYs that repeat it.
    pub fn event_octets(&self) -> &[u8] {
        self.head().value(Name::Event).unwrap_or_default()
    }

    /// The state that a NOTIFY tells.
    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        self.head()
            .value(Name::SubscriptionState)
            .and_then(SubscriptionState::parse)
    }

    /// The tag of this name: of `SIP-ETag`, `SIP-If-Match` or `Suppress-If-Match`. `Some(None)` is a broken one.
    pub fn etag(&self, name: Name) -> Option<Option<ETag>> {
        self.head().value(name).map(ETag::parse)
    }

    /// The bindings that it names.
    pub fn contacts(&self) -> Contacts<'_> {
        let items: Vec<_> = self.head().items(Name::Contact).collect();
        match items.as_slice() {
            [] => Contacts::Absent,
            [b"*"] => Contacts::All,
            many if many.contains(&&b"*"[..]) => Contacts::Mixed,
            many => Contacts::Listed(many.iter().filter_map(|item| NameAddr::parse(item)).collect()),
        }
    }

    /// Whether its body has this type, parameters aside.
    pub fn has_type(&self, media_type: &str) -> bool {
        let value = self.head().value(Name::ContentType).unwrap_or_default();
        let (own, _) = grammar::split_outside(value, b';');
        grammar::trim(own).eq_ignore_ascii_case(media_type.as_bytes())
    }

    /// Start line and fields.
    pub fn head(&self) -> &Head {
        &self.message.head
    }

    /// Its body, in the buffer in which it came.
    pub fn body(&self) -> &Bytes {
        &self.message.body
    }
}

/// A response with all that every response must have.
#[derive(Clone, Debug)]
pub struct Response {
    message: Message,
    status: Status,
}

impl Response {
    pub(crate) fn new(message: Message, status: Status) -> Self {
        Self { message, status }
    }

    /// Its code.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The branch of its only Via: which transaction it answers.
    pub fn branch(&self) -> Option<&[u8]> {
        self.head().items(Name::Via).next().and_then(Via::parse)?.branch()
    }

    /// The method that it answers.
    pub fn method(&self) -> Option<Method> {
        let (_, method) = super::check::parse_cseq(self.head().value(Name::CSeq)?)?;
        Method::parse(method)
    }

    /// The number of the CSeq that it answers.
    pub fn cseq(&self) -> Option<u32> {
        super::check::parse_cseq(self.head().value(Name::CSeq)?).map(|(number, _)| number)
    }

    /// Its Call-ID.
    pub fn call_id(&self) -> &[u8] {
        self.head().value(Name::CallId).unwrap_or_default()
    }

    /// The tag that the server gave to this dialog.
    pub fn to_tag(&self) -> Option<&[u8]> {
        NameAddr::parse(self.head().value(Name::To)?)?.tag()
    }

    /// The seconds of its Expires.
    pub fn expires_secs(&self) -> Option<u32> {
        self.secs(Name::Expires)
    }

    /// The seconds of its Min-Expires, with a 423.
    pub fn min_expires_secs(&self) -> Option<u32> {
        self.secs(Name::MinExpires)
    }

    /// The seconds of its Flow-Timer: how long the relay waits for a ping.
    pub fn flow_timer_secs(&self) -> Option<u32> {
        self.secs(Name::FlowTimer)
    }

    /// The seconds of its Retry-After.
    pub fn retry_after_secs(&self) -> Option<u32> {
        let value = self.head().value(Name::RetryAfter)?;
        let digits = value.iter().take_while(|c| c.is_ascii_digit()).count();
        grammar::saturating_u32(value.get(..digits)?)
    }

    /// The version of the value that was published.
    pub fn etag(&self) -> Option<ETag> {
        self.head().value(Name::SipEtag).and_then(ETag::parse)
    }

    /// The challenge of a 401, if it's one of ours.
    pub fn challenge(&self) -> Option<crate::nonce::Nonce> {
        self.head()
            .values(Name::WwwAuthenticate)
            .find_map(crate::nonce::Nonce::parse_challenge)
    }

    /// Start line and fields.
    pub fn head(&self) -> &Head {
        &self.message.head
    }

    /// Its body.
    pub fn body(&self) -> &Bytes {
        &self.message.body
    }

    fn secs(&self, name: Name) -> Option<u32> {
        self.head().value(name).and_then(grammar::saturating_u32)
    }
}
