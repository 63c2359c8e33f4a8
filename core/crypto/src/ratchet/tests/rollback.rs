//! Peers who went back to an older state, as they show themselves in each place; and chains that contradict
//! themselves.

use super::*;

fn copy(session: &Session) -> Session {
    Session::from_bytes(&session.to_bytes()).unwrap()
}

#[test]
fn a_peer_whose_next_chain_says_less_than_was_read_of_the_last_is_counted_and_read() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(80);
    pass(&mut one, &mut two, b"zero", &mut rng);
    let mut restored = copy(&one);
    for number in 0..3_u8 {
        pass(&mut one, &mut two, &[number], &mut rng);
    }

    pass(&mut two, &mut restored, b"turn", &mut rng);
    pass(&mut restored, &mut two, b"a chain of the older state", &mut rng);

    assert_eq!(two.rollbacks(), 1);
    pass(&mut two, &mut restored, b"and on", &mut rng);
}

#[test]
fn a_second_chain_in_the_place_of_one_that_was_read_is_counted_once() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(81);
    pass(&mut one, &mut two, b"first chain", &mut rng);
    let mut restored = copy(&one);
    let turn = two.encrypt(&[text(b"turn")], SizeClass::K1, &mut rng).unwrap();
    one = read(&one, turn.as_octets(), b"turn", &mut rng);
    pass(&mut one, &mut two, b"second chain", &mut rng);

    restored = read(&restored, turn.as_octets(), b"turn", &mut rng);
    let other = restored
        .encrypt(&[text(b"another second chain")], SizeClass::K1, &mut rng)
        .unwrap();

    match two.decrypt(other.as_octets(), NOW, &mut rng) {
        Err(DecryptError::PeerRolledBack(seen)) => {
            assert_eq!(seen.count, 1);
            two = seen.next;
        }
        outcome => panic!("{outcome:?}"),
    }
    assert!(matches!(
        two.decrypt(other.as_octets(), NOW, &mut rng),
        Err(DecryptError::Replay)
    ));
    pass(&mut one, &mut two, b"the real one goes on", &mut rng);
}

// spec: ratchet-10
#[test]
fn a_forked_chain_is_counted_also_when_it_ended_and_a_number_of_it_is_missing() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(84);
    pass(&mut one, &mut two, b"begins", &mut rng);
    pass(&mut two, &mut one, b"turn", &mut rng);
    let mut restored = copy(&one);
    let missing = one.encrypt(&[text(b"missing")], SizeClass::K1, &mut rng).unwrap();
    pass(&mut one, &mut two, b"of the first fork", &mut rng);
    let other = restored
        .encrypt(&[text(b"of the other fork")], SizeClass::K1, &mut rng)
        .unwrap();
    pass(&mut two, &mut one, b"turn", &mut rng);
    pass(&mut one, &mut two, b"a new chain", &mut rng);

    match two.decrypt(other.as_octets(), NOW, &mut rng) {
        Err(DecryptError::PeerRolledBack(seen)) => two = seen.next,
        outcome => panic!("{outcome:?}"),
    }
    read(&two, missing.as_octets(), b"missing", &mut rng);
}

// spec: ratchet-10
#[test]
fn no_message_of_a_forked_chain_opens_and_each_is_counted() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(85);
    pass(&mut one, &mut two, b"begins", &mut rng);
    pass(&mut two, &mut one, b"turn", &mut rng);
    let mut restored = copy(&one);
    pass(&mut one, &mut two, b"a chain", &mut rng);
    for count in 1..=4 {
        let other = restored
            .encrypt(&[text(b"its fork")], SizeClass::K1, &mut rng)
            .unwrap();
        match two.decrypt(other.as_octets(), NOW, &mut rng) {
            Err(DecryptError::PeerRolledBack(seen)) => {
                assert_eq!(seen.count, count);
                two = seen.next;
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

// spec: ratchet-5
#[test]
fn a_chain_that_changes_its_epoch_is_refused() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(82);
    pass(&mut one, &mut two, b"nothing mixed", &mut rng);
    one.claim_epoch(7);
    let lie = one.encrypt(&[text(b"epoch 7")], SizeClass::K1, &mut rng).unwrap();
    assert!(matches!(
        two.decrypt(lie.as_octets(), NOW, &mut rng),
        Err(DecryptError::Refused)
    ));
}

// spec: ratchet-9
#[test]
fn a_new_chain_with_an_epoch_that_is_not_due_is_refused() {
    for epoch in [1, 2, u32::MAX] {
        let (mut one, mut two) = sessions();
        let mut rng = rng(83);
        let first = one
            .encrypt(&[text(b"begins the chain")], SizeClass::K1, &mut rng)
            .unwrap();
        one.claim_epoch(epoch);
        let lie = one.encrypt(&[text(b"claims")], SizeClass::K1, &mut rng).unwrap();
        assert!(matches!(
            two.decrypt(lie.as_octets(), NOW, &mut rng),
            Err(DecryptError::Refused)
        ));
        two = read(&two, first.as_octets(), b"begins the chain", &mut rng);
        assert_eq!(two.rollbacks(), 0);
    }
}
