//! What was opened lately, to tell a repeated item from a peer that was rolled back. Spec: ratchet, "Replay".
//!
//! A mark is made of nonce and sealed header, not of the whole envelope: those two only a holder of the header key
//! can make, whereas anybody can put another body behind them. So a relay can replay, but it can't make it look
//! as if the peer had used a number twice.

use alloc::collections::VecDeque;

use super::envelope::Parts;
use super::receiving::ChainNumber;
use crate::encoding::{Malformed, Reader, Writer};
use crate::hash::sha256_prefix;
use crate::secret::Duplicate;

/// The newest [`MAX_MARKS`] messages that were opened, or that showed a roll-back.
#[derive(Default)]
pub(super) struct Used(VecDeque<Marked>);

#[derive(Clone, Copy)]
struct Marked {
    chain: ChainNumber,
    number: u32,
    mark: Mark,
}

/// Tells nonce and header of one envelope from those of another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u8; 8]);

impl Mark {
    // spec: ratchet-14
    pub(super) fn of(parts: &Parts<'_>) -> Self {
        Self(sha256_prefix(&[parts.nonce.as_octets(), parts.header]))
    }
}

/// What the memory says of a number whose key is gone.
pub(super) enum Verdict {
    /// This very item was seen.
    Seen,
    /// Another item had this number.
    Contradicted,
    /// Too long ago to say.
    Unknown,
}

impl Used {
    pub(super) fn remember(&mut self, chain: ChainNumber, number: u32, mark: Mark) {
        if self.0.len() >= MAX_MARKS {
            self.0.pop_front();
        }
        self.0.push_back(Marked { chain, number, mark });
    }

    pub(super) fn verdict(&self, chain: ChainNumber, number: u32, mark: Mark) -> Verdict {
        let mut verdict = Verdict::Unknown;
        for used in self
            .0
            .iter()
            .filter(|used| used.chain == chain && used.number == number)
        {
            if used.mark == mark {
                return Verdict::Seen;
            }
            verdict = Verdict::Contradicted;
        }
        verdict
    }

    pub(super) fn forget_chain(&mut self, chain: ChainNumber) {
        self.0.retain(|used| used.chain != chain);
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u32(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        for used in &self.0 {
            writer.u32(used.chain.0).u32(used.number).put(&used.mark.0);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
        if count > MAX_MARKS {
            return Err(Malformed);
        }
        let mut used = VecDeque::new();
        for _ in 0..count {
            used.push_back(Marked {
                chain: ChainNumber(reader.u32()?),
                number: reader.u32()?,
                mark: Mark(*reader.array()?),
            });
        }
        Ok(Self(used))
    }
}

impl Duplicate for Used {
    fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A peer who was rolled back by more messages than this is noticed when he comes within reach of it: his numbers
/// go up. 256 marks are 4 KB of state.
const MAX_MARKS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ChainNumber = ChainNumber(1);
    const TWO: ChainNumber = ChainNumber(2);

    fn full() -> Used {
        let mut used = Used::default();
        for number in 0..=u32::try_from(MAX_MARKS).unwrap() {
            used.remember(if number % 2 == 0 { ONE } else { TWO }, number, Mark([7; 8]));
        }
        used
    }

    fn is_unknown(used: &Used, chain: ChainNumber, number: u32) -> bool {
        matches!(used.verdict(chain, number, Mark([7; 8])), Verdict::Unknown)
    }

    #[test]
    fn the_newest_256_marks_are_kept_and_stored() {
        let used = full();
        assert!(is_unknown(&used, ONE, 0) && !is_unknown(&used, TWO, 1));
        let mut writer = Writer::with_capacity(0);
        used.write(&mut writer);
        let stored = writer.finish();
        let read = Used::read(&mut Reader::new(&stored)).unwrap();
        assert_eq!(read.0.len(), MAX_MARKS);
        assert!(!is_unknown(&read, TWO, 1));

        let mut longer = [&stored[..], &[0; 16]].concat();
        longer[..4].copy_from_slice(&257_u32.to_be_bytes());
        assert!(Used::read(&mut Reader::new(&longer)).is_err());
    }

    #[test]
    fn a_chain_is_forgotten_alone() {
        let mut used = full();
        used.forget_chain(ONE);
        assert!(is_unknown(&used, ONE, 2) && !is_unknown(&used, TWO, 1));
    }

    #[test]
    fn another_mark_at_the_same_place_is_a_contradiction() {
        let used = full();
        assert!(matches!(used.verdict(TWO, 1, Mark([7; 8])), Verdict::Seen));
        assert!(matches!(
            used.verdict(TWO, 1, Mark([8; 8])),
            Verdict::Contradicted
        ));
        assert!(matches!(used.verdict(ONE, 1, Mark([8; 8])), Verdict::Unknown));
    }
}
