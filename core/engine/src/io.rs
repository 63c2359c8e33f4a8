//! The whole contract between an account and its driver: what comes in, what goes out.
//! Spec: `spec/client.md`, driver.
//!
//! The driver hands in one [`Input`], then takes [`Output`]s until there are none, in order, and only then the
//! next input. An [`Output::Persist`] is durable before anything behind it happens. If it fails, the account's
//! value is dropped: the disk has the last state that anything outside was told of.

mod answer;
mod command;
mod event;

pub use self::answer::{Answer, Invited, Refusal, Report, Trouble, TroubleCause, Unread};
pub use self::command::{Command, Presenting, RightChange, StandingChange, Wait, WithdrawnRight};
pub use self::event::Event;

use bytes::Bytes;
use core::fmt;
use sipher_wire::{RelayAddress, Time};

use crate::store::Batch;

/// A connection, numbered by the engine.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnId(pub u64);

/// A command, numbered by the driver; no two that run at the same time are equal.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CommandId(pub u64);

/// What a connection is for. Never two things: the relay would learn which boxes and which grants are one person's.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Owning boxes: receiving, publishing, managing grants.
    Own,
    /// Sending to the queues of others.
    Send,
    /// Reading the cells of others.
    Watch,
}

/// Why a connection ended or never came to be.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The relay's host name has no address.
    #[error("the relay's host name was not found")]
    NameNotFound,
    /// The machine is there, and nothing listens.
    #[error("the connection was refused")]
    Refused,
    /// No way to the machine.
    #[error("the network does not reach the relay")]
    Unreachable,
    /// Nothing came back in time.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// Something answered that isn't a relay.
    #[error("what answers there does not speak TLS 1.3 as a relay does")]
    Tls,
    /// The certificate isn't valid now.
    #[error("the relay's certificate is not valid at this time")]
    CertificateTime,
    /// A relay answered that has another key than the address pins.
    #[error("the relay has another key than the address pins")]
    WrongKey,
    /// It was there and ended.
    #[error("the relay closed the connection")]
    Closed,
    /// What came over it isn't SIP as a relay speaks it.
    #[error("the relay does not speak as a relay should")]
    Nonsense,
}

/// What happens to an account.
pub enum Input<'a> {
    /// A connection that [`Output::Open`] asked for is there.
    Up {
        /// Which.
        conn: ConnId,
        /// The TLS exporter `EXPORTER-sipher-1` of this connection.
        binding: [u8; 32],
    },
    /// A connection ended, or never came to be. Not told after [`Output::Close`].
    Down {
        /// Which.
        conn: ConnId,
        /// Why.
        fault: Fault,
    },
    /// Octets came, cut anywhere.
    Octets {
        /// On which connection.
        conn: ConnId,
        /// What came.
        octets: &'a [u8],
    },
    /// A person or a program wants something.
    Command {
        /// Under which number it is answered.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// Whoever waits for a command waits no longer. It is answered at once with what was reached; what it
    /// started is kept and goes on.
    Cancel {
        /// Which.
        id: CommandId,
    },
    /// The time of an [`Output::Wake`] came.
    Tick,
}

/// What is to be done, in this order.
pub enum Output {
    /// Make this durable, all or nothing, before anything that follows.
    Persist(Batch),
    /// Connect to this relay, and tell [`Input::Up`] or [`Input::Down`].
    Open {
        /// The number of the new connection.
        conn: ConnId,
        /// Where, and which key it must show.
        relay: RelayAddress,
        /// What for; one circuit a class where circuits are used.
        class: Class,
    },
    /// End a connection after what was transmitted is out.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// Send octets.
    Transmit {
        /// On which connection.
        conn: ConnId,
        /// What.
        octets: Bytes,
    },
    /// A command is done.
    Done {
        /// Which.
        id: CommandId,
        /// What came of it.
        outcome: Result<Answer, Refusal>,
    },
    /// Something happened that a person may want to know.
    Event(Event),
    /// Hand in [`Input::Tick`] at this time; replaces the earlier wish.
    Wake(Time),
}

impl fmt::Debug for Input<'_> {
    /// What it is, without what it carries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up { conn, .. } => write!(f, "Up({conn})"),
            Self::Down { conn, fault } => write!(f, "Down({conn}, {fault:?})"),
            Self::Octets { conn, octets } => write!(f, "Octets({conn}, {} of them)", octets.len()),
            Self::Command { id, command } => write!(f, "Command({}, {command:?})", id.0),
            Self::Cancel { id } => write!(f, "Cancel({})", id.0),
            Self::Tick => f.write_str("Tick"),
        }
    }
}

impl fmt::Debug for Output {
    /// What it is, without what it carries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Persist(batch) => write!(f, "Persist({} records)", batch.ops().len()),
            Self::Open { conn, class, .. } => write!(f, "Open({conn}, {class:?})"),
            Self::Close { conn } => write!(f, "Close({conn})"),
            Self::Transmit { conn, octets } => write!(f, "Transmit({conn}, {} octets)", octets.len()),
            Self::Done { id, outcome } => write!(
                f,
                "Done({}, {})",
                id.0,
                if outcome.is_ok() { "ok" } else { "refused" }
            ),
            Self::Event(event) => write!(f, "{event:?}"),
            Self::Wake(at) => write!(f, "Wake({at})"),
        }
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
