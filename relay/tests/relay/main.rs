//! The relay from outside: as a value that is driven octet by octet, and as the real program.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and helpers are not covered by the exemption"
)]
#![expect(clippy::expect_used, reason = "the same")]
#![expect(clippy::panic, reason = "the same")]
#![expect(clippy::indexing_slicing, reason = "the same")]

mod support;

mod cells;
mod deliveries;
mod door;
mod framing;
mod grants;
mod insecure;
mod kills;
mod operations;
mod owners;
mod programs;
mod queues;
mod refusal;
mod sipp;
mod starts;
mod transactions;
mod watchers;
