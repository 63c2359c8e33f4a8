//! The address of a relay: where it is and which key it must show. Spec: `spec/boxes.md`, relay addresses.
//!
//! `sipher-relay:HOST[:PORT]/KEY[/TOKEN]`, in any case; a QR code has it in capitals, where its
//! alphanumeric set holds. Nothing is resolved here.

use crate::DEFAULT_PORT;
use crate::auth::OpeningToken;
use crate::base32::{self, ID_CHARS};
use crate::host::Host;
use crate::limits::ADDRESS_OCTETS;
use alloc::string::{String, ToString};
use core::fmt;
use sha2::{Digest, Sha256};

/// The pin of a relay's identity key: 26 characters of SHA-256 over a label and the Ed25519 key.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RelayId([u8; ID_CHARS]);

impl RelayId {
    /// The pin of an identity key.
    pub fn of(identity_key: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sipher relay v1");
        hash.update(identity_key);
        Self(base32::id_of(&hash.finalize().into()))
    }

    /// Reads a pin in any case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        base32::parse_id(&text.to_ascii_lowercase()).map(Self)
    }

    /// The pin as text, in small letters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayId({self})")
    }
}

/// Which part of a relay's address is wrong, for the person who typed it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressFault {
    /// It doesn't begin with `sipher-relay:`.
    #[error("a relay's address begins with sipher-relay:")]
    Scheme,
    /// It is longer than any address can be.
    #[error("this is too long for a relay's address")]
    Length,
    /// The host is neither a name nor an address.
    #[error("the host is neither a name nor an IP address")]
    Host,
    /// The port isn't a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// The key is missing, cut, or has characters that no key has.
    #[error("the key after the slash needs 26 letters and digits 2 to 7")]
    Key,
    /// The token has characters that no token has, or something follows it.
    #[error("the token may hold letters, digits, hyphens and dots only")]
    Token,
}

/// Where a relay is, which key it must show, and what lets a new owner open boxes there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelayAddress {
    /// Its host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The pin of its identity key.
    pub id: RelayId,
    /// The operator's secret, if the relay isn't public.
    pub token: Option<OpeningToken>,
}

impl RelayAddress {
    /// Reads an address, in any case, with blanks around it.
    ///
    /// # Errors
    /// The part that is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim();
        if text.len() > ADDRESS_OCTETS {
            return Err(AddressFault::Length);
        }
        let (scheme, rest) = text.split_once(':').ok_or(AddressFault::Scheme)?;
        if !scheme.eq_ignore_ascii_case("sipher-relay") {
            return Err(AddressFault::Scheme);
        }
        let mut parts = rest.splitn(3, '/');
        let (host, port) = parse_host_port(parts.next().unwrap_or_default())?;
        let id = parts
            .next()
            .and_then(|key| RelayId::parse(key.as_bytes()))
            .ok_or(AddressFault::Key)?;
        let token = match parts.next() {
            None => None,
            Some(text) => Some(OpeningToken::parse(text).ok_or(AddressFault::Token)?),
        };
        Ok(Self {
            host,
            port,
            id,
            token,
        })
    }

    /// The same relay without the secret: what may be given to others.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self {
            // spec: addr-1
            token: None,
            ..self.clone()
        }
    }

    /// Host and port as a dialer or a later part of an invitation wants them; the default port is left out.
    pub fn host_port(&self) -> String {
        match self.port {
            DEFAULT_PORT => self.host.to_string(),
            port => alloc::format!("{}:{port}", self.host),
        }
    }

    /// The address with its secret, in small letters; that's why there is no `Display`.
    pub fn expose_text(&self) -> String {
        let token = self
            .token
            .as_ref()
            .map_or(String::new(), |t| alloc::format!("/{}", t.expose_text()));
        alloc::format!("sipher-relay:{}/{}{token}", self.host_port(), self.id)
    }

    /// The address with its secret, for a QR code.
    pub fn expose_qr_text(&self) -> String {
        self.expose_text().to_ascii_uppercase()
    }
}

/// Reads `HOST[:PORT]`, as addresses and invitations write it.
///
/// # Errors
/// [`AddressFault::Host`] or [`AddressFault::Port`].
pub(crate) fn parse_host_port(text: &str) -> Result<(Host, u16), AddressFault> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let host = Host::parse(host.as_bytes()).ok_or(AddressFault::Host)?;
    let port = match port {
        None => DEFAULT_PORT,
        Some(text) => parse_port(text).ok_or(AddressFault::Port)?,
    };
    Ok((host, port))
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.len() <= 5 && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";

    #[test]
    fn an_address_is_the_same_in_capitals() {
        for text in [
            "relay.example",
            "relay.example:7000",
            "192.0.2.1",
            "[2001:db8::1]",
            "[2001:db8::1]:7000",
        ] {
            for token in ["", "/s3cret-token"] {
                let written = alloc::format!("sipher-relay:{text}/{KEY}{token}");
                let address = RelayAddress::parse(&written).unwrap();
                assert_eq!(address.expose_text(), written);
                assert_eq!(RelayAddress::parse(&address.expose_qr_text()), Ok(address));
            }
        }
    }

    #[test]
    fn the_default_port_is_left_out() {
        let address = RelayAddress::parse(&alloc::format!(" Sipher-Relay:a.example:5061/{KEY}\n")).unwrap();
        assert_eq!(address.port, 5061);
        assert_eq!(
            address.expose_text(),
            alloc::format!("sipher-relay:a.example/{KEY}")
        );
    }

    #[test]
    fn each_wrong_part_is_named() {
        let long = alloc::format!("sipher-relay:{}/{KEY}", "a".repeat(400));
        let cases = [
            ("https://a.example", AddressFault::Scheme),
            ("", AddressFault::Scheme),
            (&long, AddressFault::Length),
            ("sipher-relay:/k7q3mzx2ahb5w4tcyd6eolrn2i", AddressFault::Host),
            ("sipher-relay:a_b/k7q3mzx2ahb5w4tcyd6eolrn2i", AddressFault::Host),
            ("sipher-relay:::1/k7q3mzx2ahb5w4tcyd6eolrn2i", AddressFault::Host),
            ("sipher-relay:a:0/k7q3mzx2ahb5w4tcyd6eolrn2i", AddressFault::Port),
            (
                "sipher-relay:a:65536/k7q3mzx2ahb5w4tcyd6eolrn2i",
                AddressFault::Port,
            ),
            ("sipher-relay:a:+1/k7q3mzx2ahb5w4tcyd6eolrn2i", AddressFault::Port),
            ("sipher-relay:a.example", AddressFault::Key),
            ("sipher-relay:a.example/k7q3", AddressFault::Key),
            (
                "sipher-relay:a.example/k7q3mzx2ahb5w4tcyd6eolrn21",
                AddressFault::Key,
            ),
            (
                "sipher-relay:a.example/k7q3mzx2ahb5w4tcyd6eolrn2i/",
                AddressFault::Token,
            ),
            (
                "sipher-relay:a.example/k7q3mzx2ahb5w4tcyd6eolrn2i/a/b",
                AddressFault::Token,
            ),
        ];
        for (text, fault) in cases {
            assert_eq!(RelayAddress::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_relay_id_is_the_hash_of_its_label_and_key() {
        let mut input = b"sipher relay v1".to_vec();
        input.extend([3; 32]);
        let hash: [u8; 32] = Sha256::digest(&input).into();
        assert_eq!(RelayId::of(&[3; 32]).0, base32::id_of(&hash));
    }

    // spec: addr-1
    #[test]
    fn debug_never_shows_the_token() {
        let address = RelayAddress::parse(&alloc::format!("sipher-relay:a.example/{KEY}/hush")).unwrap();
        assert!(!alloc::format!("{address:?}").contains("hush"));
        assert_eq!(address.without_token().token, None);
    }
}
