//! Request-URIs and the URIs of name-addrs. RFC 3261 §19.1, §25.1.
//!
//! A view of borrowed octets. Escapes are undone for comparison only, never before parsing.

use super::grammar::{self, Params};
use crate::box_id::BoxId;
use crate::host::Host;
use crate::limits::URI_OCTETS;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A `sip:` or `sips:` URI.
    Sip(SipUri<'a>),
    /// A URI of another scheme, to be answered with 416.
    OtherScheme,
}

impl<'a> Target<'a> {
    /// Reads a URI; `None` if it's malformed.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let visible = |c: &u8| matches!(c, 0x21..=0x7e) && !matches!(c, b'<' | b'>' | b'"');
        if text.len() > URI_OCTETS || !text.iter().all(visible) {
            return None;
        }
        let colon = text.iter().position(|&c| c == b':')?;
        let (scheme, rest) = text.split_at(colon);
        let rest = rest.get(1..).filter(|rest| !rest.is_empty())?;
        if scheme.eq_ignore_ascii_case(b"sip") || scheme.eq_ignore_ascii_case(b"sips") {
            return SipUri::parse(rest).map(Self::Sip);
        }
        let (&first, others) = scheme.split_first()?;
        let named = first.is_ascii_alphabetic()
            && others
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'));
        named.then_some(Self::OtherScheme)
    }

    /// Whether it may stand in a start line, where a SIP URI has no headers. RFC 3261 §19.1.1.
    pub(crate) fn may_be_requested(&self) -> bool {
        match self {
            Self::Sip(uri) => !uri.has_headers(),
            Self::OtherScheme => true,
        }
    }
}

/// A Contact's URI as the Request-URI of what is sent there, if it may be one.
pub(crate) fn request_uri(contact_uri: &[u8]) -> Option<&str> {
    Target::parse(contact_uri).filter(Target::may_be_requested)?;
    core::str::from_utf8(contact_uri).ok()
}

/// A SIP URI.
#[derive(Clone, Copy)]
pub struct SipUri<'a> {
    user: Option<&'a [u8]>,
    host: &'a [u8],
    port: Option<u16>,
    params: Params<'a>,
    headers: Option<&'a [u8]>,
}

impl fmt::Debug for SipUri<'_> {
    /// Nothing: it may name a box.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SipUri(..)")
    }
}

impl<'a> SipUri<'a> {
    fn parse(rest: &'a [u8]) -> Option<Self> {
        let (user, rest) = match rest.iter().position(|&c| c == b'@') {
            None => (None, rest),
            Some(at) => (Some(checked_user(rest.get(..at)?)?), rest.get(at + 1..)?),
        };
        let (rest, headers) = split_at_octet(rest, b'?');
        let (host_port, params) = split_at_octet(rest, b';');
        let (host, port) = split_port(host_port)?;
        Host::is_valid(host).then_some(())?;
        Some(Self {
            user,
            host,
            port,
            params: Params::parse(params)?,
            headers,
        })
    }

    /// The user part as it was written, without a password.
    pub fn user(&self) -> Option<&'a [u8]> {
        self.user
    }

    /// The user part with escapes undone once, for comparison only.
    pub fn decoded_user(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(decode)
    }

    /// The box that the user part names, if it is a box id.
    pub fn box_id(&self) -> Option<BoxId> {
        BoxId::parse(&self.decoded_user()?)
    }

    /// The host as it was written; compare with [`Host::is`].
    pub fn host(&self) -> &'a [u8] {
        self.host
    }

    /// The port, if there is one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// Whether the URI carries headers (`?name=value`), which no Request-URI may.
    pub fn has_headers(&self) -> bool {
        self.headers.is_some()
    }
}

/// Splits host and port; a port is a number from 1 to 65535.
pub(crate) fn split_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let after_brackets = text.iter().rposition(|&c| c == b']').map_or(0, |at| at + 1);
    let Some(colon) = text
        .iter()
        .rposition(|&c| c == b':')
        .filter(|&at| at >= after_brackets)
    else {
        return Some((text, None));
    };
    let (host, port) = text.split_at(colon);
    let port = grammar::number(port.get(1..)?)
        .and_then(|n| u16::try_from(n).ok())
        .filter(|&n| n != 0)?;
    Some((host, Some(port)))
}

fn split_at_octet(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&c| c == separator) {
        None => (text, None),
        Some(at) => {
            let (before, after) = text.split_at(at);
            (before, after.get(1..))
        }
    }
}

/// A user part without its password, if all escapes are whole and all octets allowed.
fn checked_user(text: &[u8]) -> Option<&[u8]> {
    let (user, password) = split_at_octet(text, b':');
    let allowed = |c: u8| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'-' | b'_'
                    | b'.'
                    | b'!'
                    | b'~'
                    | b'*'
                    | b'\''
                    | b'('
                    | b')'
                    | b'&'
                    | b'='
                    | b'+'
                    | b'$'
                    | b','
                    | b';'
                    | b'?'
                    | b'/'
                    | b'%'
            )
    };
    let sound = |part: &[u8]| part.iter().all(|&c| allowed(c)) && escapes_are_whole(part);
    (!user.is_empty() && sound(user) && password.is_none_or(sound)).then_some(user)
}

fn escapes_are_whole(text: &[u8]) -> bool {
    text.split(|&c| c == b'%').skip(1).all(|part| {
        part.first_chunk::<2>()
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&octet, after)) = rest.split_first() {
        let escape = (octet == b'%').then(|| after.split_first_chunk::<2>()).flatten();
        let (octet, after) = match escape.and_then(|(digits, after)| Some((hex(*digits)?, after))) {
            Some(decoded) => decoded,
            None => (octet, after),
        };
        out.push(octet);
        rest = after;
    }
    Cow::Owned(out)
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    u8::from_str_radix(core::str::from_utf8(&digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sip(text: &str) -> SipUri<'_> {
        match Target::parse(text.as_bytes()) {
            Some(Target::Sip(uri)) => uri,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn f8_a_semicolon_may_stand_in_the_user_part() {
        let uri = sip("sip:user;par=u%40example.net@example.com;x=1");
        assert_eq!(uri.user(), Some(&b"user;par=u%40example.net"[..]));
        assert_eq!(uri.host(), b"example.com");
        assert_eq!(uri.params().get(b"x"), Some(Some(&b"1"[..])));
    }

    #[test]
    fn f8_escapes_are_undone_once_and_a_null_is_data() {
        assert_eq!(sip("sip:%2525%00@h").decoded_user().unwrap()[..], *b"%25\0");
        let id = "k7q3mzx2ahb5w4tcyd6eolrn2i";
        assert_eq!(
            sip("sip:%6b7q3mzx2ahb5w4tcyd6eolrn2i@h")
                .box_id()
                .unwrap()
                .as_str(),
            id
        );
        assert_eq!(sip("sip:K7q3mzx2ahb5w4tcyd6eolrn2i@h").box_id(), None);
    }

    #[test]
    fn f16_an_ipv6_reference_stands_in_brackets() {
        let uri = sip("SIPS:a:secret@[2001:db8::1]:5061;lr");
        assert_eq!((uri.host(), uri.port()), (&b"[2001:db8::1]"[..], Some(5061)));
        assert_eq!(uri.user(), Some(&b"a"[..]));
        assert!(Target::parse(b"sip:a@2001:db8::1").is_none());
        assert!(Target::parse(b"sip:a@[2001:db8::1").is_none());
    }

    #[test]
    fn other_schemes_are_no_fault() {
        for text in [
            "tel:+1-201",
            "http://a.example/b",
            "urn:service:sos",
            "nobodyKnowsThisScheme:totally",
        ] {
            assert!(
                matches!(Target::parse(text.as_bytes()), Some(Target::OtherScheme)),
                "{text}"
            );
        }
    }

    #[test]
    fn broken_uris_are_refused() {
        let long = alloc::format!("sip:{}@h", "a".repeat(URI_OCTETS));
        for text in [
            "",
            "sip",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@h:",
            "sip:a@h:0",
            "sip:a@h:99999",
            "sip:a%4@h",
            "sip:a%zz@h",
            "sip:a b@h",
            "sip:a@h;",
            "sip:a@h;x=1;X=2",
            "sip:a@h\r\nX: y",
            "<sip:a@h>",
            "sip:a@b@c",
            "1x:y",
            &long,
        ] {
            assert!(Target::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
