//! Repeated items, spliced items, and peers who went back to an older state.

use super::*;
use crate::caead::recorder;

fn copy(session: &Session) -> Session {
    Session::from_bytes(&session.to_bytes()).unwrap()
}

#[test]
fn an_item_that_comes_again_is_a_replay() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(50);
    let first = one.encrypt(&[text(b"first")], SizeClass::K1, &mut rng).unwrap();
    let second = one.encrypt(&[text(b"second")], SizeClass::K1, &mut rng).unwrap();
    two = read(&two, second.as_octets(), b"second", &mut rng);
    two = read(&two, first.as_octets(), b"first", &mut rng);
    pass(&mut two, &mut one, b"turn", &mut rng);
    pass(&mut one, &mut two, b"turn", &mut rng);
    for envelope in [first, second] {
        assert!(matches!(
            two.decrypt(envelope.as_octets(), NOW, &mut rng),
            Err(DecryptError::Replay)
        ));
    }
}

// spec: ratchet-14
#[test]
fn a_peer_who_uses_a_number_twice_is_counted_once_for_each_item() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(51);
    pass(&mut one, &mut two, b"zero", &mut rng);
    let mut restored = copy(&one);
    for number in 0..3_u8 {
        pass(&mut one, &mut two, &[number], &mut rng);
    }
    for count in 1..=3 {
        let repeated = restored
            .encrypt(&[text(b"again")], SizeClass::K1, &mut rng)
            .unwrap();
        match two.decrypt(repeated.as_octets(), NOW, &mut rng) {
            Err(DecryptError::PeerRolledBack(seen)) => {
                assert_eq!(seen.count, count);
                two = seen.next;
            }
            other => panic!("{other:?}"),
        }
        let again = two.decrypt(repeated.as_octets(), NOW, &mut rng);
        assert!(
            matches!(again, Err(DecryptError::Replay)),
            "a relay can't have it counted again"
        );
    }
    assert_eq!(two.rollbacks(), Session::ROLLBACKS_TO_RELINK);
    let beyond = restored
        .encrypt(&[text(b"new again")], SizeClass::K1, &mut rng)
        .unwrap();
    read(&two, beyond.as_octets(), b"new again", &mut rng);
}

// spec: ratchet-10
#[test]
fn a_peer_who_went_back_by_a_chain_is_noticed() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(52);
    pass(&mut one, &mut two, b"first chain", &mut rng);
    let mut restored = copy(&one);
    pass(&mut two, &mut one, b"turn", &mut rng);
    pass(&mut one, &mut two, b"second chain", &mut rng);
    // He goes on with a chain that ended, and then begins another in the place of the second.
    let beyond = restored
        .encrypt(&[text(b"beyond the end")], SizeClass::K1, &mut rng)
        .unwrap();
    assert!(matches!(
        two.decrypt(beyond.as_octets(), NOW, &mut rng),
        Err(DecryptError::PeerRolledBack(seen)) if seen.count == 1
    ));
}

#[test]
fn a_relay_cannot_make_a_peer_look_rolled_back() {
    let (mut one, mut two) = sessions();
    let mut rng = rng(53);
    let first = one.encrypt(&[text(b"first")], SizeClass::K1, &mut rng).unwrap();
    let second = one.encrypt(&[text(b"second")], SizeClass::K1, &mut rng).unwrap();
    two = read(&two, first.as_octets(), b"first", &mut rng);
    let mut spliced = first.as_octets()[..121].to_vec();
    spliced.extend_from_slice(&second.as_octets()[121..]);
    assert!(matches!(
        two.decrypt(&spliced, NOW, &mut rng),
        Err(DecryptError::Replay)
    ));
    assert_eq!(two.rollbacks(), 0);
}

// spec: seal-3
// spec: ratchet-1
#[test]
fn no_key_and_nonce_meet_twice_whatever_is_crashed_or_restored() {
    recorder::start();
    let (mut one, mut two) = sessions();
    let mut rng = rng(54);
    let mut snapshots = Vec::new();
    for round in 0..20_u8 {
        snapshots.push(copy(&one));
        // A crash between sealing and storing: the state is as before, the envelope was never sent.
        let mut crashed = copy(&one);
        crashed
            .encrypt(&[text(b"never stored")], SizeClass::K1, &mut rng)
            .unwrap();
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
    }
    // Any older snapshot comes back to life and says something else.
    for mut restored in snapshots {
        for number in 0..4_u8 {
            restored
                .encrypt(&[text(&[number, 9])], SizeClass::K1, &mut rng)
                .unwrap();
        }
    }
    let record = recorder::stop();
    assert!(record.sealed > 200);
    assert_eq!((record.repeated_pairs, record.repeated_cipher_keys), (0, 0));
}
