//! When a client registers again and when it connects again. RFC 3261 §10.2.4, RFC 5626 §4.5; `spec/sip-checklist.md` G7.

use super::keepalive::unit;
use crate::limits::{RECONNECT_BASE, RECONNECT_MAX};
use crate::time::Time;
use core::time::Duration;
use rand_core::CryptoRng;

/// One box's registration on one connection.
#[derive(Clone, Debug)]
pub struct Registration {
    refresh_at: Time,
    ends: Time,
}

impl Registration {
    /// A registration that a 200 at `now` gave so many seconds. It is refreshed at a random 80 to 95 % of
    /// them, so that many boxes don't come in one burst.
    pub fn granted(now: Time, expires_secs: u32, rng: &mut impl CryptoRng) -> Self {
        let span = Duration::from_secs(u64::from(expires_secs));
        Self {
            refresh_at: now + span.mul_f64(0.8 + 0.15 * unit(rng)),
            ends: now + span,
        }
    }

    /// When to refresh it.
    pub fn refresh_at(&self) -> Time {
        self.refresh_at
    }

    /// Whether it holds at `now`.
    pub fn holds(&self, now: Time) -> bool {
        now < self.ends
    }
}

/// How long to wait before the next attempt to connect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The flow came up: the first attempt after its end is at once.
    pub fn lived(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more end of a flow or attempt: at once if the flow had lived, else
    /// min(1800 s, 30 s * 2^n) times a random half to one.
    pub fn failed(&mut self, rng: &mut impl CryptoRng) -> Duration {
        let before = self.failures;
        self.failures = before.saturating_add(1);
        let Some(doublings) = before.checked_sub(1) else {
            return Duration::ZERO;
        };
        let span = RECONNECT_BASE
            .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
            .min(RECONNECT_MAX);
        span.mul_f64(0.5 + 0.5 * unit(rng))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    // spec: client-2
    #[test]
    fn g7_waits_double_up_to_half_an_hour_and_the_first_is_none() {
        let rng = &mut ChaCha20Rng::seed_from_u64(3);
        let mut backoff = Backoff::default();
        assert_eq!(backoff.failed(rng), Duration::ZERO);
        for most in [30, 60, 120, 240, 480, 960, 1800, 1800] {
            let wait = backoff.failed(rng).as_secs_f64();
            assert!(
                (f64::from(most) / 2.0..=f64::from(most)).contains(&wait),
                "{most}: {wait}"
            );
        }
        for _ in 0..100 {
            assert!(backoff.failed(rng) <= RECONNECT_MAX);
        }
        backoff.lived();
        assert_eq!(backoff.failed(rng), Duration::ZERO);
    }

    #[test]
    fn a_registration_is_refreshed_before_it_ends() {
        let rng = &mut ChaCha20Rng::seed_from_u64(4);
        let registration = Registration::granted(Time::default(), 3600, rng);
        assert!((2880..=3420).contains(&registration.refresh_at().as_secs()));
        assert!(registration.holds(Time::from_secs(3599)));
        assert!(!registration.holds(Time::from_secs(3600)));
    }
}
