//! Promise: whatever a request holds, what a relay writes because of it is sound, has the fields that were meant
//! and no other, and copies what must be copied. Spec: `spec/sip-checklist.md` T1, RFC 3261 §8.2.6, RFC 6665 §4.2.

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_wire::limits::HEAD_OCTETS;
use sipher_wire::sip::{BoxAt, Method};
use sipher_wire::sip::{
    Branch, Contacts, Cut, Dialog, Draft, Exchange, Message, Name, Notice, Origin, Reply, Request, Status,
    Tag, Transport, Verdict, Whole, check, cut_whole,
};
use sipher_wire::{BoxId, BoxKind, ETag, Host, Nonce, OwnerKey, SubscriptionState};

use super::{fields, verdict_of_own, whole};

/// A datagram with a request.
pub(crate) fn target(data: &[u8]) {
    let Some(Cut::Message(message)) = cut_whole(Whole::Datagram, Bytes::copy_from_slice(data)) else {
        return;
    };
    let Verdict::Request(request) = check(message) else {
        return;
    };
    let rng = &mut ChaCha20Rng::seed_from_u64(0);
    let tag = Tag::random(rng);
    let origin = Origin::of_host(Transport::Tls, &Host::Name("relay.example".into()));
    reply_is_sound(&request, &tag, rng);
    if let Some(dialog) = Dialog::of_subscribe(&request, tag) {
        notify_is_sound(&request, &dialog, &origin, rng);
    }
    if let Contacts::Listed(contacts) = request.contacts() {
        for contact in contacts.iter().take(4) {
            delivery_is_sound(contact.uri(), &origin, rng);
        }
    }
}

fn reply_is_sound(request: &Request, tag: &Tag, rng: &mut ChaCha20Rng) {
    let mut reply = Reply::to(request, Status::OK, tag)
        .expires(7)
        .etag(&ETag::random(rng))
        .challenge(&Nonce::random(rng))
        .unsupported(request.head().items(Name::Require));
    let mut bindings = 0_usize;
    if let Contacts::Listed(contacts) = request.contacts() {
        for contact in contacts.iter().take(4) {
            reply = reply.binding(contact, 9);
            bindings += 1;
        }
    }
    let octets = reply.write();
    if octets.len() > HEAD_OCTETS {
        return;
    }
    let (message, verdict) = verdict_of_own(octets);
    let copied = [Name::Via, Name::From, Name::CallId, Name::CSeq];
    for name in copied {
        assert_eq!(
            values(message.as_ref(), name),
            request_values(request, name),
            "{name:?}"
        );
    }
    assert_eq!(
        values(message.as_ref(), Name::Contact).len(),
        bindings,
        "bindings"
    );
    let count = message.as_ref().map_or(0, |message| fields(message).len());
    let vias = request.head().values(Name::Via).count();
    assert_eq!(count, vias + bindings + 9, "fields that nobody meant");
    if request.head().items(Name::Via).count() == 1 {
        assert!(
            matches!(verdict, Some(Verdict::Response(_))),
            "an answer is refused"
        );
    }
}

fn notify_is_sound(request: &Request, dialog: &Dialog, origin: &Origin, rng: &mut ChaCha20Rng) {
    let notice = Notice {
        state: SubscriptionState::Active { expires_secs: 5 },
        etag: None,
        body: Some(Bytes::from_static(b"\r\n\r\n")),
    };
    let draft = dialog.notify(origin, Branch::random(rng), 1, notice);
    let notify = sound(&draft, 11);
    assert_eq!(notify.event_octets(), request.event_octets());
    assert_eq!(notify.call_id(), request.call_id());
    let tag_of = |value: Option<sipher_wire::sip::NameAddr<'_>>| {
        value.and_then(|value| value.tag().map(<[u8]>::to_vec))
    };
    assert_eq!(tag_of(notify.to()), tag_of(request.from()));
}

fn delivery_is_sound(contact: &[u8], origin: &Origin, rng: &mut ChaCha20Rng) {
    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([7; 32]));
    let host = Host::Name("relay.example".into());
    let at = BoxAt { id: &id, host: &host };
    if let Some(draft) = Draft::deliver(origin, contact, at, &Exchange::random(rng), Bytes::new()) {
        let delivery = sound(&draft, 8);
        assert_eq!(delivery.head().uri_octets(), contact);
        assert_eq!(delivery.method(), Method::Message);
    }
}

/// The request that a draft is, read as its receiver reads it.
fn sound(draft: &Draft, count: usize) -> Request {
    let octets = draft.write();
    let body_len = draft.body().len();
    assert!(octets.len() - body_len <= HEAD_OCTETS, "a head that nobody takes");
    let message = whole(octets);
    assert_eq!(message.as_ref().map(|message| fields(message).len()), Some(count));
    assert_eq!(message.as_ref().map(|message| message.body.len()), Some(body_len));
    match message.map(check) {
        Some(Verdict::Request(request)) => request,
        #[expect(clippy::panic, reason = "a target reports by panicking")]
        other => panic!("a request of ours is refused: {other:?}"),
    }
}

fn values(message: Option<&Message>, name: Name) -> Vec<Vec<u8>> {
    message.map_or(Vec::new(), |message| {
        message.head.values(name).map(<[u8]>::to_vec).collect()
    })
}

fn request_values(request: &Request, name: Name) -> Vec<Vec<u8>> {
    request.head().values(name).map(<[u8]>::to_vec).collect()
}
