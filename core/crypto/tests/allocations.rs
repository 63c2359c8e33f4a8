//! What anybody hands in takes at most twice its own memory to read, and a constant. Spec: conventions,
//! "Encodings".
//!
//! Counted are the octets that are held at one time, by an allocator that the test's program brings. A state that
//! is read together with what came belongs to the input: it is copied, changed on the copy, and handed back. Not
//! here: stretching a passphrase, whose memory is a parameter between a floor and a ceiling.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::hint::black_box;

use allocation_counter::measure;
use sipher_crypto::caead::{self, Nonce};
use sipher_crypto::handshake::{Link, Responder, Waiting};
use sipher_crypto::{
    CaeadKey, Device, Document, Envelope, Invitation, Phrase, Prekeys, PresencePublisher, PresenceReader,
    Purpose, Session, Signature, SizeClass, StoreKey, StoreSecret, UncheckedBundle,
};

use crate::people::{CELL, NOW, People, rng, text};

#[path = "fixture/people.rs"]
mod people;

/// What reading may take beside twice the input: a few keys and their schedules.
const CONSTANT: usize = 1024;

/// Runs `read`, which may hold no more than what belongs to `input` octets at any time.
fn assert_bounded<T>(what: &str, input: usize, read: impl FnOnce() -> T) {
    let held = measure(|| {
        black_box(read());
    })
    .bytes_max;
    let most = u64::try_from(2 * input + CONSTANT).unwrap();
    assert!(held <= most, "{what}: {held} octets for {input}");
}

/// A session that keeps as many keys of messages that haven't come as a session may.
fn session_full_of_skipped_keys() -> Session {
    let mut die = rng(4);
    let (mut from, mut to) = People::new(&mut die).link(&mut die);
    for _ in 0..2 {
        let last = (0..1000).map(|_| said(&mut from, b"")).last().unwrap();
        to = to.decrypt(last.as_octets(), NOW, &mut die).unwrap().next;
        let turn = said(&mut to, b"");
        from = from.decrypt(turn.as_octets(), NOW, &mut die).unwrap().next;
    }
    to
}

fn said(from: &mut Session, value: &[u8]) -> Envelope {
    from.encrypt(&[text(value)], SizeClass::K1, &mut rng(5)).unwrap()
}

fn document() -> Document {
    let content = [7; Document::MAX_CONTENT_LEN];
    Document::new(NOW, NOW.plus_seconds(3600), [0; Document::RIGHTS_LEN], &content).unwrap()
}

/// A name, and what reads octets of it.
type Decoder = (&'static str, Vec<u8>, fn(&[u8]));

/// Every state that is stored, the largest of its kind.
fn stored_states() -> Vec<Decoder> {
    let mut die = rng(1);
    let people = People::new(&mut die);
    let initiated = people.initiate(&mut die);
    let (_, session) = people.link(&mut die);
    let (publisher, keys) = PresencePublisher::begin(CELL, NOW, &mut die).unwrap();
    let reader = PresenceReader::begin(CELL, keys).unwrap();
    vec![
        ("session", session.to_bytes().to_vec(), |octets| {
            drop(Session::from_bytes(octets));
        }),
        ("waiting", initiated.waiting.to_bytes().to_vec(), |octets| {
            drop(Waiting::from_bytes(octets));
        }),
        ("link", initiated.link.to_bytes().to_vec(), |octets| {
            drop(Link::from_bytes(octets));
        }),
        ("device", people.initiator.to_bytes().to_vec(), |octets| {
            drop(Device::from_bytes(octets));
        }),
        ("invitation", people.invitation.to_bytes().to_vec(), |octets| {
            drop(Invitation::from_bytes(octets));
        }),
        (
            "prekeys",
            people.invitation.prekeys().to_bytes().to_vec(),
            |octets| {
                drop(Prekeys::from_bytes(octets));
            },
        ),
        ("publisher", publisher.to_bytes().to_vec(), |octets| {
            drop(PresencePublisher::from_bytes(octets));
        }),
        ("reader", reader.to_bytes().to_vec(), |octets| {
            drop(PresenceReader::from_bytes(octets));
        }),
    ]
}

#[test]
fn the_counter_sees_what_is_held_at_one_time() {
    let held = measure(|| {
        black_box(vec![1_u8; 3000]);
        black_box(vec![1_u8; 5000]);
    });
    assert_eq!(held.bytes_max, 5000);
}

// spec: code-3
#[test]
fn stored_states_take_no_more_than_twice_their_size_to_read() {
    for (name, octets, read) in stored_states() {
        assert_bounded(name, octets.len(), || read(&octets));
    }
    let full = session_full_of_skipped_keys().to_bytes();
    assert!(full.len() > 90_000, "{} octets", full.len());
    assert_bounded("session full of keys", full.len(), || {
        Session::from_bytes(&full).unwrap()
    });
}

// spec: code-3
#[test]
fn a_stored_state_that_lies_about_a_length_takes_no_more_than_twice_its_size() {
    for (name, octets, read) in stored_states() {
        for at in 0..octets.len() - 4 {
            let mut lying = octets.clone();
            lying[at..at + 4].fill(0xff);
            assert_bounded(name, lying.len(), || read(&lying));
            assert_bounded(name, at, || read(&octets[..at]));
        }
    }
}

// spec: code-3
#[test]
fn sealed_values_take_no_more_than_twice_their_size_to_open() {
    let mut die = rng(2);
    let (key, nonce) = (CaeadKey::random(&mut die), Nonce::random(&mut die));
    let store = StoreKey::new(StoreSecret::random(&mut die));
    for len in [0, 855, 65_536, 262_144] {
        let sealed = caead::seal(&key, Some(&nonce), &[], &vec![7; len]);
        assert_bounded("sealed", sealed.len(), || {
            caead::open(&key, Some(&nonce), &[], &sealed).unwrap()
        });
        let record = store.seal_record(b"place", &vec![7; len], &mut die);
        assert_bounded("record", record.len(), || {
            store.open_record(b"place", &record).unwrap()
        });
    }
    let people = People::new(&mut die);
    assert_bounded("bundle", people.cell.len(), || people.bundle());
    let signature = Signature::from_octets([7; 64]);
    let (content, signer) = (vec![7; 65_536], *people.initiator.certificate().signing());
    assert_bounded("signed content", content.len(), || {
        signer.verify(Purpose::Ticker, &[&content], &signature)
    });
}

// spec: code-3
#[test]
fn a_first_flight_takes_no_more_than_twice_its_size_to_accept() {
    let mut die = rng(3);
    let people = People::new(&mut die);
    let flight = people.initiate(&mut die).flight;
    assert_bounded("flight", flight.len(), || people.accept(&flight, &mut rng(4)));

    let keys = people.invitation.keys();
    let responder = Responder::new(&people.responder, people.invitation.prekeys(), &keys.psk);
    let mut forged = flight;
    for at in (0..forged.len()).step_by(64) {
        forged[at] ^= 1;
        assert_bounded("forged flight", forged.len(), || {
            responder.accept(&forged, NOW, &mut rng(4)).is_err()
        });
        forged[at] ^= 1;
    }
}

// spec: code-3
#[test]
fn an_envelope_takes_no_more_than_twice_its_own_and_its_sessions_size() {
    let mut die = rng(6);
    let (mut from, to) = People::new(&mut die).link(&mut die);
    let state = to.to_bytes().len();
    for class in SizeClass::ALL {
        let value = vec![7; class.body_len() - 3];
        let envelope = from.encrypt(&[text(&value)], class, &mut die).unwrap();
        let input = envelope.as_octets().len() + state;
        assert_bounded("envelope", input, || {
            to.decrypt(envelope.as_octets(), NOW, &mut rng(7)).unwrap()
        });
    }
}

// spec: ratchet-7
#[test]
fn a_gap_takes_no_more_than_twice_the_session_that_remembers_it() {
    let mut die = rng(8);
    let (mut from, to) = People::new(&mut die).link(&mut die);
    let last = (0..1000).map(|_| said(&mut from, b"")).last().unwrap();
    let next = to.decrypt(last.as_octets(), NOW, &mut die).unwrap().next;
    let input = last.as_octets().len() + next.to_bytes().len();
    assert_bounded("gap", input, || {
        to.decrypt(last.as_octets(), NOW, &mut rng(9)).unwrap()
    });
}

// spec: ratchet-6
#[test]
fn a_strangers_envelope_takes_a_constant_whatever_its_size_and_the_sessions() {
    let session = session_full_of_skipped_keys();
    for class in SizeClass::ALL {
        let mut forged = vec![0x55; class.envelope_len()];
        forged[0] = 1;
        assert_bounded("a stranger's envelope", 0, || {
            session.decrypt(&forged, NOW, &mut rng(1)).is_err()
        });
    }
}

// spec: code-3
#[test]
fn presence_takes_no_more_than_twice_its_size_to_open() {
    let mut die = rng(10);
    let (mut publisher, keys) = PresencePublisher::begin(CELL, NOW, &mut die).unwrap();
    let reader = PresenceReader::begin(CELL, keys).unwrap();
    let envelope = (0..100)
        .map(|_| publisher.publish(&document(), &mut die).unwrap())
        .last()
        .unwrap();
    assert_bounded("presence", envelope.len(), || reader.open(&envelope).unwrap());
    let mut forged = envelope;
    for at in (0..forged.len()).step_by(16) {
        forged[at] ^= 1;
        assert_bounded("forged presence", forged.len(), || reader.open(&forged).is_err());
        forged[at] ^= 1;
    }
}

#[test]
fn what_a_person_typed_takes_a_constant_to_read_as_a_phrase() {
    for typed in [
        "abandon ".repeat(50_000),
        "a".repeat(400_000),
        "é".repeat(200_000),
        " ".repeat(400_000),
    ] {
        assert_bounded("phrase", 0, || Phrase::parse(&typed).is_err());
    }
}

#[test]
fn an_empty_bundle_and_a_long_one_are_bounded_alike() {
    let mut die = rng(11);
    let people = People::new(&mut die);
    let pin = people.responder.certificate().account().pin().short();
    for len in [0, 1, 4096, 65_536] {
        let octets = vec![1; len];
        assert_bounded("unchecked bundle", len, || {
            UncheckedBundle::from_octets(&octets).check(&pin, NOW).is_err()
        });
    }
}
