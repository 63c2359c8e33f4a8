//! One file a command. Each opens the account, has it do something, and says what came of it.

mod accept;
mod asks;
mod grant;
mod grants;
mod history;
mod init;
mod invite;
mod link;
mod read;
mod retract;
mod send;
mod status;
mod tail;
mod verify;
mod who;

use crate::advice::Advice;
use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::output::Output;
use crate::session::Session;

/// Carries out a command line.
///
/// # Errors
/// What to tell the person.
pub(crate) fn run(cli: Cli, output: Output) -> Result<Exit, Advice> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| Advice::bug(format_args!("no runtime: {}", error.kind())))?;
    let ended = runtime.block_on(dispatch(cli, output));
    // Whoever interrupts doesn't wait until a passphrase is stretched.
    runtime.shutdown_background();
    ended
}

async fn dispatch(cli: Cli, output: Output) -> Result<Exit, Advice> {
    let global = cli.global;
    let open = || Session::open(&global, output);
    match cli.command {
        Command::Init(args) => init::run(args, &global, output),
        Command::Invite(args) => invite::run(args, open()?).await,
        Command::Accept(args) => accept::run(args, &open, output).await,
        Command::Asks => asks::run(open()?).await,
        Command::Admit(args) => asks::admit(args, open()?).await,
        Command::Decline(args) => asks::decline(&args, open()?).await,
        Command::Send(args) => send::run(args, &open, output).await,
        Command::Read(args) => read::run(args, open()?).await,
        Command::History(args) => history::run(args, open()?).await,
        Command::Tail => tail::run(open()?).await,
        Command::Status(args) => status::run(args, open()?).await,
        Command::Who => who::run(open()?).await,
        Command::Grant(args) => grant::run(args, &open).await,
        Command::Grants(args) => grants::run(args, open()?).await,
        Command::Retract(args) => retract::run(args, &open).await,
        Command::Verify(args) => verify::run(args, open()?).await,
        #[cfg(feature = "try")]
        Command::Try(args) => crate::trial::run(args.show_relay, output).await,
        #[cfg(feature = "try")]
        Command::RelayChild(_) => Err(Advice::bug("the hidden relay was not started as a relay")),
    }
}

/// One for the account, one for its connections.
const WORKERS: usize = 2;
