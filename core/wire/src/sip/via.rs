//! One value of a Via header. RFC 3261 §20.42, §25.1.

use super::grammar::{self, Params, is_blank, trim};
use super::uri::split_port;
use crate::host::Host;
use core::fmt;

/// Where a request came from and which transaction it is.
#[derive(Clone, Copy)]
pub struct Via<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
    params: Params<'a>,
}

impl fmt::Debug for Via<'_> {
    /// Nothing: it may have an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Via(..)")
    }
}

impl<'a> Via<'a> {
    /// Reads one value of the list.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (head, params) = grammar::split_outside(value, b';');
        let mut parts = head.splitn(3, |&c| c == b'/');
        let sip = trim(parts.next()?).eq_ignore_ascii_case(b"SIP") && trim(parts.next()?) == b"2.0";
        let rest = trim(parts.next()?);
        let (transport, sent_by) = rest.split_at(rest.iter().position(|&c| is_blank(c))?);
        let (host, port) = spaced_host_port(trim(sent_by))?;
        let sound = sip && grammar::is_token(transport) && Host::is_valid(host);
        sound.then_some(Self {
            transport,
            host,
            port,
            params: Params::parse(params)?,
        })
    }

    /// The transport's name, in any case.
    pub fn transport(&self) -> &'a [u8] {
        self.transport
    }

    /// The host of sent-by.
    pub fn host(&self) -> &'a [u8] {
        self.host
    }

    /// The port of sent-by, if there is one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The branch, if there is one.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get(b"branch").flatten()
    }

    /// The parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }
}

/// `host [LWS ":" LWS port]`.
fn spaced_host_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    if !text.iter().any(|&c| is_blank(c)) {
        return split_port(text);
    }
    let colon = text.iter().rposition(|&c| c == b':')?;
    let (host, port) = text.split_at(colon);
    let port = grammar::number(trim(port.get(1..)?))
        .and_then(|n| u16::try_from(n).ok())
        .filter(|&n| n != 0)?;
    Some((trim(host), Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f5_blanks_are_allowed_around_slashes_and_the_colon() {
        let via = Via::parse(b"SIP / 2.0 /\tudp  192.0.2.2 : 5060 ; branch = z9hG4bKa").unwrap();
        assert_eq!(
            (via.transport(), via.host(), via.port()),
            (&b"udp"[..], &b"192.0.2.2"[..], Some(5060))
        );
        assert_eq!(via.branch(), Some(&b"z9hG4bKa"[..]));
    }

    #[test]
    fn f16_received_takes_an_address_with_or_without_brackets() {
        for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
            let text = alloc::format!("SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9hG4bKas3");
            let via = Via::parse(text.as_bytes()).unwrap();
            assert_eq!(via.params().get(b"received"), Some(Some(received.as_bytes())));
            assert_eq!(via.branch(), Some(&b"z9hG4bKas3"[..]));
        }
    }

    #[test]
    fn f9_an_unknown_transport_is_read() {
        assert_eq!(
            Via::parse(b"SIP/2.0/QUIC a.invalid;branch=1")
                .unwrap()
                .transport(),
            b"QUIC"
        );
    }

    #[test]
    fn broken_values_are_refused() {
        for text in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ",
            "SIP/3.0/UDP a",
            "HTTP/2.0/UDP a",
            "SIP/2.0/UDP a;;",
            "SIP/2.0/UDP a;",
            "SIP/2.0/UDP a b",
            "SIP/2.0/UDP 2001:db8::1",
            "SIP/2.0/UDP a:0",
            "SIP/2.0/UDP a;branch=1;branch=2",
            ";,;,,",
        ] {
            assert!(Via::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
