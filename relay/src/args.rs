//! The command line. Its shape is fixed: scripts and tests rely on it.

use crate::store::Engine;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use tracing::level_filters::LevelFilter;

/// The blind relay of sipher: it stores and forwards what it cannot read.
#[derive(Debug, Parser)]
#[command(name = "sipher-relay", version, about, propagate_version = true)]
pub(crate) struct Arguments {
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a relay's identity and its empty store
    Init(Init),
    /// Run the relay; makes identity and store first if DIR doesn't exist or is empty
    Run(Run),
    /// Say how a running relay is
    Status(At),
    /// Print a running relay's figures for Prometheus
    Metrics(At),
    /// Use a relay as two clients would, and say at which step it fails
    Check(Check),
    /// Copy a relay into a file, whether it runs or not; the copy holds the identity key
    Backup(Backup),
    /// Make a relay from a backup, in a directory that doesn't exist or is empty
    Restore(Restore),
    /// Take something new in place of the old
    #[command(subcommand)]
    Rotate(Rotate),
    /// End a running relay: clients are told to come back, and all that was accepted stays
    Drain(At),
    /// Look after the store of a relay that doesn't run
    #[command(subcommand)]
    Store(Store),
}

#[derive(Args, Debug)]
pub(crate) struct At {
    /// Directory of the relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Check {
    /// The relay's address, as its users have it: a box is opened, used and removed there
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// Only ask the relay that runs in DIR on this machine
    #[arg(long, value_name = "DIR")]
    pub(crate) local: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file: it must not be there yet, or with --verify must be
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Directory of the relay
    #[arg(long, value_name = "DIR", required_unless_present = "verify")]
    pub(crate) data: Option<PathBuf>,
    /// Restore FILE beside itself, look at every row, count, and remove what was restored
    #[arg(long, conflicts_with = "data")]
    pub(crate) verify: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// A backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Directory of the new relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) disk: Disk,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rotate {
    /// A new certificate for TLS, under the same identity; no connection is dropped
    Tls(At),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Look at every row
    Check(At),
    /// Write all rows to a file that any store can import
    Export(Copy),
    /// Fill the store of a relay that has none from an export or a backup
    Import(Copy),
}

#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Directory of the relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Directory of the relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Name under which clients reach the relay
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) access: InitAccess,
    #[command(flatten)]
    pub(crate) disk: Disk,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct InitAccess {
    /// Let everybody open boxes
    #[arg(long)]
    pub(crate) public: bool,
    /// Let those open boxes who have this token; without a value one is made (the default)
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, default_missing_value = "")]
    pub(crate) token: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Run {
    /// Directory of the relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// File of settings, instead of DIR/relay.toml; what stands here counts over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port for TLS; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<String>,
    /// Also take plain TCP and UDP here; an address of this machine only
    // spec: frame-11
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) insecure_loopback: Option<String>,
    /// Name under which clients reach the relay, instead of the one it was made with
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) access: RunAccess,
    /// What keeps a new relay's store: sled or fjall; of one that is there, what must keep it
    #[arg(long, value_name = "ENGINE", value_parser = engine)]
    pub(crate) store: Option<Engine>,
    /// Record every decrypted SIP octet in this file, for auditors
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// off, error, warn, info, debug or trace; info if nothing is said
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<LevelFilter>,
    #[command(flatten)]
    pub(crate) disk: Disk,
}

#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(crate) struct RunAccess {
    /// Let everybody open boxes, whatever the relay was made with
    #[arg(long)]
    pub(crate) public: bool,
    /// Let those open boxes who have this token, whatever the relay was made with
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Disk {
    /// Accept a file system that may lose what was stored, such as tmpfs or NFS
    #[arg(long)]
    pub(crate) force_filesystem: bool,
}

fn engine(text: &str) -> Result<Engine, &'static str> {
    Engine::parse(text).ok_or("the engines are sled and fjall")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn json_may_stand_before_or_after_the_command() {
        for line in [
            ["sipher-relay", "--json", "init", "--data", "d"],
            ["sipher-relay", "init", "--json", "--data", "d"],
            ["sipher-relay", "init", "--data", "d", "--json"],
        ] {
            assert!(Arguments::try_parse_from(line).unwrap().json, "{line:?}");
        }
    }

    #[test]
    fn public_and_token_exclude_each_other() {
        let line = [
            "sipher-relay",
            "run",
            "--data",
            "d",
            "--listen",
            "l",
            "--public",
            "--token",
            "t",
        ];
        assert!(Arguments::try_parse_from(line).is_err());
    }
}
