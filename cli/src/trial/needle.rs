//! Looks for a secret in what a relay saw or wrote: as it is, in hexadecimal, and in base64 however it is aligned.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// A text that must be found nowhere, in every form that it could take by accident.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    text: String,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    /// Looks for `text`, which should have at least 6 octets: shorter ones are found by chance.
    pub(crate) fn new(text: &str) -> Self {
        let octets = text.as_bytes();
        let mut forms = vec![
            octets.to_vec(),
            HEXLOWER.encode(octets).into_bytes(),
            HEXUPPER.encode(octets).into_bytes(),
        ];
        for before in 0..3 {
            forms.push(aligned(&BASE64, octets, before));
            forms.push(aligned(&BASE64URL, octets, before));
        }
        Self {
            text: text.to_owned(),
            forms,
        }
    }

    /// The text that it looks for.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether any form of it occurs in `hay`.
    pub(crate) fn is_in(&self, hay: &[u8]) -> bool {
        self.forms.iter().any(|form| contains(hay, form))
    }
}

/// The base64 characters that depend on `octets` alone when `before` other octets come first.
fn aligned(encoding: &data_encoding::Encoding, octets: &[u8], before: usize) -> Vec<u8> {
    let mut padded = vec![0; before];
    padded.extend_from_slice(octets);
    let encoded = encoding.encode(&padded).into_bytes();
    // The first characters also hold bits of what came before, and the last ones of what comes after.
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.get(first..last).unwrap_or_default().to_vec()
}

fn contains(hay: &[u8], form: &[u8]) -> bool {
    let Some((&first, _)) = form.split_first() else {
        return false;
    };
    let mut rest = hay;
    while let Some(at) = rest.iter().position(|&octet| octet == first) {
        let Some(found) = rest.get(at..) else { return false };
        if found.starts_with(form) {
            return true;
        }
        rest = found.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_form_and_at_each_place() {
        let needle = Needle::new("Are you there?");
        for before in ["", "x", "xy", "xyz"] {
            let hay = format!("{before}Are you there? yes").into_bytes();
            assert!(needle.is_in(&hay));
            assert!(needle.is_in(BASE64.encode(&hay).as_bytes()), "{before}");
            assert!(needle.is_in(BASE64URL.encode(&hay).as_bytes()), "{before}");
            assert!(needle.is_in(HEXLOWER.encode(&hay).as_bytes()));
            assert!(needle.is_in(HEXUPPER.encode(&hay).as_bytes()));
        }
    }

    #[test]
    fn other_octets_are_not_mistaken_for_it() {
        let needle = Needle::new("Are you there?");
        assert!(!needle.is_in(b"Are you here? Are you ther"));
        assert!(!needle.is_in(b""));
    }
}
