//! One input's worth of work: what may be used, and what comes of it. Spec: `spec/client.md`, steps.
//!
//! All changes of one input are one batch, and it stands before everything else that the input causes. Values that
//! are held in memory are only marked as touched and written at the end, once each.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use sipher_wire::{BoxId, Time};
use zeroize::Zeroizing;

use crate::ask::AskId;
use crate::buddy::BuddyId;
use crate::invite::InvitationId;
use crate::io::{Event, Output};
use crate::record;
use crate::store::{Batch, Key, Kind, Op, Scanned, Snapshot, StoreFault};

/// A value in memory whose record has to be written.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Touched {
    Account,
    Invitation(InvitationId),
    Buddy(BuddyId),
    Closing(BoxId),
    Ask(AskId),
}

/// The work of one input.
pub(crate) struct Step<'a> {
    pub(crate) now: Time,
    pub(crate) rng: &'a mut dyn CryptoRng,
    store: &'a dyn Snapshot,
    batch: Batch,
    touched: BTreeSet<Touched>,
    effects: Vec<Output>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Time, store: &'a dyn Snapshot, rng: &'a mut dyn CryptoRng) -> Self {
        Self {
            now,
            rng,
            store,
            batch: Batch::new(),
            touched: BTreeSet::new(),
            effects: Vec::new(),
        }
    }

    /// Reads a record as it will be after this step.
    pub(crate) fn get(&self, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        match self.batch.change_of(key) {
            Some(Op::Put(_, value)) => Ok(Some(value.clone())),
            Some(Op::Delete(_)) => Ok(None),
            None => self.store.get(key),
        }
    }

    /// Records of a group as they were before this step.
    pub(crate) fn scan(
        &self,
        kind: Kind,
        group: &[u8],
        from: u64,
        limit: usize,
    ) -> Result<Vec<Scanned>, StoreFault> {
        self.store.scan(kind, Some(group), from, limit)
    }

    /// Writes a record that isn't held in memory.
    pub(crate) fn put(&mut self, key: Key, value: &impl minicbor::Encode<()>) {
        self.batch.put(key, record::write(value));
    }

    /// The same for octets that are no secret.
    pub(crate) fn put_octets(&mut self, key: Key, octets: &[u8]) {
        self.batch.put(key, Zeroizing::new(octets.to_vec()));
    }

    /// Removes a record that isn't held in memory.
    pub(crate) fn delete(&mut self, key: Key) {
        self.batch.delete(key);
    }

    /// Marks a value in memory as changed.
    pub(crate) fn touch(&mut self, what: Touched) {
        self.touched.insert(what);
    }

    /// What was marked, for writing.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<Touched> {
        core::mem::take(&mut self.touched)
    }

    /// The batch, for writing what was marked.
    pub(crate) fn batch_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Something to do once the batch is durable.
    pub(crate) fn push(&mut self, effect: Output) {
        self.effects.push(effect);
    }

    /// Something to tell once the batch is durable.
    pub(crate) fn tell(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    /// The randomness, for those who want to know its size.
    #[expect(
        clippy::mut_mut,
        reason = "the wire takes generators of a known size, and this one is dynamic"
    )]
    pub(crate) fn rng_sized(&mut self) -> &mut &'a mut dyn CryptoRng {
        &mut self.rng
    }

    /// A random time up to this span, to the millisecond.
    pub(crate) fn jitter(&mut self, span: core::time::Duration) -> core::time::Duration {
        let draw = f64::from(self.rng.next_u32()) / f64::from(u32::MAX);
        span.mul_f64(draw)
    }

    /// Ends the step: the batch, then everything else.
    pub(crate) fn finish(self) -> impl Iterator<Item = Output> {
        let batch = (!self.batch.is_empty()).then_some(Output::Persist(self.batch));
        batch.into_iter().chain(self.effects)
    }
}
