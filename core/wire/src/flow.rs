//! Transactions, keep-alives, subscriptions and registrations as values with time as an argument.
//! RFC 3261 §17, 5626, 6665. Spec: `spec/wire.md`, flows.
//!
//! Relay and client share them. They send nothing: what is to be sent comes out as data.

mod client;
mod keepalive;
mod registration;
mod server;
mod subscription;

pub use self::client::{ClientTransactions, Due};
pub use self::keepalive::{ClientKeepalive, KeepaliveStep, PeerBroken, RelayKeepalive};
pub use self::registration::{Backoff, Registration};
pub use self::server::{Arrival, Link, ServerTransactions, TransactionKey};
pub use self::subscription::{Next, NotifierGate, OutOfOrder, Watch, WatchEnd};
