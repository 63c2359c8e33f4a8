//! Keep-alives of a stream, both ends. RFC 5626 §3.5.1, §4.4.1; `spec/sip-checklist.md` G6.

use crate::limits::{PINGS_IN_A_ROW, PONG_TIMEOUT};
use crate::time::Time;
use core::time::Duration;
use rand_core::CryptoRng;

/// What a client's keep-alive asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeepaliveStep {
    /// Send CRLFCRLF.
    Ping,
    /// No pong came: the flow is dead.
    Dead,
}

/// The client's end: pings at a random 80 to 100 % of the relay's Flow-Timer, and wants a pong in 10 s.
#[derive(Clone, Debug)]
pub struct ClientKeepalive {
    every: Duration,
    ping_at: Time,
    pong_by: Option<Time>,
}

impl ClientKeepalive {
    /// For a flow that began at `now` under this Flow-Timer.
    pub fn new(now: Time, flow_timer: Duration, rng: &mut impl CryptoRng) -> Self {
        let every = flow_timer.max(Duration::from_secs(1));
        Self {
            every,
            ping_at: now + drawn(every, rng),
            pong_by: None,
        }
    }

    /// Notes a pong. One that wasn't asked for is harmless.
    pub fn pong(&mut self) {
        self.pong_by = None;
    }

    /// What to do at `now`.
    pub fn poll(&mut self, now: Time, rng: &mut impl CryptoRng) -> Option<KeepaliveStep> {
        if self.pong_by.is_some_and(|by| by <= now) {
            // spec: frame-8
            return Some(KeepaliveStep::Dead);
        }
        if now < self.ping_at {
            return None;
        }
        self.ping_at = now + drawn(self.every, rng);
        self.pong_by = self.pong_by.or(Some(now + PONG_TIMEOUT));
        Some(KeepaliveStep::Ping)
    }

    /// When something happens next.
    pub fn next_wake(&self) -> Time {
        self.pong_by.map_or(self.ping_at, |by| by.min(self.ping_at))
    }
}

/// Uniformly from 80 to 100 % of a span.
fn drawn(span: Duration, rng: &mut impl CryptoRng) -> Duration {
    span.mul_f64(0.8 + 0.2 * unit(rng))
}

/// Uniformly from 0 to 1.
pub(super) fn unit(rng: &mut impl CryptoRng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

/// The peer sends nothing but pings.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the peer sends nothing but pings")]
pub struct PeerBroken;

/// The relay's end: answers each ping, and calls a flow dead that was silent for its Flow-Timer and some grace.
#[derive(Clone, Debug)]
pub struct RelayKeepalive {
    silent_after: Duration,
    dead_at: Time,
    pings: u32,
}

impl RelayKeepalive {
    /// For a flow that began at `now`.
    pub fn new(now: Time, flow_timer: Duration) -> Self {
        let silent_after = flow_timer + PONG_TIMEOUT * 2;
        Self {
            silent_after,
            dead_at: now + silent_after,
            pings: 0,
        }
    }

    /// Notes a ping, which is to be answered with CRLF.
    ///
    /// # Errors
    /// [`PeerBroken`] after too many of them without a message between.
    pub fn ping(&mut self, now: Time) -> Result<(), PeerBroken> {
        self.dead_at = now + self.silent_after;
        self.pings = self.pings.saturating_add(1);
        if self.pings > PINGS_IN_A_ROW {
            Err(PeerBroken)
        } else {
            Ok(())
        }
    }

    /// Notes a message.
    pub fn message(&mut self, now: Time) {
        self.dead_at = now + self.silent_after;
        self.pings = 0;
    }

    /// Whether the flow is dead at `now`.
    pub fn is_dead(&self, now: Time) -> bool {
        self.dead_at <= now
    }

    /// When it would be dead.
    pub fn next_wake(&self) -> Time {
        self.dead_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    // spec: frame-8
    #[test]
    fn g6_a_client_pings_at_80_to_100_percent_and_wants_a_pong_in_ten_seconds() {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let start = Time::from_secs(1000);
        for _ in 0..100 {
            let mut keepalive = ClientKeepalive::new(start, Duration::from_secs(100), rng);
            let wait = keepalive.next_wake().since(start);
            assert!((80..=100).contains(&wait.as_secs()), "{wait:?}");
            let at = keepalive.next_wake();
            assert_eq!(keepalive.poll(at, rng), Some(KeepaliveStep::Ping));
            assert_eq!(keepalive.poll(at + Duration::from_millis(9999), rng), None);
            assert_eq!(
                keepalive.poll(at + Duration::from_secs(10), rng),
                Some(KeepaliveStep::Dead)
            );
        }
    }

    #[test]
    fn g6_a_pong_keeps_the_flow() {
        let rng = &mut ChaCha20Rng::seed_from_u64(2);
        let mut keepalive = ClientKeepalive::new(Time::default(), Duration::from_secs(30), rng);
        let at = keepalive.next_wake();
        assert_eq!(keepalive.poll(at, rng), Some(KeepaliveStep::Ping));
        keepalive.pong();
        assert_eq!(keepalive.poll(at + Duration::from_secs(11), rng), None);
    }

    #[test]
    fn g6_a_relay_drops_a_silent_flow_and_one_of_pings_alone() {
        let mut keepalive = RelayKeepalive::new(Time::default(), Duration::from_secs(100));
        assert!(!keepalive.is_dead(Time::from_secs(119)));
        assert!(keepalive.is_dead(Time::from_secs(120)));
        for _ in 0..PINGS_IN_A_ROW {
            assert_eq!(keepalive.ping(Time::from_secs(1)), Ok(()));
        }
        assert_eq!(keepalive.ping(Time::from_secs(1)), Err(PeerBroken));
        keepalive.message(Time::from_secs(1));
        assert_eq!(keepalive.ping(Time::from_secs(1)), Ok(()));
    }
}
