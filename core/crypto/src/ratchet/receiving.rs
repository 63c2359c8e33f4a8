//! The half of a session that receives. Spec: ratchet, "Receiving".
//!
//! Headers are tried under the current chain's key, the next chain's, then those of at most eight old chains. At
//! most 1,000 numbers of a chain are skipped at once, and only on a copy that is thrown away unless the body opens.

use alloc::collections::VecDeque;

use super::chain::Chain;
use super::envelope::Parts;
use super::header::{Context, Header};
use super::root::{self, Mixed, NOTHING_MIXED};
use super::skipped::SkippedKeys;
use super::used::{Mark, Used, Verdict};
use crate::dh::{DhPublic, DhSecret};
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{Duplicate, HeaderKey, MessageKey, RootKey};
use crate::time::Time;
use crate::witness::Witness;

/// Counts the peer's chains, so that old keys know theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChainNumber(pub(super) u32);

/// The peer's ratchet key, his chain, and what is left of older ones.
pub(super) struct Receiving {
    peer: Option<DhPublic>,
    chain: Option<Chain>,
    number: ChainNumber,
    next_header: HeaderKey,
    old: VecDeque<OldChain>,
    skipped: SkippedKeys,
    used: Used,
}

/// A chain that ended, for messages that were delayed.
struct OldChain {
    number: ChainNumber,
    len: u32,
    dh: DhPublic,
    mixed_epoch: u32,
    header_key: HeaderKey,
}

/// What a header under the key of a known chain must agree with.
struct KnownChain {
    number: ChainNumber,
    dh: DhPublic,
    mixed_epoch: u32,
    next: u32,
    /// Of a chain that ended.
    len: Option<u32>,
}

/// The chain whose header key opened a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Current,
    Next,
    Old(ChainNumber),
}

/// What there is for a message's number.
pub(super) enum Key {
    /// Its key, taken out.
    Fresh(ChainNumber, MessageKey),
    /// No key any more.
    Gone(ChainNumber),
    /// None ever: only a peer who went back to an older state says so.
    Contradiction(ChainNumber),
}

impl Receiving {
    pub(super) fn of_initiator(next_header: HeaderKey) -> Self {
        Self::new(None, next_header)
    }

    pub(super) fn of_responder(ephemeral: DhPublic, next_header: HeaderKey) -> Self {
        Self::new(Some(ephemeral), next_header)
    }

    fn new(peer: Option<DhPublic>, next_header: HeaderKey) -> Self {
        Self {
            peer,
            chain: None,
            number: ChainNumber(0),
            next_header,
            old: VecDeque::new(),
            skipped: SkippedKeys::default(),
            used: Used::default(),
        }
    }

    /// The peer's ratchet key, unknown to an initiator before he was answered.
    pub(super) const fn peer(&self) -> Option<&DhPublic> {
        self.peer.as_ref()
    }

    #[cfg(test)]
    /// Keys that are kept for messages that haven't come.
    pub(super) fn skipped_len(&self) -> usize {
        self.skipped.len()
    }

    /// Finds the chain that a header belongs to: at most ten trials.
    // spec: ratchet-6
    pub(super) fn open_header(&self, parts: &Parts<'_>, context: &Context) -> Option<(Place, Header)> {
        let open = |key: &HeaderKey| Header::open(key, &parts.nonce, context, parts.header);
        let current = self.chain.as_ref().and_then(|chain| open(&chain.header_key));
        current
            .map(|header| (Place::Current, header))
            .or_else(|| open(&self.next_header).map(|header| (Place::Next, header)))
            .or_else(|| {
                let mut old = self.old.iter().rev();
                old.find_map(|old| open(&old.header_key).map(|header| (Place::Old(old.number), header)))
            })
    }

    /// The key of a message whose header belongs to the current or an old chain.
    pub(super) fn key_of(
        &mut self,
        place: Place,
        header: &Header,
        now: Time,
        witness: &mut dyn Witness,
    ) -> Result<Key, Malformed> {
        let known = self.known_chain(place).ok_or(Malformed)?;
        // spec: ratchet-10
        if known.dh != header.dh {
            return Ok(Key::Contradiction(known.number));
        }
        if known.mixed_epoch != header.mixed_epoch {
            return Err(Malformed);
        }
        if known.len.is_some_and(|len| header.number >= len) {
            return Ok(Key::Contradiction(known.number));
        }
        let number = known.number;
        if known.len.is_some() || header.number < known.next {
            return Ok(self.kept_key(number, header.number));
        }
        self.skip_to(header.number, now, witness)?;
        let (_, key) = self
            .chain
            .as_mut()
            .and_then(|chain| chain.advance(witness))
            .ok_or(Malformed)?;
        Ok(Key::Fresh(number, key))
    }

    /// What is known of the chain whose header key opened a header.
    fn known_chain(&self, place: Place) -> Option<KnownChain> {
        let Place::Old(number) = place else {
            let chain = self.chain.as_ref()?;
            return Some(KnownChain {
                number: self.number,
                dh: self.peer?,
                mixed_epoch: chain.mixed_epoch,
                next: chain.next(),
                len: None,
            });
        };
        let old = self.old.iter().find(|old| old.number == number)?;
        Some(KnownChain {
            number,
            dh: old.dh,
            mixed_epoch: old.mixed_epoch,
            next: old.len,
            len: Some(old.len),
        })
    }

    /// Whether a header that begins a chain says less of the chain before than was read of it: what only a peer
    /// says who went back to an older state.
    pub(super) fn is_contradicted_by(&self, header: &Header) -> bool {
        self.chain
            .as_ref()
            .is_some_and(|chain| header.previous_len < chain.next())
    }

    /// The receiving half of a DH step, for a header under the next key. Returns the new root.
    pub(super) fn begin_chain(
        &mut self,
        header: &Header,
        own: &DhSecret,
        (root, mixed): (&RootKey, Option<&Mixed>),
        now: Time,
        witness: &mut dyn Witness,
    ) -> Result<RootKey, Malformed> {
        if self
            .chain
            .as_ref()
            .is_some_and(|chain| header.previous_len > chain.next())
        {
            self.skip_to(header.previous_len, now, witness)?;
        }
        let shared = own.agree(&header.dh).map_err(|_| Malformed)?;
        let step = root::step(root, &shared, mixed, witness);
        let header_key = core::mem::replace(&mut self.next_header, step.next_header);
        let mixed_epoch = mixed.map_or(NOTHING_MIXED, |mixed| mixed.epoch);
        let before = self.peer.replace(header.dh);
        let ended = self
            .chain
            .replace(Chain::new(header_key, mixed_epoch, step.chain));
        if let (Some(ended), Some(dh)) = (ended, before) {
            self.keep(ended, dh);
        }
        self.number = ChainNumber(self.number.0.checked_add(1).ok_or(Malformed)?);
        Ok(step.root)
    }

    pub(super) fn verdict(&self, chain: ChainNumber, number: u32, mark: Mark) -> Verdict {
        self.used.verdict(chain, number, mark)
    }

    pub(super) fn remember(&mut self, chain: ChainNumber, number: u32, mark: Mark) {
        self.used.remember(chain, number, mark);
    }

    pub(super) fn forget_old(&mut self, now: Time) {
        self.skipped.forget_old(now);
    }

    fn kept_key(&mut self, chain: ChainNumber, number: u32) -> Key {
        match self.skipped.take(chain, number) {
            Some(key) => Key::Fresh(chain, key),
            None => Key::Gone(chain),
        }
    }

    /// Stores the keys of all numbers before `number`.
    fn skip_to(&mut self, number: u32, now: Time, witness: &mut dyn Witness) -> Result<(), Malformed> {
        let chain = self.chain.as_mut().ok_or(Malformed)?;
        let missing = number.checked_sub(chain.next()).ok_or(Malformed)?;
        // spec: ratchet-7
        if missing > MAX_SKIP {
            return Err(Malformed);
        }
        for _ in 0..missing {
            let (skipped, key) = chain.advance(witness).ok_or(Malformed)?;
            self.skipped.store(self.number, skipped, now, key);
        }
        Ok(())
    }

    fn keep(&mut self, ended: Chain, dh: DhPublic) {
        self.old.push_back(OldChain {
            number: self.number,
            len: ended.next(),
            dh,
            mixed_epoch: ended.mixed_epoch,
            header_key: ended.into_header_key(),
        });
        if self.old.len() > MAX_OLD_CHAINS
            && let Some(forgotten) = self.old.pop_front()
        {
            self.skipped.forget_chain(forgotten.number);
            self.used.forget_chain(forgotten.number);
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.optional(self.peer.as_ref(), |writer, peer| {
            writer.put(peer.as_octets());
        });
        writer.optional(self.chain.as_ref(), |writer, chain| chain.write(writer));
        writer.u32(self.number.0).put(self.next_header.expose_octets());
        writer.u32(u32::try_from(self.old.len()).unwrap_or(u32::MAX));
        for old in &self.old {
            writer
                .u32(old.number.0)
                .u32(old.len)
                .put(old.dh.as_octets())
                .u32(old.mixed_epoch)
                .put(old.header_key.expose_octets());
        }
        self.skipped.write(writer);
        self.used.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let peer = reader.optional(|reader| reader.array().copied().map(DhPublic::from_octets))?;
        let chain = reader.optional(Chain::read)?;
        let number = ChainNumber(reader.u32()?);
        let next_header = HeaderKey::from_octets(reader.array()?);
        let count = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
        if count > MAX_OLD_CHAINS {
            return Err(Malformed);
        }
        let mut old = VecDeque::new();
        for _ in 0..count {
            old.push_back(OldChain {
                number: ChainNumber(reader.u32()?),
                len: reader.u32()?,
                dh: DhPublic::from_octets(*reader.array()?),
                mixed_epoch: reader.u32()?,
                header_key: HeaderKey::from_octets(reader.array()?),
            });
        }
        let (skipped, used) = (SkippedKeys::read(reader)?, Used::read(reader)?);
        Ok(Self {
            peer,
            chain,
            number,
            next_header,
            old,
            skipped,
            used,
        })
    }
}

impl Duplicate for Receiving {
    fn duplicate(&self) -> Self {
        let copy = |old: &OldChain| OldChain {
            number: old.number,
            len: old.len,
            dh: old.dh,
            mixed_epoch: old.mixed_epoch,
            header_key: old.header_key.duplicate(),
        };
        Self {
            peer: self.peer,
            chain: self.chain.as_ref().map(Duplicate::duplicate),
            number: self.number,
            next_header: self.next_header.duplicate(),
            old: self.old.iter().map(copy).collect(),
            skipped: self.skipped.duplicate(),
            used: self.used.duplicate(),
        }
    }
}

/// Numbers of one chain that are skipped at once: more than a relay's queue holds for one grant.
pub(super) const MAX_SKIP: u32 = 1000;
/// Old chains whose header keys are tried: with the current and the next one, ten trials an envelope.
const MAX_OLD_CHAINS: usize = 8;
const _: () = assert!(MAX_OLD_CHAINS + 2 == 10, "the bound of the specification");
