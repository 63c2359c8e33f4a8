//! The cell in which one buddy sees our presence. Spec: `spec/presence.md`, publishing.
//!
//! A cell that is granted anew is new in everything: id, grant, keys. A document is sealed once and stored before
//! it leaves; each attempt to publish it sends the same octets.

use bytes::Bytes;
use core::time::Duration;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sipher_crypto::{Document, EpochKeys, PresencePublisher, PublishError, SigningKey};
use sipher_wire::{BoxId, BoxKind, ETag, RelayAddress, Time};

use super::{Shown, Status, redact};
use crate::boxes::Closing;
use crate::content::PresenceOffer;
use crate::grant::{Granted, PresenceLevel};
use crate::place::{self, Access, BoxAddress, copy_of};
use crate::record::{self, Blob};

/// A cell for one buddy, with the right under which he has it.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct OwnCell {
    #[n(0)]
    pub(crate) right: Granted<PresenceLevel>,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) owner: SigningKey,
    /// His grant to read.
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) read: SigningKey,
    /// Whether the relay confirmed the grant.
    #[n(3)]
    pub(crate) is_granted: bool,
    #[cbor(n(4), with = "crate::record::field")]
    publisher: PresencePublisher,
    /// When the next document is to be made; none if he has the newest.
    #[cbor(n(5), with = "crate::record::field")]
    pub(crate) due: Option<Time>,
    /// The envelope that the relay hasn't confirmed.
    #[cbor(n(6), with = "crate::record::field")]
    pub(crate) waiting: Option<Bytes>,
    /// The version that the relay confirmed last.
    #[cbor(n(7), with = "crate::record::field")]
    pub(crate) version: Option<ETag>,
    /// What he was shown last.
    #[n(8)]
    pub(crate) shown: Option<Shown>,
}

impl OwnCell {
    /// A new cell, and the keys for its reader.
    ///
    /// # Errors
    /// Can't be: the name of a cell is short enough.
    pub(crate) fn new(
        right: Granted<PresenceLevel>,
        now: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, EpochKeys), PublishError> {
        // spec: presence-3
        // spec: presence-15
        // spec: grant-6
        // spec: box-1
        let (owner, read) = (SigningKey::generate(rng), SigningKey::generate(rng));
        let id = id_of(&owner);
        let (publisher, keys) = PresencePublisher::begin(id.as_str().as_bytes(), seconds(now), rng)?;
        let cell = Self {
            right,
            owner,
            read,
            is_granted: false,
            publisher,
            due: Some(now),
            waiting: None,
            version: None,
            shown: None,
        };
        Ok((cell, keys))
    }

    pub(crate) fn id(&self) -> BoxId {
        id_of(&self.owner)
    }

    /// What the buddy is told of it, with the keys of an epoch.
    pub(crate) fn offer(&self, relay: &RelayAddress, keys: &EpochKeys) -> PresenceOffer {
        let cell = Access {
            at: BoxAddress::new(relay, self.id()),
            grant: copy_of(&self.read),
        };
        PresenceOffer {
            cell,
            keys: Blob(keys.expose_octets()),
        }
    }

    /// Begins a new epoch; its keys must go to the buddy.
    pub(crate) fn rekey(&mut self, now: Time, rng: &mut dyn CryptoRng) -> Option<EpochKeys> {
        self.publisher.rekey(seconds(now), rng).ok()
    }

    /// Whether the epoch is so old, or so full, that a new one has to begin.
    pub(crate) fn is_rekey_due(&self, now: Time) -> bool {
        self.publisher.is_rekey_due(seconds(now))
    }

    /// Makes the document of this status for this buddy, to be published from now on until it is confirmed.
    pub(crate) fn seal(&mut self, status: &Status, now: Time, freshness: Duration, rng: &mut dyn CryptoRng) {
        self.due = None;
        let Some(content) = redact(status, self.right.what) else {
            return;
        };
        let end = now + freshness;
        let valid_until = content.status.until.map_or(end, |until| until.min(end)).max(now);
        let digest = sipher_crypto::item_id(&record::write(&self.right.what));
        let rights = digest.as_octets().first_chunk().copied().unwrap_or_default();
        let document = Document::new(
            seconds(now),
            seconds(valid_until),
            rights,
            &record::write(&content),
        );
        // A status is measured when it's set, so its document fits.
        let Some(envelope) = document
            .ok()
            .and_then(|document| self.publisher.publish(&document, rng).ok())
        else {
            return;
        };
        // spec: presence-4
        self.waiting = Some(envelope.into());
        self.shown = Some(Shown {
            status: content.status,
            reachable_only: content.reachable_only,
            published: now,
            valid_until,
        });
    }

    /// When the document has to be renewed, so that it never ends while we are here. Each cell has its own rhythm,
    /// so that no two can be told to be one person's.
    // spec: presence-6
    pub(crate) fn renew_at(&self) -> Time {
        let Some(shown) = &self.shown else {
            return Time::NEVER;
        };
        // A status that ends sooner is followed by another one just then.
        if shown.status.until == Some(shown.valid_until) {
            return shown.valid_until;
        }
        let own = self.id().proof_octets().first().copied().unwrap_or_default();
        let span = shown.valid_until.since(shown.published);
        shown.published + span.mul_f64(0.6 + 0.3 * f64::from(own) / 255.0)
    }

    /// What is needed to close it.
    pub(crate) fn into_closing(self) -> Closing {
        Closing::cell(&self.owner)
    }
}

fn id_of(owner: &SigningKey) -> BoxId {
    BoxId::of(BoxKind::Cell, &place::owner_key(owner))
}

/// The cryptography counts in seconds.
pub(crate) fn seconds(time: Time) -> sipher_crypto::Time {
    sipher_crypto::Time::from_unix_seconds(time.as_secs())
}

#[cfg(test)]
mod tests;
