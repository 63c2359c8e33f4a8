//! A standing address: a cell whose bundle is renewed, and a front door where anybody may ask.
//! Spec: `spec/invitation.md`, standing addresses.
//!
//! Private halves outlive their bundle by 30 days, for flights that waited. As long as one is there, each link that
//! was begun with it is remembered, so that no flight is taken twice.

use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;
use minicbor::{Decode, Encode};
use sipher_crypto::handshake::{Accepted, Responder};
use sipher_crypto::{
    BundleKind, Device, FrontDoor, Invitation, InvitationSecret, Offer, Prekeys, SigningKey,
};
use sipher_wire::{RelayAddress, Time};

use super::own::{Open, cell_id};
use crate::boxes::OwnQueue;
use crate::content::Profile;
use crate::name::Name;
use crate::place::{BoxAddress, seed_of};
use crate::presence::seconds;
use crate::step::Step;

/// It can be used by anybody who has it, until it's ended.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Standing {
    /// The cell and the bundle that it holds now.
    #[n(0)]
    pub(crate) open: Open,
    /// When that bundle was made.
    #[cbor(n(1), with = "crate::record::field")]
    made: Time,
    /// Private halves of bundles that were replaced, oldest first.
    #[n(2)]
    old: Vec<Old>,
    /// Links that are remembered.
    #[n(3)]
    pub(crate) remembered: u32,
    /// Whether the relay had an earlier bundle, which can be used until the next is there.
    #[n(4)]
    was_published: bool,
}

/// Private halves that only wait for late flights.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Old {
    #[cbor(n(0), with = "crate::record::field")]
    prekeys: Prekeys,
    #[cbor(n(1), with = "crate::record::field")]
    replaced: Time,
}

impl Standing {
    /// A new one with a door; `None` if the relay's address is too long for a bundle, which no address is.
    pub(crate) fn new(
        door: &OwnQueue,
        own: (&Device, &RelayAddress, &Name),
        step: &mut Step<'_>,
    ) -> Option<Self> {
        let secret = InvitationSecret::random(step.rng);
        let cell = SigningKey::generate(step.rng);
        let secrets = bundle(secret, door, own, step)?;
        let value = seal(&secrets, &cell, step)?;
        let open = Open {
            secrets,
            cell,
            value,
            is_granted: false,
            is_published: false,
        };
        Some(Self {
            open,
            made: step.now,
            old: Vec::new(),
            remembered: 0,
            was_published: false,
        })
    }

    /// Whether it can be used.
    pub(crate) const fn is_there(&self) -> bool {
        self.open.is_published || self.was_published
    }

    /// When something is to be renewed or wiped.
    pub(crate) fn due(&self) -> Time {
        let wiped = self.old.iter().map(|old| old.replaced + KEEP_OLD);
        wiped.chain([self.made + RENEW]).min().unwrap_or(Time::NEVER)
    }

    /// New prekeys under the same secret, in the same cell.
    // spec: stand-1
    pub(crate) fn renew(
        &mut self,
        door: &OwnQueue,
        own: (&Device, &RelayAddress, &Name),
        step: &mut Step<'_>,
    ) {
        if step.now < self.made + RENEW {
            return;
        }
        let secret = InvitationSecret::from_octets(self.open.secrets.expose_secret().expose_octets());
        let Some(secrets) = bundle(secret, door, own, step) else {
            return;
        };
        let Some(value) = seal(&secrets, &self.open.cell, step) else {
            return;
        };
        let before = core::mem::replace(&mut self.open.secrets, secrets);
        self.old.push(Old {
            prekeys: before.into_prekeys(),
            replaced: step.now,
        });
        self.was_published |= self.open.is_published;
        self.open.value = value;
        self.open.is_published = false;
        self.made = step.now;
    }

    /// Wipes private halves that nobody needs; their ids.
    // spec: stand-2
    pub(crate) fn wipe(&mut self, now: Time) -> Vec<[u8; 4]> {
        let (gone, kept) = core::mem::take(&mut self.old)
            .into_iter()
            .partition(|old: &Old| old.replaced + KEEP_OLD <= now);
        self.old = kept;
        let gone: Vec<Old> = gone;
        gone.iter().map(|old| old.prekeys.id().to_octets()).collect()
    }

    /// Opens a first flight with the prekeys that it names; with their id.
    pub(crate) fn accept(
        &self,
        device: &Device,
        flight: &[u8],
        step: &mut Step<'_>,
    ) -> Option<([u8; 4], Accepted)> {
        let keys = self.open.secrets.keys();
        let halves =
            core::iter::once(self.open.secrets.prekeys()).chain(self.old.iter().map(|old| &old.prekeys));
        for prekeys in halves {
            let responder = Responder::new(device, prekeys, &keys.psk);
            // Another's id is refused before anything is computed.
            if let Ok(accepted) = responder.accept(flight, seconds(step.now), step.rng) {
                return Some((prekeys.id().to_octets(), accepted));
            }
        }
        None
    }
}

fn bundle(
    secret: InvitationSecret,
    door: &OwnQueue,
    own: (&Device, &RelayAddress, &Name),
    step: &mut Step<'_>,
) -> Option<Invitation> {
    let (device, relay, name) = own;
    let address = BoxAddress::new(relay, door.id()).to_text().into_bytes();
    let front_door = FrontDoor::new(address, seed_of(&door.grant));
    let profile = Profile {
        name: name.as_str().into(),
    }
    .to_octets();
    let offer = Offer {
        kind: BundleKind::Standing,
        front_door: &front_door,
        profile: &profile,
        // spec: bundle-6
        not_after: seconds(step.now + LIFETIME),
    };
    Invitation::create(device, secret, &offer, step.rng).ok()
}

fn seal(secrets: &Invitation, cell: &SigningKey, step: &mut Step<'_>) -> Option<Bytes> {
    let value = secrets.seal_bundle(cell_id(cell).as_str().as_bytes(), step.rng);
    value.ok().map(Bytes::from)
}

/// How long a bundle of a standing address may be used.
pub(crate) const LIFETIME: Duration = Duration::from_hours(14 * 24);
/// How often its prekeys are renewed.
const RENEW: Duration = Duration::from_hours(7 * 24);
/// How long private halves are kept after that.
const KEEP_OLD: Duration = Duration::from_hours(30 * 24);
/// Links that are remembered for one address; beyond, asks are thrown away until private halves are wiped.
pub(crate) const MAX_REMEMBERED: u32 = 10_000;
