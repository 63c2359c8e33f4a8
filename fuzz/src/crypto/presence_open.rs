//! Promise: presence opens only as its publisher made it and never goes back; what a hostile publisher seals is
//! refused or read within bounds; refusing leaves the state byte-identical. Spec: presence.

use hkdf::Hkdf;
use sha2::Sha256;
use sipher_crypto::{
    CaeadKey, Document, EpochKeys, PRESENCE_ENVELOPE_LEN, PresenceError, PresencePublisher, PresenceReader,
    caead,
};

use super::filled;
use super::fixture::{CELL, NOW, presence, rng};
use crate::dice::{Dice, edited};

/// `way u8`, then octets, edits of a genuine value, or what a hostile publisher does.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let (mut publisher, reader) = presence();
    match dice.octet() % 4 {
        0 => stranger(&reader, &[], dice.rest()),
        1 => {
            let genuine = published(&mut publisher, b"at home");
            stranger(&reader, &genuine, &edited(&mut dice, &genuine));
            let later = published(&mut publisher, b"away");
            forwards_only(&reader, [&genuine, &later]);
        }
        2 => hostile_document(&mut dice),
        _ => hostile_publisher(&mut dice, &publisher, reader),
    }
}

fn published(publisher: &mut PresencePublisher, content: &[u8]) -> Vec<u8> {
    let document = Document::new(NOW, NOW.plus_seconds(3600), [1; 8], content).ok();
    document
        .and_then(|document| publisher.publish(&document, &mut rng(1)).ok())
        .unwrap_or_default()
}

/// What a relay serves that saw nothing but `genuine`.
fn stranger(reader: &PresenceReader, genuine: &[u8], value: &[u8]) {
    let before = reader.to_bytes();
    let seen = reader.open(value);
    assert_eq!(reader.to_bytes(), before, "opening changed the state");
    match seen {
        Ok(seen) => {
            assert_eq!(value, genuine, "a forgery opens");
            assert_eq!(seen.next.open(value).err(), Some(PresenceError::Unchanged));
        }
        Err(error) => assert_eq!(error, PresenceError::Refused),
    }
}

/// Two genuine values in their order, then a relay that goes back to the first.
fn forwards_only(reader: &PresenceReader, [earlier, later]: [&[u8]; 2]) {
    let seen = reader.open(earlier).and_then(|seen| seen.next.open(later));
    assert!(seen.is_ok(), "a genuine value is refused");
    let again = seen.and_then(|seen| seen.next.open(earlier));
    assert_eq!(again.err(), Some(PresenceError::Older), "presence goes back");
}

/// The first place of an epoch with any document and any header.
fn hostile_document(dice: &mut Dice<'_>) {
    let (pck, phk) = ([3; 32], [4; 32]);
    let keys = [&1_u32.to_be_bytes()[..], &pck, &phk].concat();
    let Some(reader) = EpochKeys::from_octets(&keys)
        .ok()
        .and_then(|keys| PresenceReader::begin(CELL, keys).ok())
    else {
        return;
    };
    let nonce = caead::Nonce::from_octets([5; 24]);
    let header: [u8; 16] = if dice.flip() { dice.array() } else { FIRST_PLACE };
    let header = caead::seal(&CaeadKey::from_octets(&phk), Some(&nonce), &[CELL, b"h"], &header);
    let document = filled(dice.rest(), DOCUMENT_LEN);
    let sealed = caead::seal(
        &CaeadKey::from_octets(&first_key(&pck)),
        Some(&nonce),
        &[CELL, &header],
        &document,
    );
    let value = [&[1], nonce.as_octets().as_slice(), &header, &sealed].concat();
    assert_eq!(value.len(), PRESENCE_ENVELOPE_LEN);
    if let Ok(seen) = reader.open(&value) {
        assert!(seen.document.content().len() <= Document::MAX_CONTENT_LEN);
        assert!(seen.document.published() <= seen.document.valid_until());
        forwards(&seen.next);
    }
}

/// A publisher whose state isn't what it should be: other epochs, places and keys.
fn hostile_publisher(dice: &mut Dice<'_>, honest: &PresencePublisher, reader: PresenceReader) {
    let Ok(mut publisher) = PresencePublisher::from_bytes(&edited(dice, &honest.to_bytes())) else {
        return;
    };
    let mut reader = reader;
    for number in 0..3_u8 {
        let epoch = reader.epoch();
        if let Ok(seen) = reader.open(&published(&mut publisher, &[number])) {
            forwards(&seen.next);
            reader = seen.next;
        }
        assert!(reader.epoch() >= epoch, "an epoch went back");
        if let (true, Ok(keys)) = (dice.flip(), publisher.rekey(NOW, &mut rng(u64::from(number)))) {
            let announced = reader.announce(keys);
            assert!(announced.is_ok() || publisher.epoch() <= reader.epoch());
        }
    }
}

fn forwards(next: &PresenceReader) {
    let state = next.to_bytes();
    let again = PresenceReader::from_bytes(&state);
    assert!(
        again.is_ok_and(|again| again.to_bytes() == state),
        "a state that can't be stored"
    );
}

/// `pmk` of place 0 of epoch 1. Spec: presence, "Chain".
fn first_key(pck: &[u8; 32]) -> [u8; 32] {
    let mut okm = [0; 64];
    let expanded = Hkdf::<Sha256>::from_prk(pck).ok().and_then(|hkdf| {
        hkdf.expand_multi_info(&[b"sipher/1 presence", &1_u32.to_be_bytes(), &[0; 4]], &mut okm)
            .ok()
    });
    assert!(expanded.is_some());
    okm.last_chunk().copied().unwrap_or([0; 32])
}

/// Epoch 1, index 0.
const FIRST_PLACE: [u8; 16] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const DOCUMENT_LEN: usize = 887;
