//! An invitation as its maker keeps it. Spec: `spec/invitation.md`, making.
//!
//! *Open*: cell and front door stand, or will as soon as the relay can be reached. *Used*: secret and prekeys are
//! gone, deleted in the write that stored the link; the front door stands until the invitation would have ended, so
//! that whoever comes second is noticed. What he sends can't be opened any more, so it is only known that somebody
//! tried: he holds the grant to write there, which only the bundle gives.

use bytes::Bytes;
use core::time::Duration;
use minicbor::{Decode, Encode};
use sipher_crypto::{BundleKind, Device, FrontDoor, InvitationSecret, Offer, SigningKey, item_id};
use sipher_wire::{Allowance, BoxId, BoxKind, RelayAddress, Time};

use super::standing::{self, Standing};
use super::{InvitationId, InvitationKind, InvitationStage, InvitationUri, OwnInvitation};
use crate::boxes::{ASK_ALLOWANCE, Closing, DOOR_ALLOWANCE, OwnQueue};
use crate::content::Profile;
use crate::name::Name;
use crate::place::{self, BoxAddress, seed_of};
use crate::presence::seconds;
use crate::step::Step;

/// One of our invitations.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Invitation {
    #[n(0)]
    pub(crate) id: InvitationId,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) for_name: Option<Name>,
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) made: Time,
    #[cbor(n(3), with = "crate::record::field")]
    pub(crate) until: Time,
    /// Where the first flight comes in.
    #[n(4)]
    pub(crate) door: OwnQueue,
    #[n(5)]
    pub(crate) stage: Stage,
}

/// How far it is.
#[derive(Encode, Decode)]
pub(crate) enum Stage {
    #[n(0)]
    Open(#[n(0)] Open),
    #[n(1)]
    Used(#[n(0)] Used),
    #[n(2)]
    Standing(#[n(0)] Standing),
}

/// It can be used once.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Open {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) secrets: sipher_crypto::Invitation,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) cell: SigningKey,
    /// The sealed bundle, the same octets at each attempt to publish it.
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) value: Bytes,
    /// Whether the relay confirmed the grant to read.
    #[n(3)]
    pub(crate) is_granted: bool,
    /// Whether the relay confirmed the value.
    #[n(4)]
    pub(crate) is_published: bool,
}

/// It was used.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Used {
    /// The flight that was accepted: the same one again is nobody else.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) flight: [u8; 16],
}

impl Invitation {
    /// A new one-time invitation. `None` if the relay's address is too long for a bundle, which no address is.
    pub(crate) fn new(
        id: InvitationId,
        for_name: Option<Name>,
        own: (&Device, &RelayAddress, &Name),
        step: &mut Step<'_>,
    ) -> Option<Self> {
        let (device, relay, name) = own;
        let door = OwnQueue::new(step.rng);
        let address = BoxAddress::new(relay, door.id()).to_text().into_bytes();
        let front_door = FrontDoor::new(address, seed_of(&door.grant));
        let until = step.now + LIFETIME;
        let profile = Profile {
            name: name.as_str().into(),
        }
        .to_octets();
        let offer = Offer {
            kind: BundleKind::OneTime,
            front_door: &front_door,
            profile: &profile,
            // spec: bundle-6
            not_after: seconds(until),
        };
        let secret = InvitationSecret::random(step.rng);
        let secrets = sipher_crypto::Invitation::create(device, secret, &offer, step.rng).ok()?;
        let cell = SigningKey::generate(step.rng);
        let value = secrets
            .seal_bundle(cell_id(&cell).as_str().as_bytes(), step.rng)
            .ok()?;
        let open = Open {
            secrets,
            cell,
            value: value.into(),
            is_granted: false,
            is_published: false,
        };
        Some(Self {
            id,
            for_name,
            made: step.now,
            until,
            door,
            stage: Stage::Open(open),
        })
    }

    /// A new standing address.
    pub(crate) fn standing(
        id: InvitationId,
        own: (&Device, &RelayAddress, &Name),
        step: &mut Step<'_>,
    ) -> Option<Self> {
        let door = OwnQueue::new(step.rng);
        let standing = Standing::new(&door, own, step)?;
        Some(Self {
            id,
            for_name: None,
            made: step.now,
            until: Time::NEVER,
            door,
            stage: Stage::Standing(standing),
        })
    }

    /// As people are told.
    pub(crate) fn view(&self) -> OwnInvitation<'_> {
        let stage = match &self.stage {
            Stage::Open(Open {
                is_published: true, ..
            }) => InvitationStage::Open,
            Stage::Standing(standing) if standing.is_there() => InvitationStage::Open,
            Stage::Open(_) | Stage::Standing(_) => InvitationStage::Unpublished,
            Stage::Used(_) => InvitationStage::Used,
        };
        OwnInvitation {
            id: self.id,
            kind: self.kind(),
            for_name: self.for_name.as_ref(),
            stage,
            made: self.made,
            until: self.until,
        }
    }

    /// Whether anybody may use it, or one person.
    pub(crate) const fn kind(&self) -> InvitationKind {
        match self.stage {
            Stage::Open(_) | Stage::Used(_) => InvitationKind::OneTime,
            Stage::Standing(_) => InvitationKind::Standing,
        }
    }

    /// Its cell, unless it was used.
    pub(crate) const fn open(&self) -> Option<&Open> {
        match &self.stage {
            Stage::Open(open) => Some(open),
            Stage::Standing(standing) => Some(&standing.open),
            Stage::Used(_) => None,
        }
    }

    /// The same, to be changed.
    pub(crate) const fn open_mut(&mut self) -> Option<&mut Open> {
        match &mut self.stage {
            Stage::Open(open) => Some(open),
            Stage::Standing(standing) => Some(&mut standing.open),
            Stage::Used(_) => None,
        }
    }

    /// What to hand over, once it can be used.
    pub(crate) fn uri(&self, device: &Device, relay: &RelayAddress) -> Option<InvitationUri> {
        let open = self
            .open()
            .filter(|_| self.view().stage == InvitationStage::Open)?;
        Some(InvitationUri {
            relay: relay.without_token(),
            cell: cell_id(&open.cell),
            secret: InvitationSecret::from_octets(open.secrets.expose_secret().expose_octets()),
            pin: device.certificate().account().pin().short(),
            kind: self.kind(),
        })
    }

    /// Whether this is its cell.
    pub(crate) fn has_cell(&self, id: &BoxId) -> bool {
        self.open().is_some_and(|open| cell_id(&open.cell) == *id)
    }

    /// How long a relay keeps the value of its cell.
    pub(crate) const fn cell_lifetime(&self) -> Duration {
        match self.stage {
            Stage::Open(_) | Stage::Used(_) => LIFETIME,
            Stage::Standing(_) => standing::LIFETIME,
        }
    }

    /// When its grants end; never for a standing address.
    pub(crate) fn grants_end(&self) -> Option<Time> {
        (self.until < Time::NEVER).then_some(self.until)
    }

    /// What may come through its front door.
    pub(crate) const fn door_allowance(&self) -> Allowance {
        match self.stage {
            Stage::Open(_) | Stage::Used(_) => DOOR_ALLOWANCE,
            Stage::Standing(_) => ASK_ALLOWANCE,
        }
    }

    /// Burns secret and prekeys; what is left to be closed is the cell.
    pub(crate) fn burn(&mut self, flight: &[u8]) -> Option<Closing> {
        let used = Stage::Used(Used {
            flight: *item_id(flight).as_octets(),
        });
        match core::mem::replace(&mut self.stage, used) {
            Stage::Open(open) => Some(Closing::cell(&open.cell)),
            before @ (Stage::Used(_) | Stage::Standing(_)) => {
                self.stage = before;
                None
            }
        }
    }

    /// Gives it up: what is left to be closed.
    pub(crate) fn into_closing(self) -> impl Iterator<Item = Closing> {
        let cell = self.open().map(|open| Closing::cell(&open.cell));
        core::iter::once(self.door.into_closing()).chain(cell)
    }
}

impl Open {
    pub(crate) fn cell_id(&self) -> BoxId {
        cell_id(&self.cell)
    }
}

pub(super) fn cell_id(owner: &SigningKey) -> BoxId {
    BoxId::of(BoxKind::Cell, &place::owner_key(owner))
}

/// How long a one-time invitation can be used.
pub(crate) const LIFETIME: Duration = Duration::from_hours(7 * 24);
