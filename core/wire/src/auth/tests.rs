use super::*;
use crate::box_id::BoxKind;
use alloc::format;
use alloc::string::ToString;
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn owner(key: &SigningKey) -> OwnerKey {
    OwnerKey::from_octets(key.verifying_key().to_bytes())
}

fn sign(key: &SigningKey, input: &[u8]) -> Signature {
    Signature::from_octets(key.sign(input).to_bytes())
}

#[test]
fn what_an_owner_signs_is_label_binding_and_box() {
    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    let input = own_input(&Binding::from_octets([2; 32]), &id);
    let wanted = [&b"sipher/1 sign own\0"[..], &[2; 32], &id.proof_octets()].concat();
    assert_eq!(input, wanted);
}

#[test]
fn what_a_holder_signs_ends_with_the_right() {
    let id = BoxId::of(BoxKind::Cell, &OwnerKey::from_octets([1; 32]));
    let input = use_input(&Binding::from_octets([2; 32]), &id, Right::Read);
    let wanted = [&b"sipher/1 sign use\0"[..], &[2; 32], &id.proof_octets(), &[2]].concat();
    assert_eq!(input, wanted);
}

/// The octets come from another implementation of Ed25519 and base32.
#[test]
fn a_fixed_proof_of_ownership_has_these_octets() {
    let key = signer(7);
    let id = BoxId::of(BoxKind::Queue, &owner(&key));
    let binding = Binding::from_octets([9; 32]);
    let credentials = Credentials::proven(owner(&key), sign(&key, &own_input(&binding, &id)));

    assert_eq!(id.as_str(), "ktzh5wtq4qcmuopetgpkl3nnua");
    assert_eq!(
        HEXLOWER.encode(&id.proof_octets()),
        "54f27eda70e404ca39e4999ea5edada0"
    );
    assert_eq!(
        credentials.to_string(),
        "Sipher k=6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw,s=\
         gcJIRZ23ia05esc2ObePcPN33ENVT_bX5Q9FiXNdIRUXLv_yA3_yB0IyaWrTwVk_wypV-I2pJCxmnQKKQXYEAg"
    );
    assert_eq!(credentials.verify_own(&binding, &id), Ok(()));
}

// spec: proof-2
#[test]
fn g10_a_proof_is_useless_on_another_connection_for_another_box_or_right() {
    let key = signer(1);
    let grant = GrantKey::from_octets(key.verifying_key().to_bytes());
    let id = BoxId::of(BoxKind::Queue, &owner(&key));
    let other_id = BoxId::of(BoxKind::Cell, &owner(&key));
    let here = Binding::from_octets([1; 32]);
    let credentials = Credentials::proven(grant, sign(&key, &use_input(&here, &id, Right::Write)));

    assert_eq!(credentials.verify_use(&here, &id, Right::Write), Ok(()));
    assert_eq!(
        credentials.verify_use(&Binding::from_octets([2; 32]), &id, Right::Write),
        Err(Unproven)
    );
    assert_eq!(
        credentials.verify_use(&here, &other_id, Right::Write),
        Err(Unproven)
    );
    assert_eq!(credentials.verify_use(&here, &id, Right::Read), Err(Unproven));
    assert_eq!(
        credentials.verify_own(&here, &id),
        Err(Unproven),
        "another purpose"
    );
}

// spec: box-2
#[test]
fn nobody_owns_a_box_with_a_key_that_does_not_hash_to_it() {
    let (key, thief) = (signer(1), signer(2));
    let id = BoxId::of(BoxKind::Queue, &owner(&key));
    let binding = Binding::from_octets([0; 32]);
    let credentials = Credentials::proven(owner(&thief), sign(&thief, &own_input(&binding, &id)));
    assert_eq!(credentials.verify_own(&binding, &id), Err(Unproven));
}

#[test]
fn weak_keys_prove_nothing() {
    // The identity point: with it, R = identity and s = 0 satisfy the equation for every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let credentials = Credentials::proven(OwnerKey::from_octets(identity), Signature::from_octets(signature));
    assert_eq!(credentials.verify(b"anything"), Err(Unproven));
    assert!(!is_strong(&identity));
    assert!(!is_strong(&[0; 32]));
    // y = p + 3: a point of large order, in an encoding that is not its own.
    let mut other_encoding = [0xff; 32];
    other_encoding[0] = 0xf0;
    other_encoding[31] = 0x7f;
    assert!(!is_strong(&other_encoding));
}

#[test]
fn a_key_alone_proves_nothing_by_itself() {
    let key = signer(1);
    assert_eq!(Credentials::known(owner(&key)).verify(b"x"), Err(Unproven));
}

#[test]
fn credentials_are_read_in_any_order_with_blanks_and_strangers() {
    let key = signer(1);
    let written =
        Credentials::proven(owner(&key), sign(&key, b"x")).opening(OpeningToken::parse("let-me.in").unwrap());
    let text = written.to_string();
    let (k, rest) = text.strip_prefix("Sipher ").unwrap().split_once(',').unwrap();
    let (s, t) = rest.split_once(',').unwrap();
    let shuffled = format!(
        "sipher\t{} , x=\"1,2\", {} ,{k}",
        t.replace('=', " = "),
        s.replacen("s=", "S=", 1)
    );
    assert_eq!(Credentials::parse(shuffled.as_bytes()), Some(written));
}

#[test]
fn broken_credentials_count_as_absent() {
    let key = "A".repeat(43);
    for bad in [
        String::new(),
        "Sipher".into(),
        "Sipher ".into(),
        format!("Bearer k={key}"),
        format!("Sipherk={key}"),
        format!("Sipher s={}", "A".repeat(86)),
        format!("Sipher k={key},k={key}"),
        format!("Sipher k={key},,"),
        format!("Sipher k={key}A"),
        format!("Sipher k={}", "A".repeat(42)),
        format!("Sipher k={}B", "A".repeat(42)),
        format!("Sipher k={key},s=AA"),
        format!("Sipher k={key},t="),
        format!("Sipher k={key},t={}", "a".repeat(65)),
        format!("Sipher k={key},n={}", "A".repeat(22)),
        format!("Sipher k={key},c=00000001"),
        format!("Sipher k={key},n={},c=+0000001", "A".repeat(22)),
        format!("Sipher k={key},n={},c=1", "A".repeat(22)),
        format!("Sipher k={key} x"),
    ] {
        assert_eq!(Credentials::parse(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn debug_shows_no_key_signature_or_token() {
    let key = signer(1);
    let credentials =
        Credentials::proven(owner(&key), sign(&key, b"x")).opening(OpeningToken::parse("hush").unwrap());
    let shown = format!(
        "{credentials:?} {:?} {:?}",
        owner(&key),
        Binding::from_octets([3; 32])
    );
    assert!(
        !shown.contains("hush") && !shown.bytes().any(|c| c.is_ascii_digit()),
        "{shown}"
    );
}

// spec: open-2
#[test]
fn a_token_is_compared_by_its_hash() {
    let token = OpeningToken::parse("Let-Me.In").unwrap();
    assert!(OpeningToken::parse("let-me.in").unwrap().has_hash(&token.hash()));
    assert!(!OpeningToken::parse("let-me-in").unwrap().has_hash(&token.hash()));
    for bad in ["", "a b", "a/b", "\u{e4}", &"a".repeat(65)] {
        assert!(OpeningToken::parse(bad).is_none(), "{bad}");
    }
}

proptest! {
    #[test]
    fn credentials_are_the_same_after_a_round_trip(
        key: [u8; 32], signature: Option<[u8; 32]>, token in prop::option::of("[a-z0-9.-]{1,64}"),
        answer in prop::option::of((any::<u64>(), any::<u32>())),
    ) {
        let credentials = Credentials {
            key: ProofKey(key),
            signature: signature.map(|half| Signature([half, half].concat().try_into().unwrap())),
            opening: token.map(|token| OpeningToken::parse(&token).unwrap()),
            nonce: answer.map(|(seed, count)| {
                use rand_core::SeedableRng;
                let nonce = crate::nonce::Nonce::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(seed));
                NonceProof { nonce, count }
            }),
        };
        prop_assert_eq!(Credentials::parse(credentials.to_string().as_bytes()), Some(credentials));
    }

    #[test]
    fn no_value_breaks_the_reader(value in prop::collection::vec(any::<u8>(), 0..200)) {
        let value = [b"Sipher ", &value[..]].concat();
        drop(Credentials::parse(&value));
    }
}
