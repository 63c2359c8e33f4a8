//! The command line. Its shape is fixed: scripts and tests rely on it.

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

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Directory of the relay
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Address and port for TLS; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: String,
    /// Also take plain TCP and UDP here; an address of this machine only
    // spec: frame-11
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) insecure_loopback: Option<String>,
    /// Name under which clients reach the relay, instead of the one it was made with
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) access: RunAccess,
    /// Record every decrypted SIP octet in this file, for auditors
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log: LevelFilter,
    #[command(flatten)]
    pub(crate) disk: Disk,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct RunAccess {
    /// Let everybody open boxes, whatever the relay was made with
    #[arg(long)]
    pub(crate) public: bool,
    /// Let those open boxes who have this token, whatever the relay was made with
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Disk {
    /// Accept a file system that may lose what was stored, such as tmpfs or NFS
    #[arg(long)]
    pub(crate) force_filesystem: bool,
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
