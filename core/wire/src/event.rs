//! Event packages, entity tags and subscription states. Spec: `spec/wire.md`, events; RFC 3903, 5839, 6665.
//!
//! The packages carry opaque octets; `presence` is not among them, since its body must be readable.

use crate::limits::ETAG_OCTETS;
use crate::sip::grammar;
use alloc::boxed::Box;
use core::fmt;
use data_encoding::BASE64URL_NOPAD;
use rand_core::CryptoRng;

/// An event package of ours.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Package {
    /// The latest value of a cell.
    Cell,
    /// The numbered items of a log.
    Log,
    /// The grants of a box; published only.
    Grants,
}

impl Package {
    /// All packages, in the order of `Allow-Events`.
    pub const ALL: [Self; 3] = [Self::Cell, Self::Log, Self::Grants];

    /// The package's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cell => "sipher-cell",
            Self::Log => "sipher-log",
            Self::Grants => "sipher-grants",
        }
    }

    /// The package of a name; names of event packages are compared with case (RFC 6665 §8.2.1).
    pub fn parse(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|package| package.as_str().as_bytes() == name)
    }
}

/// The value of an `Event` header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    /// The package; `None` is one that we don't know, to be answered with 489.
    pub package: Option<Package>,
    /// `since=N` of a log: the reader has all items up to this one. Zero if absent.
    pub since: u64,
}

impl Event {
    /// Reads the value of an `Event` header.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (name, params) = grammar::token_and_params(value)?;
        let since = match params.get(b"since") {
            None => 0,
            Some(text) => grammar::number(text?)?,
        };
        Some(Self {
            package: Package::parse(name),
            since,
        })
    }
}

/// An entity tag: which version of a value it is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ETag(Box<str>);

impl ETag {
    /// A fresh tag of 128 random bits.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(BASE64URL_NOPAD.encode(&octets).into_boxed_str())
    }

    /// Reads a tag: a token of bounded length.
    pub fn parse(text: &[u8]) -> Option<Self> {
        (text.len() <= ETAG_OCTETS && grammar::is_token(text))
            .then(|| core::str::from_utf8(text).ok().map(|text| Self(text.into())))
            .flatten()
    }

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a subscription ended. RFC 6665 §4.1.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndReason {
    /// The relay is going down; subscribe again at once.
    Deactivated,
    /// Try again after a time.
    Probation,
    /// Refused for good.
    Rejected,
    /// It expired, or it was a fetch; subscribe again if wanted.
    Timeout,
    /// The authorization wasn't given in time; try again after a time.
    GiveUp,
    /// There is nothing to watch.
    NoResource,
    /// It can never change again.
    Invariant,
    /// A reason that we don't know; as if none was given.
    Other,
}

impl EndReason {
    const NAMED: [(Self, &'static str); 7] = [
        (Self::Deactivated, "deactivated"),
        (Self::Probation, "probation"),
        (Self::Rejected, "rejected"),
        (Self::Timeout, "timeout"),
        (Self::GiveUp, "giveup"),
        (Self::NoResource, "noresource"),
        (Self::Invariant, "invariant"),
    ];

    fn parse(text: &[u8]) -> Self {
        let known = Self::NAMED
            .into_iter()
            .find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(text));
        known.map_or(Self::Other, |(reason, _)| reason)
    }
}

/// The value of a `Subscription-State` header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubscriptionState {
    /// It lives for so many seconds more.
    Active {
        /// What is left of it, in seconds.
        expires_secs: u32,
    },
    /// It lives, but tells nothing yet.
    Pending,
    /// It is over.
    Terminated {
        /// Why.
        reason: EndReason,
        /// Seconds to wait before another attempt, if it says so.
        retry_after_secs: Option<u32>,
    },
}

impl SubscriptionState {
    /// The end for this reason, without a time to wait.
    pub const fn ended(reason: EndReason) -> Self {
        Self::Terminated {
            reason,
            retry_after_secs: None,
        }
    }

    /// Reads the value of a `Subscription-State` header.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (name, params) = grammar::token_and_params(value)?;
        let secs = |name: &[u8]| match params.get(name) {
            None => Some(None),
            Some(text) => grammar::saturating_u32(text?).map(Some),
        };
        if name.eq_ignore_ascii_case(b"active") {
            return Some(Self::Active {
                expires_secs: secs(b"expires")?.unwrap_or(u32::MAX),
            });
        }
        if name.eq_ignore_ascii_case(b"pending") {
            return Some(Self::Pending);
        }
        name.eq_ignore_ascii_case(b"terminated").then_some(())?;
        Some(Self::Terminated {
            reason: params
                .get(b"reason")
                .flatten()
                .map_or(EndReason::Other, EndReason::parse),
            retry_after_secs: secs(b"retry-after")?,
        })
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active { expires_secs } => write!(f, "active;expires={expires_secs}"),
            Self::Pending => f.write_str("pending"),
            Self::Terminated {
                reason,
                retry_after_secs,
            } => {
                f.write_str("terminated")?;
                if let Some((_, name)) = EndReason::NAMED.iter().find(|(named, _)| named == reason) {
                    write!(f, ";reason={name}")?;
                }
                retry_after_secs.map_or(Ok(()), |secs| write!(f, ";retry-after={secs}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn states_read_as_they_were_written() {
        let mut states = alloc::vec![
            SubscriptionState::Active { expires_secs: 3588 },
            SubscriptionState::Pending,
            SubscriptionState::Terminated {
                reason: EndReason::Probation,
                retry_after_secs: Some(60)
            },
            SubscriptionState::ended(EndReason::Other),
        ];
        states.extend(EndReason::NAMED.map(|(reason, _)| SubscriptionState::ended(reason)));
        for state in states {
            assert_eq!(
                SubscriptionState::parse(state.to_string().as_bytes()),
                Some(state)
            );
        }
    }

    #[test]
    fn states_of_others_are_read_without_case_and_with_blanks() {
        let read = SubscriptionState::parse(b"Terminated ; Reason = NoResource ; x=1");
        assert_eq!(read, Some(SubscriptionState::ended(EndReason::NoResource)));
        assert_eq!(SubscriptionState::parse(b"waiting"), None);
        assert_eq!(SubscriptionState::parse(b"active;expires=x"), None);
    }

    #[test]
    fn an_unknown_package_is_not_a_broken_event() {
        assert_eq!(
            Event::parse(b"presence"),
            Some(Event {
                package: None,
                since: 0
            })
        );
        assert_eq!(Event::parse(b"sipher-log;since=7").unwrap().since, 7);
        assert_eq!(
            Event::parse(b"sipher-cell;id=a").unwrap().package,
            Some(Package::Cell)
        );
        assert_eq!(Event::parse(b"Sipher-Cell").unwrap().package, None);
        assert_eq!(Event::parse(b""), None);
        assert_eq!(Event::parse(b"sipher-log;since=-1"), None);
    }

    #[test]
    fn a_tag_is_a_token_of_bounded_length() {
        assert!(ETag::parse(b"dx200xyz").is_some());
        assert_eq!(ETag::parse(b"a b"), None);
        assert_eq!(ETag::parse(b""), None);
        assert_eq!(ETag::parse(&[b'a'; ETAG_OCTETS + 1]), None);
    }
}
