//! One connection of the watcher, as the relay sees it.

use super::{Flaw, Goodbye};

/// A frame in the queue of a connection's writer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Frame {
    /// A NOTIFY; which value it carries changes nothing here.
    Notify,
    /// Nothing on the wire: when the writer comes to it, all before it has left.
    Barrier,
}

/// The NOTIFY of a subscription that has no acknowledgement yet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Flight {
    /// None.
    None,
    /// It stands in the writer's queue.
    Queued,
    /// It left.
    Left,
}

/// A subscription in the relay's memory.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Subscription {
    pub(super) flight: Flight,
    /// A newer value waits for the acknowledgement.
    pub(super) waiting: bool,
}

/// One connection of the watcher.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Connection {
    /// The grant was proved here before.
    pub(super) authorized: bool,
    /// A SUBSCRIBE found its grant and is about to be registered.
    pub(super) looked_up: bool,
    pub(super) subscription: Option<Subscription>,
    pub(super) frames: Vec<Frame>,
}

impl Connection {
    pub(super) fn fresh() -> Self {
        Self {
            authorized: false,
            looked_up: false,
            subscription: None,
            frames: Vec::new(),
        }
    }

    pub(super) fn push(&mut self) {
        match &mut self.subscription {
            Some(subscription) if subscription.flight == Flight::None => {
                subscription.flight = Flight::Queued;
                self.frames.push(Frame::Notify);
            }
            Some(subscription) => subscription.waiting = true,
            None => {}
        }
    }

    pub(super) fn holds_barrier(&self) -> bool {
        self.frames.contains(&Frame::Barrier)
    }

    /// What the deletion does in memory once it is on disk.
    pub(super) fn end_subscription(&mut self, goodbye: Goodbye, flaw: Flaw) {
        let last = (goodbye == Goodbye::Notify && self.subscription.is_some()).then_some(Frame::Notify);
        if flaw != Flaw::KeepsAuthorization {
            self.authorized = false;
        }
        if flaw != Flaw::KeepsSubscription {
            self.subscription = None;
        }
        if flaw == Flaw::NotifiesBehindBarrier {
            self.frames.push(Frame::Barrier);
            self.frames.extend(last);
        } else {
            self.frames.extend(last);
            self.frames.push(Frame::Barrier);
        }
    }
}
