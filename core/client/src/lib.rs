//! Sockets, disk, clock and randomness of an account: everything that the engine, which decides, cannot have.
//!
//! ```no_run
//! use sipher_client::{Client, Command, Home, Passphrase, Presenting, ProfileName};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let profile = Home::at("/home/anna/.local/share/sipher").profile(&ProfileName::default());
//! let mut client = Client::open(&profile, &Passphrase::none())?;
//! client.call(Command::Sync { presence: Presenting::Skip }).await?;
//! client.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The way of a message: [`Client::call`] → `driver.rs` → the engine, which answers with a batch for `disk.rs` and
//! then, and only then, octets for `net/flow.rs`.

mod client;
mod clock;
mod disk;
mod driver;
mod faults;
mod home;
mod key_file;
#[cfg(feature = "leak-for-canary-test")]
mod leak;
mod lock;
mod net;
mod random;

pub use client::{CallFault, Client, NewProfile, OpenFault, Passphrase};
pub use clock::now;
pub use disk::{Disk, DiskFault};
pub use home::{Home, Profile, ProfileName};
pub use net::NetFault;

pub use sipher_crypto::{Phrase, SafetyNumber};
pub use sipher_engine::*;
pub use sipher_wire::{AddressFault, RelayAddress, RelayId, Time};
