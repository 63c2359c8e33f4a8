//! The blind relay: it stores and forwards opaque octets over SIP. Spec: `spec/relay.md`.
//!
//! It knows boxes, owners' keys and grants' keys, and has no notion of a person. A request goes
//! socket → `serve` → [`desk`] → [`mailbox`] → [`store`]; all but the first are free of sockets, threads and clocks.

pub mod desk;
pub mod domain;
pub mod limits;
pub mod mailbox;
pub mod store;
