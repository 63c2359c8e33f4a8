//! The only reader of the system's clock in the client.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sipher_wire::Time;

/// The time now. A clock set before 1970 reads as 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the driver reads the clock here and nowhere else"
)]
pub fn now() -> Time {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Time::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
