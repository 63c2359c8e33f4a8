//! The grammar of header values: tokens, quoted strings, lists, parameters, numbers. RFC 3261 §25.1.
//!
//! All of it works on borrowed octets, in one pass, and takes no memory. Blanks around separators are
//! allowed where the RFC has them; line folding was removed before.

use crate::limits::PARAMETERS;
use core::fmt;

/// Whether an octet may stand in a token.
pub(crate) const fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// Whether text is a token.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&octet| is_token_octet(octet))
}

/// Whether an octet is a blank.
pub(crate) const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// Text without the blanks around it.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&c| !is_blank(c)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&c| !is_blank(c))
        .map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

/// Text before the first octet that is a separator outside quotes and angle brackets, and what follows it.
pub(crate) fn split_outside(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut quoted = false;
    let mut escaped = false;
    let mut angled = false;
    for (at, &octet) in text.iter().enumerate() {
        if quoted {
            quoted = escaped || octet != b'"';
            escaped = !escaped && octet == b'\\';
            continue;
        }
        match octet {
            b'"' if !angled => quoted = true,
            b'<' => angled = true,
            b'>' => angled = false,
            _ if octet == separator && !angled => {
                let (before, after) = text.split_at(at);
                return (before, after.get(1..));
            }
            _ => {}
        }
    }
    (text, None)
}

/// The items of a comma list, trimmed. An empty value has none; an empty item is given as such.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let value = trim(value);
    let mut rest = (!value.is_empty()).then_some(value);
    core::iter::from_fn(move || {
        let (item, after) = split_outside(rest?, b',');
        rest = after;
        Some(trim(item))
    })
}

/// `name = value` with blanks around the sign; the value is a token or a quoted string without its quotes.
pub(crate) fn assignment(item: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = split_outside(item, b'=');
    let (name, value) = (trim(name), trim(value?));
    if !is_token(name) {
        return None;
    }
    Some((name, if is_token(value) { value } else { unquoted(value)? }))
}

/// The inside of a quoted string that has no escapes; ours never need any.
pub(crate) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (!inner.contains(&b'"') && !inner.contains(&b'\\')).then_some(inner)
}

/// How long the quoted string is with which text begins, quotes included.
pub(crate) fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (at, &octet) in text.iter().enumerate().skip(1) {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A token and the parameters behind it, the shape of `Event`, `Subscription-State` and others.
pub(crate) fn token_and_params(value: &[u8]) -> Option<(&[u8], Params<'_>)> {
    let (token, rest) = split_outside(value, b';');
    let token = trim(token);
    is_token(token).then_some(())?;
    Some((token, Params::parse(rest)?))
}

/// Digits only, without sign; `None` also for what doesn't fit.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, &digit| {
        digit.is_ascii_digit().then_some(())?;
        sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

/// Digits only; what is larger than a `u32` counts as its largest value (`spec/sip-checklist.md` F10).
pub(crate) fn saturating_u32(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        number(text)
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(u32::MAX),
    )
}

/// The parameters behind a value: `;name`, `;name=token`, `;name="quoted"`. Checked as a whole, each name once.
#[derive(Clone, Copy, Default)]
pub struct Params<'a>(Option<&'a [u8]>);

impl fmt::Debug for Params<'_> {
    /// Nothing: values may name a box.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params(..)")
    }
}

impl<'a> Params<'a> {
    /// Checks what follows the first semicolon; `None` inside if there was none.
    pub(crate) fn parse(text: Option<&'a [u8]>) -> Option<Self> {
        let params = Self(text);
        let mut count = 0_usize;
        for item in params.items() {
            let (name, value) = parameter(item);
            let sound = is_token(name) && value.is_none_or(is_parameter_value);
            let repeated = params
                .items()
                .take(count)
                .any(|other| parameter(other).0.eq_ignore_ascii_case(name));
            count += 1;
            if !sound || repeated || count > PARAMETERS {
                return None;
            }
        }
        Some(params)
    }

    /// A parameter by its name, in any case: `None` if absent, `Some(None)` if it has no value. A quoted
    /// value is given with its quotes.
    pub fn get(&self, name: &[u8]) -> Option<Option<&'a [u8]>> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        self.items().map(parameter)
    }

    fn items(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (item, after) = split_outside(rest?, b';');
            rest = after;
            Some(item)
        })
    }
}

fn parameter(item: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (name, value) = split_outside(item, b'=');
    (trim(name), value.map(trim))
}

/// A token, a host with or without brackets, a quoted string, or what a URI may have there.
fn is_parameter_value(value: &[u8]) -> bool {
    if value.first() == Some(&b'"') {
        return quoted_len(value) == Some(value.len());
    }
    let allowed = |c: u8| {
        is_token_octet(c) || matches!(c, b'[' | b']' | b':' | b'/' | b'&' | b'$' | b'(' | b')' | b'@')
    };
    !value.is_empty() && value.iter().all(|&c| allowed(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn f8_separators_inside_quotes_and_brackets_separate_nothing() {
        let value = br#""a, \", <b" <sip:a,b@c;d>;e="f;,g", second"#;
        let items: Vec<_> = list(value).collect();
        assert_eq!(items, [&br#""a, \", <b" <sip:a,b@c;d>;e="f;,g""#[..], b"second"]);
    }

    #[test]
    fn f5_blanks_around_separators_are_no_part_of_a_value() {
        let (token, params) = token_and_params(b"active \t; expires\t=  5 ; x").unwrap();
        assert_eq!(token, b"active");
        assert_eq!(params.get(b"Expires"), Some(Some(&b"5"[..])));
        assert_eq!(params.get(b"x"), Some(None));
        assert_eq!(params.get(b"y"), None);
    }

    #[test]
    fn parameters_that_are_broken_empty_repeated_or_too_many_are_refused() {
        let many = b"a;".repeat(PARAMETERS + 1);
        for bad in [
            &b""[..],
            b";",
            b"a=",
            b"=a",
            b"a;A",
            b"a=\"b",
            b"a=\"b\"c",
            b"a b",
            b"a=b c",
            &many,
        ] {
            assert!(Params::parse(Some(bad)).is_none(), "{bad:?}");
        }
        assert!(Params::parse(None).is_some());
    }

    #[test]
    fn f10_numbers_saturate_or_fail_but_never_wrap() {
        assert_eq!(saturating_u32(b"004294967295"), Some(u32::MAX));
        assert_eq!(saturating_u32(b"4294967296"), Some(u32::MAX));
        assert_eq!(saturating_u32(&[b'9'; 1000]), Some(u32::MAX));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        for bad in [&b""[..], b"+1", b"-1", b" 1", b"1 ", b"0x1", b"1.0"] {
            assert_eq!((number(bad), saturating_u32(bad)), (None, None), "{bad:?}");
        }
    }

    #[test]
    fn an_assignment_takes_a_token_or_a_quoted_string() {
        assert_eq!(assignment(b" k = v "), Some((&b"k"[..], &b"v"[..])));
        assert_eq!(assignment(br#"k="v w""#), Some((&b"k"[..], &b"v w"[..])));
        for bad in [&b"k"[..], b"k=", b"=v", b"k=v w", br#"k="v"#, br#"k="\"""#] {
            assert_eq!(assignment(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn splitting_a_list_loses_no_octet(value in "[a\",;<>\\\\ ]{0,40}") {
            let joined = list(value.as_bytes()).collect::<Vec<_>>().join(&b","[..]);
            let strip = |text: &[u8]| text.iter().copied().filter(|&c| c != b' ').collect::<Vec<_>>();
            prop_assert_eq!(strip(&joined), strip(value.as_bytes()));
        }

        #[test]
        fn no_value_breaks_the_scanner(value in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(list(&value).count() <= value.len() + 1);
            if let Some((_, params)) = token_and_params(&value) {
                prop_assert!(params.iter().count() <= PARAMETERS);
            }
        }
    }
}
