//! The one thread that writes the store. Spec: `spec/relay.md`, durability.
//!
//! It takes what waits, up to 64 operations or 1 MiB, makes it durable with one sync, and says so. When
//! nothing waits it goes at once with what it has: no timer fills a group. After any fault it stops for
//! good, so nothing is ever promised that isn't on the disk.

use crate::mailbox::Ticket;
use crate::store::{Batch, Store, StoreFault};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// The way to the committer.
#[derive(Clone, Debug)]
pub(crate) struct Commits(Sender<(Ticket, Batch)>);

impl Commits {
    /// Sends a batch on its way; false if the committer has stopped.
    pub(crate) fn send(&self, ticket: Ticket, batch: Batch) -> bool {
        self.0.send((ticket, batch)).is_ok()
    }
}

/// A committer that isn't running yet.
#[derive(Debug)]
pub(crate) struct Committer<S> {
    store: S,
    waiting: Receiver<(Ticket, Batch)>,
}

impl<S: Store> Committer<S> {
    /// A committer of a store, and the way to it. It ends when all ways to it are gone.
    pub(crate) fn new(store: S) -> (Commits, Self) {
        let (sender, waiting) = channel();
        (Commits(sender), Self { store, waiting })
    }

    /// Runs on a thread of its own. `done` hears of each group that is durable, `failed` of the fault that
    /// ended it all.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(
        self,
        mut done: impl FnMut(Ticket) + Send + 'static,
        failed: impl FnOnce(StoreFault) + Send + 'static,
    ) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || {
                if let Err(fault) = self.run(&mut done) {
                    failed(fault);
                }
            })
    }

    // spec: relay-2
    // spec: msg-2
    fn run(self, done: &mut impl FnMut(Ticket)) -> Result<(), StoreFault> {
        while let Ok((mut last, mut group)) = self.waiting.recv() {
            while group.ops().len() < GROUP_OPS
                && group.len_octets() < GROUP_OCTETS
                && let Ok((ticket, batch)) = self.waiting.try_recv()
            {
                group.append(batch);
                last = ticket;
            }
            self.write(&group)?;
            done(last);
        }
        Ok(())
    }

    /// sled reports some faults by a panic; that ends it like any other.
    fn write(&self, group: &Batch) -> Result<(), StoreFault> {
        let written = catch_unwind(AssertUnwindSafe(|| {
            self.store.apply(group)?;
            self.store.sync()
        }));
        written.unwrap_or(Err(StoreFault::Damaged))
    }
}

/// Operations in one group: enough that a sync costs each of them little.
const GROUP_OPS: usize = 64;
/// Octets in one group: what a slow disk takes in a few milliseconds.
const GROUP_OCTETS: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
