//! Advice for what the client library reports about the account, its files and its commands.

use sipher_client::{CallFault, Client, DiskFault, OpenFault, Profile, Refusal, UriFault};

use super::Advice;
use crate::exit::Exit;
use crate::output::escaped_line;

impl Advice {
    /// Why an account could not be made or opened.
    pub(crate) fn from_open(fault: &OpenFault, profile: &Profile) -> Self {
        let name = profile.name();
        match fault {
            OpenFault::NoAccount => Self::input("there is no account yet")
                .why(format!("nothing is in {}", profile.folder().display()))
                .act("make one: sipher init --relay ADDRESS --name NAME"),
            OpenFault::AccountExists => Self::input(format!(
                "there is an account already under the profile \"{name}\""
            ))
            .why(format!(
                "it is in {}; nothing was changed",
                profile.folder().display()
            ))
            .act("use it, or make a second one beside it: sipher --profile OTHER init ..."),
            OpenFault::Locked(pid) => {
                let holder = pid.map_or(String::new(), |pid| format!(" (pid {pid})"));
                Self::new(
                    Exit::Locked,
                    format!("the account is in use by another sipher process{holder}"),
                )
                .why("one process at a time owns an account; nothing was changed")
                .act("wait until it ends, or end it")
            }
            OpenFault::WrongPassphrase => Self::new(Exit::Locked, "the passphrase is wrong")
                .why("it doesn't open this account; nothing was changed")
                .act("try again; capitals and blanks count"),
            OpenFault::KeyFile => {
                Self::new(Exit::Damaged, "the key file of the account is damaged or missing")
                    .why(format!(
                        "{} is not what was written there",
                        profile.key_file().display()
                    ))
                    .act("put it back from a backup; without it nobody can open the account's store")
            }
            OpenFault::Memory => Self::new(Exit::Damaged, "there is not enough memory")
                .why("checking a passphrase takes 64 MiB on purpose, making an account 256 MiB")
                .act("close other programs and try again"),
            OpenFault::Disk(fault) => Self::from_disk(fault, profile),
            other => Self::bug(other),
        }
    }

    /// What is wrong with the account's store.
    pub(crate) fn from_disk(fault: &DiskFault, profile: &Profile) -> Self {
        let store = profile.store();
        match fault {
            DiskFault::Full => Self::new(Exit::Damaged, "the disk is full")
                .why(format!(
                    "nothing could be added to {}; what was there is safe",
                    profile.folder().display()
                ))
                .act("make room and repeat the command"),
            DiskFault::Io(error) => Self::new(Exit::Damaged, "the account's store can't be read or written")
                .why(format!("{}: {error}", store.display()))
                .act("check the disk and the rights of the file; what was there is left as it is"),
            DiskFault::Damaged => Self::new(Exit::Damaged, "the account's store is damaged")
                .why(format!(
                    "{} is not what was written there; it is left as it is",
                    store.display()
                ))
                .act("keep the file, and put the folder back from a backup if you have one")
                .act("else make a new account beside it: sipher --profile OTHER init ..."),
            DiskFault::Newer => Self::new(
                Exit::Damaged,
                "the account was last used by a newer version of sipher",
            )
            .why(format!(
                "this one is {} and can't read {}",
                env!("CARGO_PKG_VERSION"),
                store.display()
            ))
            .act("use the newer version"),
            DiskFault::InUse => Self::new(Exit::Locked, "the account's store is in use by another program")
                .why("nothing was changed")
                .act("wait until it ends, or end it"),
            other => Self::bug(other),
        }
    }

    /// Why a command was not carried out.
    pub(crate) fn from_call(fault: &CallFault, client: &Client, profile: &Profile) -> Self {
        match fault {
            CallFault::Refused(Refusal::Relay(trouble)) => Self::from_trouble(trouble, client),
            CallFault::Refused(refusal) => Self::from_refusal(refusal),
            CallFault::Disk(fault) => Self::from_disk(fault, profile),
            other => Self::bug(other),
        }
    }

    /// Why an account did not end well.
    pub(crate) fn from_end(fault: &CallFault, profile: &Profile) -> Self {
        match fault {
            CallFault::Disk(fault) => Self::from_disk(fault, profile),
            other => Self::bug(other),
        }
    }

    fn from_refusal(refusal: &Refusal) -> Self {
        let refused = |what: &str| Self::new(Exit::Refused, what);
        match refusal {
            Refusal::Uri(fault) => Self::from_uri(*fault),
            Refusal::OwnInvitation => Self::input("this invitation is your own")
                .why("you can't become your own buddy")
                .act("give it to whom you want to invite"),
            Refusal::InvitationGone => refused("this invitation has been used already, has expired, or was mistyped")
                .why("its relay has nothing under it, and can't know why")
                .act("ask for a new one; if only you should have had it, say that somebody else may have used it"),
            Refusal::InvitationForged => refused("this invitation leads to something that its maker did not make")
                .why("the relay, or somebody who saw the invitation, put other keys in its place; nothing was sent")
                .act("tell who invited you, and ask for a new one over another way"),
            Refusal::InvitationExpired => refused("this invitation has expired")
                .why("an invitation holds for seven days, a standing address as long as its owner keeps it")
                .act("ask for a new one"),
            Refusal::InvitationNewer => refused("this invitation was made by a newer version of sipher")
                .why(format!("this one is {}", env!("CARGO_PKG_VERSION")))
                .act("update sipher"),
            Refusal::AlreadyLinked(_) => Self::input("you are buddies already")
                .why("the invitation comes from somebody in your list; nothing was changed")
                .act("see your buddies: sipher who"),
            Refusal::NameTaken => Self::input("another buddy has this name").act("choose another name"),
            Refusal::UnknownAsk => Self::input("nobody asks under this number").act("see who asks: sipher asks"),
            Refusal::NotLinked => refused("the link with this buddy is not there yet")
                .why("the other side has not answered the invitation")
                .act("wait; any command carries the link on"),
            Refusal::NotGranted => Self::input("this buddy does not have this right").act("see who may what: sipher grants"),
            Refusal::EndsInThePast => Self::input("the end lies in the past").act("give a later one: 2h, 3d, 14:00"),
            Refusal::TextEmpty => Self::input("there is nothing to send")
                .why("the text is empty")
                .act("give a text, or - and the text on standard input"),
            Refusal::AskTooLong { max_chars } => Self::input("the text is too long for an ask")
                .why(format!("at most {max_chars} characters, fewer in some scripts"))
                .act("say less now, and send the rest once you are linked"),
            Refusal::TextTooLong { max_octets } => Self::too_long(*max_octets),
            Refusal::NoteUnfit { max_octets } => Self::input("this note can't be shown")
                .why(format!("a note has at most {max_octets} octets of printable text, on one line"))
                .act("make it shorter"),
            Refusal::OutboxFull => Self::new(Exit::Network, "too much waits to be sent to this buddy")
                .why("the relay was away for long; nothing of it is lost")
                .act("let it go out first: sipher read"),
            Refusal::Cancelled => Self::new(Exit::Network, "it took too long")
                .why("nothing was kept")
                .act("try again"),
            other => Self::input(other.to_string()).act("see: sipher --help"),
        }
    }

    /// A message that fits no envelope.
    pub(crate) fn too_long(max_octets: usize) -> Self {
        Self::input("this text is too long for a message")
            .why(format!(
                "a message has at most {max_octets} octets; nothing was sent"
            ))
            .act("send it in parts")
    }

    fn from_uri(fault: UriFault) -> Self {
        let input = |what: &str| {
            Self::input(what).act("copy it again, whole: it is one line that begins with SIPHER:")
        };
        match fault {
            UriFault::NoInvitation => {
                input("this is not an invitation").why("an invitation begins with SIPHER:")
            }
            UriFault::RelayAddress => Self::input("this is the address of a relay, not an invitation")
                .why("a relay's address makes an account: sipher init --relay ADDRESS --name NAME")
                .act("ask your buddy for an invitation: sipher invite"),
            UriFault::Host => {
                input("this invitation is damaged").why("the part before the slash is no host name")
            }
            UriFault::CutShort { missing } => input("this invitation is cut short")
                .why(format!("{missing} characters are missing at the end")),
            UriFault::TooLong { .. } => {
                input("this invitation is too long").why("something follows that isn't part of it")
            }
            UriFault::Character { found } => input("this invitation is damaged").why(format!(
                "no invitation has the character \"{}\"",
                escaped_line(found.encode_utf8(&mut [0; 4]))
            )),
            UriFault::Check => {
                input("this invitation is mistyped").why("at least one character of it is wrong")
            }
            other => input("this is not an invitation").why(other.to_string()),
        }
    }
}
