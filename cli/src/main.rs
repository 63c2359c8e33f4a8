//! The command line of sipher: reads what is wanted, has the client library do it, says what came of it.
//!
//! A message's way begins here: `args.rs` → `command/send.rs` → `sipher_client::Client::call`. Errors become
//! advice in `advice.rs`; nothing but `output.rs` prints.

mod advice;
mod args;
mod ask;
mod command;
mod exit;
mod interrupt;
mod moment;
mod output;
mod place;
mod qr;
mod session;
mod show;
#[cfg(feature = "try")]
mod trial;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::output::{Format, Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(if cli.global.json {
        Format::Json
    } else {
        Format::Text
    });
    #[cfg(feature = "try")]
    if let args::Command::RelayChild(relay) = cli.command {
        return trial::relay_child(relay.args);
    }
    #[cfg(feature = "leak-for-canary-test")]
    output.talk("warning: this build sends your texts in clear, on purpose; it is for one test only");
    let exit = match command::run(cli, output) {
        Ok(exit) => exit,
        Err(advice) => {
            output.error(&advice);
            advice.exit()
        }
    };
    ExitCode::from(exit.code())
}
