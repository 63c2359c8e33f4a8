use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn offer(epoch: u32) -> Exchange {
    let seed = KemSeed::random(&mut rng(1));
    let key = kem::public_key(&seed);
    Exchange::offer(epoch, seed, key)
}

fn collect(epoch: u32) -> Exchange {
    Exchange::Collect {
        epoch,
        came: Halves::default(),
    }
}

/// The next two chunks of a side that has some.
fn both_chunks(of: &mut Exchange) -> [Vec<u8>; 2] {
    core::array::from_fn(|_| {
        let chunk = of.chunk().unwrap();
        of.chunk_sent();
        chunk
    })
}

/// A side that answers what `offering` offers.
fn answering(offering: &mut Exchange) -> Exchange {
    let mut other = collect(offering.epoch());
    for chunk in both_chunks(offering) {
        other.take_chunk(&chunk, &mut rng(2)).unwrap();
    }
    assert!(matches!(other, Exchange::Answer { .. }));
    other
}

#[test]
fn both_sides_mix_the_same_secret_and_change_roles() {
    let mut one = offer(1);
    let mut other = answering(&mut one);
    for chunk in both_chunks(&mut other) {
        one.take_chunk(&chunk, &mut rng(3)).unwrap();
    }

    let sent = one.mix_sending().unwrap();
    let came = other.mix_receiving(1, &mut rng(4)).unwrap().unwrap();

    assert_eq!((sent.epoch, came.epoch), (1, 1));
    assert_eq!(sent.secret.expose_octets(), came.secret.expose_octets());
    assert!(matches!(one, Exchange::Collect { epoch: 2, .. }));
    assert!(matches!(other, Exchange::Offer { epoch: 2, .. }));
}

// spec: pq-2
#[test]
fn an_answer_stays_the_same_whatever_comes_again() {
    let mut one = offer(1);
    let mut other = answering(&mut one);
    let before = both_chunks(&mut other);

    for chunk in both_chunks(&mut one) {
        other.take_chunk(&chunk, &mut rng(9)).unwrap();
    }

    assert_eq!(both_chunks(&mut other), before);
}

// spec: pq-3
#[test]
fn chunks_of_other_epochs_or_for_other_states_are_passed_over() {
    let mut other = collect(2);
    for chunk in both_chunks(&mut offer(4)) {
        other.take_chunk(&chunk, &mut rng(2)).unwrap();
    }
    assert!(matches!(other, Exchange::Collect { epoch: 2, .. }));

    let mut offering = offer(1);
    for chunk in both_chunks(&mut offer(1)) {
        offering.take_chunk(&chunk, &mut rng(2)).unwrap();
    }
    assert!(matches!(offering, Exchange::Offer { .. }));
}

// spec: pq-4
#[test]
fn the_first_of_two_different_halves_counts() {
    let mut one = offer(1);
    let [first, second] = both_chunks(&mut one);
    let mut changed = first.clone();
    changed[100] ^= 1;
    let mut other = collect(1);
    for chunk in [&first, &changed, &second] {
        other.take_chunk(chunk, &mut rng(2)).unwrap();
    }

    assert_eq!(both_chunks(&mut other), both_chunks(&mut answering(&mut one)));
}

// spec: pq-5
#[test]
fn a_key_that_fails_the_modulus_check_is_refused() {
    let mut other = collect(1);
    let half = |index: u8| [&[KEY_CHUNK, 0, 0, 0, 1, index][..], &[0xff; KEY_HALF]].concat();
    other.take_chunk(&half(0), &mut rng(2)).unwrap();
    assert!(other.take_chunk(&half(1), &mut rng(2)).is_err());
}

// spec: pq-5
#[test]
fn malformed_chunks_are_refused() {
    let chunk = offer(1).chunk().unwrap();
    let with = |at: usize, octet: u8| {
        let mut changed = chunk.clone();
        changed[at] = octet;
        changed
    };
    let longer = [chunk.as_slice(), &[0]].concat();
    for bad in [
        with(0, 0),
        with(0, 3),
        with(5, 2),
        longer,
        chunk[1..].to_vec(),
        Vec::new(),
    ] {
        assert!(collect(1).take_chunk(&bad, &mut rng(2)).is_err());
    }
}

// spec: ratchet-9
#[test]
fn an_epoch_that_is_not_due_is_refused() {
    let mut one = offer(1);
    let mut other = answering(&mut one);
    assert!(other.mix_receiving(2, &mut rng(3)).is_err());
    assert!(one.mix_receiving(1, &mut rng(3)).is_err());
    assert!(collect(1).mix_receiving(1, &mut rng(3)).is_err());
    assert!(other.mix_receiving(NOTHING_MIXED, &mut rng(3)).unwrap().is_none());
    assert!(other.mix_receiving(1, &mut rng(3)).unwrap().is_some());
}
