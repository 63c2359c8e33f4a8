//! A subscription, both ends. RFC 6665 §4.1, §4.2; RFC 5839; `spec/sip-checklist.md` E1 to E9.
//!
//! The relay's end says when a NOTIFY may leave; what it holds is the mailbox's. The watcher's end says
//! whether the subscription lives and what its end means.

use crate::event::{EndReason, SubscriptionState};
use crate::limits::{NOTIFY_INTERVAL, TRANSACTION_TIMEOUT};
use crate::time::Time;
use core::time::Duration;

/// When the relay may tell one watcher: one NOTIFY in flight, at most one a second, the last one wins.
#[derive(Clone, Debug)]
pub struct NotifierGate {
    ends: Time,
    cseq: u32,
    in_flight: bool,
    waiting: bool,
    last: Option<Time>,
}

impl NotifierGate {
    /// A subscription that a SUBSCRIBE at `now` began, for so many seconds.
    pub fn new(now: Time, expires_secs: u32) -> Self {
        let mut gate = Self {
            ends: now,
            cseq: 0,
            in_flight: false,
            waiting: false,
            last: None,
        };
        gate.refresh(now, expires_secs);
        gate
    }

    /// A SUBSCRIBE in the dialog. What is told next is due at once, however recent the last NOTIFY.
    pub fn refresh(&mut self, now: Time, expires_secs: u32) {
        self.ends = now + Duration::from_secs(u64::from(expires_secs));
        self.last = None;
    }

    /// There is something to tell.
    pub fn changed(&mut self) {
        self.waiting = true;
    }

    /// Whether a NOTIFY may leave at `now`; if so it has this CSeq and counts as sent.
    pub fn take(&mut self, now: Time) -> Option<u32> {
        // spec: sub-3
        // spec: sub-4
        let too_soon = self.last.is_some_and(|last| now < last + NOTIFY_INTERVAL);
        if !self.waiting || self.in_flight || too_soon || self.has_ended(now) {
            return None;
        }
        Some(self.sent(now))
    }

    /// The CSeq of the NOTIFY that ends the subscription, which waits for nothing.
    pub fn take_last(&mut self, now: Time) -> u32 {
        self.ends = now;
        self.sent(now)
    }

    /// The watcher answered the NOTIFY in flight with a 2xx. Other answers end the subscription.
    pub fn answered(&mut self) {
        self.in_flight = false;
    }

    /// What is left of it at `now`, in whole seconds, for `Subscription-State` and `Expires`.
    pub fn left_secs(&self, now: Time) -> u32 {
        u32::try_from(self.ends.since(now).as_secs()).unwrap_or(u32::MAX)
    }

    /// Whether it is over at `now`.
    pub fn has_ended(&self, now: Time) -> bool {
        self.ends <= now
    }

    /// When something may happen next without an answer or a change.
    pub fn next_wake(&self) -> Time {
        match self.last {
            Some(last) if self.waiting && !self.in_flight => self.ends.min(last + NOTIFY_INTERVAL),
            _ => self.ends,
        }
    }

    fn sent(&mut self, now: Time) -> u32 {
        self.waiting = false;
        self.in_flight = true;
        self.last = Some(now);
        self.cseq = self.cseq.saturating_add(1);
        self.cseq
    }
}

/// What a watcher does about an ended subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Subscribe again at once.
    Again,
    /// Subscribe again after this time.
    After(Duration),
    /// Don't: there is nothing to watch any more.
    Never,
}

/// Why a watch is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WatchEnd {
    /// The relay said so, and this follows.
    Told(Next),
    /// No NOTIFY came in 32 s: the subscription failed (timer N).
    Silent,
}

/// A watcher's end of one subscription.
#[derive(Clone, Debug)]
pub struct Watch {
    notify_by: Option<Time>,
    refresh_at: Option<Time>,
    last_cseq: Option<u32>,
}

/// Wait after `probation` or `giveup` that name no time.
const DEFAULT_RETRY: Duration = Duration::from_mins(5);

impl Watch {
    /// A SUBSCRIBE that was sent at `now`.
    pub fn begun(now: Time) -> Self {
        Self {
            notify_by: Some(now + TRANSACTION_TIMEOUT),
            refresh_at: None,
            last_cseq: None,
        }
    }

    /// The 200 came at `now`. It may come after the first NOTIFY.
    pub fn accepted(&mut self, now: Time, expires_secs: u32) {
        self.refresh_at = Some(now + Duration::from_secs(u64::from(expires_secs)).mul_f64(0.9));
    }

    /// A 204 came at `now`: nothing changed, and no NOTIFY will follow (RFC 5839 §5.1).
    pub fn unchanged(&mut self, now: Time, expires_secs: u32) {
        self.notify_by = None;
        self.accepted(now, expires_secs);
    }

    /// A NOTIFY came. `Ok(None)`: take its body. `Err` if it is out of order and must be answered with 500.
    ///
    /// # Errors
    /// [`OutOfOrder`], and nothing has changed.
    pub fn notified(
        &mut self,
        now: Time,
        cseq: u32,
        state: SubscriptionState,
    ) -> Result<Option<WatchEnd>, OutOfOrder> {
        if self.last_cseq.is_some_and(|last| cseq <= last) {
            return Err(OutOfOrder);
        }
        self.last_cseq = Some(cseq);
        self.notify_by = None;
        match state {
            SubscriptionState::Active { expires_secs } => {
                self.accepted(now, expires_secs);
                Ok(None)
            }
            SubscriptionState::Pending => Ok(None),
            SubscriptionState::Terminated {
                reason,
                retry_after_secs,
            } => Ok(Some(WatchEnd::Told(next(reason, retry_after_secs)))),
        }
    }

    /// Whether it is over because no NOTIFY came.
    pub fn poll(&self, now: Time) -> Option<WatchEnd> {
        self.notify_by
            .is_some_and(|by| by <= now)
            .then_some(WatchEnd::Silent)
    }

    /// When to refresh it, once that is known.
    pub fn refresh_at(&self) -> Option<Time> {
        self.refresh_at
    }

    /// When something happens next.
    pub fn next_wake(&self) -> Option<Time> {
        self.notify_by.into_iter().chain(self.refresh_at).min()
    }
}

/// A NOTIFY is older than one that came before.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the notification is older than one that came before")]
pub struct OutOfOrder;

fn next(reason: EndReason, retry_after_secs: Option<u32>) -> Next {
    let retry = retry_after_secs.map(|secs| Duration::from_secs(u64::from(secs)));
    match reason {
        EndReason::Deactivated | EndReason::Timeout => Next::Again,
        EndReason::Probation | EndReason::GiveUp => Next::After(retry.unwrap_or(DEFAULT_RETRY)),
        EndReason::Rejected | EndReason::NoResource | EndReason::Invariant => Next::Never,
        EndReason::Other => retry.map_or(Next::Again, Next::After),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(100);

    fn told(end: SubscriptionState) -> Option<WatchEnd> {
        Watch::begun(START).notified(START, 1, end).unwrap()
    }

    // spec: sub-3
    // spec: sub-4
    #[test]
    fn e8_one_notify_is_in_flight_and_at_most_one_a_second_leaves() {
        let mut gate = NotifierGate::new(START, 3600);
        gate.changed();
        assert_eq!(gate.take(START), Some(1));
        gate.changed();
        assert_eq!(
            gate.take(START + NOTIFY_INTERVAL),
            None,
            "the first is unanswered"
        );
        gate.answered();
        assert_eq!(gate.take(START + Duration::from_millis(999)), None, "too soon");
        assert_eq!(gate.next_wake(), START + NOTIFY_INTERVAL);
        assert_eq!(gate.take(START + NOTIFY_INTERVAL), Some(2));
        gate.answered();
        assert_eq!(gate.take(START + NOTIFY_INTERVAL * 9), None, "nothing new");
    }

    #[test]
    fn e2_numbers_rise_and_the_state_says_what_is_left() {
        let mut gate = NotifierGate::new(START, 60);
        gate.changed();
        assert_eq!((gate.take(START), gate.take_last(START)), (Some(1), 2));
        let gate = NotifierGate::new(START, 60);
        assert_eq!(gate.left_secs(START + Duration::from_secs(12)), 48);
        assert!(gate.has_ended(START + Duration::from_mins(1)));
    }

    #[test]
    fn e4_nothing_leaves_after_the_end() {
        let mut gate = NotifierGate::new(START, 60);
        gate.changed();
        assert_eq!(gate.take(START + Duration::from_mins(1)), None);
    }

    #[test]
    fn e6_a_subscription_without_a_notify_fails_after_timer_n() {
        let mut watch = Watch::begun(START);
        watch.accepted(START, 3600);
        assert_eq!(watch.poll(START + Duration::from_secs(31)), None);
        assert_eq!(
            watch.poll(START + Duration::from_secs(32)),
            Some(WatchEnd::Silent)
        );
    }

    #[test]
    fn e6_a_notify_may_come_before_the_200() {
        let mut watch = Watch::begun(START);
        assert_eq!(
            watch.notified(START, 1, SubscriptionState::Active { expires_secs: 100 }),
            Ok(None)
        );
        assert_eq!(watch.poll(START + Duration::from_secs(99)), None);
        assert_eq!(watch.refresh_at(), Some(START + Duration::from_secs(90)));
    }

    #[test]
    fn e7_each_reason_says_whether_to_subscribe_again() {
        let after = |reason, retry_after_secs| {
            told(SubscriptionState::Terminated {
                reason,
                retry_after_secs,
            })
        };
        let next = |next| Some(WatchEnd::Told(next));
        assert_eq!(after(EndReason::Timeout, None), next(Next::Again));
        assert_eq!(after(EndReason::Deactivated, Some(9)), next(Next::Again));
        assert_eq!(
            after(EndReason::Probation, Some(9)),
            next(Next::After(Duration::from_secs(9)))
        );
        assert_eq!(after(EndReason::GiveUp, None), next(Next::After(DEFAULT_RETRY)));
        for reason in [EndReason::Rejected, EndReason::NoResource, EndReason::Invariant] {
            assert_eq!(after(reason, Some(9)), next(Next::Never));
        }
        assert_eq!(after(EndReason::Other, None), next(Next::Again));
    }

    #[test]
    fn e9_a_204_ends_the_wait_for_a_notify() {
        let mut watch = Watch::begun(START);
        watch.unchanged(START, 3600);
        assert_eq!(watch.poll(START + Duration::from_secs(99)), None);
    }

    #[test]
    fn t15_an_older_notify_is_refused_and_changes_nothing() {
        let mut watch = Watch::begun(START);
        watch
            .notified(START, 7, SubscriptionState::Active { expires_secs: 100 })
            .unwrap();
        let refresh = watch.refresh_at();
        assert_eq!(
            watch.notified(START, 7, SubscriptionState::Active { expires_secs: 1 }),
            Err(OutOfOrder)
        );
        assert_eq!(watch.refresh_at(), refresh);
    }
}
