//! Promise: a stored state is refused, or is exactly what this version would write for it. Spec: conventions,
//! "Encodings".

use sipher_crypto::handshake::{Link, Waiting};
use sipher_crypto::{
    Device, DeviceCert, EpochKeys, Invitation, Prekeys, PresencePublisher, PresenceReader, Session,
};

use super::fixture::{BOB, INVITATION, LIVE, presence};
use crate::dice::{Dice, edited};

/// `kind u8, way u8`, then a state's octets or edits of a genuine one.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let kind = dice.octet() % 9;
    let whole = dice.flip();
    let mut octets = |genuine: &[u8]| {
        if whole {
            dice.rest().to_vec()
        } else {
            edited(&mut dice, genuine)
        }
    };
    match kind {
        0 => same(&octets(&LIVE.bob), |o| {
            Session::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        1 => same(&octets(&LIVE.alice_waiting), |o| {
            Waiting::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        2 => same(&octets(&LIVE.link), |o| {
            Link::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        3 => same(&octets(&BOB.to_bytes()), |o| {
            Device::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        4 => same(&octets(&BOB.certificate().to_octets()), |o| {
            let cert = DeviceCert::verify(o.try_into().ok()?).ok()?;
            assert_eq!(&cert, BOB.certificate(), "a certificate that nobody signed");
            Some(cert.to_octets().to_vec())
        }),
        5 => same(&octets(&INVITATION.to_bytes()), |o| {
            Invitation::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        6 => same(&octets(&INVITATION.prekeys().to_bytes()), |o| {
            Prekeys::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
        }),
        7 => same(&octets(&presence().0.to_bytes()), |o| {
            PresencePublisher::from_bytes(o)
                .ok()
                .map(|s| s.to_bytes().to_vec())
        }),
        _ => {
            same(&octets(&presence().1.to_bytes()), |o| {
                PresenceReader::from_bytes(o).ok().map(|s| s.to_bytes().to_vec())
            });
            same(dice.rest(), |o| {
                EpochKeys::from_octets(o).ok().map(|s| s.expose_octets().to_vec())
            });
        }
    }
}

fn same(octets: &[u8], rewritten: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    if let Some(rewritten) = rewritten(octets) {
        assert_eq!(rewritten, octets, "two encodings of one state");
    }
}
