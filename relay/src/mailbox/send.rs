//! MESSAGE: an item for a queue. Spec: `spec/relay.md`, queues; `spec/sip-checklist.md` M1 to M6; RFC 3428.

use super::io::{Answer, Claim, NewItem};
use super::queue::ItemHash;
use super::record::ItemRecord;
use super::{Asker, Mailbox};
use crate::limits::KEPT_MAX_SECS;
use crate::store::{Batch, Key, Store, StoreFault};
use sha2::{Digest, Sha256};
use sipher_wire::sip::CallId;
use sipher_wire::{BoxId, GrantId, Right, Time, Treatment};
use std::time::Duration;

impl<S: Store> Mailbox<S> {
    /// Accepts an item, hands it to the owner if he is here, and answers once it is durable.
    pub(crate) fn send(
        &mut self,
        now: Time,
        asker: Asker,
        (id, claim): (BoxId, Claim),
        item: NewItem,
    ) -> Result<(), StoreFault> {
        if self.pending.is_full() {
            self.reply(asker, Answer::Overloaded);
            return Ok(());
        }
        let Some(grant) = self.permit(now, &id, &claim, Right::Write)? else {
            self.reply(asker, Answer::Refused);
            return Ok(());
        };
        let hash = item_hash(&grant.key.id(), &item.call_id);
        self.boxes.find(&self.store, &self.pending, &id)?;
        let Some(queue) = self.boxes.queue_mut(&id) else {
            self.reply(asker, Answer::Refused);
            return Ok(());
        };
        let after_last = queue.last_number().map_or(0, |last| last + 1);
        if let Some(number) = queue.number_of(&hash) {
            self.answer_again(asker, &Key::of_item(&id, number, &hash));
            return Ok(());
        }
        if !self
            .boxes
            .get_mut(&id)
            .and_then(|state| state.grant_mut(&grant.key))
            // spec: grant-3
            .is_some_and(|held| held.spend(now))
        {
            self.reply(asker, Answer::Spent);
            return Ok(());
        }
        let number = (now.as_millis() << NUMBER_SHIFT)
            .max(self.last_number + 1)
            .max(after_last);
        self.last_number = number;
        match grant.treatment {
            Treatment::Deliver => self.keep(now, asker, (id, number, hash), item),
            Treatment::Sink => {
                self.sink(asker, Key::of_item(&id, number, &hash), item);
                Ok(())
            }
        }
    }

    /// Keeps an item for the owner, who may get it before it is durable; the sender's answer waits.
    fn keep(
        &mut self,
        now: Time,
        asker: Asker,
        (id, number, hash): (BoxId, u64, ItemHash),
        item: NewItem,
    ) -> Result<(), StoreFault> {
        if let Some(queue) = self.boxes.queue_mut(&id) {
            // spec: relay-3
            queue.push(number, hash);
        }
        let ticket = self.commit(written(&Key::of_item(&id, number, &hash), now, item));
        // spec: queue-1
        self.holds.until_durable(ticket, asker, Answer::Accepted);
        self.make_ready(now, &id)
    }

    /// Accepts an item and drops it. It takes the same way to the disk, or the time of the answer would tell.
    /// It has expired already, so that a crash before it is deleted shows it to nobody.
    // spec: grant-5
    fn sink(&mut self, asker: Asker, key: Key, item: NewItem) {
        let item = NewItem {
            lifetime_secs: Some(0),
            ..item
        };
        let ticket = self.commit(written(&key, Time::default(), item));
        self.holds.until_durable(ticket, asker, Answer::Accepted);
        self.sunk.push_back((ticket, key));
    }

    /// An item that is here already gets the answer of the first, no sooner than that one.
    // spec: queue-4
    fn answer_again(&mut self, asker: Asker, key: &Key) {
        match self.pending.ticket_of(key) {
            Some(ticket) => self.holds.until_durable(ticket, asker, Answer::Accepted),
            None => self.reply(asker, Answer::Accepted),
        }
    }
}

fn written(key: &Key, now: Time, item: NewItem) -> Batch {
    let lifetime = item.lifetime_secs.unwrap_or(KEPT_MAX_SECS).min(KEPT_MAX_SECS);
    let expires = now + Duration::from_secs(u64::from(lifetime));
    let mut batch = Batch::new();
    batch.put(
        key.clone(),
        ItemRecord {
            expires,
            call_id: item.call_id,
            body: item.body,
        }
        .encode(),
    );
    batch
}

/// Ids are unique under their grant alone, so that nobody can try out another's.
fn item_hash(grant: &GrantId, call_id: &CallId) -> ItemHash {
    let mut hash = Sha256::new();
    hash.update(grant.as_octets());
    hash.update(call_id.as_str());
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// Numbers are milliseconds with room for 65,536 items in each, so that they rise over restarts too.
const NUMBER_SHIFT: u32 = 16;
