//! Promise: credentials that were read are written to the same, no proof holds that nobody made, and nothing in
//! them panics. Spec: `spec/wire.md`, proofs; `spec/sip-checklist.md` G8, G9.

use sipher_wire::{Binding, BoxId, BoxKind, Credentials, Nonce, OwnerKey, Right};

/// The value of an `Authorization` or `WWW-Authenticate` header.
pub(crate) fn target(data: &[u8]) {
    if let Some(nonce) = Nonce::parse_challenge(data) {
        let written = format!("Sipher n={nonce}");
        assert_eq!(Nonce::parse_challenge(written.as_bytes()), Some(nonce));
    }
    let Some(read) = Credentials::parse(data) else {
        return;
    };
    let written = read.to_string();
    let again = Credentials::parse(written.as_bytes());
    assert_eq!(again.as_ref(), Some(&read));
    assert_eq!(again.map(|again| again.to_string()), Some(written));

    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([3; 32]));
    let binding = Binding::from_octets([9; 32]);
    assert!(
        read.verify_own(&binding, &id).is_err(),
        "a forged owner's proof holds"
    );
    assert!(
        read.verify_use(&binding, &id, Right::Write).is_err(),
        "a forged grant's proof holds"
    );
}
