//! What is bounded: skips, stored keys, their age, old chains, stored octets.

use proptest::prelude::*;

use super::*;
use crate::encoding::Malformed;
use crate::ratchet::skipped::MAX_STORED;

const DAY: u64 = 24 * 3600;

fn skip(session: &mut Session, count: usize, rng: &mut rand_chacha::ChaCha20Rng) {
    for _ in 0..count {
        session.encrypt(&[], SizeClass::K1, rng).unwrap();
    }
}

#[test]
fn a_thousand_missing_messages_are_skipped_and_not_one_more() {
    let (mut one, two) = sessions();
    let mut rng = rng(40);
    skip(&mut one, 1000, &mut rng);
    let within = one.encrypt(&[text(b"within")], SizeClass::K1, &mut rng).unwrap();
    let beyond = one.encrypt(&[text(b"beyond")], SizeClass::K1, &mut rng).unwrap();
    assert!(matches!(
        two.decrypt(beyond.as_octets(), NOW, &mut rng),
        Err(DecryptError::Refused)
    ));
    let next = read(&two, within.as_octets(), b"within", &mut rng);
    assert_eq!(next.skipped_len(), 1000);
    read(&next, beyond.as_octets(), b"beyond", &mut rng);
}

// spec: ratchet-8
#[test]
fn at_most_two_thousand_keys_are_kept_the_newest() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(41);
    let oldest = one.encrypt(&[text(b"oldest")], SizeClass::K1, &mut rng).unwrap();
    for _ in 0..3 {
        skip(&mut one, 800, &mut rng);
        let later = one.encrypt(&[text(b"later")], SizeClass::K1, &mut rng).unwrap();
        two = read(&two, later.as_octets(), b"later", &mut rng);
    }
    assert_eq!(two.skipped_len(), MAX_STORED);
    assert!(matches!(
        two.decrypt(oldest.as_octets(), NOW, &mut rng),
        Err(DecryptError::Replay)
    ));
    let stored = two.to_bytes();
    assert_eq!(Session::from_bytes(&stored).unwrap().to_bytes(), stored);
}

#[test]
fn a_key_that_waits_longer_than_35_days_is_wiped() {
    let (mut one, two) = sessions();
    let mut rng = rng(42);
    let late = one.encrypt(&[text(b"late")], SizeClass::K1, &mut rng).unwrap();
    let first = one.encrypt(&[text(b"first")], SizeClass::K1, &mut rng).unwrap();
    let second = one.encrypt(&[text(b"second")], SizeClass::K1, &mut rng).unwrap();
    let two = two.decrypt(first.as_octets(), NOW, &mut rng).unwrap().next;
    let kept = two
        .decrypt(second.as_octets(), NOW.plus_seconds(35 * DAY), &mut rng)
        .unwrap()
        .next;
    let wiped = two
        .decrypt(second.as_octets(), NOW.plus_seconds(35 * DAY + 1), &mut rng)
        .unwrap()
        .next;
    assert_eq!((kept.skipped_len(), wiped.skipped_len()), (1, 0));
    assert!(kept.decrypt(late.as_octets(), NOW, &mut rng).is_ok());
    assert!(matches!(
        wiped.decrypt(late.as_octets(), NOW, &mut rng),
        Err(DecryptError::Replay)
    ));
}

// spec: ratchet-6
#[test]
fn eight_old_chains_are_remembered_with_their_keys() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(43);
    let mut late = Vec::new();
    for round in 0..12_u8 {
        late.push(one.encrypt(&[text(b"late")], SizeClass::K1, &mut rng).unwrap());
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
    }
    // The last of the twelve chains is the current one.
    for (round, envelope) in late.iter().enumerate() {
        let opens = two.decrypt(envelope.as_octets(), NOW, &mut rng).is_ok();
        assert_eq!(opens, round >= 3, "round {round}");
    }
    assert_eq!(two.skipped_len(), 9);
}

#[test]
fn a_stored_session_that_was_cut_is_refused_at_every_length() {
    let (one, two) = sessions();
    for session in [one, two] {
        let stored = session.to_bytes();
        for len in 0..stored.len() {
            assert_eq!(Session::from_bytes(&stored[..len]).err(), Some(Malformed));
        }
        assert_eq!(
            Session::from_bytes(&[&stored[..], &[0]].concat()).err(),
            Some(Malformed)
        );
    }
}

#[test]
fn whatever_parses_as_a_session_is_written_back_the_same() {
    let stored = sessions().1.to_bytes();
    for at in 0..stored.len() {
        for flip in [1, 0x80] {
            let mut changed = stored.clone();
            changed[at] ^= flip;
            if let Ok(session) = Session::read(&changed) {
                assert_eq!(session.to_bytes(), changed);
            }
        }
    }
}

proptest! {
    #[test]
    fn reading_a_session_never_panics(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Session::from_bytes(&octets).is_err());
    }

    #[test]
    fn a_damaged_session_never_panics_when_used(at in 0_usize..1500, flip in 1_u8..) {
        let (one, mut two) = sessions();
        let mut stored = one.to_bytes();
        let at = at % stored.len();
        stored[at] ^= flip;
        let mut rng = rng(44);
        let envelope = two.encrypt(&[text(b"text")], SizeClass::K1, &mut rng).unwrap();
        if let Ok(mut damaged) = Session::from_bytes(&stored) {
            drop(damaged.decrypt(envelope.as_octets(), NOW, &mut rng));
            drop(damaged.encrypt(&[], SizeClass::K1, &mut rng));
        }
    }
}
