use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

const RIGHT: Granted<PresenceLevel> = Granted {
    what: PresenceLevel::Full,
    since: Time::from_secs(1),
    until: None,
};

// spec: presence-3
// spec: presence-15
// spec: grant-6
// spec: box-1
#[test]
fn a_cell_that_is_granted_again_shares_nothing_with_the_one_before() {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let (one, keys) = OwnCell::new(RIGHT, Time::from_secs(1), &mut rng).unwrap();
    let (other, other_keys) = OwnCell::new(RIGHT, Time::from_secs(1), &mut rng).unwrap();

    assert_ne!(one.id(), other.id());
    assert_ne!(place::grant_key(&one.read), place::grant_key(&other.read));
    assert_ne!(
        one.read.expose_seed().expose_octets(),
        one.owner.expose_seed().expose_octets()
    );
    assert_ne!(keys.expose_octets()[4..], other_keys.expose_octets()[4..]);
}
