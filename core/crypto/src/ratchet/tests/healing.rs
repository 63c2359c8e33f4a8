//! An attacker with a copy of one side's whole state, who then only listens.

use super::*;

struct Thief(Session);

impl Thief {
    /// Whether he could open it with what he has, and then goes on with that.
    fn opens(&mut self, envelope: &[u8], rng: &mut rand_chacha::ChaCha20Rng) -> bool {
        match self.0.decrypt(envelope, NOW, rng) {
            Ok(opened) => {
                self.0 = opened.next;
                true
            }
            Err(_) => false,
        }
    }
}

#[test]
fn a_copied_state_opens_nothing_after_each_side_began_one_chain() {
    let (mut one, mut two) = sessions();
    let (mut rng, mut thief_rng) = (rng(60), rng(61));
    let mut thief = Thief(Session::from_bytes(&two.to_bytes()).unwrap());

    let to_victim = one
        .encrypt(&[text(b"still readable")], SizeClass::K1, &mut rng)
        .unwrap();
    assert!(
        thief.opens(to_victim.as_octets(), &mut thief_rng),
        "he has everything that the victim has"
    );
    two = read(&two, to_victim.as_octets(), b"still readable", &mut rng);
    pass(&mut two, &mut one, b"the victim's new chain", &mut rng);
    let to_victim = one.encrypt(&[text(b"healed")], SizeClass::K1, &mut rng).unwrap();
    assert!(!thief.opens(to_victim.as_octets(), &mut thief_rng));
    read(&two, to_victim.as_octets(), b"healed", &mut rng);
}

/// X25519 is broken for him: he learns every ratchet key that the victim draws, which is modeled by giving him the
/// victim's randomness whenever the victim seals. What the victim draws for ML-KEM while opening he doesn't learn.
#[test]
fn with_x25519_broken_a_copied_state_opens_nothing_after_two_epochs() {
    let (mut one, mut two) = sessions();
    let (mut rng, mut thief_rng) = (rng(62), rng(63));
    for round in 0..5_u8 {
        pass(&mut one, &mut two, &[round], &mut rng);
        pass(&mut two, &mut one, &[round], &mut rng);
    }
    let stolen_at = two.epoch();
    let mut thief = Thief(Session::from_bytes(&two.to_bytes()).unwrap());
    let mut last_read = 0;
    for turn in 1..=30 {
        let to_victim = one.encrypt(&[text(b"x")], SizeClass::K1, &mut rng).unwrap();
        two = read(&two, to_victim.as_octets(), b"x", &mut rng);
        if thief.opens(to_victim.as_octets(), &mut thief_rng) {
            last_read = turn;
            assert!(
                two.epoch() <= stolen_at + 2,
                "epoch {} after {stolen_at}",
                two.epoch()
            );
        }
        let mut shared = rng.clone();
        let from_victim = two.encrypt(&[text(b"y")], SizeClass::K1, &mut rng).unwrap();
        let copied = thief
            .0
            .encrypt(&[text(b"y")], SizeClass::K1, &mut shared)
            .unwrap();
        assert!(last_read < turn || copied.as_octets().len() == 1024);
        one = read(&one, from_victim.as_octets(), b"y", &mut rng);
    }
    assert!(last_read >= 1, "without the exchange he would read on");
    assert!(last_read <= 6, "healed after {last_read} rounds");
}
