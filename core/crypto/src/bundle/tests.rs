use alloc::vec;

use super::*;
use crate::fixture::{CELL, NOW, device, opened, rng};
use crate::{Invitation, InvitationSecret, Offer, OfferTooLong};

const LAST: Time = NOW.plus_seconds(3600);

fn offer(kind: BundleKind, address: &[u8], profile: &[u8]) -> Result<Invitation, OfferTooLong> {
    let front_door = FrontDoor::new(address.to_vec(), SigningSeed::from_octets(&[3; 32]));
    let offer = Offer {
        kind,
        front_door: &front_door,
        profile,
        not_after: LAST,
    };
    let mut rng = rng(1);
    Invitation::create(&device(2), InvitationSecret::random(&mut rng), &offer, &mut rng)
}

#[test]
fn a_bundle_says_what_its_author_put_into_it() {
    for kind in [BundleKind::OneTime, BundleKind::Standing, BundleKind::Relink] {
        let invitation = offer(kind, b"relay/queue", b"profile").unwrap();
        let bundle = opened(&invitation, &device(2));
        assert_eq!(bundle.kind(), kind);
        assert_eq!(bundle.front_door().address, b"relay/queue");
        assert_eq!(bundle.front_door().grant.expose_octets(), &[3; 32]);
        assert_eq!(bundle.profile(), b"profile");
        assert_eq!(bundle.not_after(), LAST);
        assert_eq!(bundle.certificate(), device(2).certificate());
        assert_eq!(bundle.expose_octets(), invitation.prekeys().expose_bundle());
    }
}

#[test]
fn address_and_profile_fill_their_bounds_and_not_more() {
    let (address, profile) = (vec![1; FrontDoor::MAX_ADDRESS_LEN], vec![2; MAX_PROFILE_LEN]);
    let longest = offer(BundleKind::OneTime, &address, &profile).unwrap();
    let bundle = opened(&longest, &device(2));
    assert_eq!(
        (&bundle.front_door().address, bundle.profile()),
        (&address, &profile[..])
    );

    let longer = |octets: &[u8]| [octets, &[0]].concat();
    assert_eq!(
        offer(BundleKind::OneTime, &longer(&address), b"").err(),
        Some(OfferTooLong)
    );
    assert_eq!(
        offer(BundleKind::OneTime, b"", &longer(&profile)).err(),
        Some(OfferTooLong)
    );
}

// spec: bundle-4
#[test]
fn a_bundle_holds_for_two_minutes_past_its_date() {
    let invitation = offer(BundleKind::OneTime, b"", b"").unwrap();
    let pin = device(2).certificate().account().pin().short();
    let check = |now| UncheckedBundle::from_octets(invitation.prekeys().expose_bundle()).check(&pin, now);
    assert!(check(LAST.plus_seconds(120)).is_ok());
    assert_eq!(check(LAST.plus_seconds(121)).err(), Some(BundleError::Expired));
}

#[test]
fn a_bundle_of_another_version_or_kind_is_called_so() {
    let invitation = offer(BundleKind::OneTime, b"", b"").unwrap();
    let pin = device(2).certificate().account().pin().short();
    for (at, value) in [(0, 0), (0, 2), (1, 0), (1, 4)] {
        let mut octets = invitation.prekeys().expose_bundle().to_vec();
        octets[at] = value;
        let check = UncheckedBundle::from_octets(&octets).check(&pin, NOW);
        assert_eq!(check.err(), Some(BundleError::Version), "octet {at} is {value}");
    }
}

// spec: bundle-1
#[test]
fn the_longest_bundle_that_a_cell_holds_fills_it() {
    let (key, nonce) = (
        BundleKey::from_octets(&[1; 32]),
        Nonce::from_octets([2; Nonce::LEN]),
    );
    let longest = vec![7; UncheckedBundle::SEALED_LEN - Nonce::LEN - caead::OVERHEAD - 2];
    let value = seal(&longest, &key, CELL, &nonce).unwrap();
    assert_eq!(value.len(), UncheckedBundle::SEALED_LEN);
    assert_eq!(
        *UncheckedBundle::open(&key, CELL, &value).unwrap().octets,
        longest
    );
    assert!(seal(&[&longest[..], &[7]].concat(), &key, CELL, &nonce).is_err());
}

#[test]
fn a_prekey_id_stands_on_the_wire_with_its_highest_octet_first() {
    assert_eq!(PrekeyId::new(0x0102_0304).to_octets(), [1, 2, 3, 4]);
}
