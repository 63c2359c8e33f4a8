use alloc::vec::Vec;

use subtle::ConstantTimeEq;

use super::*;
use crate::fixture::{CELL, NOW, device, handshake, invitation, opened, rng, sessions, text};
use crate::witness::Note;
use crate::{
    BundleError, BundleKind, Device, FrontDoor, Invitation, InvitationSecret, Malformed, Offer, OfferTooLong,
    Psk, SigningSeed, SizeClass, UncheckedBundle,
};

#[test]
fn both_sides_end_with_the_same_link() {
    let (initiated, accepted) = handshake();
    assert_eq!(initiated.flight.len(), FLIGHT_LEN);
    assert_eq!(initiated.link.id(), accepted.link.id());
    assert!(bool::from(initiated.link.secret().ct_eq(accepted.link.secret())));
    assert!(bool::from(
        initiated.link.relink_psk().ct_eq(accepted.link.relink_psk())
    ));
    assert_eq!(initiated.link.peer(), device(2).certificate());
    assert_eq!(accepted.link.peer(), device(1).certificate());
    let items: Vec<_> = accepted
        .items
        .items()
        .map(|item| (item.kind(), item.value()))
        .collect();
    assert_eq!(items, [(16, &b"hello"[..])]);
}

#[test]
fn the_responder_speaks_first_and_then_both_can() {
    let (initiated, accepted) = handshake();
    assert!(
        Session::from_bytes(&initiated.waiting.to_bytes()).is_err(),
        "who waits can't send"
    );
    let (mut initiator, mut responder) = sessions();
    crate::fixture::pass(&mut initiator, &mut responder, b"from the initiator", &mut rng(9));
    crate::fixture::pass(
        &mut responder,
        &mut initiator,
        b"from the responder",
        &mut rng(10),
    );
    assert_eq!(accepted.session.link(), initiator.link());
}

#[test]
fn every_changed_octet_of_a_first_flight_is_refused() {
    let (flight, responder) = (handshake().0.flight, device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let psk = invitation.keys().psk;
    let responder = Responder::new(&responder, invitation.prekeys(), &psk);
    for at in 0..flight.len() {
        let mut forged = flight.clone();
        forged[at] ^= 1 << (at % 8);
        // The top bit of an X25519 key is ignored by the function but not by the transcript.
        assert_eq!(
            responder.accept(&forged, NOW, &mut rng(4)).err(),
            Some(Refused),
            "octet {at}"
        );
    }
    for len in [0, 1, 36, FLIGHT_LEN - 1] {
        assert!(responder.accept(&flight[..len], NOW, &mut rng(4)).is_err());
    }
    assert!(
        responder
            .accept(&[flight.as_slice(), &[0]].concat(), NOW, &mut rng(4))
            .is_err()
    );
    assert!(responder.accept(&flight, NOW, &mut rng(4)).is_ok());
}

#[test]
fn a_flight_is_for_one_secret_one_bundle_and_one_device() {
    let (flight, responder) = (handshake().0.flight, device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let psk = invitation.keys().psk;
    let accept = |device: &Device, prekeys: &Prekeys, psk: &Psk| {
        Responder::new(device, prekeys, psk)
            .accept(&flight, NOW, &mut rng(4))
            .err()
    };
    let other_psk = Psk::from_octets(&[0; 32]);
    let other = crate::fixture::invitation(&responder, BundleKind::Standing);
    assert_eq!(
        accept(&responder, invitation.prekeys(), &other_psk),
        Some(Refused)
    );
    assert_eq!(
        accept(&responder, other.prekeys(), &psk),
        Some(Refused),
        "same keys, other bundle octets"
    );
    assert_eq!(accept(&device(3), invitation.prekeys(), &psk), Some(Refused));
    assert_eq!(accept(&responder, invitation.prekeys(), &psk), None);
}

#[test]
fn a_flight_of_a_device_whose_certificate_ended_is_refused() {
    let (flight, responder) = (handshake().0.flight, device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let psk = invitation.keys().psk;
    let responder = Responder::new(&responder, invitation.prekeys(), &psk);
    let later = NOW.plus_seconds(366 * 24 * 3600);
    assert_eq!(responder.accept(&flight, later, &mut rng(4)).err(), Some(Refused));
}

#[test]
fn a_flight_that_is_accepted_twice_names_the_same_link() {
    let (first, second) = (handshake().1, handshake().1);
    assert_eq!(first.link.id(), second.link.id());
}

#[test]
fn a_swapped_bundle_is_noticed_by_its_pin() {
    let (responder, relay) = (device(2), device(9));
    let genuine = invitation(&responder, BundleKind::OneTime);
    // The relay saw the link: it knows the secret and seals a bundle of its own under it.
    let secret = InvitationSecret::from_octets(genuine.expose_secret().expose_octets());
    let front_door = FrontDoor::new(b"relay/queue".to_vec(), SigningSeed::from_octets(&[1; 32]));
    let not_after = NOW.plus_seconds(60);
    let offer = Offer {
        kind: BundleKind::OneTime,
        front_door: &front_door,
        profile: b"",
        not_after,
    };
    let swapped = Invitation::create(&relay, secret, &offer, &mut rng(1)).unwrap();
    let value = swapped.seal_bundle(CELL, &mut rng(2)).unwrap();
    let pin = responder.certificate().account().pin().short();
    let bundle = UncheckedBundle::open(&genuine.keys().bundle, CELL, &value).unwrap();
    assert_eq!(bundle.check(&pin, NOW).err(), Some(BundleError::WrongAccount));
}

#[test]
fn every_changed_octet_of_a_bundle_is_refused_even_by_who_knows_the_secret() {
    let responder = device(2);
    let invitation = invitation(&responder, BundleKind::OneTime);
    let pin = responder.certificate().account().pin().short();
    let octets = invitation.prekeys().expose_bundle().to_vec();
    for at in 0..octets.len() {
        let mut forged = octets.clone();
        forged[at] ^= 1 << (at % 8);
        assert!(
            UncheckedBundle::from_octets(&forged).check(&pin, NOW).is_err(),
            "octet {at}"
        );
    }
    assert!(
        UncheckedBundle::from_octets(&octets[1..])
            .check(&pin, NOW)
            .is_err()
    );
    assert!(UncheckedBundle::from_octets(&[]).check(&pin, NOW).is_err());
    assert!(UncheckedBundle::from_octets(&octets).check(&pin, NOW).is_ok());
}

#[test]
fn a_sealed_bundle_has_one_size_and_opens_for_its_secret_and_cell_only() {
    let invitation = invitation(&device(2), BundleKind::OneTime);
    let key = invitation.keys().bundle;
    let value = invitation.seal_bundle(CELL, &mut rng(78)).unwrap();
    assert_eq!(value.len(), UncheckedBundle::SEALED_LEN);
    assert!(UncheckedBundle::open(&key, b"another cell", &value).is_err());
    assert!(UncheckedBundle::open(&crate::BundleKey::from_octets(&[0; 32]), CELL, &value).is_err());
    assert!(UncheckedBundle::open(&key, CELL, &value[1..]).is_err());
    for at in (0..value.len()).step_by(7) {
        let mut forged = value.clone();
        forged[at] ^= 1;
        assert_eq!(
            UncheckedBundle::open(&key, CELL, &forged).err(),
            Some(BundleError::Damaged)
        );
    }
}

#[test]
fn a_bundle_ends_with_its_date_and_with_its_certificate() {
    let responder = device(2);
    let invitation = invitation(&responder, BundleKind::OneTime);
    let pin = responder.certificate().account().pin().short();
    let check = |now| UncheckedBundle::from_octets(invitation.prekeys().expose_bundle()).check(&pin, now);
    assert_eq!(
        check(NOW.plus_seconds(7 * 24 * 3600 + 121)).err(),
        Some(BundleError::Expired)
    );
    assert_eq!(
        check(Time::from_unix_seconds(0)).err(),
        Some(BundleError::Expired)
    );
    assert!(check(NOW.plus_seconds(7 * 24 * 3600)).is_ok());
}

#[test]
fn a_bundle_without_a_common_suite_is_refused() {
    let (responder, mut rng) = (device(2), rng(1));
    let seed = KemSeed::random(&mut rng);
    let contents = crate::bundle::Contents {
        kind: BundleKind::OneTime,
        suites: [9, 8].to_vec(),
        certificate: *responder.certificate(),
        prekey_id: crate::PrekeyId::new(1),
        prekey: DhSecret::generate(&mut rng).public(),
        encapsulation_key: kem::public_key(&seed),
        front_door: FrontDoor::new(Vec::new(), SigningSeed::from_octets(&[1; 32])),
        profile: Vec::new(),
        not_after: NOW,
    };
    let octets = contents.sign(&responder).unwrap();
    let pin = responder.certificate().account().pin().short();
    let check = UncheckedBundle::from_octets(&octets).check(&pin, NOW);
    assert_eq!(check.err(), Some(BundleError::NoCommonSuite));
}

#[test]
fn keys_that_the_author_signed_but_that_cannot_be_used_end_the_handshake() {
    let (initiator, responder, mut rng) = (device(1), device(2), rng(1));
    let good = kem::public_key(&KemSeed::random(&mut rng));
    let bad = EncapsulationKey::from_octets(&[0xff; EncapsulationKey::LEN]);
    let (usable, small_order) = (
        DhSecret::generate(&mut rng).public(),
        DhPublic::from_octets([0; 32]),
    );
    let pin = responder.certificate().account().pin().short();
    for (prekey, encapsulation_key, expected) in [
        (usable, bad, Some(InitiateError::BadKey)),
        (small_order, good.clone(), Some(InitiateError::BadKey)),
        (usable, good, None),
    ] {
        let contents = crate::bundle::Contents {
            kind: BundleKind::OneTime,
            suites: [1].to_vec(),
            certificate: *responder.certificate(),
            prekey_id: crate::PrekeyId::new(1),
            prekey,
            encapsulation_key,
            front_door: FrontDoor::new(Vec::new(), SigningSeed::from_octets(&[1; 32])),
            profile: Vec::new(),
            not_after: NOW,
        };
        let octets = contents.sign(&responder).unwrap();
        let bundle = UncheckedBundle::from_octets(&octets).check(&pin, NOW).unwrap();
        let psk = Psk::from_octets(&[1; 32]);
        let made = Initiator::new(&initiator, &bundle, &psk).initiate(&[], &mut rng);
        assert_eq!(made.err(), expected);
    }
}

#[test]
fn nobody_accepts_his_own_invitation() {
    let responder = device(2);
    let invitation = invitation(&responder, BundleKind::OneTime);
    let (bundle, psk) = (opened(&invitation, &responder), invitation.keys().psk);
    let made = Initiator::new(&responder, &bundle, &psk).initiate(&[], &mut rng(1));
    assert_eq!(made.err(), Some(InitiateError::OwnBundle));
}

#[test]
fn a_payload_fills_the_flight_and_not_more() {
    let (initiator, responder) = (device(1), device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let (bundle, psk) = (opened(&invitation, &responder), invitation.keys().psk);
    let initiate = |len| {
        let value = alloc::vec![7; len];
        Initiator::new(&initiator, &bundle, &psk)
            .initiate(&[text(&value)], &mut rng(3))
            .map(|made| made.flight.len())
    };
    assert_eq!(initiate(PAYLOAD_LEN - 3), Ok(FLIGHT_LEN));
    assert_eq!(initiate(PAYLOAD_LEN - 2), Err(InitiateError::TooLong));
}

#[test]
fn an_offer_that_is_too_long_makes_no_bundle() {
    let front_door = FrontDoor::new([0; 513].to_vec(), SigningSeed::from_octets(&[1; 32]));
    let offer = Offer {
        kind: BundleKind::OneTime,
        front_door: &front_door,
        profile: b"",
        not_after: NOW,
    };
    let made = Prekeys::create(&device(2), &offer, &mut rng(1));
    assert_eq!(made.err(), Some(OfferTooLong));
}

#[test]
fn a_relink_goes_by_the_same_pattern_under_the_links_own_key() {
    let (initiator, responder) = (device(1), device(2));
    let (before, _) = handshake();
    let front_door = FrontDoor::new(b"queue".to_vec(), SigningSeed::from_octets(&[1; 32]));
    let offer = Offer {
        kind: BundleKind::Relink,
        front_door: &front_door,
        profile: b"",
        not_after: NOW,
    };
    let prekeys = Prekeys::create(&responder, &offer, &mut rng(1)).unwrap();
    let pin = before.link.peer().account().pin().short();
    let bundle = UncheckedBundle::from_octets(prekeys.expose_bundle())
        .check(&pin, NOW)
        .unwrap();
    assert_eq!(bundle.kind(), BundleKind::Relink);
    let psk = before.link.relink_psk();
    let again = Initiator::new(&initiator, &bundle, psk)
        .initiate(&[], &mut rng(3))
        .unwrap();
    let accepted = Responder::new(&responder, &prekeys, psk)
        .accept(&again.flight, NOW, &mut rng(4))
        .unwrap();
    assert_eq!(again.link.id(), accepted.link.id());
    assert_ne!(again.link.id(), before.link.id());
    assert_eq!(accepted.link.peer().account(), initiator.certificate().account());
}

#[test]
fn both_sides_witness_the_same_transcript() {
    #[derive(Default)]
    struct Notes(Vec<(Note, Vec<u8>)>);
    impl Witness for Notes {
        fn saw(&mut self, note: Note, octets: &[u8]) {
            self.0.push((note, octets.to_vec()));
        }
    }
    let (initiator, responder) = (device(1), device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let (bundle, psk) = (opened(&invitation, &responder), invitation.keys().psk);
    let (mut theirs, mut ours) = (Notes::default(), Notes::default());
    let made = Initiator::new(&initiator, &bundle, &psk)
        .initiate_witnessed(&[], &mut rng(3), &mut theirs)
        .unwrap();
    Responder::new(&responder, invitation.prekeys(), &psk)
        .accept_witnessed(&made.flight, NOW, &mut rng(4), &mut ours)
        .unwrap();
    assert!(theirs.0 == ours.0);
    assert!(ours.0.iter().any(|(note, _)| *note == Note::Key("SK")));
}

// spec: link-7
#[test]
fn stored_states_round_trip_and_refuse_other_octets() {
    let (initiated, accepted) = handshake();
    let invitation = invitation(&device(2), BundleKind::OneTime);
    let link = accepted.link.to_bytes();
    assert_eq!(Link::from_bytes(&link).unwrap().to_bytes(), link);
    assert_eq!(Link::from_bytes(&link[1..]).err(), Some(Malformed));
    let waiting = initiated.waiting.to_bytes();
    assert_eq!(Waiting::from_bytes(&waiting).unwrap().to_bytes(), waiting);
    assert_eq!(
        Waiting::from_bytes(&accepted.session.to_bytes()).err(),
        Some(Malformed)
    );
    let stored = invitation.to_bytes();
    assert_eq!(Invitation::from_bytes(&stored).unwrap().to_bytes(), stored);
    assert_eq!(Invitation::from_bytes(&stored[..100]).err(), Some(Malformed));
    let prekeys = invitation.prekeys().to_bytes();
    assert_eq!(Prekeys::from_bytes(&prekeys).unwrap().to_bytes(), prekeys);
    assert_eq!(
        Prekeys::from_bytes(&[&prekeys[..], &[0; 4096]].concat()).err(),
        Some(Malformed)
    );
}

#[test]
fn an_invitation_that_was_stored_still_accepts() {
    let (flight, responder) = (handshake().0.flight, device(2));
    let stored = invitation(&responder, BundleKind::OneTime).to_bytes();
    let invitation = Invitation::from_bytes(&stored).unwrap();
    let psk = invitation.keys().psk;
    let accepted = Responder::new(&responder, invitation.prekeys(), &psk).accept(&flight, NOW, &mut rng(4));
    assert!(accepted.is_ok());
}

#[test]
fn a_first_flight_shows_nothing_of_its_sender() {
    let (flight, initiator) = (handshake().0.flight, device(1));
    let certificate = initiator.certificate().to_octets();
    for key in certificate[..96].chunks(32) {
        assert!(!flight.windows(32).any(|window| window == key));
    }
}

#[test]
fn a_stolen_certificate_without_its_key_is_no_device() {
    let (thief, victim) = (device(5), device(1));
    let mut bytes = thief.to_bytes();
    let certificate_at = bytes.len() - DeviceCert::LEN;
    bytes[certificate_at..].copy_from_slice(&victim.certificate().to_octets());
    assert_eq!(Device::from_bytes(&bytes).err(), Some(Malformed));
}

#[test]
fn a_flight_has_the_size_of_an_envelope() {
    assert_eq!(SizeClass::of_envelope(FLIGHT_LEN), Some(SizeClass::K4));
}
