//! Promise: what we build reads as what was meant, body included, and a signature covers the same values on both
//! sides. Spec: `spec/sip-checklist.md` F15, T8; `spec/wire.md`, header sets.

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_wire::limits::{BODY_OCTETS, CSEQ_MAX};
use sipher_wire::sip::{
    BoxAt, CallId, Draft, Exchange, Fields, Lifetime, Name, Origin, Publication, Request, Subscription, Tag,
    Transport, Verdict,
};
use sipher_wire::{BoxId, BoxKind, Credentials, ETag, GrantKey, Host, OwnerKey, Package, Signature};

use super::verdict_of_own;
use crate::dice::Dice;

/// Choices of a request, its names, then its body.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let rng = &mut ChaCha20Rng::seed_from_u64(dice.long());
    let kind = if dice.flip() {
        BoxKind::Queue
    } else {
        BoxKind::Cell
    };
    let id = BoxId::of(kind, &OwnerKey::from_octets(dice.array()));
    let host = Host::parse(dice.slice()).unwrap_or(Host::Name("relay.example".into()));
    let transports = [Transport::Tls, Transport::Wss, Transport::Tcp, Transport::Udp];
    let transport = transports.into_iter().cycle().nth(usize::from(dice.octet()));
    let origin = Origin::random(transport.unwrap_or(Transport::Tls), rng);
    let exchange = Exchange {
        call_id: CallId::parse(dice.slice()).unwrap_or_else(|| CallId::random(rng)),
        from_tag: Tag::parse(dice.slice()).unwrap_or_else(|| Tag::random(rng)),
        to_tag: Tag::parse(dice.slice()),
        cseq: dice.number() & CSEQ_MAX,
        ..Exchange::random(rng)
    };
    let at = BoxAt { id: &id, host: &host };
    let draft = draft(&mut dice, &origin, at, &exchange);

    let octets = draft.write();

    let (message, verdict) = verdict_of_own(octets);
    assert_eq!(message.map(|message| message.body), Some(draft.body().clone()));
    let Some(Verdict::Request(request)) = verdict else {
        unread()
    };
    agrees(&draft, &request);
    assert_eq!(request.call_id(), exchange.call_id.as_str().as_bytes());
    assert_eq!(request.cseq(), exchange.cseq);
    let tag = |tag: Option<&Tag>| tag.map(|tag| tag.as_str().as_bytes().to_vec());
    let read = |value: Option<sipher_wire::sip::NameAddr<'_>>| {
        value.and_then(|value| value.tag().map(<[u8]>::to_vec))
    };
    assert_eq!(read(request.from()), tag(Some(&exchange.from_tag)));
    assert_eq!(read(request.to()), tag(exchange.to_tag.as_ref()));
    let uri = request.to().and_then(|to| to.sip());
    assert!(uri.is_some_and(|uri| host.is(uri.host())), "another host");
}

fn draft(dice: &mut Dice<'_>, origin: &Origin, at: BoxAt<'_>, exchange: &Exchange) -> Draft {
    let choice = dice.octet();
    let (expires_secs, since) = (dice.number(), dice.long());
    let etag = ETag::parse(dice.slice());
    let packages = [Package::Cell, Package::Log, Package::Grants];
    let package = packages
        .into_iter()
        .cycle()
        .nth(usize::from(dice.octet()))
        .unwrap_or(Package::Cell);
    let credentials = credentials(dice);
    let optional = dice.flip();
    let body = dice.rest();
    let body = Bytes::copy_from_slice(body.get(..body.len().min(BODY_OCTETS)).unwrap_or_default());
    let draft = match choice % 6 {
        0 => Draft::register(origin, at, exchange, expires_secs),
        1 => Draft::register_query(origin, at, exchange),
        2 => Draft::message(origin, at, exchange, Lifetime::Week, body),
        3 => {
            let publication = Publication {
                package,
                if_match: etag.as_ref(),
                expires_secs: optional.then_some(expires_secs),
                body: (!body.is_empty()).then_some(body),
            };
            Draft::publish(origin, at, exchange, publication)
        }
        4 => {
            let subscription = Subscription {
                package,
                since: optional.then_some(since),
                expires_secs,
                suppress: etag.as_ref(),
            };
            Draft::subscribe(origin, at, exchange, subscription)
        }
        _ => Draft::options(origin, at.host, exchange),
    };
    draft.authorized(&credentials)
}

fn credentials(dice: &mut Dice<'_>) -> Credentials {
    match dice.octet() % 3 {
        0 => Credentials::known(GrantKey::from_octets(dice.array())),
        1 => Credentials::proven(
            OwnerKey::from_octets(dice.array()),
            Signature::from_octets(dice.array()),
        ),
        _ => {
            let token = core::str::from_utf8(dice.slice())
                .ok()
                .and_then(sipher_wire::OpeningToken::parse);
            let proven = Credentials::known(OwnerKey::from_octets(dice.array()));
            match token {
                None => proven,
                Some(token) => proven.opening(token),
            }
        }
    }
}

/// What a signature covers reads alike from the draft and from what arrived.
fn agrees(draft: &Draft, request: &Request) {
    assert_eq!(draft.method_octets(), request.method_octets());
    assert_eq!(draft.uri_octets(), request.uri_octets());
    assert_eq!(draft.body_octets(), request.body_octets());
    for &name in Name::KNOWN.iter().filter(|name| **name != Name::ContentLength) {
        assert_eq!(draft.values_of(name), request.values_of(name), "{name:?}");
    }
    let written = draft
        .values(Name::Authorization)
        .next()
        .and_then(|value| Credentials::parse(value.as_bytes()));
    assert_eq!(request.credentials(), written);
    assert!(written.is_some(), "credentials of ours are unreadable");
}

fn unread() -> ! {
    #[expect(clippy::panic, reason = "a target reports by panicking")]
    {
        panic!("a request of ours is refused")
    }
}
