//! Promise: each typed header value either is refused or has parts that lie within it, and what can be written is
//! written to the same. Spec: `spec/sip-checklist.md` F5 to F8, F10, F16.

use sipher_wire::sip::{CallId, Method, NameAddr, SipUri, Status, Tag, Target, Via};
use sipher_wire::{ETag, Event, SubscriptionState};

/// A header's value.
pub(crate) fn target(data: &[u8]) {
    if let Some(Target::Sip(uri)) = Target::parse(data) {
        read_uri(uri, data);
    }
    if let Some(value) = NameAddr::parse(data) {
        assert!(Target::parse(value.uri()).is_some(), "a name-addr without a URI");
        assert!(is_part(value.uri(), data));
        if let Some(uri) = value.sip() {
            read_uri(uri, data);
        }
        for (name, text) in value.params().iter() {
            assert_eq!(
                value.params().get(name),
                Some(text),
                "a parameter that can't be found"
            );
        }
    }
    if let Some(via) = Via::parse(data) {
        let parts = [via.transport(), via.host(), via.branch().unwrap_or_default()];
        assert!(parts.iter().all(|part| is_part(part, data)));
        assert!(via.port() != Some(0));
    }
    if let Some(event) = Event::parse(data)
        && let Some(package) = event.package
    {
        let written = format!("{};since={}", package.as_str(), event.since);
        assert_eq!(Event::parse(written.as_bytes()), Some(event));
    }
    if let Some(state) = SubscriptionState::parse(data) {
        let written = state.to_string();
        let again = SubscriptionState::parse(written.as_bytes());
        assert_eq!(again.map(|again| again.to_string()), Some(written));
    }
    if let Some(etag) = ETag::parse(data) {
        assert_eq!(etag.as_str().as_bytes(), data);
    }
    if let Some(tag) = Tag::parse(data) {
        assert_eq!(tag.as_str().as_bytes(), data);
    }
    if let Some(id) = CallId::parse(data) {
        assert_eq!(id.as_str().as_bytes(), data);
    }
    if let Some(method) = Method::parse(data) {
        assert!(method == Method::Other || method.as_str().as_bytes() == data);
    }
    if let Some(status) = Status::parse(data) {
        assert_eq!(status.code().to_string().as_bytes(), data);
    }
}

fn read_uri(uri: SipUri<'_>, within: &[u8]) {
    assert!(!uri.host().is_empty() && is_part(uri.host(), within));
    assert!(uri.port() != Some(0));
    let decoded = uri.decoded_user().map_or(0, |user| user.len());
    assert!(
        decoded <= uri.user().map_or(0, <[u8]>::len),
        "decoding made it longer"
    );
    if let Some(id) = uri.box_id() {
        assert_eq!(uri.decoded_user().as_deref(), Some(id.as_str().as_bytes()));
    }
}

/// Whether a part lies in the octets that it was read from, or is empty.
fn is_part(part: &[u8], of: &[u8]) -> bool {
    part.is_empty() || of.as_ptr_range().contains(&part.as_ptr())
}
