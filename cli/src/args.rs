//! The command line, as `spec/command-line.md` fixes it. Declarations only: nothing here decides or prints.
//!
//! Secrets are no arguments. An invitation may be one, because people paste what they have; that costs a warning.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Messages and presence that only your buddies can read, over a relay that needn't be trusted.
#[derive(Debug, Parser)]
#[command(
    name = "sipher",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Start with `sipher try`, then `sipher init`. Exit codes: 0 done, 1 wrong input, 2 usage, \
    3 network or relay,\n4 refused or not verified, 5 locked or wrong passphrase, 6 damaged data, 70 our bug."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Which of several accounts on this machine
    #[arg(long, global = true, value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,
    /// Folder that holds the accounts (also: SIPHER_HOME)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Answer in JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See a whole conversation on this machine; nothing is kept
    #[cfg(feature = "try")]
    Try(TryArgs),
    /// Make an account
    Init(InitArgs),
    /// Invite somebody to be your buddy
    Invite(InviteArgs),
    /// Accept an invitation
    Accept(AcceptArgs),
    /// Show who asks at your standing address
    Asks,
    /// Make a buddy of somebody who asks
    Admit(AdmitArgs),
    /// Forget somebody who asks; he isn't told
    Decline(DeclineArgs),
    /// Send a message
    Send(SendArgs),
    /// Fetch, show what is unread once, and mark it read
    Read(ReadArgs),
    /// Show what you and a buddy wrote, as it is kept on this machine
    History(HistoryArgs),
    /// Stay connected and write what happens as JSON lines, until Ctrl-C
    Tail,
    /// Show or set your own status
    Status(StatusArgs),
    /// Show your buddies and what they let you see
    Who,
    /// Let a buddy see or do something
    Grant(GrantArgs),
    /// Show who may what, since when and until when
    Grants(GrantsArgs),
    /// Take back what a buddy may see or do
    Retract(RetractArgs),
    /// Compare the six words of a link with your buddy
    Verify(VerifyArgs),
    /// The relay of `sipher try`
    #[cfg(feature = "try")]
    #[command(hide = true, name = "relay-child")]
    RelayChild(RelayChildArgs),
}

/// Arguments of `sipher try`.
#[cfg(feature = "try")]
#[derive(Args, Debug)]
pub(crate) struct TryArgs {
    /// Also print every byte that the relay saw
    #[arg(long)]
    pub(crate) show_relay: bool,
}

/// Arguments of the hidden relay: exactly those of `sipher-relay`.
#[cfg(feature = "try")]
#[derive(Args, Debug)]
pub(crate) struct RelayChildArgs {
    /// Passed on as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) args: Vec<std::ffi::OsString>,
}

/// Arguments of `sipher init`.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// Address of your relay, from whoever runs it: `sipher-relay:HOST[:PORT]/KEY[/TOKEN]`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) relay: Option<String>,
    /// Your name; only buddies see it
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Arguments of `sipher invite`.
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct InviteArgs {
    /// Your name for whom you invite
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) for_name: Option<String>,
    /// An address at which anybody may ask, instead of an invitation for one person
    #[arg(long, conflicts_with_all = ["for_name", "wait"])]
    pub(crate) standing: bool,
    /// With --standing: another address; who has the old one can't ask any more
    #[arg(long, requires = "standing")]
    pub(crate) rotate: bool,
    /// With --standing: no address any more
    #[arg(long, requires = "standing", conflicts_with = "rotate")]
    pub(crate) end: bool,
    /// Stay until the invitation is answered
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait: give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
}

/// Arguments of `sipher accept`.
#[derive(Args, Debug)]
pub(crate) struct AcceptArgs {
    /// The invitation, or - to read it from standard input; asked for when left out
    #[arg(value_name = "INVITATION")]
    pub(crate) invitation: Option<String>,
    /// Your name for who invited you
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) as_name: Option<String>,
    /// A few words that are seen before you are answered, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Stay until the inviter has answered
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait: give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
}

/// Arguments of `sipher admit`.
#[derive(Args, Debug)]
pub(crate) struct AdmitArgs {
    /// Which ask, by its number in `sipher asks`
    #[arg(value_name = "ASK")]
    pub(crate) ask: u32,
    /// Your name for who asks
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) as_name: Option<String>,
}

/// Arguments of `sipher decline`.
#[derive(Args, Debug)]
pub(crate) struct DeclineArgs {
    /// Which ask, by its number in `sipher asks`
    #[arg(value_name = "ASK")]
    pub(crate) ask: u32,
}

/// Arguments of `sipher send`.
#[derive(Args, Debug)]
pub(crate) struct SendArgs {
    /// Whom
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: String,
    /// The text, or - for standard input
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Return when this state is reached
    #[arg(long, value_name = "STATE", default_value = "stored")]
    pub(crate) wait: WaitFor,
    /// With --wait delivered or read: give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// How long the relay keeps it for your buddy: 1d, 7d or 30d
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub(crate) expires: Keep,
}

/// States of a message that can be waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum WaitFor {
    /// The relay has it on its disk
    Stored,
    /// Your buddy's device has it
    Delivered,
    /// Your buddy has seen it
    Read,
}

/// How long a relay keeps a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Keep {
    /// A day
    #[value(name = "1d")]
    Day,
    /// A week
    #[value(name = "7d")]
    Week,
    /// A month
    #[value(name = "30d")]
    Month,
}

/// Arguments of `sipher read`.
#[derive(Args, Debug)]
pub(crate) struct ReadArgs {
    /// Only what this buddy wrote
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: Option<String>,
}

/// Arguments of `sipher history`.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// With whom
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: String,
    /// How many lines, the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) last: usize,
    /// All lines
    #[arg(long, conflicts_with = "last")]
    pub(crate) all: bool,
}

/// Arguments of `sipher status`.
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// The new status; shown when left out
    #[arg(value_name = "STATE")]
    pub(crate) state: Option<StateArg>,
    /// A few words about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// When it ends: 14:00, 30m, 2h, 3d, or 2026-12-24 (UTC)
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// The states that a person can choose.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StateArg {
    /// Reachable
    Available,
    /// Not at the keyboard
    Away,
    /// Better not now
    Busy,
    /// Not reachable
    Offline,
}

/// Arguments of `sipher grant`.
#[derive(Args, Debug)]
pub(crate) struct GrantArgs {
    /// To whom
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: String,
    /// presence=none|reachable|status|full, receipts=none|delivered|read, message=yes|no, until=TIME
    #[arg(value_name = "RIGHT=VALUE", required = true)]
    pub(crate) rights: Vec<String>,
}

/// Arguments of `sipher grants`.
#[derive(Args, Debug)]
pub(crate) struct GrantsArgs {
    /// Only this buddy's
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: Option<String>,
}

/// Arguments of `sipher retract`.
#[derive(Args, Debug)]
pub(crate) struct RetractArgs {
    /// From whom
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: String,
    /// Which right: presence, receipts or message; all of them when left out
    #[arg(value_name = "RIGHT")]
    pub(crate) right: Option<String>,
}

/// Arguments of `sipher verify`.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Whose link
    #[arg(value_name = "BUDDY")]
    pub(crate) buddy: String,
    /// You compared the words with your buddy and they are equal
    #[arg(long)]
    pub(crate) confirm: bool,
}
