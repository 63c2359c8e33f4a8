//! Real accounts and a real relay's decisions, in a world that lies on purpose.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]
#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

mod crashes;
mod hostile;
mod life;
mod links;
mod messages;
mod presence;
mod rules;
mod standing;
mod support;
mod wire;
