//! 26 letters and digits for 130 bits: the text of box ids and of relay keys.
//!
//! RFC 4648 §6 alphabet in small letters. Every text of 26 such characters is canonical: there are no
//! padding bits that could differ.

/// Length of an id in characters: 26 times 5 bits are 130.
pub(crate) const ID_CHARS: usize = 26;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The first 130 bits of a hash as text.
pub(crate) fn id_of(hash: &[u8; 32]) -> [u8; ID_CHARS] {
    let mut text = [b'a'; ID_CHARS];
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut octets = hash.iter();
    for slot in &mut text {
        if held < 5 {
            bits = (bits << 8) | u32::from(octets.next().copied().unwrap_or(0));
            held += 8;
        }
        held -= 5;
        *slot = letter((bits >> held) & 31);
        bits &= (1 << held) - 1;
    }
    text
}

/// Checks and copies an id; capitals are refused, since a SIP user part is compared with case.
pub(crate) fn parse_id(text: &[u8]) -> Option<[u8; ID_CHARS]> {
    let text: [u8; ID_CHARS] = text.try_into().ok()?;
    text.iter().all(|&c| value(c).is_some()).then_some(text)
}

/// The first 128 of the 130 bits.
pub(crate) fn first_octets(text: &[u8; ID_CHARS]) -> [u8; 16] {
    let mut out = [0_u8; 16];
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut letters = text.iter();
    for slot in &mut out {
        while held < 8 {
            bits = (bits << 5) | letters.next().and_then(|&c| value(c)).unwrap_or(0);
            held += 5;
        }
        held -= 8;
        *slot = u8::try_from((bits >> held) & 0xff).unwrap_or(0);
        bits &= (1 << held) - 1;
    }
    out
}

fn letter(value: u32) -> u8 {
    usize::try_from(value)
        .ok()
        .and_then(|at| ALPHABET.get(at))
        .copied()
        .unwrap_or(b'a')
}

fn value(letter: u8) -> Option<u32> {
    match letter {
        b'a'..=b'z' => Some(u32::from(letter - b'a')),
        b'2'..=b'7' => Some(u32::from(letter - b'2') + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE32_NOPAD;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_agree_with_another_base32_and_give_their_octets_back(hash: [u8; 32]) {
            let text = id_of(&hash);
            let theirs = BASE32_NOPAD.encode(&hash).to_ascii_lowercase();
            prop_assert_eq!(&text[..], &theirs.as_bytes()[..ID_CHARS]);
            prop_assert_eq!(&first_octets(&text)[..], &hash[..16]);
            prop_assert_eq!(parse_id(&text), Some(text));
        }
    }

    #[test]
    fn capitals_digits_outside_the_alphabet_and_other_lengths_are_refused() {
        for bad in ["A", "1", "0", "8", "9", "-", "="] {
            let text = alloc::format!("{}{bad}", "a".repeat(25));
            assert_eq!(parse_id(text.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_id(&[b'a'; 25]), None);
        assert_eq!(parse_id(&[b'a'; 27]), None);
    }
}
