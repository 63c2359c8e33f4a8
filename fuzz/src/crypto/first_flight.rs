//! Promise: a first flight is accepted only as its initiator made it; what an honest handshake carries arrives; a
//! hostile initiator is refused or accepted without harm. Spec: handshake; properties P1, P6 of `spec/README.md`.

use std::sync::LazyLock;

use sipher_crypto::handshake::{Accepted, Initiator, Refused, Responder};
use sipher_crypto::{CaeadKey, Note, Session, Tlv, Witness, caead};

use super::filled;
use super::fixture::{ALICE, BOB, INVITATION, KIND, NOW, bundle, rng};
use crate::dice::{Dice, edited};

/// `way u8`, then octets, edits of a genuine flight, or what a hostile initiator seals.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    match dice.octet() % 4 {
        0 => stranger(dice.rest()),
        1 => stranger(&edited(&mut dice, &HONEST.flight)),
        2 => hostile_payload(dice.rest()),
        _ => hostile_certificate(&mut dice),
    }
}

fn accept(flight: &[u8]) -> Result<Accepted, Refused> {
    let keys = INVITATION.keys();
    Responder::new(&BOB, INVITATION.prekeys(), &keys.psk).accept(flight, NOW, &mut rng(2))
}

fn stranger(flight: &[u8]) {
    let accepted = accept(flight);
    assert_eq!(
        accepted.is_ok(),
        flight == HONEST.flight,
        "another flight is accepted"
    );
    if let Ok(accepted) = accepted {
        let items: Vec<_> = accepted.items.items().map(|item| item.value().to_vec()).collect();
        assert_eq!(items, [b"hi"]);
    }
}

/// The second box under its right key with other content: a bad encapsulation key, items that are no list.
fn hostile_payload(payload: &[u8]) {
    let sealed = caead::seal(
        &HONEST.key("se"),
        None,
        &[&HONEST.hash("box1")],
        &filled(payload, PAYLOAD_LEN),
    );
    let (kept, _) = HONEST.flight.split_at(HONEST.flight.len() - sealed.len());
    use_accepted(accept(&[kept, &sealed].concat()));
}

/// The first box under its right key with another certificate.
fn hostile_certificate(dice: &mut Dice<'_>) {
    let certificate = filled(&edited(dice, &ALICE.certificate().to_octets()), 256);
    let sealed = caead::seal(&HONEST.key("kem"), None, &[&HONEST.hash("ct")], &certificate);
    let (kept, rest) = HONEST.flight.split_at(BOX1_AT);
    let (_, box2) = rest.split_at(sealed.len());
    let accepted = accept(&[kept, &sealed, box2].concat());
    assert_eq!(
        accepted.is_ok(),
        certificate == ALICE.certificate().to_octets(),
        "a certificate that nobody signed"
    );
}

/// Nothing of what came may break what follows.
fn use_accepted(accepted: Result<Accepted, Refused>) {
    let Ok(accepted) = accepted else { return };
    assert!(accepted.items.items().all(|item| item.kind() >= Tlv::FIRST_KIND));
    let state = accepted.session.to_bytes();
    let mut session = Session::from_bytes(&state);
    assert!(session.is_ok(), "an accepted session can't be stored");
    if let (Ok(session), Ok(item)) = (&mut session, Tlv::new(KIND, b"welcome")) {
        let envelope = session.encrypt(&[item], sipher_crypto::SizeClass::K1, &mut rng(3));
        assert!(envelope.is_ok(), "an accepted session can't answer");
    }
}

/// An honest flight and what its making showed.
struct Honest {
    flight: Vec<u8>,
    seen: Seen,
}

impl Honest {
    fn key(&self, name: &str) -> CaeadKey {
        CaeadKey::from_octets(&find(&self.seen.keys, name))
    }

    fn hash(&self, name: &str) -> [u8; 32] {
        find(&self.seen.hashes, name)
    }
}

#[derive(Default)]
struct Seen {
    keys: Vec<(&'static str, [u8; 32])>,
    hashes: Vec<(&'static str, [u8; 32])>,
}

fn find(among: &[(&'static str, [u8; 32])], name: &str) -> [u8; 32] {
    let found = among.iter().find(|(known, _)| *known == name);
    assert!(found.is_some(), "the handshake showed no {name}");
    found.map_or([0; 32], |(_, octets)| *octets)
}

impl Witness for Seen {
    fn saw(&mut self, note: Note, octets: &[u8]) {
        let Ok(octets) = octets.try_into() else { return };
        match note {
            Note::Key(name) => self.keys.push((name, octets)),
            Note::Hash(name) => self.hashes.push((name, octets)),
            _ => {}
        }
    }
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let mut seen = Seen::default();
    let keys = INVITATION.keys();
    let items: Vec<_> = Tlv::new(KIND, b"hi").into_iter().collect();
    let initiated =
        Initiator::new(&ALICE, &bundle(), &keys.psk).initiate_witnessed(&items, &mut rng(1), &mut seen);
    assert!(initiated.is_ok(), "an honest bundle");
    Honest {
        flight: initiated.map_or(Vec::new(), |initiated| initiated.flight),
        seen,
    }
});

/// Suite, prekey id, ephemeral key and ciphertext stand before the first box.
const BOX1_AT: usize = 1 + 4 + 32 + 1088;
/// Octets of the second box's content. Spec: handshake, "First flight".
const PAYLOAD_LEN: usize = 2619;
