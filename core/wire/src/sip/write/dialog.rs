//! The relay's side of a subscription's dialog, and the NOTIFYs in it. RFC 6665 §4.2, §4.4.

use super::{Draft, ENVELOPE_TYPE};
use crate::event::{ETag, SubscriptionState};
use crate::limits::URI_OCTETS;
use crate::sip::exchange::{Branch, CallId, Exchange, Origin, Tag};
use crate::sip::grammar;
use crate::sip::method::Method;
use crate::sip::name::Name;
use crate::sip::uri::request_uri;
use crate::sip::view::{Contacts, Request};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use bytes::Bytes;
use core::fmt;

/// What a relay must remember of a SUBSCRIBE to tell its watcher.
#[derive(Clone)]
pub struct Dialog {
    call_id: CallId,
    local: Box<str>,
    local_tag: Tag,
    remote: Box<str>,
    remote_tag: Tag,
    target: Box<str>,
    event: Box<str>,
}

impl fmt::Debug for Dialog {
    /// Nothing: all of it names boxes or calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialog(..)")
    }
}

/// One NOTIFY.
#[derive(Clone)]
pub struct Notice<'a> {
    /// What has become of the subscription.
    pub state: SubscriptionState,
    /// The version of the value, if there is one.
    pub etag: Option<&'a ETag>,
    /// The value, if it is to be told.
    pub body: Option<Bytes>,
}

impl fmt::Debug for Notice<'_> {
    /// Without the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Dialog {
    /// The dialog that a SUBSCRIBE begins, under the To tag of its 200. `None` if the request lacks what a
    /// dialog needs, to be answered with 400: a From tag and exactly one Contact that is a URI.
    pub fn of_subscribe(request: &Request, local_tag: Tag) -> Option<Self> {
        let Contacts::Listed(contacts) = request.contacts() else {
            return None;
        };
        let [contact] = contacts.as_slice() else {
            return None;
        };
        let remote = request.from()?;
        let text = |octets: &[u8]| core::str::from_utf8(octets).ok().map(Box::from);
        grammar::token_and_params(request.event_octets())?;
        Some(Self {
            call_id: CallId::parse(request.call_id())?,
            local: text(request.to()?.uri())?,
            local_tag,
            remote: text(remote.uri())?,
            remote_tag: Tag::parse(remote.tag()?)?,
            target: request_uri(contact.uri()).map(Box::from)?,
            event: text(request.event_octets()).filter(|event| event.len() <= URI_OCTETS)?,
        })
    }

    /// Whether a request inside a dialog is one of this dialog.
    pub fn has(&self, request: &Request) -> bool {
        let tags = || Some((request.to()?.tag()?, request.from()?.tag()?));
        request.call_id() == self.call_id.as_str().as_bytes()
            && tags().is_some_and(|(to, from)| {
                to == self.local_tag.as_str().as_bytes() && from == self.remote_tag.as_str().as_bytes()
            })
    }

    /// The relay's tag.
    pub fn local_tag(&self) -> &Tag {
        &self.local_tag
    }

    /// Moves the watcher to the Contact of a refreshing SUBSCRIBE, if it has one.
    pub fn retarget(&mut self, request: &Request) {
        if let Contacts::Listed(contacts) = request.contacts()
            && let [contact] = contacts.as_slice()
            && let Some(uri) = request_uri(contact.uri())
        {
            self.target = uri.into();
        }
    }

    /// A NOTIFY in this dialog.
    pub fn notify(&self, origin: &Origin, branch: Branch, cseq: u32, notice: Notice<'_>) -> Draft {
        let from = format!("<{}>;tag={}", self.local, self.local_tag.as_str());
        let to = format!("<{}>;tag={}", self.remote, self.remote_tag.as_str());
        let exchange = Exchange {
            call_id: self.call_id.clone(),
            from_tag: self.local_tag.clone(),
            to_tag: Some(self.remote_tag.clone()),
            branch,
            cseq,
        };
        debug_assert!(
            request_uri(self.target.as_bytes()).is_some(),
            "checked when the request was"
        );
        let draft = Draft::begin(
            Method::Notify,
            self.target.to_string(),
            origin,
            &from,
            &to,
            &exchange,
        )
        .with(Name::Contact, crate::sip::rsip_bridge::contact(origin))
        .with(Name::Event, self.event.to_string())
        .with(Name::SubscriptionState, notice.state.to_string())
        .with_some(Name::SipEtag, notice.etag.map(ToString::to_string));
        match notice.body {
            None => draft,
            Some(body) => draft.carrying(ENVELOPE_TYPE, body),
        }
    }
}
