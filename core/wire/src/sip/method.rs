//! SIP methods. A method is any token and compared with case; those that mean nothing here are one value.

use super::grammar;
use crate::limits::METHOD_OCTETS;

/// A request's method.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// Own a box and receive from it. RFC 3261 §10.
    Register,
    /// Put an item into a queue, or hand one to its owner. RFC 3428.
    Message,
    /// Write a cell, append to a log, manage grants. RFC 3903.
    Publish,
    /// Watch a cell or a log. RFC 6665.
    Subscribe,
    /// Tell a watcher. RFC 6665.
    Notify,
    /// Ask for limits. RFC 3261 §11.
    Options,
    /// Confirms an INVITE; never answered.
    Ack,
    /// Ends a transaction.
    Cancel,
    /// Ends a dialog.
    Bye,
    /// Begins a call.
    Invite,
    /// Any other token.
    Other,
}

impl Method {
    /// What a relay serves, in the order of `Allow`.
    pub const SERVED: [Self; 6] = [
        Self::Register,
        Self::Message,
        Self::Publish,
        Self::Subscribe,
        Self::Notify,
        Self::Options,
    ];

    const NAMED: [(Self, &'static str); 10] = [
        (Self::Register, "REGISTER"),
        (Self::Message, "MESSAGE"),
        (Self::Publish, "PUBLISH"),
        (Self::Subscribe, "SUBSCRIBE"),
        (Self::Notify, "NOTIFY"),
        (Self::Options, "OPTIONS"),
        (Self::Ack, "ACK"),
        (Self::Cancel, "CANCEL"),
        (Self::Bye, "BYE"),
        (Self::Invite, "INVITE"),
    ];

    /// The method of a token of bounded length; `None` if it's none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > METHOD_OCTETS || !grammar::is_token(text) {
            return None;
        }
        let known = Self::NAMED.into_iter().find(|(_, name)| name.as_bytes() == text);
        Some(known.map_or(Self::Other, |(method, _)| method))
    }

    /// The method's name; empty for [`Method::Other`].
    pub fn as_str(self) -> &'static str {
        Self::NAMED
            .into_iter()
            .find(|(method, _)| *method == self)
            .map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f4_methods_are_compared_with_case() {
        assert_eq!(Method::parse(b"MESSAGE"), Some(Method::Message));
        assert_eq!(Method::parse(b"message"), Some(Method::Other));
    }

    #[test]
    fn f9_a_method_is_any_token_of_up_to_64_octets() {
        assert_eq!(
            Method::parse(b"!interesting-Method0123456789_*+`.%indeed'~"),
            Some(Method::Other)
        );
        assert_eq!(Method::parse(&[b'A'; 64]), Some(Method::Other));
        assert_eq!(Method::parse(&[b'A'; 65]), None);
        assert_eq!(Method::parse(b"ME SSAGE"), None);
        assert_eq!(Method::parse(b""), None);
    }
}
