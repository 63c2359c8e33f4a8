//! Removing what has expired, a bounded part of the store at a time. Spec: `spec/relay.md`, store.

use super::Mailbox;
use super::record;
use super::timers::Timer;
use crate::limits::{SWEEP_EVERY, SWEEP_ROWS};
use crate::store::{Batch, Key, Prefix, Store, StoreFault, Visit};
use sipher_wire::Time;

/// Where the last look at the store ended.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    at: Option<Key>,
    over: Over,
}

/// The sorts of rows that expire.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Over {
    #[default]
    Items,
    Cells,
}

impl<S: Store> Mailbox<S> {
    /// Looks at some rows and deletes what has expired.
    pub(crate) fn sweep_some(&mut self, now: Time) -> Result<(), StoreFault> {
        self.timers.set(Timer::Sweep, now + SWEEP_EVERY);
        if self.pending.is_full() {
            return Ok(());
        }
        let prefix = match self.sweep.over {
            Over::Items => Prefix::items(),
            Over::Cells => Prefix::cells(),
        };
        let mut expired = Vec::new();
        let mut last = None;
        let mut fault = None;
        let mut rows = 0_usize;
        self.store
            .scan(&prefix, self.sweep.at.as_ref(), &mut |key, value| {
                match record::expiry(value) {
                    Ok(expires) if expires <= now => expired.push(Key::from_octets(key)),
                    Ok(_) => {}
                    Err(found) => fault = Some(found),
                }
                last = Some(Key::from_octets(key));
                rows += 1;
                if rows == SWEEP_ROWS || fault.is_some() {
                    Visit::Stop
                } else {
                    Visit::Next
                }
            })?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        if rows < SWEEP_ROWS {
            self.sweep.over = if self.sweep.over == Over::Items {
                Over::Cells
            } else {
                Over::Items
            };
            last = None;
        }
        self.sweep.at = last;
        self.remove_expired(now, expired);
        Ok(())
    }

    /// A row that changes right now is left to the next time: what the store showed is old.
    fn remove_expired(&mut self, now: Time, expired: Vec<Key>) {
        let mut batch = Batch::new();
        for key in expired
            .into_iter()
            .filter(|key| self.pending.ticket_of(key).is_none())
        {
            let Some(id) = Key::box_of(key.as_octets()) else {
                continue;
            };
            if let Some((number, _)) = Key::item_parts(key.as_octets()) {
                if let Some(queue) = self.boxes.queue_mut(&id) {
                    queue.remove(number);
                }
            } else if let Some(cell) = self.boxes.cell_mut(&id)
                && cell.current(now).is_none()
            {
                cell.value = None;
            }
            batch.delete(key);
        }
        if !batch.is_empty() {
            self.commit(batch);
        }
    }
}
