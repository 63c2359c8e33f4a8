//! The presence chain: one cell and one chain for each buddy's device. Spec: presence.
//!
//! A publisher seals documents under a chain of keys; a reader opens the newest and steps over those he missed.
//! Both are told of a new epoch through the ratchet. What a document means, when it is too old to be shown and
//! when to publish again is the engine's business.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::caead::{self, Nonce};
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{Duplicate, PresenceChainKey, PresenceHeaderKey};
use crate::{kdf, labels};

mod document;
mod publisher;
mod reader;

pub use document::{Document, DocumentError};
pub use publisher::{PresencePublisher, PublishError};
pub use reader::{PresenceError, PresenceReader, Seen};

/// Octets of an envelope of presence, whatever the right.
// spec: presence-1
pub const PRESENCE_ENVELOPE_LEN: usize = 1024;

/// Keys of one epoch as they go to a reader inside the ratchet: `epoch u32, pck[32], phk[32]`.
pub struct EpochKeys {
    epoch: u32,
    chain: PresenceChainKey,
    header: PresenceHeaderKey,
}

impl EpochKeys {
    /// Octets of [`Self::expose_octets`].
    pub const LEN: usize = 4 + 32 + 32;

    /// Which epoch.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// For a ratchet message.
    pub fn expose_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(Self::LEN);
        writer
            .u32(self.epoch)
            .put(self.chain.expose_octets())
            .put(self.header.expose_octets());
        writer.finish()
    }

    /// From a ratchet message.
    ///
    /// # Errors
    /// [`Malformed`] unless it has exactly [`Self::LEN`] octets.
    pub fn from_octets(octets: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let keys = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(keys)
    }

    fn random(epoch: u32, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            epoch,
            chain: PresenceChainKey::random(rng),
            header: PresenceHeaderKey::random(rng),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer
            .u32(self.epoch)
            .put(self.chain.expose_octets())
            .put(self.header.expose_octets());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            epoch: reader.u32()?,
            chain: PresenceChainKey::from_octets(reader.array()?),
            header: PresenceHeaderKey::from_octets(reader.array()?),
        })
    }
}

impl Duplicate for EpochKeys {
    fn duplicate(&self) -> Self {
        Self {
            epoch: self.epoch,
            chain: self.chain.duplicate(),
            header: self.header.duplicate(),
        }
    }
}

impl fmt::Debug for EpochKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochKeys(..)")
    }
}

/// One epoch on either side: its keys and the index that comes next.
struct Epoch {
    keys: EpochKeys,
    next: u32,
}

impl Epoch {
    const fn begin(keys: EpochKeys) -> Self {
        Self { keys, next: 0 }
    }

    /// `(pck', pmk) = HKDF-Expand(pck, "sipher/1 presence" || u32(epoch) || u32(index), 64)`. Returns index and key.
    fn advance(&mut self) -> Option<(u32, Zeroizing<[u8; 32]>)> {
        let index = self.next;
        self.next = index.checked_add(1)?;
        let (epoch, index_octets) = (self.keys.epoch.to_be_bytes(), index.to_be_bytes());
        let info: [&[u8]; 3] = [labels::PRESENCE, &epoch, &index_octets];
        let keys = kdf::expand::<2>(self.keys.chain.expose_octets(), &info);
        let [chain, document] = &*keys;
        // spec: presence-11
        self.keys.chain = PresenceChainKey::from_octets(chain);
        Some((index, Zeroizing::new(*document)))
    }

    fn write(&self, writer: &mut Writer) {
        self.keys.write(writer);
        writer.u32(self.next);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            keys: EpochKeys::read(reader)?,
            next: reader.u32()?,
        })
    }
}

impl Duplicate for Epoch {
    fn duplicate(&self) -> Self {
        Self {
            keys: self.keys.duplicate(),
            next: self.next,
        }
    }
}

/// Where a document stands: `epoch u32, index u32`, then zero octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    epoch: u32,
    index: u32,
}

impl Position {
    fn seal(self, key: &PresenceHeaderKey, nonce: &Nonce, cell: &[u8]) -> Vec<u8> {
        let mut writer = Writer::with_capacity(HEADER_LEN);
        writer.u32(self.epoch).u32(self.index).put(&[0; 8]);
        caead::seal_under(
            key.expose_octets(),
            Some(nonce),
            &[cell, HEADER_CONTEXT],
            &writer.finish(),
        )
    }

    fn open(keys: &EpochKeys, parts: &Parts<'_>, cell: &[u8]) -> Option<Self> {
        let key = keys.header.expose_octets();
        let header =
            caead::open_under(key, Some(&parts.nonce), &[cell, HEADER_CONTEXT], parts.header).ok()?;
        let mut reader = Reader::new(&header);
        let position = Self {
            epoch: reader.u32().ok()?,
            index: reader.u32().ok()?,
        };
        reader.finish_padding().ok()?;
        (position.epoch == keys.epoch).then_some(position)
    }
}

/// An envelope of presence by its fields.
struct Parts<'a> {
    nonce: Nonce,
    header: &'a [u8],
    document: &'a [u8],
}

impl<'a> Parts<'a> {
    fn cut(octets: &'a [u8]) -> Option<Self> {
        if octets.len() != PRESENCE_ENVELOPE_LEN {
            return None;
        }
        let (&version, rest) = octets.split_first()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (header, document) = rest.split_at_checked(HEADER_LEN + caead::OVERHEAD)?;
        (version == VERSION).then_some(Self {
            nonce: Nonce::from_octets(*nonce),
            header,
            document,
        })
    }
}

/// Names the cell in an [`Epoch`]'s associated data; bounded, because it is stored with each side.
fn checked_cell(cell: &[u8]) -> Result<Vec<u8>, Malformed> {
    if cell.len() <= MAX_CELL_LEN {
        Ok(cell.to_vec())
    } else {
        Err(Malformed)
    }
}

const VERSION: u8 = 1;
const HEADER_LEN: usize = 16;
/// Associated data of a header beside the cell. No sealed header is one octet long, so it can't be a document's.
const HEADER_CONTEXT: &[u8] = b"h";
/// Octets of a cell's name at most.
const MAX_CELL_LEN: usize = 64;
/// What is left for the document: 887.
const DOCUMENT_LEN: usize =
    PRESENCE_ENVELOPE_LEN - 1 - Nonce::LEN - (HEADER_LEN + caead::OVERHEAD) - caead::OVERHEAD;
const _: () = assert!(DOCUMENT_LEN == 887, "the layout of the specification");
const STATE_VERSION: u8 = 1;

/// A cell's name that is too long.
impl From<Malformed> for PublishError {
    fn from(_: Malformed) -> Self {
        Self::CellName
    }
}

#[cfg(test)]
mod tests;
