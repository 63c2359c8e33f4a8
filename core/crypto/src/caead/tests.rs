use alloc::vec;

use proptest::prelude::*;

use super::*;

const KEY: [u8; 32] = [7; 32];
const NONCE: Nonce = Nonce::from_octets([9; 24]);

#[test]
fn what_is_sealed_opens_with_and_without_a_nonce() {
    for nonce in [None, Some(&NONCE)] {
        for len in [0, 1, 855, 70_000] {
            let plaintext = vec![3; len];
            let sealed = seal_under(&KEY, nonce, &[b"ad"], &plaintext);
            assert_eq!(sealed.len(), len + OVERHEAD);
            assert_eq!(
                open_under(&KEY, nonce, &[b"a", b"d"], &sealed)
                    .unwrap()
                    .as_slice(),
                plaintext
            );
        }
    }
}

#[test]
fn another_key_nonce_or_associated_data_does_not_open() {
    let sealed = seal_under(&KEY, Some(&NONCE), &[b"ad"], b"text");
    assert!(open_under(&[8; 32], Some(&NONCE), &[b"ad"], &sealed).is_err());
    assert!(open_under(&KEY, Some(&Nonce::from_octets([8; 24])), &[b"ad"], &sealed).is_err());
    assert!(open_under(&KEY, None, &[b"ad"], &sealed).is_err());
    assert!(open_under(&KEY, Some(&NONCE), &[b"a"], &sealed).is_err());
    assert!(open_under(&KEY, Some(&NONCE), &[], &sealed).is_err());
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let sealed = seal_under(&KEY, Some(&NONCE), &[b"ad"], b"a short text");
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut forged = sealed.clone();
            forged[at] ^= 1 << bit;
            assert!(open_under(&KEY, Some(&NONCE), &[b"ad"], &forged).is_err());
        }
        assert!(open_under(&KEY, Some(&NONCE), &[b"ad"], &sealed[..at]).is_err());
    }
}

/// The known attack: with the plain cipher one ciphertext can open under two chosen keys. Octets in the first
/// block are free, and Poly1305 is linear in them once both keys are fixed; here the tag is made to fit by
/// solving for one block modulo 2^130 - 5, as "Fast message franking" and "Partitioning oracles" describe.
#[test]
fn one_ciphertext_opens_under_two_keys_of_the_plain_cipher_but_not_here() {
    let (ciphertext, tag) = collide::ciphertext_for_two_keys(&[1; 32], &[2; 32]);
    let open_plain = |key: [u8; 32]| {
        let mut body = ciphertext.clone();
        cipher::decrypt(&key, &[0; cipher::NONCE], b"", &mut body, &tag).map(|()| body)
    };
    let (one, two) = (open_plain([1; 32]).unwrap(), open_plain([2; 32]).unwrap());
    assert_ne!(one, two, "the attack works on the plain cipher");

    let mut sealed = seal_under(&[1; 32], None, &[], b"")[..COMMITMENT].to_vec();
    sealed.extend_from_slice(&ciphertext);
    sealed.extend_from_slice(&tag);
    assert!(
        open_under(&[2; 32], None, &[], &sealed).is_err(),
        "the commitment names one key"
    );
}

proptest! {
    #[test]
    fn opening_never_panics(sealed in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open_under(&KEY, Some(&NONCE), &[], &sealed).is_err());
    }

    #[test]
    fn sealing_round_trips(key: [u8; 32], nonce: [u8; 24], ad: Vec<u8>, plaintext: Vec<u8>) {
        let nonce = Nonce::from_octets(nonce);
        let sealed = seal_under(&key, Some(&nonce), &[&ad], &plaintext);
        let opened = open_under(&key, Some(&nonce), &[&ad], &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
    }
}

/// Arithmetic modulo 2^130 - 5 on small vectors of 32-bit limbs: slow, short, for the attack above only.
mod collide;
