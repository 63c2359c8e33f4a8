//! The blind relay: it stores and forwards opaque octets over SIP. Spec: `spec/relay.md`.
//!
//! It knows boxes, owners' keys and grants' keys, and has no notion of a person. A request goes
//! socket → `serve` → [`desk`] → [`mailbox`] → [`store`]; all but the first are free of sockets, threads and
//! clocks, so that [`Machine`] is a whole relay as a value.
//!
//! ```
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! use sipher_relay::desk::Carrier;
//! use sipher_relay::domain::{Access, Domain};
//! use sipher_relay::{Effect, Machine, mailbox::ConnId, store::MemoryStore};
//! use sipher_wire::{Host, RelayId, Time};
//!
//! let (now, rng) = (Time::from_secs(1_790_000_000), &mut ChaCha20Rng::seed_from_u64(1));
//! let host = Host::parse(b"relay.example").ok_or("a name")?;
//! let domain = Domain::new(host, Vec::new(), RelayId::of(&[1; 32]), Access::Public);
//! let mut relay = Machine::new(now, domain, MemoryStore::new());
//!
//! relay.up(now, ConnId(1), Carrier::Tcp);
//! relay.octets(now, ConnId(1), b"\r\n\r\n", rng)?;
//!
//! let Some(Effect::Write(ConnId(1), octets)) = relay.poll() else { return Err("no pong".into()) };
//! assert_eq!(octets, "\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admin;
mod args;
mod clock;
mod committer;
pub mod desk;
pub mod domain;
pub mod home;
pub mod identity;
mod init;
pub mod limits;
mod log;
mod machine;
pub mod mailbox;
mod random;
mod run;
mod serve;
pub mod store;
pub mod transcript;
pub mod trouble;

pub use self::machine::{Effect, Machine};

use self::args::{Arguments, Command, Rotate};
use self::trouble::{Exit, Trouble};
use clap::Parser;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// The whole program: `args` are its command line, the name of the program first. It returns when the
/// command is done; `run` is done when the process is told to end.
pub fn cli_main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no fault.
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::from(Exit::Usage as u8)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match obey(&arguments, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let text = if arguments.json {
                trouble.to_json()
            } else {
                trouble.to_string()
            };
            drop(writeln!(std::io::stderr(), "{text}"));
            ExitCode::from(trouble.exit() as u8)
        }
    }
}

fn obey(arguments: &Arguments, out: &mut impl Write) -> Result<(), Trouble> {
    let json = arguments.json;
    match &arguments.command {
        Command::Init(init) => init::run(init, json, out),
        Command::Run(run) => run::run(run, json, out),
        Command::Status(at) => admin::status(&at.data, json, out),
        Command::Metrics(at) => admin::metrics(&at.data, out),
        Command::Check(check) => admin::check(check, json, out),
        Command::Backup(backup) => admin::backup(backup, json, out),
        Command::Restore(restore) => admin::restore(restore, json, out),
        Command::Rotate(Rotate::Tls(at)) => admin::rotate_tls(&at.data, json, out),
        Command::Drain(at) => admin::drain(&at.data, json, out),
        Command::Store(store) => admin::store(store, json, out),
    }
}
