//! No parser takes more memory than twice its input and a small constant, whatever the input says. Property P12 of `spec/README.md`.
//!
//! Counted by an allocator, so that it is a property and not a timing: the most that is held at once while a value is
//! read, the value itself included.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should fail loudly"
)]

use std::hint::black_box;

use allocation_counter::measure;
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_crypto::handshake::{Initiator, Responder};
use sipher_crypto::{
    BundleKind, Device, DeviceCert, FrontDoor, Invitation, InvitationSecret, Lifetime, Offer,
    PresencePublisher, Session, SigningKey, SigningSeed, SizeClass, Time, Tlv, UncheckedBundle,
};
use sipher_engine::InvitationUri;
use sipher_fuzz::corpus;
use sipher_wire::sip::{Cut, Cutter, Name, NameAddr, Side, Target, Verdict, Via, Whole, check, cut_whole};
use sipher_wire::{Credentials, Event, GrantOps, Nonce, RelayAddress, SubscriptionState};

/// Room for what doesn't grow: the list of fields, one list of 64 grants, boxes of keys.
const CONSTANT: u64 = 8 * 1024;

/// Reads `octets` once to warm up what is made once a process, then counted.
fn assert_bounded(what: &str, octets: &[u8], read: &dyn Fn(&[u8])) {
    read(octets);
    let held = measure(|| read(octets)).bytes_max;
    let bound = 2 * u64::try_from(octets.len()).unwrap() + CONSTANT;
    assert!(
        held <= bound,
        "{what} holds {held} octets for an input of {}",
        octets.len()
    );
}

fn stream(octets: &[u8]) {
    for side in [Side::Relay, Side::Client] {
        let mut cutter = Cutter::new(side);
        cutter.push(octets);
        while let Some(cut) = cutter.next_cut() {
            judged(cut);
        }
    }
}

fn drip(octets: &[u8]) {
    let mut cutter = Cutter::new(Side::Relay);
    for octet in octets {
        cutter.push(core::slice::from_ref(octet));
        while let Some(cut) = cutter.next_cut() {
            judged(cut);
        }
    }
}

/// A cut is judged and read, then dropped.
fn judged(cut: Cut) {
    let Cut::Message(message) = cut else { return };
    match check(message) {
        Verdict::Request(request) => {
            black_box((request.credentials(), request.contacts(), request.event()));
            black_box(request.sip_target().and_then(|uri| uri.decoded_user()));
        }
        Verdict::Response(response) => drop(black_box((response.challenge(), response.etag()))),
        Verdict::Refuse(_) | Verdict::Drop(_) => {}
    }
}

/// Heads at the limits: many fields, folded lines, one long list, many parameters, a long URI, an announced body.
fn large_heads() -> Vec<Vec<u8>> {
    let with = |fields: String| {
        format!(
            "MESSAGE sip:{}@h SIP/2.0\r\nv: SIP/2.0/TLS a;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>\r\ni: 1\r\nCSeq: 1 MESSAGE\r\n{fields}",
            "%41".repeat(300)
        )
        .into_bytes()
    };
    let contacts = vec!["<sip:a@b>"; 700].join(",");
    vec![
        with("x: y\r\n".repeat(90) + "l: 0\r\n\r\n"),
        with("x: y\r\n z\r\n".repeat(90) + "l: 0\r\n\r\n"),
        with(format!("x: y{}\r\nl: 0\r\n\r\n", "\r\n z".repeat(1500))),
        with(format!("m: {contacts}\r\nl: 0\r\n\r\n")),
        with(format!("x: {}\r\nl: 0\r\n\r\n", "y".repeat(8000))),
        with(format!(
            "Authorization: Sipher {}\r\nl: 0\r\n\r\n",
            "k=v,".repeat(1500)
        )),
        with("l: 69632\r\n\r\n".into()),
        with(format!("l: 65536\r\n\r\n{}", "b".repeat(65_536))),
        with("x: y\r\n".repeat(2500)),
    ]
}

#[test]
fn messages_take_twice_their_octets_at_most() {
    let mut inputs = large_heads();
    for target in ["sip_reader", "sip_cutter", "sip_answer"] {
        inputs.extend(
            corpus::inputs(target)
                .unwrap()
                .into_iter()
                .map(|(_, octets)| octets),
        );
    }
    for octets in &inputs {
        assert_bounded("a stream", octets, &stream);
        assert_bounded("a drip", octets, &drip);
        let whole = Bytes::copy_from_slice(octets);
        assert_bounded("a datagram", octets, &|_| {
            if let Some(cut) = cut_whole(Whole::Datagram, whole.clone()) {
                judged(cut);
            }
        });
    }
}

#[test]
fn header_values_bodies_and_addresses_take_twice_their_octets_at_most() {
    let mut inputs: Vec<_> = [
        "auth_header",
        "typed_values",
        "grants_body",
        "relay_address",
        "invitation_uri",
    ]
    .into_iter()
    .flat_map(|target| corpus::inputs(target).unwrap())
    .map(|(_, octets)| octets)
    .collect();
    inputs.extend([
        vec![1, 64],
        vec![b','; 9000],
        b"Sipher ".repeat(900),
        b";a".repeat(4000),
        vec![b'%'; 900],
    ]);
    for octets in &inputs {
        assert_bounded("a value", octets, &|octets| {
            black_box(Credentials::parse(octets));
            black_box(Nonce::parse_challenge(octets));
            black_box(GrantOps::decode(octets));
            black_box((Event::parse(octets), SubscriptionState::parse(octets)));
            black_box(NameAddr::parse(octets).map(|value| value.params().iter().count()));
            black_box(Via::parse(octets).map(|via| via.params().iter().count()));
            black_box((Target::parse(octets), Name::parse(octets)));
        });
        if let Ok(text) = core::str::from_utf8(octets) {
            assert_bounded("an address", octets, &|_| drop(RelayAddress::parse(text)));
            assert_bounded("an invitation", octets, &|_| drop(InvitationUri::parse(text)));
        }
    }
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

const NOW: Time = Time::from_unix_seconds(1_800_000_000);

fn device(rng: &mut ChaCha20Rng) -> Device {
    let account = SigningKey::generate(rng);
    let lifetime = Lifetime {
        not_before: NOW,
        not_after: NOW.plus_seconds(1000),
    };
    Device::create(&account, 1, lifetime, rng)
}

/// Both sides of a link, and the invitation's bundle and flight.
fn linked() -> (Session, Session, Invitation, Vec<u8>, Device) {
    let rng = &mut rng();
    let (alice, bob) = (device(rng), device(rng));
    let offer = Offer {
        kind: BundleKind::OneTime,
        front_door: &FrontDoor::new(vec![b'q'; 500], SigningSeed::from_octets(&[4; 32])),
        profile: &[b'p'; 1000],
        not_after: NOW.plus_seconds(1000),
    };
    let invitation = Invitation::create(&bob, InvitationSecret::from_octets(&[5; 32]), &offer, rng).unwrap();
    let pin = bob.certificate().account().pin().short();
    let bundle = UncheckedBundle::from_octets(invitation.prekeys().expose_bundle())
        .check(&pin, NOW)
        .unwrap();
    let psk = invitation.keys().psk;
    let initiated = Initiator::new(&alice, &bundle, &psk).initiate(&[], rng).unwrap();
    let accepted = Responder::new(&bob, invitation.prekeys(), &psk)
        .accept(&initiated.flight, NOW, rng)
        .unwrap();
    let mut bobs = accepted.session;
    let hello = bobs.encrypt(&[], SizeClass::K1, rng).unwrap();
    let alices = initiated
        .waiting
        .open_answer(hello.as_octets(), NOW, rng)
        .unwrap()
        .next;
    (alices, bobs, invitation, initiated.flight, bob)
}

#[test]
fn bundles_flights_and_certificates_take_twice_their_octets_at_most() {
    let (.., invitation, flight, bob) = linked();
    let pin = bob.certificate().account().pin().short();
    let keys = invitation.keys();
    let value = invitation.seal_bundle(b"cell", &mut rng()).unwrap();
    assert_bounded("a bundle", &value, &|value| {
        let bundle = UncheckedBundle::open(&keys.bundle, b"cell", value).unwrap();
        assert!(bundle.check(&pin, NOW).is_ok());
    });
    let certificate = bob.certificate().to_octets();
    assert_bounded("a certificate", &certificate, &|octets| {
        assert!(DeviceCert::verify(octets.try_into().unwrap()).is_ok());
    });
    // Accepting makes a session, which is more than what came; a flight that is refused makes none.
    let responder = Responder::new(&bob, invitation.prekeys(), &keys.psk);
    let mut forged = flight;
    *forged.last_mut().unwrap() ^= 1;
    assert_bounded("a flight", &forged, &|flight| {
        assert!(responder.accept(flight, NOW, &mut rng()).is_err());
    });
}

#[test]
fn the_largest_states_take_twice_their_octets_at_most() {
    let (mut alice, bob, ..) = linked();
    let rng = &mut rng();
    let mut last = None;
    for _ in 0..900 {
        last = Some(alice.encrypt(&[], SizeClass::K1, rng).unwrap());
    }
    let full = bob.decrypt(last.unwrap().as_octets(), NOW, rng).unwrap().next;
    let state = full.to_bytes();
    assert!(state.len() > 900 * 40, "the skipped keys are in it");
    for state in [state, alice.to_bytes(), bob.to_bytes()] {
        assert_bounded("a session", &state, &|state| {
            drop(Session::from_bytes(state).unwrap());
        });
    }
    let (publisher, _) = PresencePublisher::begin(&[b'c'; 64], NOW, rng).unwrap();
    assert_bounded("a publisher", &publisher.to_bytes(), &|state| {
        drop(PresencePublisher::from_bytes(state).unwrap());
    });
}

#[test]
fn the_largest_envelope_takes_twice_its_octets_beside_the_next_session() {
    let (mut alice, bob, ..) = linked();
    let text = vec![b'x'; 65_000];
    let item = Tlv::new(16, &text).unwrap();
    let envelope = alice.encrypt(&[item], SizeClass::K64, &mut rng()).unwrap();
    assert_bounded("an envelope", envelope.as_octets(), &|envelope| {
        assert!(bob.decrypt(envelope, NOW, &mut rng()).is_ok());
    });
}
