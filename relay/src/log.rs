//! The operator's log, on standard error: start, stop, configuration, faults. Spec: `spec/relay.md`, log.
//!
//! No peer's address, box id, key, size or body is logged at any level.

use tracing::level_filters::LevelFilter;

/// Begins to log. Where a log has begun already, as in a test, that one stays.
// spec: relay-9
pub(crate) fn begin(level: LevelFilter) {
    let begun = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .try_init();
    if begun.is_err() {
        tracing::debug!("a log has begun already");
    }
}
