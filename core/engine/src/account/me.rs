//! The account's own record: keys, relay, name, status, and the numbers that are given out.

use core::time::Duration;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_crypto::{AccountRecord, Device, Lifetime, SigningKey, SigningSeed};
use sipher_wire::{RelayAddress, Time};

use crate::ask::AskId;
use crate::buddy::BuddyId;
use crate::invite::InvitationId;
use crate::name::Name;
use crate::presence::{MAX_FRESHNESS, Status, seconds};

/// What a new account is made of.
#[derive(Debug)]
pub struct NewAccount {
    /// The relay that will hold its boxes, with the token that lets it open them.
    pub relay: RelayAddress,
    /// What its person calls himself towards buddies.
    pub name: Name,
    /// The account key's seed, as the recovery phrase gives it.
    pub seed: SigningSeed,
    /// How fast things go out.
    pub pace: Pace,
}

/// Delays that keep automatic answers from showing when somebody is there.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(map)]
pub struct Pace {
    /// Receipts wait a random time up to this.
    #[cbor(n(0), with = "crate::record::field")]
    pub receipts: Duration,
    /// Presence goes to each buddy after a random time up to this.
    #[cbor(n(1), with = "crate::record::field")]
    pub fan_out: Duration,
    /// How long a presence document holds; taken as 15 minutes at least and 24 hours at most.
    #[cbor(n(2), with = "crate::record::field")]
    pub freshness: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            receipts: Duration::from_mins(1),
            fan_out: Duration::from_secs(3),
            freshness: Duration::from_hours(1),
        }
    }
}

/// The account's record.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Me {
    #[cbor(n(0), with = "crate::record::field")]
    pub(super) relay: RelayAddress,
    #[cbor(n(1), with = "crate::record::field")]
    pub(super) name: Name,
    #[cbor(n(2), with = "crate::record::field")]
    key: SigningKey,
    #[cbor(n(3), with = "crate::record::field")]
    pub(super) device: Device,
    #[n(4)]
    pub(super) pace: Pace,
    #[n(5)]
    pub(super) status: Status,
    #[n(6)]
    next_buddy: u32,
    #[n(7)]
    next_invitation: u32,
    #[cbor(n(8), default)]
    next_ask: u32,
}

impl Me {
    pub(super) fn new(now: Time, new: NewAccount, rng: &mut impl CryptoRng) -> Self {
        let key = SigningKey::from_seed(new.seed);
        let not_before = Time::from_secs(now.as_secs().saturating_sub(CLOCKS_APART.as_secs()));
        let lifetime = Lifetime {
            not_before: seconds(not_before),
            not_after: seconds(now + DEVICE_LIFETIME),
        };
        let device = Device::create(&key, FIRST_DEVICE, lifetime, rng);
        // spec: presence-5
        let pace = Pace {
            freshness: new.pace.freshness.clamp(MIN_FRESHNESS, MAX_FRESHNESS),
            ..new.pace
        };
        Self {
            relay: new.relay,
            name: new.name,
            key,
            device,
            pace,
            status: Status::default(),
            next_buddy: 1,
            next_invitation: 1,
            next_ask: 0,
        }
    }

    /// Who this is to others.
    pub(super) fn record(&self) -> &AccountRecord {
        self.device.certificate().account()
    }

    /// A number for a new buddy; no number is given out twice.
    pub(super) fn next_buddy(&mut self) -> BuddyId {
        let id = BuddyId(self.next_buddy);
        self.next_buddy = self.next_buddy.saturating_add(1);
        id
    }

    /// A number for somebody who asks, from 1 on.
    pub(super) fn next_ask(&mut self) -> AskId {
        self.next_ask = self.next_ask.saturating_add(1);
        AskId(self.next_ask)
    }

    /// A number for a new invitation.
    pub(super) fn next_invitation(&mut self) -> InvitationId {
        let id = InvitationId(self.next_invitation);
        self.next_invitation = self.next_invitation.saturating_add(1);
        id
    }
}

/// The device that made the account.
const FIRST_DEVICE: u32 = 1;
/// A certificate must hold for buddies whose clock is behind ours.
const CLOCKS_APART: Duration = Duration::from_hours(24);
/// Longer than a device is used; what ends a device sooner is the list of devices.
const DEVICE_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);
const MIN_FRESHNESS: Duration = Duration::from_mins(15);
