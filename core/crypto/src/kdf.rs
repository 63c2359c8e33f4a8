//! HKDF-SHA-256 (RFC 5869) in the two shapes that the protocol uses. Spec: conventions, "Key derivation".
//!
//! Output comes as 32-octet keys: a shorter total is a prefix of a longer one, so 176 octets are the first 176 of
//! six keys.

use hkdf::{Hkdf, HkdfExtract};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Keys that came out of one derivation, wiped on drop.
pub(crate) type Keys<const N: usize> = Zeroizing<[[u8; 32]; N]>;

/// `HKDF-Expand(prk, info, 32 * N)`.
pub(crate) fn expand<const N: usize>(prk: &[u8; 32], info: &[&[u8]]) -> Keys<N> {
    #[expect(clippy::expect_used, reason = "a key of 32 octets is exactly one hash long")]
    let hkdf = Hkdf::<Sha256>::from_prk(prk).expect("32 octets are a pseudorandom key");
    fill(&hkdf, info)
}

/// `HKDF(salt, ikm, info, 32 * N)`. An empty salt is 32 zero octets, as RFC 5869 says.
pub(crate) fn derive<const N: usize>(salt: &[u8], ikm: &[&[u8]], info: &[&[u8]]) -> Keys<N> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in ikm {
        extract.input_ikm(part);
    }
    let (_, hkdf) = extract.finalize();
    fill(&hkdf, info)
}

fn fill<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Keys<N> {
    const { assert!(N <= 255, "HKDF-SHA-256 yields at most 255 blocks") };
    let mut keys = Zeroizing::new([[0; 32]; N]);
    #[expect(clippy::expect_used, reason = "the assertion above bounds the length")]
    hkdf.expand_multi_info(info, keys.as_flattened_mut())
        .expect("at most 255 blocks");
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_case_of_rfc_5869_holds() {
        let salt: [u8; 13] = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let info: [u8; 10] = core::array::from_fn(|at| 0xf0 + u8::try_from(at).unwrap());
        let okm = derive::<2>(&salt, &[&[0x0b; 11], &[0x0b; 11]], &[&info[..3], &info[3..]]);
        let expected = [
            0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a,
            0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf,
            0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65,
        ];
        assert_eq!(okm.as_flattened()[..42], expected);
    }
}
