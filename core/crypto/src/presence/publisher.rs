//! The side that shows itself. Spec: presence, "Publisher".

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Document, Epoch, EpochKeys, Position, STATE_VERSION, VERSION, checked_cell};
use crate::caead::{self, Nonce};
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::Duplicate;
use crate::time::Time;

/// Seals one's documents for one device of one buddy.
pub struct PresencePublisher {
    cell: Vec<u8>,
    epoch: Epoch,
    since: Time,
}

impl PresencePublisher {
    /// Updates of one epoch: then a new one is due.
    pub const UPDATES: u32 = 4096;
    /// Age of an epoch in seconds at which a new one is due, if there is activity: a day.
    pub const MAX_AGE: u64 = 24 * 3600;

    /// A chain for a new cell, and the keys for its reader. A right that is granted again gets a new cell, a new
    /// grant and a new chain, always.
    ///
    /// # Errors
    /// [`PublishError::CellName`] over 64 octets.
    pub fn begin(
        cell: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Self, EpochKeys), PublishError> {
        let keys = EpochKeys::random(FIRST_EPOCH, rng);
        let publisher = Self {
            cell: checked_cell(cell)?,
            epoch: Epoch::begin(keys.duplicate()),
            since: now,
        };
        Ok((publisher, keys))
    }

    /// A new epoch, at each narrowing of rights, on any change of devices, and when [`Self::is_rekey_due`]. The
    /// keys go to the reader through the ratchet before the next document does.
    ///
    /// # Errors
    /// [`PublishError::Exhausted`] after 2^32 epochs.
    pub fn rekey(
        &mut self,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<EpochKeys, PublishError> {
        let epoch = self
            .epoch
            .keys
            .epoch
            .checked_add(1)
            .ok_or(PublishError::Exhausted)?;
        let keys = EpochKeys::random(epoch, rng);
        self.epoch = Epoch::begin(keys.duplicate());
        self.since = now;
        Ok(keys)
    }

    /// Whether the epoch is a day old or has used up its updates.
    // spec: presence-7
    pub const fn is_rekey_due(&self, now: Time) -> bool {
        self.epoch.next >= Self::UPDATES || now.seconds_since(self.since) >= Self::MAX_AGE
    }

    /// Seals a document: 1,024 octets for the cell. The changed publisher is stored before they leave.
    ///
    /// # Errors
    /// [`PublishError::Exhausted`] when the epoch's updates are used up; nothing has changed then.
    pub fn publish(
        &mut self,
        document: &Document,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, PublishError> {
        if self.epoch.next >= Self::UPDATES {
            return Err(PublishError::Exhausted);
        }
        let document = document.to_padded()?;
        let (index, key) = self.epoch.advance().ok_or(PublishError::Exhausted)?;
        let nonce = Nonce::random(rng);
        let keys = &self.epoch.keys;
        let header = Position {
            epoch: keys.epoch,
            index,
        }
        .seal(&keys.header, &nonce, &self.cell);
        let sealed = caead::seal_under(&key, Some(&nonce), &[&self.cell, &header], &document);
        Ok([&[VERSION], nonce.as_octets().as_slice(), &header, &sealed].concat())
    }

    /// The epoch that documents are sealed under.
    pub const fn epoch(&self) -> u32 {
        self.epoch.keys.epoch
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(1 + EpochKeys::LEN + 4 + 8 + self.cell.len());
        writer.octet(STATE_VERSION);
        self.epoch.write(&mut writer);
        writer.u64(self.since.as_unix_seconds()).put(&self.cell);
        writer.finish()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.octet()? != STATE_VERSION {
            return Err(Malformed);
        }
        let epoch = Epoch::read(&mut reader)?;
        let since = Time::from_unix_seconds(reader.u64()?);
        Ok(Self {
            cell: checked_cell(reader.rest())?,
            epoch,
            since,
        })
    }
}

impl fmt::Debug for PresencePublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresencePublisher(..)")
    }
}

/// Why nothing was published.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The epoch's updates, or all epochs, are used up.
    #[error("a new epoch is due")]
    Exhausted,
    /// The cell's name is longer than 64 octets.
    #[error("cell name too long")]
    CellName,
}

const FIRST_EPOCH: u32 = 1;
