use alloc::vec::Vec;

use crate::fixture::{NOW, pass, read, rng, sessions, text};
use crate::{DecryptError, EncryptError, Session, SizeClass, Time};

mod chaos;
mod healing;
mod limits;
mod replay;
mod rollback;

#[test]
fn a_conversation_turns_its_ratchet_and_its_epochs() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(20);
    let mut epochs = Vec::new();
    for round in 0..12_u8 {
        pass(&mut one, &mut two, &[round, 1], &mut rng);
        pass(&mut two, &mut one, &[round, 2], &mut rng);
        assert!(one.epoch().abs_diff(two.epoch()) <= 1);
        epochs.push(one.epoch());
    }
    assert!(epochs.is_sorted());
    assert!(
        *epochs.last().unwrap() >= 4,
        "an epoch takes three changes of speaker: {epochs:?}"
    );
}

#[test]
fn several_messages_in_a_row_open_in_any_order() {
    let (mut one, two) = sessions();
    let mut rng = rng(21);
    let texts: Vec<[u8; 1]> = (0..6).map(|number| [number]).collect();
    let envelopes: Vec<_> = texts
        .iter()
        .map(|value| one.encrypt(&[text(value)], SizeClass::K1, &mut rng).unwrap())
        .collect();
    let mut reader = Session::from_bytes(&two.to_bytes()).unwrap();
    for at in [3, 0, 5, 1, 4, 2] {
        reader = read(&reader, envelopes[at].as_octets(), &texts[at], &mut rng);
    }
    assert_eq!(reader.skipped_len(), 0);
}

#[test]
fn a_message_of_an_old_chain_still_opens() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(22);
    let late = one.encrypt(&[text(b"late")], SizeClass::K1, &mut rng).unwrap();
    for round in 0..3_u8 {
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
    }
    read(&two, late.as_octets(), b"late", &mut rng);
}

// spec: state-2
// spec: state-3
// spec: ratchet-11
#[test]
fn every_flipped_bit_of_an_envelope_is_refused_and_changes_nothing() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(23);
    pass(
        &mut two,
        &mut one,
        b"so that the next message begins a chain",
        &mut rng,
    );
    let envelope = one.encrypt(&[text(b"text")], SizeClass::K1, &mut rng).unwrap();
    let before = two.to_bytes();
    for bit in 0..envelope.as_octets().len() * 8 {
        let mut forged = envelope.as_octets().to_vec();
        forged[bit / 8] ^= 1 << (bit % 8);
        let refused = two.decrypt(&forged, NOW, &mut rng);
        assert!(matches!(refused, Err(DecryptError::Refused)), "bit {bit}");
    }
    assert_eq!(two.to_bytes(), before);
    read(&two, envelope.as_octets(), b"text", &mut rng);
}

#[test]
fn an_envelope_belongs_to_one_link_and_one_direction() {
    let (mut one, two) = sessions();
    let mut rng = rng(24);
    let envelope = one.encrypt(&[text(b"text")], SizeClass::K1, &mut rng).unwrap();
    assert!(matches!(
        one.decrypt(envelope.as_octets(), NOW, &mut rng),
        Err(DecryptError::Refused)
    ));
    for wrong in [
        &envelope.as_octets()[1..],
        &[],
        &[1; 1023],
        &[1; 1024],
        &[1; 4096],
    ] {
        assert!(matches!(
            two.decrypt(wrong, NOW, &mut rng),
            Err(DecryptError::Refused)
        ));
    }
}

#[test]
fn the_smallest_envelope_that_holds_the_text_is_taken() {
    let (mut one, _) = sessions();
    let mut rng = rng(25);
    let mut len_of = |octets: usize, min| {
        let value = alloc::vec![1; octets];
        one.encrypt(&[text(&value)], min, &mut rng)
            .map(|envelope| envelope.as_octets().len())
    };
    assert_eq!(len_of(0, SizeClass::K1), Ok(1024));
    assert_eq!(len_of(852, SizeClass::K1), Ok(1024));
    assert_eq!(len_of(853, SizeClass::K1), Ok(4096));
    assert_eq!(len_of(1, SizeClass::K16), Ok(16_384));
    assert_eq!(len_of(65_364, SizeClass::K1), Ok(65_536));
    assert_eq!(len_of(65_365, SizeClass::K1), Err(EncryptError::TooLong));
}

#[test]
fn what_is_too_long_changes_nothing() {
    let (mut one, _) = sessions();
    let before = one.to_bytes();
    let refused = one.encrypt(&[text(&alloc::vec![1; 65_365])], SizeClass::K1, &mut rng(26));
    assert_eq!(refused.err(), Some(EncryptError::TooLong));
    assert_eq!(one.to_bytes(), before);
}

#[test]
fn chunks_travel_only_where_the_text_leaves_room() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(27);
    for round in 0..20_u8 {
        let long = alloc::vec![round; 800];
        pass(&mut one, &mut two, &long, &mut rng);
        pass(&mut two, &mut one, &long, &mut rng);
    }
    assert_eq!(one.epoch(), 1, "no room, no exchange");
    assert!(one.wants_filler(NOW), "eight messages without room");
    for round in 0..6_u8 {
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
    }
    assert!(one.epoch() > 1 && !one.wants_filler(NOW));
}

#[test]
fn a_filler_is_wanted_after_fifty_messages_or_a_day_of_one_way_traffic() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(28);
    pass(&mut two, &mut one, b"first", &mut rng);
    assert!(!one.wants_filler(NOW.plus_seconds(24 * 3600 - 1)));
    assert!(one.wants_filler(NOW.plus_seconds(24 * 3600)));
    for number in 0..50_u8 {
        pass(&mut two, &mut one, &[number], &mut rng);
    }
    assert!(one.wants_filler(NOW));
    let filler = one.encrypt(&[], SizeClass::K1, &mut rng).unwrap();
    assert!(!one.wants_filler(NOW.plus_seconds(24 * 3600)));
    let opened = two.decrypt(filler.as_octets(), NOW, &mut rng).unwrap();
    assert!(opened.body.is_filler());
    assert!(
        !opened.next.wants_filler(NOW.plus_seconds(48 * 3600)),
        "a filler wants no filler"
    );
}

#[test]
fn a_stored_session_goes_on_where_it_was() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(29);
    for round in 0..8_u8 {
        let lost = one.encrypt(&[text(b"lost")], SizeClass::K1, &mut rng).unwrap();
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
        for session in [&mut one, &mut two] {
            let stored = session.to_bytes();
            *session = Session::from_bytes(&stored).unwrap();
            assert_eq!(session.to_bytes(), stored);
        }
        if round % 2 == 0 {
            two = read(&two, lost.as_octets(), b"lost", &mut rng);
        }
    }
}

#[test]
fn both_sides_count_time_from_their_own_clock() {
    let (mut one, two) = sessions();
    let mut rng = rng(30);
    let envelope = one.encrypt(&[text(b"text")], SizeClass::K1, &mut rng).unwrap();
    for now in [Time::from_unix_seconds(0), Time::from_unix_seconds(u64::MAX)] {
        assert!(two.decrypt(envelope.as_octets(), now, &mut rng).is_ok());
    }
}
