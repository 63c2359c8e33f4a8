//! End to end through the real binaries: what is promised, what wrong input gets, what a crash leaves, and that the
//! relay learns none of it. `sipher-relay` must stand beside `sipher`: run `cargo test --workspace`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on should say so loudly"
)]
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes transcripts in this form"
)]

mod canary;
mod crashes;
mod errors;
mod promises;
mod support;
