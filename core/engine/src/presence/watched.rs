//! The cell in which a buddy shows his presence, and what was seen there. Spec: `spec/presence.md`, reading.

use bytes::Bytes;
use minicbor::{Decode, Encode};
use sipher_crypto::{Document, EpochKeys, PRESENCE_ENVELOPE_LEN, PresenceError, PresenceReader};
use sipher_wire::{ETag, Time};

use super::{CLOCK_TOLERANCE, Content, MAX_FRESHNESS, PresenceView, Shown};
use crate::content::PresenceOffer;
use crate::place::Access;
use crate::record;

/// A cell that we may read.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Watched {
    #[n(0)]
    pub(crate) cell: Access,
    #[cbor(n(1), with = "crate::record::field")]
    reader: PresenceReader,
    /// The version that was seen last.
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) version: Option<ETag>,
    /// The last document.
    #[n(3)]
    shown: Option<Shown>,
    /// Whether the relay still had it when it was looked for last.
    #[n(4)]
    is_there: bool,
    /// A value under keys that haven't come yet: they travel on another way than the value.
    #[cbor(n(5), with = "crate::record::field")]
    unopened: Option<Bytes>,
}

/// What a look at a cell brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// A document that wasn't known.
    New,
    /// Nothing that wasn't known.
    Nothing,
    /// The publisher contradicts himself: his device was set back.
    Contradiction,
}

impl Watched {
    /// A cell that a buddy offers; `None` if its keys can't be used.
    pub(crate) fn begin(offer: PresenceOffer) -> Option<Self> {
        let keys = EpochKeys::from_octets(&offer.keys.0).ok()?;
        let reader = PresenceReader::begin(offer.cell.at.id.as_str().as_bytes(), keys).ok()?;
        Some(Self {
            cell: offer.cell,
            reader,
            version: None,
            shown: None,
            is_there: true,
            unopened: None,
        })
    }

    /// Takes the keys of a later epoch of the same cell, and opens what waited for them. Older ones are passed over.
    pub(crate) fn announce(&mut self, offer: &PresenceOffer, now: Time) -> News {
        let taken =
            EpochKeys::from_octets(&offer.keys.0).is_ok_and(|keys| self.reader.announce(keys).is_ok());
        match self.unopened.take() {
            Some(value) if taken => self.take(&value, now),
            waiting => {
                self.unopened = waiting;
                News::Nothing
            }
        }
    }

    /// Takes the cell's value. What isn't the publisher's newest changes nothing.
    pub(crate) fn take(&mut self, value: &Bytes, now: Time) -> News {
        self.is_there = true;
        let seen = match self.reader.open(value) {
            Ok(seen) => seen,
            Err(PresenceError::Contradiction) => return News::Contradiction,
            Err(PresenceError::Refused) if value.len() == PRESENCE_ENVELOPE_LEN => {
                self.unopened = Some(value.clone());
                return News::Nothing;
            }
            Err(_) => return News::Nothing,
        };
        self.unopened = None;
        if !is_credible(&seen.document, now) {
            return News::Nothing;
        }
        self.reader = seen.next;
        self.shown = record::parse::<Content>(seen.document.content()).map(|content| Shown {
            status: content.status,
            reachable_only: content.reachable_only,
            published: time_of(seen.document.published()),
            valid_until: time_of(seen.document.valid_until()),
        });
        News::New
    }

    /// The relay has no such cell for us, or nothing in it.
    pub(crate) fn missing(&mut self) -> News {
        let news = if self.is_there { News::New } else { News::Nothing };
        self.is_there = false;
        self.version = None;
        news
    }

    /// What is known at `now`.
    // spec: presence-16
    pub(crate) fn view(&self, now: Time) -> PresenceView<'_> {
        match &self.shown {
            Some(shown) if self.is_there && shown.holds(now) => PresenceView::Known(shown),
            last => PresenceView::Unknown { last: last.as_ref() },
        }
    }
}

/// Whether a document's dates can be an honest publisher's: not ahead of our clock, and for a day at most.
// spec: presence-13
fn is_credible(document: &Document, now: Time) -> bool {
    let (published, valid_until) = (time_of(document.published()), time_of(document.valid_until()));
    published <= now + CLOCK_TOLERANCE && valid_until <= published + MAX_FRESHNESS
}

fn time_of(time: sipher_crypto::Time) -> Time {
    Time::from_secs(time.as_unix_seconds())
}

#[cfg(test)]
mod tests;
