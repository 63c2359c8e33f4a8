//! What an operator does with a relay: look at it, copy it, bring it back. Spec: `spec/operations.md`.
//!
//! The admin socket serves those who may open a file in the relay's directory, and nobody else. Nothing here
//! sees a request of a client; what is shown are sums over everybody.

pub(crate) mod service;

mod archive;
mod backup;
mod check;
mod client;
mod copies;
mod figures;
mod observed;
mod prometheus;
mod socket;
mod status;
mod survey;
mod visit;

pub(crate) use self::check::check;
pub(crate) use self::client::{drain, metrics, rotate_tls, status};
pub(crate) use self::copies::{backup, restore, store};
pub(crate) use self::figures::Figures;
pub(crate) use self::observed::Observed;
pub(crate) use self::socket::{Control, bind, serve};
