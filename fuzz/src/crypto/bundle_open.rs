//! Promise: a bundle is accepted only as its account made it, and one that is made by a hostile account is refused
//! or used without harm. Spec: handshake, "Bundle"; property P6 of `spec/README.md`.

use sipher_crypto::handshake::{InitiateError, Initiator};
use sipher_crypto::{InvitationKeys, InvitationSecret, Purpose, UncheckedBundle};

use super::fixture::{ALICE, BOB, CELL, INVITATION, NOW, pin, rng};
use crate::dice::{Dice, edited};

/// `way u8`, then octets or edits of genuine ones.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    match dice.octet() % 4 {
        0 => value(dice.rest()),
        1 => {
            let genuine = INVITATION.seal_bundle(CELL, &mut rng(1)).unwrap_or_default();
            value(&edited(&mut dice, &genuine));
        }
        2 => unsigned(&edited(&mut dice, INVITATION.prekeys().expose_bundle())),
        _ => by_a_hostile_author(&mut dice),
    }
}

/// What a relay serves.
fn value(value: &[u8]) {
    let keys = INVITATION.keys();
    let genuine = INVITATION.seal_bundle(CELL, &mut rng(1)).unwrap_or_default();
    let opened = UncheckedBundle::open(&keys.bundle, CELL, value);
    assert_eq!(
        opened.is_ok(),
        value == genuine,
        "another value opens as the bundle"
    );
    let other = InvitationKeys::derive(&InvitationSecret::from_octets(&[6; 32]));
    assert!(UncheckedBundle::open(&other.bundle, CELL, value).is_err());
}

/// What somebody serves who knows the invitation's secret, but isn't its author.
fn unsigned(octets: &[u8]) {
    let checked = UncheckedBundle::from_octets(octets).check(&pin(), NOW);
    let genuine = octets == INVITATION.prekeys().expose_bundle();
    assert_eq!(checked.is_ok(), genuine, "a bundle that its author didn't sign");
}

/// What the author himself can do to whoever accepts: he signs anything.
fn by_a_hostile_author(dice: &mut Dice<'_>) {
    let genuine = INVITATION.prekeys().expose_bundle();
    let content = genuine
        .split_last_chunk::<64>()
        .map_or(genuine, |(content, _)| content);
    let content = edited(dice, content);
    let signature = BOB.signing().sign(Purpose::Bundle, &[&content]);
    let octets = [&content, signature.as_octets().as_slice()].concat();
    let Ok(bundle) = UncheckedBundle::from_octets(&octets).check(&pin(), NOW) else {
        return;
    };
    assert_eq!(bundle.expose_octets(), octets);
    assert!(bundle.profile().len() <= 1024 && bundle.front_door().address.len() <= 512);
    let keys = INVITATION.keys();
    match Initiator::new(&ALICE, &bundle, &keys.psk).initiate(&[], &mut rng(2)) {
        Ok(initiated) => assert_eq!(initiated.flight.len(), 4096),
        Err(error) => assert_eq!(error, InitiateError::BadKey),
    }
}
