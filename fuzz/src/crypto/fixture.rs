//! What the crypto targets begin with: two people, an invitation, a link that lives. The same in every process.
#![expect(
    clippy::expect_used,
    reason = "a fixture that can't be made is a bug of the fixture and must be loud"
)]

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_crypto::handshake::{Initiator, Responder, Waiting};
use sipher_crypto::{
    Bundle, BundleKind, Device, Envelope, FrontDoor, Invitation, InvitationSecret, Lifetime, Offer,
    PresencePublisher, PresenceReader, Session, ShortPin, SigningKey, SigningSeed, SizeClass, Time, Tlv,
    UncheckedBundle,
};

/// The time of every target.
pub(super) const NOW: Time = Time::from_unix_seconds(1_800_000_000);
/// The cell of the invitation and of presence.
pub(super) const CELL: &[u8] = b"k7q3mzx2ahb5w4tcyd6eolrn2i";
/// Kind of the items that messages of the fixture hold.
pub(super) const KIND: u8 = 16;

/// Randomness of a seed.
pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A device whose account and keys come from a seed.
pub(super) fn device(seed: u64) -> Device {
    let account = SigningKey::generate(&mut rng(seed));
    let lifetime = Lifetime {
        not_before: Time::from_unix_seconds(1_700_000_000),
        not_after: Time::from_unix_seconds(1_900_000_000),
    };
    Device::create(&account, 1, lifetime, &mut rng(seed.wrapping_add(1000)))
}

/// Who invites.
pub(super) static BOB: LazyLock<Device> = LazyLock::new(|| device(2));
/// Who accepts.
pub(super) static ALICE: LazyLock<Device> = LazyLock::new(|| device(1));
/// Bob's invitation.
pub(super) static INVITATION: LazyLock<Invitation> = LazyLock::new(|| {
    let offer = Offer {
        kind: BundleKind::OneTime,
        front_door: &FrontDoor::new(b"queue@relay".to_vec(), SigningSeed::from_octets(&[4; 32])),
        profile: b"Bob",
        not_after: NOW.plus_seconds(1000),
    };
    let secret = InvitationSecret::from_octets(&[5; 32]);
    Invitation::create(&BOB, secret, &offer, &mut rng(3)).expect("an offer that fits")
});

/// Bob's pin.
pub(super) fn pin() -> ShortPin {
    BOB.certificate().account().pin().short()
}

/// Bob's bundle as Alice checked it.
pub(super) fn bundle() -> Bundle {
    UncheckedBundle::from_octets(INVITATION.prekeys().expose_bundle())
        .check(&pin(), NOW)
        .expect("a bundle that was just made")
}

/// Stored states of a link in the middle of its life, and envelopes from Alice that Bob hasn't opened.
pub(super) struct Live {
    pub(super) alice: Vec<u8>,
    pub(super) bob: Vec<u8>,
    pub(super) alice_waiting: Vec<u8>,
    pub(super) link: Vec<u8>,
    /// Genuine and not opened: of an old chain, and of the current one with a gap.
    pub(super) pending: Vec<Vec<u8>>,
    /// Genuine and opened before.
    pub(super) opened: Vec<Vec<u8>>,
}

/// The link.
pub(super) static LIVE: LazyLock<Live> = LazyLock::new(|| {
    let (waiting, link, mut bob) = handshake();
    let alice_waiting = waiting.to_bytes().to_vec();
    let dice = &mut rng(14);
    let hello = say(&mut bob, b"hello", dice);
    let mut alice = waiting
        .open_answer(hello.as_octets(), NOW, &mut rng(12))
        .expect("an honest answer")
        .next;
    let (mut pending, mut opened) = (Vec::new(), Vec::new());
    for turn in 0..6_u8 {
        for number in 0..3_u8 {
            let envelope = say(&mut alice, &[turn, number], dice);
            if (turn, number) == (5, 1) || (turn, number) == (3, 0) {
                pending.push(envelope.into_octets());
            } else {
                bob = hear(&bob, &envelope);
                opened.push(envelope.into_octets());
            }
        }
        let answer = say(&mut bob, &[turn], dice);
        alice = hear(&alice, &answer);
    }
    for number in 0..4_u8 {
        pending.push(say(&mut alice, &[9, number], dice).into_octets());
    }
    Live {
        alice: alice.to_bytes().to_vec(),
        bob: bob.to_bytes().to_vec(),
        alice_waiting,
        link,
        pending,
        opened,
    }
});

/// A session out of its stored state.
pub(super) fn session(state: &[u8]) -> Session {
    Session::from_bytes(state).expect("a state of the fixture")
}

/// A publisher and a reader that saw two documents of it.
pub(super) fn presence() -> (PresencePublisher, PresenceReader) {
    let (publisher, keys) = PresencePublisher::begin(CELL, NOW, &mut rng(20)).expect("a short name");
    let reader = PresenceReader::begin(CELL, keys).expect("a short name");
    (publisher, reader)
}

fn handshake() -> (Waiting, Vec<u8>, Session) {
    let keys = INVITATION.keys();
    let items = [Tlv::new(KIND, b"hi").expect("a kind of the engine")];
    let initiated = Initiator::new(&ALICE, &bundle(), &keys.psk)
        .initiate(&items, &mut rng(10))
        .expect("an honest bundle");
    let accepted = Responder::new(&BOB, INVITATION.prekeys(), &keys.psk)
        .accept(&initiated.flight, NOW, &mut rng(11))
        .expect("an honest flight");
    (
        initiated.waiting,
        initiated.link.to_bytes().to_vec(),
        accepted.session,
    )
}

/// No two messages of the fixture draw the same keys.
fn say(session: &mut Session, text: &[u8], rng: &mut ChaCha20Rng) -> Envelope {
    let items = [Tlv::new(KIND, text).expect("a kind of the engine")];
    session.encrypt(&items, SizeClass::K1, rng).expect("a short text")
}

fn hear(session: &Session, envelope: &Envelope) -> Session {
    session
        .decrypt(envelope.as_octets(), NOW, &mut rng(13))
        .expect("an honest envelope")
        .next
}
