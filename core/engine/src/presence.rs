//! Presence: what a person shows, cut down for each buddy, and what buddies show. Spec: `spec/presence.md`.
//!
//! A document is redacted *before* it is sealed, by [`redact`]; the relay and the other buddies never see more.
//! Past its end a document says nothing: the reader shows *unknown, last known at*, never a state.

mod given;
mod watched;

pub(crate) use self::given::{OwnCell, seconds};
pub(crate) use self::watched::{News, Watched};

use alloc::string::String;
use core::fmt;

use minicbor::{Decode, Encode};
use sipher_wire::Time;

use crate::grant::PresenceLevel;
use crate::name::is_unprintable;

/// The coarse state of a person.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(index_only)]
pub enum Basic {
    /// Here, and willing to talk.
    #[default]
    #[n(0)]
    Available,
    /// Not here for a while.
    #[n(1)]
    Away,
    /// Here, but not to be disturbed.
    #[n(2)]
    Busy,
    /// Not to be reached.
    #[n(3)]
    Offline,
}

/// What a person says of himself.
#[derive(Clone, Decode, Default, Encode, Eq, PartialEq)]
#[cbor(map)]
pub struct Status {
    /// The state.
    #[n(0)]
    pub basic: Basic,
    /// A few words, at most [`Status::NOTE_OCTETS`].
    #[n(1)]
    pub note: Option<String>,
    /// When it ends; afterwards he counts as available without a note.
    #[cbor(n(2), with = "crate::record::field", default)]
    pub until: Option<Time>,
}

impl fmt::Debug for Status {
    /// Without the words of the note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = if self.note.is_some() { ", a note" } else { "" };
        write!(f, "Status({:?}{note}, until {:?})", self.basic, self.until)
    }
}

impl Status {
    /// Octets of a note at most: a document has 861 for everything.
    pub const NOTE_OCTETS: usize = 512;

    /// What holds at `now`: past its end a status counts as available without a note.
    // spec: redact-2
    #[must_use]
    pub fn at(&self, now: Time) -> Self {
        if self.until.is_some_and(|until| until <= now) {
            Self::default()
        } else {
            self.clone()
        }
    }

    /// Whether its note can be shown and fits.
    pub(crate) fn is_fit(&self) -> bool {
        self.note
            .as_ref()
            .is_none_or(|note| note.len() <= Self::NOTE_OCTETS && !note.chars().any(is_unprintable))
    }
}

/// What a document says inside: the status as far as the right goes.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(map)]
pub(crate) struct Content {
    #[n(0)]
    pub(crate) status: Status,
    #[n(1)]
    pub(crate) reachable_only: bool,
}

/// What a buddy with this right is shown of a status; nothing if he has none.
// spec: presence-2
// spec: redact-1
pub(crate) fn redact(status: &Status, level: PresenceLevel) -> Option<Content> {
    let reachable = match status.basic {
        Basic::Offline => Basic::Offline,
        Basic::Available | Basic::Away | Basic::Busy => Basic::Available,
    };
    match level {
        PresenceLevel::None => None,
        PresenceLevel::Reachable => Some(Content {
            status: Status {
                basic: reachable,
                note: None,
                until: None,
            },
            reachable_only: true,
        }),
        PresenceLevel::Status => Some(Content {
            status: Status {
                note: None,
                ..status.clone()
            },
            reachable_only: false,
        }),
        PresenceLevel::Full => Some(Content {
            status: status.clone(),
            reachable_only: false,
        }),
    }
}

/// What a buddy's document said.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
#[cbor(map)]
#[non_exhaustive]
pub struct Shown {
    /// The state; with [`Shown::reachable_only`] it is available or offline and means no more than that.
    #[n(0)]
    pub status: Status,
    /// Whether this is all that he lets us see of it: reachable or not.
    #[n(1)]
    pub reachable_only: bool,
    /// When he published it, by his clock.
    #[cbor(n(2), with = "crate::record::field")]
    pub published: Time,
    /// Until when it says anything.
    #[cbor(n(3), with = "crate::record::field")]
    pub valid_until: Time,
}

impl Shown {
    /// Whether it still says something, clocks being a little apart.
    // spec: presence-12
    pub(crate) fn holds(&self, now: Time) -> bool {
        now < self.valid_until + CLOCK_TOLERANCE
    }
}

/// What is known of a buddy's presence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PresenceView<'a> {
    /// He grants nothing.
    NotGranted,
    /// He grants it, and nothing that holds now was seen. The last that was, if any.
    Unknown {
        /// What was known last.
        last: Option<&'a Shown>,
    },
    /// He says this.
    Known(&'a Shown),
}

/// No document holds longer than this: neither is one made, nor is one believed.
pub(crate) const MAX_FRESHNESS: core::time::Duration = core::time::Duration::from_hours(24);

/// How far two honest clocks may be apart.
const CLOCK_TOLERANCE: core::time::Duration = core::time::Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn lunch(basic: Basic) -> Status {
        Status {
            basic,
            note: Some("lunch".to_string()),
            until: Some(Time::from_secs(100)),
        }
    }

    #[test]
    fn no_right_shows_nothing() {
        assert_eq!(redact(&lunch(Basic::Away), PresenceLevel::None), None);
    }

    // spec: presence-2
    // spec: redact-1
    #[test]
    fn the_right_to_know_who_can_be_reached_shows_neither_state_nor_note_nor_end() {
        for basic in [Basic::Available, Basic::Away, Basic::Busy] {
            let content = redact(&lunch(basic), PresenceLevel::Reachable).unwrap();
            assert_eq!(content.status, Status::default());
        }
        assert_eq!(
            redact(&lunch(Basic::Offline), PresenceLevel::Reachable)
                .unwrap()
                .status
                .basic,
            Basic::Offline
        );
    }

    #[test]
    fn the_right_to_the_state_shows_no_note() {
        let content = redact(&lunch(Basic::Busy), PresenceLevel::Status).unwrap();
        assert_eq!(
            content.status,
            Status {
                note: None,
                ..lunch(Basic::Busy)
            }
        );
        assert_eq!(
            redact(&lunch(Basic::Busy), PresenceLevel::Full).unwrap().status,
            lunch(Basic::Busy)
        );
    }

    // spec: redact-2
    #[test]
    fn a_status_past_its_end_is_no_more() {
        assert_eq!(lunch(Basic::Away).at(Time::from_secs(99)), lunch(Basic::Away));
        assert_eq!(lunch(Basic::Away).at(Time::from_secs(100)), Status::default());
    }

    #[test]
    fn a_note_is_printable_and_short() {
        let with = |note: &str| Status {
            note: Some(note.to_string()),
            ..Status::default()
        };
        assert!(with("out for lunch 🍜").is_fit());
        assert!(!with("a\u{1b}[2J").is_fit());
        assert!(!with(&"x".repeat(513)).is_fit());
    }
}
