//! Status codes and their phrases. RFC 3261 §21, 3428, 3903, 5626, 6665.
//!
//! A table of our own, since the SIP crate calls 202 "201" and writes phrases without blanks.

use core::fmt;

/// A status code from 100 to 699.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Status(u16);

macro_rules! statuses {
    ($($constant:ident $code:literal $phrase:literal;)*) => {
        impl Status {
            $(#[doc = concat!("`", stringify!($code), " ", $phrase, "`")]
            pub const $constant: Self = Self($code);)*

            /// The phrase that goes with a code of ours; empty for others.
            pub const fn phrase(self) -> &'static str {
                match self.0 {
                    $($code => $phrase,)*
                    _ => "",
                }
            }

            /// All codes that have a phrase.
            pub const NAMED: &[Self] = &[$(Self($code),)*];
        }
    };
}

statuses! {
    TRYING 100 "Trying";
    OK 200 "OK";
    ACCEPTED 202 "Accepted";
    NO_NOTIFICATION 204 "No Notification";
    BAD_REQUEST 400 "Bad Request";
    UNAUTHORIZED 401 "Unauthorized";
    FORBIDDEN 403 "Forbidden";
    NOT_FOUND 404 "Not Found";
    METHOD_NOT_ALLOWED 405 "Method Not Allowed";
    REQUEST_TIMEOUT 408 "Request Timeout";
    CONDITIONAL_REQUEST_FAILED 412 "Conditional Request Failed";
    BODY_TOO_LARGE 413 "Request Entity Too Large";
    UNSUPPORTED_MEDIA_TYPE 415 "Unsupported Media Type";
    UNSUPPORTED_URI_SCHEME 416 "Unsupported URI Scheme";
    BAD_EXTENSION 420 "Bad Extension";
    INTERVAL_TOO_BRIEF 423 "Interval Too Brief";
    FLOW_FAILED 430 "Flow Failed";
    TEMPORARILY_UNAVAILABLE 480 "Temporarily Unavailable";
    NO_DIALOG 481 "Call/Transaction Does Not Exist";
    LOOP_DETECTED 482 "Loop Detected";
    TOO_MANY_HOPS 483 "Too Many Hops";
    BAD_EVENT 489 "Bad Event";
    SERVER_ERROR 500 "Server Internal Error";
    NOT_IMPLEMENTED 501 "Not Implemented";
    UNAVAILABLE 503 "Service Unavailable";
    BAD_VERSION 505 "Version Not Supported";
    HEAD_TOO_LARGE 513 "Message Too Large";
}

impl Status {
    /// A code of three digits from 100 to 699.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let code = super::grammar::number(text).filter(|_| text.len() == 3)?;
        u16::try_from(code)
            .ok()
            .filter(|code| (100..700).contains(code))
            .map(Self)
    }

    /// The code.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// Whether it is a 1xx, so that another answer follows.
    pub const fn is_provisional(self) -> bool {
        self.0 < 200
    }

    /// Whether it is a 2xx.
    pub const fn is_success(self) -> bool {
        self.0 >= 200 && self.0 < 300
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.phrase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_is_202() {
        assert_eq!(Status::ACCEPTED.code(), 202);
        assert_eq!(Status::ACCEPTED.phrase(), "Accepted");
    }

    #[test]
    fn a_code_has_three_digits_and_a_known_class() {
        assert_eq!(Status::parse(b"404"), Some(Status::NOT_FOUND));
        assert_eq!(Status::parse(b"299").map(Status::code), Some(299));
        for bad in [&b"+99"[..], b"002", b"700", b"20", b"2000", b"", b"2 0"] {
            assert_eq!(Status::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn every_code_of_ours_has_a_phrase() {
        for &status in Status::NAMED {
            assert!(!status.phrase().is_empty());
            assert_eq!(
                Status::parse(alloc::format!("{}", status.code()).as_bytes()),
                Some(status)
            );
        }
    }
}
