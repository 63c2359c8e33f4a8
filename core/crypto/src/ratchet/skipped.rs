//! Keys of messages that haven't come yet. Spec: ratchet, "Skipped keys".

use alloc::vec::Vec;

use super::receiving::ChainNumber;
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{Duplicate, MessageKey};
use crate::time::Time;

/// Bounded in number and age, oldest first.
#[derive(Default)]
pub(super) struct SkippedKeys(Vec<Skipped>);

struct Skipped {
    chain: ChainNumber,
    number: u32,
    since: Time,
    key: MessageKey,
}

impl SkippedKeys {
    pub(super) fn store(&mut self, chain: ChainNumber, number: u32, since: Time, key: MessageKey) {
        self.0.push(Skipped {
            chain,
            number,
            since,
            key,
        });
        // spec: ratchet-8
        if self.0.len() > MAX_STORED {
            self.0.remove(0);
        }
    }

    pub(super) fn take(&mut self, chain: ChainNumber, number: u32) -> Option<MessageKey> {
        let at = self
            .0
            .iter()
            .position(|kept| kept.chain == chain && kept.number == number)?;
        Some(self.0.remove(at).key)
    }

    pub(super) fn forget_chain(&mut self, chain: ChainNumber) {
        self.0.retain(|kept| kept.chain != chain);
    }

    pub(super) fn forget_old(&mut self, now: Time) {
        self.0.retain(|kept| now.seconds_since(kept.since) <= MAX_AGE);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        for kept in &self.0 {
            writer
                .u32(kept.chain.0)
                .u32(kept.number)
                .u64(kept.since.as_unix_seconds());
            writer.put(kept.key.expose_octets());
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
        if count > MAX_STORED {
            return Err(Malformed);
        }
        let mut kept = Vec::new();
        for _ in 0..count {
            kept.push(Skipped {
                chain: ChainNumber(reader.u32()?),
                number: reader.u32()?,
                since: Time::from_unix_seconds(reader.u64()?),
                key: MessageKey::from_octets(reader.array()?),
            });
        }
        Ok(Self(kept))
    }
}

impl Duplicate for SkippedKeys {
    fn duplicate(&self) -> Self {
        let copy = |kept: &Skipped| Skipped {
            chain: kept.chain,
            number: kept.number,
            since: kept.since,
            key: kept.key.duplicate(),
        };
        Self(self.0.iter().map(copy).collect())
    }
}

/// Keys in all: two full gaps. 2,000 keys are about 100 KB of state.
pub(super) const MAX_STORED: usize = 2000;
/// 35 days in seconds: an item lives at most 30 days at a relay, and a few more wherever it is delayed.
const MAX_AGE: u64 = 35 * 24 * 3600;
