//! The one table of all that the mailbox does later.

use super::io::{ConnId, WatchId};
use sipher_wire::{BoxId, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Something to do at a time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Timer {
    /// A binding ends.
    Binding(BoxId),
    /// A flow may try again.
    Flow(ConnId),
    /// A subscription ends, or may be told again.
    Watch(WatchId),
    /// A value that somebody watches expires.
    Value(BoxId),
    /// A part of the store is looked through.
    Sweep,
}

/// The table. Each timer has one time; setting it again moves it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Time, Timer)>,
    times: BTreeMap<Timer, Time>,
}

impl Timers {
    /// Sets or moves a timer.
    pub(crate) fn set(&mut self, timer: Timer, at: Time) {
        self.cancel(timer);
        self.due.insert((at, timer));
        self.times.insert(timer, at);
    }

    /// Takes a timer away, if it is set.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.times.remove(&timer) {
            self.due.remove(&(at, timer));
        }
    }

    /// A timer that is due at `now`, earliest first; it's no longer set.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<Timer> {
        let &(at, timer) = self.due.first()?;
        if now < at {
            return None;
        }
        self.cancel(timer);
        Some(timer)
    }

    /// When the first one is due.
    pub(crate) fn next(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_is_set_again_moves() {
        let mut timers = Timers::default();
        timers.set(Timer::Sweep, Time::from_secs(5));
        timers.set(Timer::Flow(ConnId(1)), Time::from_secs(6));
        timers.set(Timer::Sweep, Time::from_secs(9));
        assert_eq!(timers.next(), Some(Time::from_secs(6)));
        assert_eq!(timers.take_due(Time::from_secs(7)), Some(Timer::Flow(ConnId(1))));
        assert_eq!(timers.take_due(Time::from_secs(7)), None);
        timers.cancel(Timer::Sweep);
        assert_eq!(timers.next(), None);
    }
}
