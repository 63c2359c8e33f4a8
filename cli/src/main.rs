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
mod notice;
mod output;
mod place;
mod qr;
mod session;
mod show;
#[cfg(feature = "try")]
mod trial;

use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser as _;

use crate::advice::Advice;
use crate::args::Cli;
use crate::exit::Exit;
use crate::output::{Format, Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misuse(&error),
    };
    let output = Output::new(if cli.global.json {
        Format::Json
    } else {
        Format::Text
    });
    #[cfg(feature = "try")]
    if let args::Command::RelayChild(relay) = cli.command {
        return trial::relay_child(relay.args);
    }
    report_bugs(output);
    #[cfg(feature = "leak-for-canary-test")]
    output.talk("warning: this build sends your texts in clear, on purpose; it is for one test only");
    let exit = match catch_unwind(|| command::run(cli, output)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(advice)) => {
            output.error(&advice);
            advice.exit()
        }
        // Told by the hook below.
        Err(_) => Exit::Bug,
    };
    ExitCode::from(exit.code())
}

/// A command line that makes no sense. Help and version come this way, too, and are no errors.
fn misuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() || !wants_json {
        error.exit();
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let what = lines.next().unwrap_or_default();
    let advice = Advice::new(Exit::Usage, what.strip_prefix("error: ").unwrap_or(what));
    let advice = lines
        .take_while(|line| !line.starts_with("For more information"))
        .fold(advice, Advice::why)
        .act("see what there is: --help");
    Output::new(Format::Json).error(&advice);
    ExitCode::from(Exit::Usage.code())
}

/// A panic is a bug of ours and is told like every other error. Where it happened is enough to find it; what was
/// being handled stays out, since it may be somebody's text.
fn report_bugs(output: Output) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        output.error(&Advice::bug(format_args!("it broke off at {place}")));
    }));
}
