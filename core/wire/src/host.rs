//! A host as SIP writes it: a DNS name, an IPv4 address, or an IPv6 address in brackets.
//!
//! Addresses are compared by value, names without case (RFC 3261 §19.1.4, RFC 5118 §4). Nothing is resolved.

use crate::limits::{HOST_OCTETS, LABEL_OCTETS};
use alloc::string::String;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// A host.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Host {
    /// A DNS name in small letters.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host; an IPv6 address must stand in brackets.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(text).ok()?;
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        if let Ok(address) = text.parse() {
            return Some(Self::V4(address));
        }
        is_name(text).then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether text is a host. Takes no memory.
    pub fn is_valid(text: &[u8]) -> bool {
        let Ok(text) = core::str::from_utf8(text) else {
            return false;
        };
        match text.strip_prefix('[') {
            Some(inner) => inner
                .strip_suffix(']')
                .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()),
            None => is_name(text) || text.parse::<Ipv4Addr>().is_ok(),
        }
    }

    /// Whether this text names the same host. Takes no memory.
    pub fn is(&self, text: &[u8]) -> bool {
        match self {
            Self::Name(name) => name.as_bytes().eq_ignore_ascii_case(text),
            Self::V4(_) | Self::V6(_) => Self::parse(text).as_ref() == Some(self),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Labels of letters, digits and inner hyphens; the last one must not look like a number (RFC 3261 §25.1).
fn is_name(text: &str) -> bool {
    let last_is_a_number = text
        .rsplit('.')
        .next()
        .is_some_and(|l| l.bytes().all(|c| c.is_ascii_digit()));
    text.len() <= HOST_OCTETS && !last_is_a_number && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_OCTETS).contains(&label.len())
        && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn f16_addresses_are_compared_by_value() {
        let host = Host::parse(b"[2001:db8::1]").unwrap();
        assert!(host.is(b"[2001:DB8:0:0:0:0:0:1]"));
        assert!(!host.is(b"2001:db8::1"), "brackets are part of a host");
        assert_eq!(host.to_string(), "[2001:db8::1]");
    }

    #[test]
    fn f4_names_are_compared_without_case() {
        let host = Host::parse(b"Relay.Example").unwrap();
        assert!(host.is(b"rELAY.example"));
        assert!(!host.is(b"relay.example."));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long = "a".repeat(64);
        for bad in [
            "",
            ".",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "256.1.1.1",
            "1.2.3",
            "[::1",
            "::1",
            "[127.0.0.1]",
            "a b",
            &long,
        ] {
            assert_eq!(Host::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
