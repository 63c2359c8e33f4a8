//! Every bound of the relay, each with its reason; those of the wire are in `sipher_wire::limits`.
//! Spec: `spec/relay.md`, limits.

use std::time::Duration;

/// The shortest binding, subscription or value: what is shorter is work for nothing. Answered with 423.
// spec: refuse-4
pub const LIFETIME_MIN_SECS: u32 = 60;
/// The longest binding and subscription: a day, so that what a lost client left behind goes away.
pub const FLOW_LIFETIME_MAX_SECS: u32 = 86_400;
/// The binding or subscription that a request gets which names no time.
pub const FLOW_LIFETIME_SECS: u32 = 3600;
/// The longest life of an item or a cell's value: 30 days.
pub const KEPT_MAX_SECS: u32 = 30 * 86_400;
/// The value that a PUBLISH keeps which names no time, RFC 3903 §4.1.
pub const VALUE_LIFETIME_SECS: u32 = 3600;
/// Values that live no longer than this are soft: acknowledged before they are on the disk.
pub const SOFT_LIFETIME_SECS: u32 = 86_400;
/// Seconds in which a client is to ping, RFC 5626 §4.4.1.
pub const FLOW_TIMER_SECS: u32 = 120;

/// Grants of one box: a queue needs one or two, a cell as many as it has readers.
// spec: relay-7
pub const GRANTS_PER_BOX: usize = 1024;
/// Boxes that one connection owns.
pub const BOXES_PER_CONNECTION: usize = 1024;
/// Grants that one connection has proven.
pub const GRANTS_PER_CONNECTION: usize = 4096;
/// Subscriptions of one connection; each may have one NOTIFY in flight.
pub const WATCHES_PER_CONNECTION: usize = 512;
/// Octets of items that are open on one flow: a peer that doesn't read holds no more than this.
// spec: relay-8
pub const OPEN_OCTETS_PER_FLOW: usize = 256 * 1024;
/// Requests of one connection that wait for their answer, before the relay stops reading from it.
pub const OPEN_REQUESTS: usize = 200;
/// Boxes whose state is kept in memory while nobody needs it.
pub const BOXES_CACHED: usize = 65_536;

/// Seconds after which a spent allowance is worth another try. A constant: it must not tell the period.
pub const SPENT_RETRY_SECS: u32 = 600;
/// Seconds after which an overloaded or failed relay is worth another try.
pub const OVERLOAD_RETRY_SECS: u32 = 30;

/// A deletion waits so long for a watcher who doesn't read; then his connection is closed.
pub const BARRIER_PATIENCE: Duration = Duration::from_secs(5);
/// The first wait after an owner refused an item; it doubles.
pub const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// The longest wait after an owner refused items.
pub const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// How often a part of the store is looked through for what has expired.
pub const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Rows that are looked at each time: a million in about an hour and a half.
pub const SWEEP_ROWS: usize = 1024;
/// A nonce of a connection without an exporter is good for so long.
pub const NONCE_LIFETIME: Duration = Duration::from_mins(5);
/// A connection without a binding may be silent for so long.
pub const IDLE: Duration = Duration::from_mins(10);
/// A head must be whole within this after its first octet.
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// A body must be whole within this after its head: 64 KiB over a poor line.
pub const BODY_DEADLINE: Duration = Duration::from_mins(1);
