//! Handing items to their owner. Spec: `spec/relay.md`, queues; `spec/sip-checklist.md` M6; RFC 5626.

use super::io::{ConnId, Delivery, Handover, Outcome, Output};
use super::record::ItemRecord;
use super::timers::Timer;
use super::{Flow, Mailbox};
use crate::store::{Batch, Key, Store, StoreFault};
use sipher_wire::{BoxId, Time};

impl<S: Store> Mailbox<S> {
    /// A queue may have something to hand out: to its owner, if he is here.
    pub(crate) fn make_ready(&mut self, now: Time, id: &BoxId) -> Result<(), StoreFault> {
        let Some(queue) = self.boxes.queue_mut(id) else {
            return Ok(());
        };
        let Some(conn) = queue.bound.as_ref().map(|bound| bound.conn) else {
            return Ok(());
        };
        if queue.is_ready()
            && let Some(flow) = self.flows.get_mut(&conn)
        {
            flow.has_ready(*id);
        }
        self.pump(now, conn)
    }

    /// Hands out as much as a connection may have on its way.
    // spec: reg-2
    // spec: reg-3
    pub(crate) fn pump(&mut self, now: Time, conn: ConnId) -> Result<(), StoreFault> {
        while let Some(id) = self.flows.get_mut(&conn).and_then(|flow| flow.next_box(now)) {
            self.hand_out(now, conn, &id)?;
        }
        Ok(())
    }

    /// Hands out the next item of a queue.
    fn hand_out(&mut self, now: Time, conn: ConnId, id: &BoxId) -> Result<(), StoreFault> {
        let Some(queue) = self.boxes.queue_mut(id) else {
            return Ok(());
        };
        let Some(contact) = queue
            .bound
            .as_ref()
            .filter(|b| b.conn == conn)
            .map(|b| b.binding.contact.clone())
        else {
            return Ok(());
        };
        let Some(item) = queue.hand_out(conn) else {
            return Ok(());
        };
        let key = Key::of_item(id, item.number, &item.hash);
        let record = self
            .pending
            .get(&self.store, &key)?
            .map(ItemRecord::decode)
            .transpose()?;
        match record.filter(|record| now < record.expires) {
            None => {
                queue.remove(item.number);
                let mut batch = Batch::new();
                batch.delete(key);
                self.pending.commit(batch, &mut self.out);
            }
            Some(record) => {
                let delivery = Delivery {
                    from: *id,
                    number: item.number,
                };
                if let Some(flow) = self.flows.get_mut(&conn) {
                    flow.opened(delivery, record.body.len());
                }
                let handover = Handover {
                    delivery,
                    contact,
                    call_id: record.call_id,
                    attempt: item.attempts,
                    body: record.body,
                };
                self.out.push_back(Output::Deliver(conn, handover));
            }
        }
        if self.boxes.queue_mut(id).is_some_and(|queue| queue.is_ready())
            && let Some(flow) = self.flows.get_mut(&conn)
        {
            flow.has_ready(*id);
        }
        Ok(())
    }

    /// Takes note of what became of an item.
    pub(crate) fn settle(
        &mut self,
        now: Time,
        conn: ConnId,
        delivery: Delivery,
        outcome: Outcome,
    ) -> Result<(), StoreFault> {
        if let Some(flow) = self.flows.get_mut(&conn) {
            flow.settled(&delivery);
        }
        self.boxes.find(&self.store, &self.pending, &delivery.from)?;
        let Some(queue) = self.boxes.queue_mut(&delivery.from) else {
            return Ok(());
        };
        match outcome {
            // spec: queue-2
            Outcome::Kept => {
                if let Some(flow) = self.flows.get_mut(&conn) {
                    flow.recovered();
                }
                if let Some(item) = queue.remove(delivery.number) {
                    let mut batch = Batch::new();
                    batch.delete(Key::of_item(&delivery.from, item.number, &item.hash));
                    self.pending.commit(batch, &mut self.out);
                }
            }
            Outcome::Failed => {
                let here = queue.take_back(delivery.number, conn);
                if here && let Some(flow) = self.flows.get_mut(&conn) {
                    flow.has_ready(delivery.from);
                    let again = flow.rest(now);
                    self.timers.set(Timer::Flow(conn), again);
                }
            }
        }
        Ok(())
    }

    /// Takes a box from the connection that has it; what was on its way there is to be handed out again.
    pub(crate) fn unbind(&mut self, id: &BoxId) {
        let Some(queue) = self.boxes.queue_mut(id) else {
            return;
        };
        let Some(bound) = queue.bound.take() else { return };
        queue.take_all_back();
        self.timers.cancel(Timer::Binding(*id));
        if self
            .flows
            .get_mut(&bound.conn)
            .is_some_and(|flow| flow.detach(id))
        {
            self.drop_flow(bound.conn);
        }
    }

    /// Takes all boxes from a connection that is gone.
    pub(crate) fn unbind_all(&mut self, conn: ConnId) {
        let Some(flow) = self.flows.remove(&conn) else {
            return;
        };
        self.timers.cancel(Timer::Flow(conn));
        for id in flow.boxes() {
            let Some(queue) = self.boxes.queue_mut(id) else {
                continue;
            };
            queue.bound = None;
            queue.take_all_back();
            self.timers.cancel(Timer::Binding(*id));
        }
    }

    /// Ends a binding whose time has come.
    pub(crate) fn expire_binding(&mut self, now: Time, id: &BoxId) {
        let ended = |queue: &mut super::queue::Queue| queue.bound.as_ref().is_some_and(|b| b.ends <= now);
        if self.boxes.queue_mut(id).is_some_and(ended) {
            self.unbind(id);
        }
    }

    /// The flow of a connection, which begins with its first box.
    pub(crate) fn flow_of(&mut self, conn: ConnId) -> &mut Flow {
        self.flows.entry(conn).or_default()
    }

    fn drop_flow(&mut self, conn: ConnId) {
        self.flows.remove(&conn);
        self.timers.cancel(Timer::Flow(conn));
    }
}
