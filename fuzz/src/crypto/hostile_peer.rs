//! Promise: a buddy who lies in headers and in the PQ exchange, because his state isn't what it should be, is
//! refused or followed without harm. Spec: ratchet.
//!
//! His state is a genuine one with edits, so he can name any number, epoch or key and still seal rightly.

use sipher_crypto::{Session, SizeClass, Tlv};

use super::fixture::{KIND, LIVE, NOW, rng, session};
use crate::dice::{Dice, edited};

/// `turns u8`, then edits of Alice's state.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let turns = dice.octet() % 4 + 1;
    let Ok(mut alice) = Session::from_bytes(&edited(&mut dice, &LIVE.alice)) else {
        return;
    };
    let mut bob = session(&LIVE.bob);
    for turn in 0..turns {
        for number in 0..2 {
            if let Some(next) = passed(&mut alice, &bob, turn.wrapping_mul(2).wrapping_add(number)) {
                bob = next;
            }
        }
        let before = bob.epoch();
        if let Some(next) = passed(&mut bob, &alice, turn) {
            alice = next;
        }
        assert!(bob.epoch().abs_diff(before) <= 1, "an epoch was left out");
    }
}

/// Lets one say something to the other; the other's next state if he opened it.
fn passed(from: &mut Session, to: &Session, text: u8) -> Option<Session> {
    let item = Tlv::new(KIND, core::slice::from_ref(&text)).ok()?;
    let class = if text.is_multiple_of(2) {
        SizeClass::K1
    } else {
        SizeClass::K4
    };
    let envelope = from.encrypt(&[item], class, &mut rng(u64::from(text))).ok()?;
    let before = to.to_bytes();
    let outcome = to.decrypt(envelope.as_octets(), NOW, &mut rng(7));
    assert_eq!(to.to_bytes(), before, "decrypting changed the state");
    let next = outcome.ok()?.next;
    let state = next.to_bytes();
    let again = Session::from_bytes(&state);
    assert!(
        again.is_ok_and(|again| again.to_bytes() == state),
        "a state that can't be stored"
    );
    Some(next)
}
