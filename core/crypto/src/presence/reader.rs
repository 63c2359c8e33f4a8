//! The side that looks. Spec: presence, "Reader".

use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Document, Epoch, EpochKeys, Parts, Position, STATE_VERSION, checked_cell};
use crate::caead;
use crate::encoding::{Malformed, Reader, Writer};
use crate::hash::sha256;
use crate::secret::Duplicate;

/// Opens what one publisher's cell holds, forwards only.
pub struct PresenceReader {
    cell: Vec<u8>,
    epoch: Epoch,
    announced: Option<EpochKeys>,
    last: Option<Last>,
}

/// The document that was opened last: its place, and digests that recognize it.
#[derive(Clone, Copy)]
struct Last {
    position: Position,
    /// Of nonce and sealed header: what only the publisher can make.
    header: [u8; 32],
    /// Of the whole envelope.
    envelope: [u8; 32],
}

impl Last {
    fn write(&self, writer: &mut Writer) {
        writer
            .u32(self.position.epoch)
            .u32(self.position.index)
            .put(&self.header)
            .put(&self.envelope);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            position: Position {
                epoch: reader.u32()?,
                index: reader.u32()?,
            },
            header: *reader.array()?,
            envelope: *reader.array()?,
        })
    }
}

impl PresenceReader {
    /// Documents that may have been missed: more ask for a new epoch. 100,000 steps take about 50 ms.
    pub const MAX_STEPS: u32 = 100_000;

    /// A reader of a cell that was granted.
    ///
    /// # Errors
    /// [`Malformed`] if the cell's name is longer than 64 octets.
    pub fn begin(cell: &[u8], keys: EpochKeys) -> Result<Self, Malformed> {
        Ok(Self {
            cell: checked_cell(cell)?,
            epoch: Epoch::begin(keys),
            announced: None,
            last: None,
        })
    }

    /// Takes the keys of a later epoch, which came through the ratchet. The current epoch goes on until a document
    /// of the later one is seen.
    ///
    /// # Errors
    /// [`Malformed`] unless the epoch is later than all that are known.
    pub fn announce(&mut self, keys: EpochKeys) -> Result<(), Malformed> {
        let known = self
            .announced
            .as_ref()
            .map_or(self.epoch.keys.epoch, EpochKeys::epoch);
        if keys.epoch <= known {
            return Err(Malformed);
        }
        self.announced = Some(keys);
        Ok(())
    }

    /// Opens a cell's value. The caller stores [`Seen::next`] together with the document.
    ///
    /// # Errors
    /// [`PresenceError`]; this reader hasn't changed.
    pub fn open(&self, envelope: &[u8]) -> Result<Seen, PresenceError> {
        let parts = Parts::cut(envelope).ok_or(PresenceError::Refused)?;
        if self.last.is_some_and(|last| last.envelope == sha256(&[envelope])) {
            return Err(PresenceError::Unchanged);
        }
        let announced = self.announced.as_ref();
        let current = Position::open(&self.epoch.keys, &parts, &self.cell);
        let position = current
            .or_else(|| announced.and_then(|keys| Position::open(keys, &parts, &self.cell)))
            .ok_or(PresenceError::Refused)?;
        let header = sha256(&[parts.nonce.as_octets(), parts.header]);
        self.check_order(position, header)?;

        let mut next = self.duplicate();
        if position.epoch != next.epoch.keys.epoch
            && let Some(keys) = next.announced.take()
        {
            next.epoch = Epoch::begin(keys);
        }
        let key = next.step_to(position.index)?;
        let document = caead::open_under(
            &key,
            Some(&parts.nonce),
            &[&self.cell, parts.header],
            parts.document,
        )
        .map_err(|_| PresenceError::Refused)?;
        let document = Document::parse(&document).map_err(|_| PresenceError::Refused)?;
        next.last = Some(Last {
            position,
            header,
            envelope: sha256(&[envelope]),
        });
        Ok(Seen { next, document })
    }

    /// The epoch of the last document, or the first one.
    pub const fn epoch(&self) -> u32 {
        self.epoch.keys.epoch
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(MAX_STATE_LEN);
        writer.octet(STATE_VERSION);
        self.epoch.write(&mut writer);
        writer.optional(self.announced.as_ref(), |writer, keys| keys.write(writer));
        writer.optional(self.last.as_ref(), |writer, last| last.write(writer));
        writer.put(&self.cell);
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
        let announced = reader.optional(EpochKeys::read)?;
        let last = reader.optional(Last::read)?;
        Ok(Self {
            cell: checked_cell(reader.rest())?,
            epoch,
            announced,
            last,
        })
    }

    /// A document must stand after the last one.
    // spec: presence-8
    fn check_order(&self, position: Position, header: [u8; 32]) -> Result<(), PresenceError> {
        match self.last {
            Some(last) if position < last.position => Err(PresenceError::Older),
            // The same place: by another header only the publisher himself can have taken it twice, whereas
            // anybody can put another document behind the same header.
            Some(last) if position == last.position && header != last.header => {
                // spec: presence-9
                Err(PresenceError::Contradiction)
            }
            Some(last) if position == last.position => Err(PresenceError::Refused),
            _ => Ok(()),
        }
    }

    fn step_to(&mut self, index: u32) -> Result<Zeroizing<[u8; 32]>, PresenceError> {
        let missed = index.checked_sub(self.epoch.next).ok_or(PresenceError::Older)?;
        // spec: presence-10
        if missed > Self::MAX_STEPS {
            return Err(PresenceError::TooFar);
        }
        for _ in 0..missed {
            self.epoch.advance().ok_or(PresenceError::TooFar)?;
        }
        let (_, key) = self.epoch.advance().ok_or(PresenceError::TooFar)?;
        Ok(key)
    }
}

impl Duplicate for PresenceReader {
    fn duplicate(&self) -> Self {
        Self {
            cell: self.cell.clone(),
            epoch: self.epoch.duplicate(),
            announced: self.announced.as_ref().map(Duplicate::duplicate),
            last: self.last,
        }
    }
}

impl fmt::Debug for PresenceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresenceReader(..)")
    }
}

/// A document that opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The reader from now on.
    pub next: PresenceReader,
    /// What the cell holds.
    pub document: Document,
}

/// Why a cell's value shows nothing new.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresenceError {
    /// Forged, changed, another cell's, or under keys that aren't known (yet).
    #[error("presence refused")]
    Refused,
    /// The value that was seen last: the relay may simply have nothing newer.
    #[error("presence unchanged")]
    Unchanged,
    /// A value before the one that was seen last: the relay, or a cache of it, went back.
    #[error("older than what was seen last")]
    Older,
    /// Another document in the place of one that was seen: the publisher runs twice, or was rolled back. An alarm.
    #[error("another document in the place of one that was seen")]
    Contradiction,
    /// Too many were missed: ask for a new epoch.
    #[error("too many documents were missed")]
    TooFar,
}

/// Two sets of keys, the last document's marks, the cell.
const MAX_STATE_LEN: usize = 1 + 72 + 1 + EpochKeys::LEN + 1 + 72 + super::MAX_CELL_LEN;
