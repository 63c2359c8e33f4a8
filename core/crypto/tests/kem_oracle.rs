//! Our ML-KEM-768 against another one. Spec: conventions, "Keys".
//!
//! The oracle is libcrux, whose sources were verified and whose authors aren't ours. 10,000 seeded cases: keys,
//! ciphertexts and secrets are equal, also for ciphertexts that were changed, where each side must reach the same
//! unrelated secret (implicit rejection). What both could get wrong in the same way is left to the fixed vectors
//! of Project Wycheproof (`src/known_answers`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use libcrux_ml_kem::mlkem768 as oracle;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sipher_crypto::kem::{self, BadKey, Ciphertext, EncapsulationKey, KemSeed};

const CASES: u64 = 10_000;
/// The modulus of ML-KEM: coefficients from here on are refused.
const MODULUS: u16 = 3329;

/// One seed's key pair in both implementations.
struct Pair {
    seed: KemSeed,
    key: EncapsulationKey,
    theirs: oracle::MlKem768KeyPair,
}

impl Pair {
    fn of(octets: [u8; 64]) -> Self {
        let seed = KemSeed::from_octets(&octets);
        let key = kem::public_key(&seed);
        let theirs = oracle::generate_key_pair(octets);
        Self { seed, key, theirs }
    }

    /// The secret that both reach, which must be one.
    fn decapsulate(&self, ciphertext: &[u8; Ciphertext::LEN], case: u64) -> [u8; 32] {
        let ours = kem::decapsulate(&self.seed, &Ciphertext::from_octets(ciphertext));
        let theirs = oracle::decapsulate(self.theirs.private_key(), &(*ciphertext).into());
        assert_eq!(*ours.expose_octets(), theirs, "case {case}");
        theirs
    }
}

fn case(number: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(number)
}

fn drawn<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut octets = [0; N];
    rng.fill_bytes(&mut octets);
    octets
}

/// One of the ways in which a ciphertext doesn't arrive as it was made.
fn corrupted(genuine: &[u8; Ciphertext::LEN], number: u64, rng: &mut ChaCha20Rng) -> [u8; Ciphertext::LEN] {
    let mut octets = *genuine;
    let at = usize::try_from(rng.next_u32()).unwrap() % Ciphertext::LEN;
    match number % 5 {
        0 => octets[at] ^= 1 << (rng.next_u32() % 8),
        1 => octets[at..].fill(0),
        2 => octets[..=at].rotate_left(1),
        3 => octets.fill(0xff),
        _ => octets = drawn(rng),
    }
    octets
}

// spec: kem-2
#[test]
fn two_implementations_agree_on_10_000_cases_and_on_their_corrupted_ciphertexts() {
    let mut rejected = 0;
    for number in 0..CASES {
        let mut rng = case(number);
        let pair = Pair::of(drawn(&mut rng));
        assert_eq!(pair.key.as_octets(), pair.theirs.pk(), "case {number}");

        let message = drawn(&mut rng.clone());
        let (ciphertext, secret) = kem::encapsulate(&pair.key, &mut rng).unwrap();
        let (their_ciphertext, their_secret) = oracle::encapsulate(pair.theirs.public_key(), message);
        assert_eq!(ciphertext.as_octets(), their_ciphertext.as_ref(), "case {number}");
        assert_eq!(*secret.expose_octets(), their_secret, "case {number}");
        assert_eq!(pair.decapsulate(ciphertext.as_octets(), number), their_secret);

        let corrupted = corrupted(ciphertext.as_octets(), number, &mut rng);
        if corrupted != *ciphertext.as_octets() {
            rejected += 1;
            assert_ne!(
                pair.decapsulate(&corrupted, number),
                their_secret,
                "case {number}"
            );
        }
    }
    assert!(rejected > CASES * 99 / 100, "only {rejected} were corrupted");
}

// spec: kem-1
#[test]
fn two_implementations_refuse_the_same_encapsulation_keys() {
    let (mut refused, mut taken) = (0, 0);
    for number in 0..1000 {
        let mut rng = case(number);
        let mut octets = *kem::public_key(&KemSeed::random(&mut rng)).as_octets();
        // Just below and just above the bound as often as anywhere.
        let value = match rng.next_u32() % 4 {
            0 => MODULUS - 1,
            1 => MODULUS,
            _ => u16::try_from(rng.next_u32() % 4096).unwrap(),
        };
        let coefficient = usize::try_from(rng.next_u32()).unwrap() % 768;
        write_coefficient(&mut octets, coefficient, value);

        let ours = kem::encapsulate(&EncapsulationKey::from_octets(&octets), &mut rng).map(|_| ());
        assert_eq!(
            ours.is_ok(),
            oracle::validate_public_key(&octets.into()),
            "case {number}"
        );
        let expected = if value < MODULUS { Ok(()) } else { Err(BadKey) };
        assert_eq!(ours, expected, "case {number}");
        *(if ours.is_ok() { &mut taken } else { &mut refused }) += 1;
    }
    assert!(refused > 200 && taken > 200, "{refused} refused, {taken} taken");
}

/// Coefficients are 12 bits, little end first, two in three octets.
fn write_coefficient(key: &mut [u8; EncapsulationKey::LEN], number: usize, value: u16) {
    let [low, high] = value.to_le_bytes();
    let at = number / 2 * 3;
    if number.is_multiple_of(2) {
        key[at] = low;
        key[at + 1] = key[at + 1] & 0xf0 | high;
    } else {
        key[at + 1] = key[at + 1] & 0x0f | low << 4;
        key[at + 2] = low >> 4 | high << 4;
    }
}
