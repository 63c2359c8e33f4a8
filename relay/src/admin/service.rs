//! What the service manager hears: that the relay is ready, that it ends, and that its disk still takes what
//! it writes. Spec: `spec/operations.md`, service.
//!
//! Without a service manager all of this does nothing.

use super::figures::Figures;
use sd_notify::NotifyState;
use std::time::Duration;

/// Connections are accepted.
// spec: service-1
pub(crate) fn ready() {
    say(&[NotifyState::Ready]);
}

/// The relay ends because it was asked to.
pub(crate) fn stopping() {
    say(&[NotifyState::Stopping]);
}

/// Says again and again that the relay lives: each time after a test write went the way of every other and
/// is durable. A disk that hangs, or a relay that hangs, is silence, and the manager ends that.
// spec: service-2
pub(crate) async fn keep_alive(figures: &Figures, probe: impl Fn()) {
    let Some(deadline) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        probe();
        figures.probed().await;
        say(&[NotifyState::Watchdog]);
        pause(deadline / SIGNS_IN_A_DEADLINE).await;
    }
}

/// A manager that doesn't listen is no reason to stop.
fn say(state: &[NotifyState<'_>]) {
    if sd_notify::notify(state).is_err() {
        tracing::debug!("the service manager does not listen");
    }
}

#[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// One sign may be late without harm.
const SIGNS_IN_A_DEADLINE: u32 = 3;
