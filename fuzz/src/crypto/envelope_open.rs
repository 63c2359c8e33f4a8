//! Promise: an envelope opens only as the peer made it and only once; refusing leaves the state byte-identical;
//! whatever body a hostile peer seals is refused or read without harm. Spec: ratchet; properties P1, P12 of `spec/README.md`.

use sipher_crypto::{CaeadKey, DecryptError, Note, Session, SizeClass, Tlv, Witness, caead};

use super::filled;
use super::fixture::{KIND, LIVE, NOW, rng, session};
use crate::dice::{Dice, edited};

/// `way u8`, then octets, edits of a genuine envelope, or a hostile body.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    match dice.octet() % 4 {
        0 => stranger(dice.rest()),
        1 => {
            let genuine = one_of(&mut dice, &LIVE.pending);
            stranger(&edited(&mut dice, genuine));
        }
        2 => {
            let genuine = one_of(&mut dice, &LIVE.opened);
            stranger(&edited(&mut dice, genuine));
        }
        _ => hostile_body(&mut dice),
    }
}

fn one_of<'a>(dice: &mut Dice<'_>, among: &'a [Vec<u8>]) -> &'a [u8] {
    let at = dice.place(among.len());
    among.get(at).map_or(&[], Vec::as_slice)
}

/// From whoever can write into the queue.
fn stranger(envelope: &[u8]) {
    let bob = session(&LIVE.bob);
    let outcome = bob.decrypt(envelope, NOW, &mut rng(1));
    assert_eq!(
        bob.to_bytes().as_slice(),
        LIVE.bob,
        "decrypting changed the state"
    );
    match outcome {
        Ok(opened) => {
            assert!(
                LIVE.pending.iter().any(|genuine| genuine == envelope),
                "a forgery opens"
            );
            let again = opened.next.decrypt(envelope, NOW, &mut rng(2));
            assert!(matches!(again, Err(DecryptError::Replay)), "opened twice");
            storable(&opened.next);
        }
        Err(DecryptError::PeerRolledBack(_)) => stranger_accuses(),
        Err(_) => {
            assert!(
                !LIVE.pending.iter().any(|genuine| genuine == envelope),
                "a genuine one is refused"
            );
        }
    }
}

#[expect(clippy::panic, reason = "a target reports by panicking")]
fn stranger_accuses() {
    panic!("somebody else makes the peer look rolled back");
}

/// A genuine header with a body of the peer's own making: padding that isn't zero, lists that run over, bad chunks.
fn hostile_body(dice: &mut Dice<'_>) {
    let class = SizeClass::ALL
        .into_iter()
        .nth(usize::from(dice.octet() % 2))
        .unwrap_or(SizeClass::K1);
    let mut alice = session(&LIVE.alice);
    let mut keys = MessageKeys(Vec::new());
    let items: Vec<_> = Tlv::new(KIND, b"x").into_iter().collect();
    let Ok(envelope) = alice.encrypt_witnessed(&items, class, &mut rng(3), &mut keys) else {
        return;
    };
    let octets = envelope.as_octets();
    let (head, _) = octets.split_at(HEAD_LEN);
    let (nonce, header) = head.split_at(1 + caead::Nonce::LEN);
    let nonce = nonce.last_chunk().map(|nonce| caead::Nonce::from_octets(*nonce));
    let Some(key) = keys.0.first() else { return };
    let body = filled(dice.rest(), class.body_len());
    let link = alice.link();
    let associated: [&[u8]; 3] = [link.as_octets(), &[FROM_INITIATOR], header];
    let sealed = caead::seal(&CaeadKey::from_octets(key), nonce.as_ref(), &associated, &body);

    let bob = session(&LIVE.bob);
    if let Ok(opened) = bob.decrypt(&[head, &sealed].concat(), NOW, &mut rng(4)) {
        let len: usize = opened.body.items().map(|item| item.value().len()).sum();
        assert!(len <= class.body_len());
        storable(&opened.next);
        answers(opened.next);
    }
}

/// A state that came out of decrypting can be stored and read again.
fn storable(next: &Session) {
    let state = next.to_bytes();
    let again = Session::from_bytes(&state);
    assert!(
        again.is_ok_and(|again| again.to_bytes() == state),
        "a state that can't be stored"
    );
}

fn answers(mut next: Session) {
    let items: Vec<_> = Tlv::new(KIND, b"answer").into_iter().collect();
    assert!(next.encrypt(&items, SizeClass::K1, &mut rng(5)).is_ok());
}

struct MessageKeys(Vec<[u8; 32]>);

impl Witness for MessageKeys {
    fn saw(&mut self, note: Note, octets: &[u8]) {
        if let (Note::Message, Ok(key)) = (note, octets.try_into()) {
            self.0.push(key);
        }
    }
}

/// Version, nonce and sealed header stand before the body.
const HEAD_LEN: usize = 1 + 24 + 96;
/// Alice began the link.
const FROM_INITIATOR: u8 = 0;
