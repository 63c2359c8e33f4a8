use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::fixture::{CELL, NOW, rng};

fn document(content: &[u8]) -> Document {
    Document::new(NOW, NOW.plus_seconds(3600), [7; 8], content).unwrap()
}

fn chain() -> (PresencePublisher, PresenceReader) {
    let (publisher, keys) = PresencePublisher::begin(CELL, NOW, &mut rng(1)).unwrap();
    let keys = EpochKeys::from_octets(&keys.expose_octets()).unwrap();
    (publisher, PresenceReader::begin(CELL, keys).unwrap())
}

#[test]
fn documents_open_in_order_and_all_envelopes_have_one_size() {
    let (mut publisher, mut reader) = chain();
    let mut rng = rng(2);
    for len in [0, 1, 100, Document::MAX_CONTENT_LEN] {
        let sent = document(&alloc::vec![5; len]);
        let envelope = publisher.publish(&sent, &mut rng).unwrap();
        assert_eq!(envelope.len(), PRESENCE_ENVELOPE_LEN);
        let seen = reader.open(&envelope).unwrap();
        assert_eq!(seen.document, sent);
        reader = seen.next;
    }
}

#[test]
fn what_is_too_long_or_ends_before_it_begins_is_no_document() {
    let too_long = alloc::vec![5; Document::MAX_CONTENT_LEN + 1];
    assert_eq!(
        Document::new(NOW, NOW, [0; 8], &too_long).err(),
        Some(DocumentError::TooLong)
    );
    let earlier = crate::Time::from_unix_seconds(1);
    assert_eq!(
        Document::new(NOW, earlier, [0; 8], b"").err(),
        Some(DocumentError::Dates)
    );
}

#[test]
fn a_document_says_what_it_was_made_of_and_may_end_when_it_begins() {
    let made = document(b"content");
    assert_eq!(
        (made.published(), made.valid_until()),
        (NOW, NOW.plus_seconds(3600))
    );
    assert_eq!((made.rights(), made.content()), (&[7; 8], &b"content"[..]));
    assert!(Document::new(NOW, NOW, [0; 8], b"").is_ok());
}

// spec: presence-11
#[test]
fn a_reader_steps_over_what_he_missed_and_never_goes_back() {
    let (mut publisher, reader) = chain();
    let mut rng = rng(3);
    let envelopes: Vec<_> = (0..5_u8)
        .map(|number| publisher.publish(&document(&[number]), &mut rng).unwrap())
        .collect();
    let reader = reader.open(&envelopes[3]).unwrap().next;
    assert_eq!(reader.open(&envelopes[3]).err(), Some(PresenceError::Unchanged));
    assert_eq!(reader.open(&envelopes[1]).err(), Some(PresenceError::Older));
    assert_eq!(reader.open(&envelopes[4]).unwrap().document, document(&[4]));
}

#[test]
fn every_flipped_bit_is_refused_and_changes_nothing() {
    let (mut publisher, reader) = chain();
    let envelope = publisher.publish(&document(b"available"), &mut rng(4)).unwrap();
    let before = reader.to_bytes();
    for bit in 0..envelope.len() * 8 {
        let mut forged = envelope.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            reader.open(&forged).err(),
            Some(PresenceError::Refused),
            "bit {bit}"
        );
    }
    assert_eq!(reader.to_bytes(), before);
    assert_eq!(reader.open(&envelope[1..]).err(), Some(PresenceError::Refused));
    assert!(reader.open(&envelope).is_ok());
}

#[test]
fn a_document_belongs_to_one_cell() {
    let (mut publisher, _) = chain();
    let (_, keys) = PresencePublisher::begin(CELL, NOW, &mut rng(1)).unwrap();
    let other = PresenceReader::begin(b"another cell", keys).unwrap();
    let envelope = publisher.publish(&document(b""), &mut rng(5)).unwrap();
    assert_eq!(other.open(&envelope).err(), Some(PresenceError::Refused));
}

#[test]
fn another_document_in_the_same_place_is_an_alarm_but_a_spliced_one_is_not() {
    let (publisher, reader) = chain();
    let mut twice = [0, 1].map(|_| PresencePublisher::from_bytes(&publisher.to_bytes()).unwrap());
    let mut rng = rng(6);
    let envelopes: Vec<_> = twice
        .iter_mut()
        .map(|publisher| publisher.publish(&document(b"x"), &mut rng).unwrap())
        .collect();
    let reader = reader.open(&envelopes[0]).unwrap().next;
    assert_eq!(
        reader.open(&envelopes[1]).err(),
        Some(PresenceError::Contradiction)
    );
    let spliced = [&envelopes[0][..89], &envelopes[1][89..]].concat();
    assert_eq!(reader.open(&spliced).err(), Some(PresenceError::Refused));
}

#[test]
fn a_new_epoch_opens_once_it_was_announced_and_ends_the_old_one() {
    let (mut publisher, mut reader) = chain();
    let mut rng = rng(7);
    let first = publisher.publish(&document(b"first"), &mut rng).unwrap();
    let second = publisher.publish(&document(b"second"), &mut rng).unwrap();
    reader = reader.open(&first).unwrap().next;
    let keys = publisher.rekey(NOW, &mut rng).unwrap();
    let third = publisher.publish(&document(b"third"), &mut rng).unwrap();
    assert_eq!(
        reader.open(&third).err(),
        Some(PresenceError::Refused),
        "not announced yet"
    );
    reader.announce(keys).unwrap();
    assert!(
        reader.open(&second).is_ok(),
        "the old epoch goes on until the new one is seen"
    );
    let seen = reader.open(&third).unwrap();
    assert_eq!((seen.document, seen.next.epoch()), (document(b"third"), 2));
    assert_eq!(seen.next.open(&second).err(), Some(PresenceError::Refused));
}

#[test]
fn the_keys_of_an_epoch_have_the_length_that_is_said_and_no_other() {
    let (_, keys) = PresencePublisher::begin(CELL, NOW, &mut rng(1)).unwrap();
    let octets = keys.expose_octets();
    assert_eq!(octets.len(), EpochKeys::LEN);
    assert!(EpochKeys::from_octets(&octets[1..]).is_err());
    assert!(EpochKeys::from_octets(&[&octets[..], &[0]].concat()).is_err());
}

#[test]
fn only_later_epochs_can_be_announced() {
    let (mut publisher, mut reader) = chain();
    let mut rng = rng(8);
    let (_, first) = PresencePublisher::begin(CELL, NOW, &mut rng).unwrap();
    assert!(reader.announce(first).is_err());
    let second = publisher.rekey(NOW, &mut rng).unwrap();
    let third = publisher.rekey(NOW, &mut rng).unwrap();
    reader.announce(third).unwrap();
    assert!(reader.announce(second).is_err());
}

// spec: presence-7
#[test]
fn an_epoch_ends_with_its_updates_or_its_day() {
    let (mut publisher, _) = chain();
    let mut rng = rng(9);
    assert!(!publisher.is_rekey_due(NOW.plus_seconds(24 * 3600 - 1)));
    assert!(publisher.is_rekey_due(NOW.plus_seconds(24 * 3600)));
    for _ in 0..PresencePublisher::UPDATES {
        publisher.publish(&document(b""), &mut rng).unwrap();
    }
    assert!(publisher.is_rekey_due(NOW));
    let before = publisher.to_bytes();
    assert_eq!(
        publisher.publish(&document(b""), &mut rng).err(),
        Some(PublishError::Exhausted)
    );
    assert_eq!(publisher.to_bytes(), before);
    publisher.rekey(NOW, &mut rng).unwrap();
    assert!(publisher.publish(&document(b""), &mut rng).is_ok());
}

#[test]
fn a_hundred_thousand_steps_are_taken_and_not_one_more() {
    let (_, keys) = PresencePublisher::begin(CELL, NOW, &mut rng(1)).unwrap();
    let reader = chain().1;
    let mut rng = rng(10);
    let at = |index: u32, rng: &mut rand_chacha::ChaCha20Rng| {
        // The publisher himself ends an epoch far earlier; a reader must be bounded whatever he is told.
        let mut epoch = Epoch {
            keys: keys.duplicate(),
            next: 0,
        };
        for _ in 0..index {
            epoch.advance().unwrap();
        }
        let (index, key) = epoch.advance().unwrap();
        let nonce = Nonce::random(rng);
        let header = Position {
            epoch: epoch.keys.epoch,
            index,
        }
        .seal(&epoch.keys.header, &nonce, CELL);
        let padded = document(b"far").to_padded().unwrap();
        let sealed = caead::seal_under(&key, Some(&nonce), &[CELL, &header], &padded);
        [&[VERSION], nonce.as_octets().as_slice(), &header, &sealed].concat()
    };
    assert!(reader.open(&at(100_000, &mut rng)).is_ok());
    assert_eq!(
        reader.open(&at(100_001, &mut rng)).err(),
        Some(PresenceError::TooFar)
    );
}

#[test]
fn a_cell_name_over_64_octets_is_refused() {
    let refused = PresencePublisher::begin(&[1; 65], NOW, &mut rng(11));
    assert_eq!(refused.err(), Some(PublishError::CellName));
    let (mut publisher, keys) = PresencePublisher::begin(&[1; 64], NOW, &mut rng(11)).unwrap();
    let reader = PresenceReader::begin(&[1; 64], keys).unwrap();
    let envelope = publisher.publish(&document(b"seen"), &mut rng(12)).unwrap();
    assert!(reader.open(&envelope).is_ok());
}

#[test]
fn a_new_epoch_has_the_next_number_and_a_day_of_its_own() {
    let (mut publisher, _) = chain();
    assert_eq!(publisher.epoch(), 1);
    let later = NOW.plus_seconds(24 * 3600);
    publisher.rekey(later, &mut rng(13)).unwrap();
    assert_eq!(publisher.epoch(), 2);
    assert!(!publisher.is_rekey_due(later));
    assert!(publisher.is_rekey_due(later.plus_seconds(24 * 3600)));
}

#[test]
fn stored_sides_go_on_where_they_were_and_refuse_other_octets() {
    let (mut publisher, mut reader) = chain();
    let mut rng = rng(12);
    for number in 0..6_u8 {
        let envelope = publisher.publish(&document(&[number]), &mut rng).unwrap();
        reader = reader.open(&envelope).unwrap().next;
        if number == 3 {
            reader.announce(publisher.rekey(NOW, &mut rng).unwrap()).unwrap();
        }
        let (stored, read) = (publisher.to_bytes(), reader.to_bytes());
        publisher = PresencePublisher::from_bytes(&stored).unwrap();
        reader = PresenceReader::from_bytes(&read).unwrap();
        assert_eq!((publisher.to_bytes(), reader.to_bytes()), (stored, read));
    }
    assert!(PresencePublisher::from_bytes(&publisher.to_bytes()[..70]).is_err());
    assert!(PresenceReader::from_bytes(&reader.to_bytes()[..70]).is_err());
    assert!(PresenceReader::from_bytes(&[]).is_err());
}

proptest! {
    #[test]
    fn nothing_hostile_panics_or_opens(octets in proptest::collection::vec(any::<u8>(), 0..1100)) {
        let (_, reader) = chain();
        prop_assert!(reader.open(&octets).is_err());
        if let Ok(read) = PresenceReader::from_bytes(&octets) {
            let written = read.to_bytes();
            prop_assert_eq!(written.as_slice(), octets.as_slice());
        }
        if let Ok(document) = Document::parse(&octets) {
            let padded = document.to_padded().unwrap();
            prop_assert!(padded.starts_with(&octets) || octets.starts_with(&padded));
        }
    }
}
