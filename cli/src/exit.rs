//! The exit codes of `spec/command-line.md`. Scripts rely on them: they never change.

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// All that was asked for was done.
    Done,
    /// What the person gave is wrong.
    Input,
    /// The command line itself cannot be understood.
    Usage,
    /// The network or a relay is in the way; often a later attempt helps.
    Network,
    /// Refused by the other side, or something did not verify.
    Refused,
    /// Another process owns the account, or the passphrase is wrong.
    Locked,
    /// Data on this machine is damaged, or could not be written.
    Damaged,
    /// Something that cannot happen did.
    Bug,
}

impl Exit {
    /// The number that the system gets.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Input => 1,
            Self::Usage => 2,
            Self::Network => 3,
            Self::Refused => 4,
            Self::Locked => 5,
            Self::Damaged => 6,
            Self::Bug => 70,
        }
    }
}
