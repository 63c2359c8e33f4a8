//! Boxes of ours at our relay: their keys, and what the relay has of them. Spec: `spec/client.md`, boxes.
//!
//! Each buddy has boxes of his own, and each key is random, so that no two boxes can be told to be one person's.
//! What the relay is to have is written down first; what it confirmed is noted afterwards, so that a crash
//! between only repeats a request that changes nothing the second time.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_crypto::SigningKey;
use sipher_wire::{Allowance, BoxId, BoxKind, Grant, Right, Time, Treatment};

use crate::place::{self, copy_of};

/// A queue in which one buddy, or one invitation's user, may leave items for us.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct OwnQueue {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) owner: SigningKey,
    /// His grant to write.
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) grant: SigningKey,
    /// Whether the relay confirmed the grant.
    #[n(2)]
    pub(crate) is_granted: bool,
}

impl OwnQueue {
    pub(crate) fn new(rng: &mut dyn CryptoRng) -> Self {
        let (owner, grant) = (SigningKey::generate(rng), SigningKey::generate(rng));
        Self {
            owner,
            grant,
            is_granted: false,
        }
    }

    pub(crate) fn id(&self) -> BoxId {
        BoxId::of(BoxKind::Queue, &place::owner_key(&self.owner))
    }

    /// The grant as the relay gets it.
    pub(crate) fn grant(&self, allowance: Allowance, until: Option<Time>) -> Grant {
        Grant {
            key: place::grant_key(&self.grant),
            right: Right::Write,
            treatment: Treatment::Deliver,
            not_after_secs: until.map_or(u64::MAX, Time::as_secs),
            allowance,
        }
    }

    /// What is needed to close it.
    pub(crate) fn into_closing(self) -> Closing {
        Closing {
            owner: self.owner,
            is_cell: false,
        }
    }
}

/// A box that is to be removed at the relay.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Closing {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) owner: SigningKey,
    #[n(1)]
    is_cell: bool,
}

impl Closing {
    /// A cell of this owner.
    pub(crate) fn cell(owner: &SigningKey) -> Self {
        Self {
            owner: copy_of(owner),
            is_cell: true,
        }
    }

    pub(crate) fn id(&self) -> BoxId {
        let kind = if self.is_cell {
            BoxKind::Cell
        } else {
            BoxKind::Queue
        };
        BoxId::of(kind, &place::owner_key(&self.owner))
    }
}

/// A grant to read a cell, as the relay gets it.
pub(crate) fn read_grant(key: &SigningKey, until: Option<Time>) -> Grant {
    Grant {
        key: place::grant_key(key),
        right: Right::Read,
        treatment: Treatment::Deliver,
        not_after_secs: until.map_or(u64::MAX, Time::as_secs),
        allowance: Allowance {
            items: 0,
            period_secs: 1,
        },
    }
}

/// What a buddy may send: far beyond a person's writing, and a bound on what fills our disk.
pub(crate) const BUDDY_ALLOWANCE: Allowance = Allowance {
    items: 10_000,
    period_secs: 24 * 60 * 60,
};
/// What may come through the front door of a standing address: nothing keeps strangers from filling it, so it has a
/// bound of its own.
// spec: stand-4
pub(crate) const ASK_ALLOWANCE: Allowance = Allowance {
    items: 256,
    period_secs: 7 * 24 * 60 * 60,
};
/// What may come through the front door of a one-time invitation: one flight, and some attempts by others.
pub(crate) const DOOR_ALLOWANCE: Allowance = Allowance {
    items: 16,
    period_secs: 24 * 60 * 60,
};
