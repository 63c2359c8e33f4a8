//! The clock of the drivers. Everything else is given the time.

use sipher_wire::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time now. A clock before 1970 reads as 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the relay that reads a clock"
)]
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
