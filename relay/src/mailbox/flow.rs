//! One connection of an owner: which boxes it has, and what is on its way. `spec/sip-checklist.md` M6; RFC 5626.

use super::io::Delivery;
use crate::limits::{BACKOFF_MAX, BACKOFF_MIN, OPEN_OCTETS_PER_FLOW};
use sipher_wire::limits::OPEN_DELIVERIES;
use sipher_wire::{BoxId, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// An owner's connection.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    boxes: BTreeSet<BoxId>,
    /// Boxes that have something to hand out, each once.
    ready: VecDeque<BoxId>,
    open: BTreeMap<Delivery, usize>,
    open_octets: usize,
    resting: Option<Resting>,
}

/// After an item wasn't kept.
#[derive(Clone, Copy, Debug)]
struct Resting {
    until: Time,
    wait: Duration,
}

impl Flow {
    /// Gives a box to this connection.
    pub(crate) fn attach(&mut self, id: BoxId) {
        self.boxes.insert(id);
    }

    /// Takes a box away. True if the connection has no other.
    pub(crate) fn detach(&mut self, id: &BoxId) -> bool {
        self.boxes.remove(id);
        self.ready.retain(|other| other != id);
        self.boxes.is_empty() && self.open.is_empty()
    }

    /// The boxes of this connection.
    pub(crate) fn boxes(&self) -> impl Iterator<Item = &BoxId> {
        self.boxes.iter()
    }

    /// A box has something to hand out.
    pub(crate) fn has_ready(&mut self, id: BoxId) {
        if !self.ready.contains(&id) {
            self.ready.push_back(id);
        }
    }

    /// The next box to hand out from, if another item may be on its way at `now`.
    pub(crate) fn next_box(&mut self, now: Time) -> Option<BoxId> {
        let resting = self.resting.is_some_and(|resting| now < resting.until);
        let room = self.open.len() < OPEN_DELIVERIES && self.open_octets < OPEN_OCTETS_PER_FLOW;
        if room && !resting {
            self.ready.pop_front()
        } else {
            None
        }
    }

    /// An item is on its way.
    pub(crate) fn opened(&mut self, delivery: Delivery, octets: usize) {
        self.open.insert(delivery, octets);
        self.open_octets += octets;
    }

    /// An item is no longer on its way.
    pub(crate) fn settled(&mut self, delivery: &Delivery) {
        self.open_octets -= self.open.remove(delivery).unwrap_or(0);
    }

    /// An item was kept: the owner is well.
    pub(crate) fn recovered(&mut self) {
        self.resting = None;
    }

    /// An item wasn't kept. Gives the time at which to try again.
    pub(crate) fn rest(&mut self, now: Time) -> Time {
        if let Some(resting) = self.resting.filter(|resting| now < resting.until) {
            return resting.until;
        }
        let wait = self
            .resting
            .map_or(BACKOFF_MIN, |resting| (resting.wait * 2).min(BACKOFF_MAX));
        let until = now + wait;
        self.resting = Some(Resting { until, wait });
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: &str) -> BoxId {
        BoxId::parse(letter.repeat(26).as_bytes()).unwrap()
    }

    // spec: relay-8
    #[test]
    fn m6_at_most_sixteen_items_and_a_bounded_number_of_octets_are_open() {
        let mut flow = Flow::default();
        for number in 0..16 {
            flow.has_ready(id("a"));
            assert!(flow.next_box(Time::default()).is_some());
            flow.opened(
                Delivery {
                    from: id("a"),
                    number,
                },
                1024,
            );
        }
        flow.has_ready(id("a"));
        assert!(flow.next_box(Time::default()).is_none());
        flow.settled(&Delivery {
            from: id("a"),
            number: 3,
        });
        assert!(flow.next_box(Time::default()).is_some());

        let mut flow = Flow::default();
        flow.opened(
            Delivery {
                from: id("a"),
                number: 1,
            },
            OPEN_OCTETS_PER_FLOW,
        );
        flow.has_ready(id("a"));
        assert!(flow.next_box(Time::default()).is_none());
    }

    #[test]
    fn m6_a_flow_rests_longer_each_time_and_not_after_it_kept_something() {
        let mut flow = Flow::default();
        let mut now = Time::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            let until = flow.rest(now);
            assert_eq!(flow.rest(now), until, "items that fail together rest once");
            waits.push(until.since(now));
            now = until;
        }
        assert_eq!(waits.first(), Some(&BACKOFF_MIN));
        assert_eq!(waits.last(), Some(&BACKOFF_MAX));
        flow.recovered();
        assert_eq!(flow.rest(now).since(now), BACKOFF_MIN);
    }

    #[test]
    fn boxes_take_turns() {
        let mut flow = Flow::default();
        flow.has_ready(id("a"));
        flow.has_ready(id("b"));
        flow.has_ready(id("a"));
        let turns: Vec<_> = std::iter::from_fn(|| flow.next_box(Time::default())).collect();
        assert_eq!(turns, [id("a"), id("b")]);
    }
}
