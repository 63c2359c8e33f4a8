//! People, invitations and links for the tests of this crate, from seeds.

use alloc::vec::Vec;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::handshake::{Accepted, Initiated, Initiator, Responder};
use crate::{
    Bundle, BundleKind, Device, FrontDoor, Invitation, InvitationSecret, Lifetime, Offer, Session,
    SigningKey, SigningSeed, SizeClass, Time, Tlv, UncheckedBundle,
};

pub(crate) const NOW: Time = Time::from_unix_seconds(1_800_000_000);
pub(crate) const CELL: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn device(seed: u8) -> Device {
    let mut rng = rng(seed);
    let lifetime = Lifetime {
        not_before: NOW,
        not_after: NOW.plus_seconds(365 * 24 * 3600),
    };
    Device::create(&SigningKey::generate(&mut rng), 1, lifetime, &mut rng)
}

pub(crate) fn invitation(device: &Device, kind: BundleKind) -> Invitation {
    let mut rng = rng(77);
    let front_door = FrontDoor::new(b"relay/queue".to_vec(), SigningSeed::random(&mut rng));
    let not_after = NOW.plus_seconds(7 * 24 * 3600);
    let offer = Offer {
        kind,
        front_door: &front_door,
        profile: b"Responder",
        not_after,
    };
    Invitation::create(device, InvitationSecret::random(&mut rng), &offer, &mut rng).unwrap()
}

pub(crate) fn opened(invitation: &Invitation, device: &Device) -> Bundle {
    let value = invitation.seal_bundle(CELL, &mut rng(78)).unwrap();
    let bundle = UncheckedBundle::open(&invitation.keys().bundle, CELL, &value).unwrap();
    bundle
        .check(&device.certificate().account().pin().short(), NOW)
        .unwrap()
}

pub(crate) fn text(value: &[u8]) -> Tlv<'_> {
    Tlv::new(16, value).unwrap()
}

/// A handshake between device 1 and device 2 up to the flight's acceptance.
pub(crate) fn handshake() -> (Initiated, Accepted) {
    let (initiator, responder) = (device(1), device(2));
    let invitation = invitation(&responder, BundleKind::OneTime);
    let (bundle, psk) = (opened(&invitation, &responder), invitation.keys().psk);
    let initiated = Initiator::new(&initiator, &bundle, &psk)
        .initiate(&[text(b"hello")], &mut rng(3))
        .unwrap();
    let accepted = Responder::new(&responder, invitation.prekeys(), &psk)
        .accept(&initiated.flight, NOW, &mut rng(4))
        .unwrap();
    (initiated, accepted)
}

/// The two sessions of a link after the responder's first message.
pub(crate) fn sessions() -> (Session, Session) {
    let (initiated, mut accepted) = handshake();
    let envelope = accepted
        .session
        .encrypt(&[text(b"welcome")], SizeClass::K1, &mut rng(5))
        .unwrap();
    let opened = initiated
        .waiting
        .open_answer(envelope.as_octets(), NOW, &mut rng(6))
        .unwrap();
    (opened.next, accepted.session)
}

/// Sends one text and has it read; the far side's session is replaced.
pub(crate) fn pass(from: &mut Session, to: &mut Session, value: &[u8], rng: &mut ChaCha20Rng) {
    let envelope = from.encrypt(&[text(value)], SizeClass::K1, rng).unwrap();
    *to = read(to, envelope.as_octets(), value, rng);
}

/// Reads an envelope, which must hold this text.
pub(crate) fn read(session: &Session, envelope: &[u8], value: &[u8], rng: &mut ChaCha20Rng) -> Session {
    let opened = session.decrypt(envelope, NOW, rng).unwrap();
    let values: Vec<_> = opened.body.items().map(|item| item.value()).collect();
    assert_eq!(values, [value]);
    opened.next
}
