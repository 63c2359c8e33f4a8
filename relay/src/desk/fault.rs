//! Answers that are computed without a look at any box. `spec/wire.md`, refusals, the lines marked *const*.

use crate::limits::{LIFETIME_MIN_SECS, OVERLOAD_RETRY_SECS};
use sipher_wire::Nonce;
use sipher_wire::sip::{Name, Reply, Request, Status, Tag};

/// Why a request doesn't reach the mailbox. Two of them are no faults at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// 200 to OPTIONS.
    Options,
    /// 200 to a CANCEL of something that can't be canceled.
    Cancel,
    /// 400.
    Bad,
    /// 401.
    Unproven,
    /// 403.
    Forbidden,
    /// 404: the uniform refusal.
    NotFound,
    /// 405.
    Method,
    /// 415: the type.
    Type,
    /// 415: the encoding.
    Encoding,
    /// 416.
    Scheme,
    /// 420.
    Extension,
    /// 423.
    TooBrief,
    /// 481.
    NoDialog,
    /// 482.
    Merged,
    /// 489.
    Event,
    /// 500: a number that comes after a higher one.
    OutOfOrder,
    /// 503.
    Overloaded,
}

impl Fault {
    /// The answer, with a challenge where one is needed.
    // spec: refuse-1
    pub(super) fn reply(self, request: &Request, tag: &Tag, challenge: Option<Nonce>) -> Reply {
        let to = |status| Reply::to(request, status, tag);
        match self {
            Self::Options => to(Status::OK).allow().accept().supported().allow_events(),
            Self::Cancel => to(Status::OK),
            Self::Bad => to(Status::BAD_REQUEST),
            Self::Unproven => match challenge {
                Some(nonce) => to(Status::UNAUTHORIZED).challenge(&nonce),
                None => to(Status::UNAUTHORIZED),
            },
            Self::Forbidden => to(Status::FORBIDDEN),
            Self::NotFound => to(Status::NOT_FOUND),
            Self::Method => to(Status::METHOD_NOT_ALLOWED).allow(),
            Self::Type => to(Status::UNSUPPORTED_MEDIA_TYPE).accept(),
            Self::Encoding => to(Status::UNSUPPORTED_MEDIA_TYPE).accept_encoding(),
            Self::Scheme => to(Status::UNSUPPORTED_URI_SCHEME),
            Self::Extension => to(Status::BAD_EXTENSION).unsupported(unknown_extensions(request)),
            // spec: reg-5
            Self::TooBrief => to(Status::INTERVAL_TOO_BRIEF).min_expires(LIFETIME_MIN_SECS),
            Self::NoDialog => to(Status::NO_DIALOG),
            Self::Merged => to(Status::LOOP_DETECTED),
            Self::Event => to(Status::BAD_EVENT).allow_events(),
            Self::OutOfOrder => to(Status::SERVER_ERROR),
            Self::Overloaded => to(Status::UNAVAILABLE).retry_after(OVERLOAD_RETRY_SECS),
        }
    }
}

/// The extensions that a request requires and that this relay hasn't.
pub(super) fn unknown_extensions(request: &Request) -> impl Iterator<Item = &[u8]> {
    request
        .head()
        .items(Name::Require)
        .filter(|tag| !tag.eq_ignore_ascii_case(b"outbound"))
}
