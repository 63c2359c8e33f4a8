use super::*;
use crate::auth::{OwnerKey, Signature};
use crate::box_id::BoxKind;
use crate::event::{EndReason, SubscriptionState};
use crate::sip::exchange::{Branch, CallId, Tag, Transport};
use crate::sip::view::{Contacts, Request};
use crate::sip::{Cut, Cutter, Side, Verdict, check};
use alloc::vec;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

struct Scene {
    rng: ChaCha20Rng,
    origin: Origin,
    id: BoxId,
    host: Host,
}

fn scene(seed: u64) -> Scene {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let origin = Origin::random(Transport::Tls, &mut rng);
    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    Scene {
        rng,
        origin,
        id,
        host: Host::parse(b"relay.example").unwrap(),
    }
}

impl Scene {
    fn at(&self) -> BoxAt<'_> {
        BoxAt {
            id: &self.id,
            host: &self.host,
        }
    }

    fn exchange(&mut self) -> Exchange {
        Exchange::random(&mut self.rng)
    }

    fn all_of_a_client(&mut self) -> Vec<Draft> {
        let credentials =
            Credentials::proven(OwnerKey::from_octets([2; 32]), Signature::from_octets([3; 64]));
        let etag = ETag::random(&mut self.rng);
        let exchanges: Vec<_> = (0..8).map(|_| self.exchange()).collect();
        let (origin, at) = (&self.origin, self.at());
        let body = Bytes::from(vec![0xff; 1024]);
        let value = Publication {
            package: Package::Cell,
            if_match: Some(&etag),
            expires_secs: Some(3600),
            body: Some(body.clone()),
        };
        let refresh = Publication {
            body: None,
            ..value.clone()
        };
        let grants = Publication {
            package: Package::Grants,
            if_match: None,
            expires_secs: None,
            body: Some(Bytes::from_static(&[1, 1, 3])),
        };
        let watch = Subscription {
            package: Package::Cell,
            since: None,
            expires_secs: 3600,
            suppress: Some(&etag),
        };
        vec![
            Draft::register(origin, at, &exchanges[0], 3600).authorized(&credentials),
            Draft::register_query(origin, at, &exchanges[1]).authorized(&credentials),
            Draft::message(origin, at, &exchanges[2], Lifetime::Month, body).authorized(&credentials),
            Draft::publish(origin, at, &exchanges[3], value).authorized(&credentials),
            Draft::publish(origin, at, &exchanges[4], refresh).authorized(&credentials),
            Draft::publish(origin, at, &exchanges[5], grants).authorized(&credentials),
            Draft::subscribe(origin, at, &exchanges[6], watch).authorized(&credentials),
            Draft::options(origin, &self.host, &exchanges[7]),
        ]
    }
}

fn read(draft: &Draft) -> Request {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(&draft.write());
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("{draft:?}")
    };
    assert!(cutter.is_idle());
    match check(message) {
        Verdict::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_written_reads_back_with_the_same_fields_and_body() {
    for draft in scene(1).all_of_a_client() {
        let request = read(&draft);
        assert_eq!(request.method(), draft.method());
        assert_eq!(request.head().uri_octets(), draft.uri().as_bytes());
        assert_eq!(request.body(), draft.body());
        for (name, value) in &draft.fields {
            assert_eq!(request.head().only(*name), Some(value.as_bytes()), "{name:?}");
        }
        assert_eq!(
            request.head().fields().count(),
            draft.fields.len() + 1,
            "and Content-Length"
        );
    }
}

// spec: anon-2
// spec: anon-3
#[test]
fn p14_two_installations_differ_in_random_fields_of_one_width_only() {
    let (one, other) = (scene(1).all_of_a_client(), scene(2).all_of_a_client());
    for (one, other) in one.iter().zip(&other) {
        let (a, b) = (one.write(), other.write());
        assert_eq!(a.len(), b.len(), "{:?}", one.method());
        for ((name, left), (_, right)) in one.fields.iter().zip(&other.fields) {
            let random = matches!(
                name,
                Name::Via
                    | Name::From
                    | Name::To
                    | Name::CallId
                    | Name::Contact
                    | Name::SipIfMatch
                    | Name::SuppressIfMatch
            );
            assert!(random || left == right, "{name:?}: {left} {right}");
            assert_eq!(left.len(), right.len(), "{name:?}");
        }
    }
}

// spec: anon-4
#[test]
fn a_register_is_the_one_of_the_spec() {
    let mut scene = scene(3);
    let exchange = scene.exchange();
    let draft = Draft::register(&scene.origin, scene.at(), &exchange, 3600);
    let (by, id) = (&scene.origin.sent_by, scene.id);
    let wanted = alloc::format!(
        "REGISTER sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TLS {by};branch={}\r\nMax-Forwards: 70\r\n\
         From: <sip:{id}@relay.example>;tag={}\r\nTo: <sip:{id}@relay.example>\r\nCall-ID: {}\r\nCSeq: 1 REGISTER\r\n\
         Supported: outbound\r\nContact: <sip:{by};transport=TLS;ob>;reg-id=1;+sip.instance=\"<urn:uuid:{}>\"\r\nExpires: 3600\r\n\
         Content-Length: 0\r\n\r\n",
        exchange.branch.as_str(),
        exchange.from_tag.as_str(),
        exchange.call_id.as_str(),
        instance(&id),
    );
    assert_eq!(draft.write(), wanted.as_bytes());
}

// spec: anon-1
#[test]
fn s4_nothing_of_the_machine_or_program_is_shown() {
    for draft in scene(4).all_of_a_client() {
        let text = String::from_utf8_lossy(&draft.write()).into_owned();
        for name in ["User-Agent", "Date", "Organization", "Allow:", "Accept", "Server"] {
            assert!(!text.contains(name), "{text}");
        }
        assert!(text.contains(".invalid;branch=z9hG4bK"));
    }
}

#[test]
fn g4_the_instance_is_a_uuid_that_is_stable_for_a_box_and_differs_between_boxes() {
    let one = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    let other = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([2; 32]));
    let uuid = instance(&one);
    assert_eq!(uuid, instance(&one));
    assert_ne!(uuid, instance(&other));
    let parts: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert!(uuid.split('-').nth(2).unwrap().starts_with('8'));
    assert!(uuid.split('-').nth(3).unwrap().starts_with(['8', '9', 'a', 'b']));
}

#[test]
fn t8_the_next_request_of_a_call_has_a_new_branch_and_number_only() {
    let mut scene = scene(5);
    let first = scene.exchange();
    let next = first.next(&mut scene.rng);
    assert_eq!(
        (&next.call_id, &next.from_tag, next.cseq),
        (&first.call_id, &first.from_tag, 2)
    );
    assert_ne!(next.branch, first.branch);
}

#[test]
fn an_item_has_the_same_id_whenever_it_is_sent() {
    assert_eq!(CallId::of_item(b"envelope"), CallId::of_item(b"envelope"));
    assert_ne!(CallId::of_item(b"envelope"), CallId::of_item(b"another"));
    assert_eq!(CallId::of_item(b"envelope").as_str().len(), 22);
}

#[test]
fn m6_a_delivery_goes_to_the_contact_and_carries_no_proof_and_no_lifetime() {
    let mut scene = scene(6);
    let relay = Origin::of_host(Transport::Tls, &scene.host);
    let exchange = Exchange {
        cseq: 3,
        ..Exchange::of_call(CallId::of_item(b"x"), &mut scene.rng)
    };
    let contact = b"sip:abc.invalid;transport=TLS;ob";
    let draft = Draft::deliver(&relay, contact, scene.at(), &exchange, Bytes::from_static(b"x")).unwrap();
    let request = read(&draft);
    assert_eq!(request.head().uri_octets(), contact);
    assert_eq!(request.cseq(), 3);
    assert_eq!(request.call_id(), CallId::of_item(b"x").as_str().as_bytes());
    assert!(request.credentials().is_none() && request.expires_secs().is_none());
    assert!(matches!(request.contacts(), Contacts::Absent), "M1");
    assert!(Draft::deliver(&relay, b"sip:a b", scene.at(), &exchange, Bytes::new()).is_none());
    let with_headers = b"sip:abcd.invalid?subject=x";
    assert!(Draft::deliver(&relay, with_headers, scene.at(), &exchange, Bytes::new()).is_none());
}

fn subscribed(scene: &mut Scene) -> (Request, Dialog) {
    let exchange = scene.exchange();
    let wanted = Subscription {
        package: Package::Log,
        since: Some(7),
        expires_secs: 60,
        suppress: None,
    };
    let request = read(&Draft::subscribe(&scene.origin, scene.at(), &exchange, wanted));
    let dialog = Dialog::of_subscribe(&request, Tag::random(&mut scene.rng)).unwrap();
    (request, dialog)
}

#[test]
fn e2_a_notify_is_of_the_dialog_and_repeats_the_event() {
    let mut scene = scene(7);
    let (subscribe, dialog) = subscribed(&mut scene);
    let relay = Origin::of_host(Transport::Tls, &scene.host);
    let etag = ETag::random(&mut scene.rng);
    let state = SubscriptionState::Active { expires_secs: 58 };
    let notice = Notice {
        state,
        etag: Some(&etag),
        body: Some(Bytes::from_static(b"\0\xff")),
    };
    let notify = read(&dialog.notify(&relay, Branch::random(&mut scene.rng), 2, notice));

    let Contacts::Listed(contacts) = subscribe.contacts() else {
        panic!("no Contact")
    };
    assert_eq!(notify.head().uri_octets(), contacts[0].uri());
    assert_eq!(notify.call_id(), subscribe.call_id());
    assert_eq!(notify.to().unwrap().tag(), subscribe.from().unwrap().tag());
    assert_eq!(
        notify.from().unwrap().tag(),
        Some(dialog.local_tag().as_str().as_bytes())
    );
    assert_eq!(notify.event_octets(), b"sipher-log;since=7");
    assert_eq!(notify.subscription_state(), Some(state));
    assert_eq!(notify.etag(Name::SipEtag), Some(Some(etag)));
    assert_eq!((notify.cseq(), &notify.body()[..]), (2, &b"\0\xff"[..]));
}

#[test]
fn e3_the_end_of_a_fetch_says_timeout() {
    let mut scene = scene(8);
    let (_, dialog) = subscribed(&mut scene);
    let relay = Origin::of_host(Transport::Tls, &scene.host);
    let notice = Notice {
        state: SubscriptionState::ended(EndReason::Timeout),
        etag: None,
        body: None,
    };
    let notify = dialog.notify(&relay, Branch::random(&mut scene.rng), 1, notice);
    assert_eq!(
        notify.values(Name::SubscriptionState).collect::<Vec<_>>(),
        ["terminated;reason=timeout"]
    );
    assert_eq!(notify.values(Name::ContentType).count(), 0);
}

#[test]
fn t15_a_request_of_another_dialog_is_not_of_this_one() {
    let mut scene = scene(9);
    let (subscribe, mut dialog) = subscribed(&mut scene);
    let text = |to_tag: &str| {
        let tagged = alloc::format!("@relay.example>;tag={to_tag}\r\nCall-ID");
        String::from_utf8(subscribe.head().octets().to_vec())
            .unwrap()
            .replace("@relay.example>\r\nCall-ID", &tagged)
    };
    let parse = |text: &str| {
        let mut cutter = Cutter::new(Side::Relay);
        cutter.push(text.as_bytes());
        let Some(Cut::Message(message)) = cutter.next_cut() else {
            panic!("cut")
        };
        let Verdict::Request(request) = check(message) else {
            panic!("refused")
        };
        request
    };
    assert!(dialog.has(&parse(&text(dialog.local_tag().as_str()))));
    assert!(!dialog.has(&parse(&text("other"))));
    assert!(!dialog.has(&subscribe), "no To tag");
    let moved = parse(&text(dialog.local_tag().as_str()).replace(&scene.origin.sent_by, "moved.invalid"));
    dialog.retarget(&moved);
    let relay = Origin::of_host(Transport::Tls, &scene.host);
    let notice = Notice {
        state: SubscriptionState::Pending,
        etag: None,
        body: None,
    };
    let notify = dialog.notify(&relay, Branch::random(&mut scene.rng), 1, notice);
    assert_eq!(notify.uri(), "sip:moved.invalid;transport=TLS");
}

// spec: secret-1
#[test]
fn debug_shows_no_box_proof_or_body() {
    let mut scene = scene(10);
    let token = crate::auth::OpeningToken::parse("hush-hush").unwrap();
    let credentials = Credentials::known(OwnerKey::from_octets([2; 32])).opening(token);
    for draft in scene.all_of_a_client() {
        let draft = draft.authorized(&credentials);
        let request = read(&draft);
        let shown = alloc::format!(
            "{draft:?} {request:?} {:?} {:?} {:?}",
            request.to(),
            request.via(),
            request.target()
        );
        for hidden in [
            scene.id.as_str(),
            "hush-hush",
            "255, 255",
            "xff",
            &scene.origin.sent_by,
        ] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
