//! Chains of message keys. Spec: ratchet, "Keys".

use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{ChainKey, Duplicate, HeaderKey, MessageKey};
use crate::witness::{Note, Witness};
use crate::{kdf, labels};

/// One chain, sending or receiving: its header key, its place, and the epoch that its root step mixed.
pub(super) struct Chain {
    pub(super) header_key: HeaderKey,
    pub(super) mixed_epoch: u32,
    key: ChainKey,
    next: u32,
}

impl Chain {
    pub(super) const fn new(header_key: HeaderKey, mixed_epoch: u32, key: ChainKey) -> Self {
        Self {
            header_key,
            mixed_epoch,
            key,
            next: 0,
        }
    }

    /// Number of the next message.
    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// The next message's number and key, `None` at the end of all numbers.
    pub(super) fn advance(&mut self, witness: &mut dyn Witness) -> Option<(u32, MessageKey)> {
        let number = self.next;
        let following = number.checked_add(1)?;
        let keys = kdf::expand::<2>(self.key.expose_octets(), &[labels::CHAIN]);
        let [chain, message] = &*keys;
        witness.saw(Note::Chain, chain);
        self.key = ChainKey::from_octets(chain);
        self.next = following;
        Some((number, MessageKey::from_octets(message)))
    }

    /// What is left of a chain that ended.
    pub(super) fn into_header_key(self) -> HeaderKey {
        self.header_key
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.put(self.header_key.expose_octets()).u32(self.mixed_epoch);
        writer.put(self.key.expose_octets()).u32(self.next);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            header_key: HeaderKey::from_octets(reader.array()?),
            mixed_epoch: reader.u32()?,
            key: ChainKey::from_octets(reader.array()?),
            next: reader.u32()?,
        })
    }
}

impl Duplicate for Chain {
    fn duplicate(&self) -> Self {
        Self {
            header_key: self.header_key.duplicate(),
            mixed_epoch: self.mixed_epoch,
            key: self.key.duplicate(),
            next: self.next,
        }
    }
}
