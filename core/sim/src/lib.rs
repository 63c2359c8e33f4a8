//! A network, disks and a clock that lie on purpose: real accounts and a real relay's decisions in one thread, with
//! every crash, cut and delay that a test asks for. Tests only; nothing of it is linked into a product.
//!
//! Time stands still but for what the [`World`] lets pass, and randomness comes from a seed, so a run is repeated by
//! its seed and its [`Faults`].
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod disk;
mod faults;
mod node;
mod recorder;
mod relay;
mod world;

pub use disk::Disk;
pub use faults::{Crash, Cut, Faults};
pub use node::Node;
pub use recorder::{Recorder, Twice};
pub use relay::RelayNode;
pub use world::{Counts, Person, World};
