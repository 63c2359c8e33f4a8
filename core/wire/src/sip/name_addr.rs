//! The value of To, From and Contact: an optional display name, a URI, parameters. RFC 3261 §20.10, §25.1.

use super::grammar::{self, Params, trim};
use super::uri::{SipUri, Target};
use core::fmt;

/// A name-addr or addr-spec with the parameters of its header.
#[derive(Clone, Copy)]
pub struct NameAddr<'a> {
    uri: &'a [u8],
    target: Target<'a>,
    params: Params<'a>,
}

impl fmt::Debug for NameAddr<'_> {
    /// Nothing: it may name a box.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameAddr(..)")
    }
}

impl<'a> NameAddr<'a> {
    /// Reads a value; `None` if it's malformed. Display names are skipped: nothing here shows them.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = trim(value);
        let after_name = match value.first()? {
            b'"' => trim(value.get(grammar::quoted_len(value)?..)?),
            _ => value,
        };
        let (uri, params) = match after_name.iter().position(|&c| c == b'<') {
            Some(open) => bracketed(after_name, open)?,
            None if after_name.len() == value.len() => bare(value)?,
            None => return None,
        };
        Some(Self {
            uri,
            target: Target::parse(uri)?,
            params: Params::parse(params)?,
        })
    }

    /// The URI as it was written.
    pub fn uri(&self) -> &'a [u8] {
        self.uri
    }

    /// The URI's parts, if it's a SIP URI.
    pub fn sip(&self) -> Option<SipUri<'a>> {
        match self.target {
            Target::Sip(uri) => Some(uri),
            Target::OtherScheme => None,
        }
    }

    /// The header's parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// The tag, if there is one.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get(b"tag").flatten()
    }
}

type UriAndParams<'a> = (&'a [u8], Option<&'a [u8]>);

/// `name <uri> ;params`, the bracket opening at `open`.
fn bracketed(text: &[u8], open: usize) -> Option<UriAndParams<'_>> {
    let (name, rest) = text.split_at(open);
    let plain = |c: &u8| !matches!(c, b'"' | b'>' | b',' | b';' | b':');
    let close = rest.iter().position(|&c| c == b'>')?;
    let after = trim(rest.get(close + 1..)?);
    let params = match after.split_first() {
        None => None,
        Some((b';', params)) => Some(params),
        Some(_) => return None,
    };
    name.iter().all(plain).then_some((rest.get(1..close)?, params))
}

/// A URI without brackets: it ends at the first semicolon, and may have neither comma nor question mark.
fn bare(text: &[u8]) -> Option<UriAndParams<'_>> {
    let (uri, params) = grammar::split_outside(text, b';');
    let uri = trim(uri);
    (!uri.contains(&b',') && !uri.contains(&b'?')).then_some((uri, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> NameAddr<'_> {
        NameAddr::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn f8_brackets_and_separators_in_a_display_name_mean_nothing() {
        let value = parse(r#""<sip:x@y>, \";tag=1" <sip:a@h;p=1> ; tag = 2"#);
        assert_eq!(value.uri(), b"sip:a@h;p=1");
        assert_eq!(value.tag(), Some(&b"2"[..]));
    }

    #[test]
    fn parameters_without_brackets_belong_to_the_header() {
        let value = parse("sip:a@h;tag=1");
        assert_eq!(value.uri(), b"sip:a@h");
        assert_eq!(value.tag(), Some(&b"1"[..]));
        assert_eq!(parse("Some Name <sip:a@h;tag=1>").tag(), None);
        assert!(parse("<tel:+1>").sip().is_none());
    }

    #[test]
    fn broken_addresses_are_refused() {
        for text in [
            "",
            "<>",
            "<sip:a@h",
            "sip:a@h>",
            r#""x <sip:a@h>"#,
            "< sip:a@h >",
            "<sip:a@h>x",
            "<sip:a@h>;",
            "\"x\" sip:a@h",
            "sip:a@h?x=y",
            "sip:a@h,sip:b@h",
            "a\"b <sip:a@h>",
            "<sip:a@h>;tag=1;tag=2",
            "*",
        ] {
            assert!(NameAddr::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
