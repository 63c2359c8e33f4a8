//! The text of a proof in `Authorization`, both directions.
//!
//! Parameters may come in any order with blanks around `,` and `=`; unknown ones are ignored, a second
//! one of a known name is refused, and so is every encoding but the canonical one.

use super::{Credentials, OpeningToken, ProofKey, Signature};
use crate::nonce::{Nonce, NonceProof};
use crate::sip::grammar::{self, trim};
use core::fmt;
use data_encoding::BASE64URL_NOPAD;

/// The scheme's name.
const SCHEME: &[u8] = b"Sipher";

impl Credentials {
    /// Reads the value of an `Authorization` header. `None` if it's another scheme, which is to be
    /// ignored as if absent (`spec/sip-checklist.md` G8), or if it's ours and broken.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut known: [Option<&[u8]>; 5] = [None; 5];
        for item in grammar::list(scheme_rest(value, SCHEME)?) {
            let (name, text) = grammar::assignment(item)?;
            let slot = match name {
                [b'k' | b'K'] => known.first_mut(),
                [b's' | b'S'] => known.get_mut(1),
                [b't' | b'T'] => known.get_mut(2),
                [b'n' | b'N'] => known.get_mut(3),
                [b'c' | b'C'] => known.get_mut(4),
                _ => continue,
            };
            if slot?.replace(text).is_some() {
                return None;
            }
        }
        let [key, signature, token, nonce, count] = known;
        Some(Self {
            key: ProofKey(base64(key?)?),
            signature: optional(signature, |text| base64(text).map(Signature))?,
            opening: optional(token, |text| {
                OpeningToken::parse(core::str::from_utf8(text).ok()?)
            })?,
            nonce: match (nonce, count) {
                (None, None) => None,
                (nonce, count) => Some(NonceProof {
                    nonce: Nonce::parse(nonce?)?,
                    count: hex_count(count?)?,
                }),
            },
        })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sipher k={}", BASE64URL_NOPAD.encode_display(&self.key.0))?;
        if let Some(signature) = &self.signature {
            write!(f, ",s={}", BASE64URL_NOPAD.encode_display(&signature.0))?;
        }
        if let Some(token) = &self.opening {
            write!(f, ",t={}", token.expose_text())?;
        }
        if let Some(proof) = &self.nonce {
            write!(f, ",n={},c={:08x}", proof.nonce, proof.count)?;
        }
        Ok(())
    }
}

/// What follows the scheme's name, if it is the one asked for.
pub(crate) fn scheme_rest<'a>(value: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (name, rest) = value.split_at_checked(scheme.len())?;
    (name.eq_ignore_ascii_case(scheme) && matches!(rest.first(), Some(b' ' | b'\t'))).then(|| trim(rest))
}

/// An absent value stays absent, a broken one is a fault.
#[expect(clippy::option_option, reason = "absent and broken are two things")]
fn optional<T>(text: Option<&[u8]>, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => read(text).map(Some),
    }
}

/// Canonical base64url of exactly `N` octets.
pub(crate) fn base64<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if BASE64URL_NOPAD.decode_len(text.len()).ok()? != N {
        return None;
    }
    let mut out = [0; N];
    BASE64URL_NOPAD.decode_mut(text, &mut out).ok()?;
    Some(out)
}

/// Exactly eight hexadecimal digits, as in RFC 7616.
fn hex_count(text: &[u8]) -> Option<u32> {
    let plain = text.len() == 8 && text.iter().all(u8::is_ascii_hexdigit);
    u32::from_str_radix(core::str::from_utf8(text).ok()?, 16)
        .ok()
        .filter(|_| plain)
}
