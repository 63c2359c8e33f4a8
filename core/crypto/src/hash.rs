//! SHA-256 over parts, so that no caller concatenates first.

use sha2::{Digest, Sha256};

/// `H(a || b || …)`.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The first `N` octets of `H(a || b || …)`, `N` at most 32.
pub(crate) fn sha256_prefix<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    const { assert!(N <= 32, "SHA-256 has 32 octets") };
    let mut prefix = [0; N];
    for (to, from) in prefix.iter_mut().zip(sha256(parts)) {
        *to = from;
    }
    prefix
}
