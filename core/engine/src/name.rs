//! Names of buddies: what one's own person calls them, and what they call themselves. Spec: `spec/client.md`, names.
//!
//! A name is text for people, never an identifier on the wire.

use alloc::string::String;
use core::fmt;

/// What is wrong with a name.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameFault {
    /// Nothing but blanks.
    #[error("a name needs at least one character")]
    Empty,
    /// More than [`Name::MAX_CHARS`] characters.
    #[error("a name has at most 64 characters")]
    TooLong,
    /// Control characters, line breaks, or characters that turn the direction of writing.
    #[error("a name has printable characters only")]
    Unprintable,
}

/// A name that can be shown anywhere: 1 to 64 printable characters without blanks around them.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl Name {
    /// The most characters of a name: it must fit a line beside other things.
    pub const MAX_CHARS: usize = 64;

    /// Checks a name; blanks around it are left out.
    ///
    /// # Errors
    /// What is wrong with it.
    // spec: content-4
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameFault::Empty);
        }
        if text.len() > 4 * Self::MAX_CHARS || text.chars().count() > Self::MAX_CHARS {
            return Err(NameFault::TooLong);
        }
        if text.chars().any(is_unprintable) {
            return Err(NameFault::Unprintable);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both would be typed for the same buddy: compared without case.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }

    /// This name, or with a number behind it the first one that isn't `taken`.
    pub(crate) fn free(self, taken: impl Fn(&Self) -> bool) -> Self {
        let mut number = 1_u32;
        let mut candidate = self.clone();
        while taken(&candidate) && number < MAX_TRIES {
            number += 1;
            candidate = self.numbered(number);
        }
        candidate
    }

    fn numbered(&self, number: u32) -> Self {
        let suffix = alloc::format!("-{number}");
        let keep = Self::MAX_CHARS.saturating_sub(suffix.len());
        let mut text: String = self.0.chars().take(keep).collect();
        text.push_str(&suffix);
        Self(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, line and paragraph separators, marks that turn the direction or join invisibly, and private use.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x061C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF
            | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F | 0xE000..=0xF8FF | 0xF0000..=0x0010_FFFF)
}

/// Names that are tried before the last candidate is taken as it is: more than there can be buddies.
const MAX_TRIES: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_name_are_left_out() {
        assert_eq!(Name::parse("  Ann Ö. \n").unwrap().as_str(), "Ann Ö.");
    }

    // spec: content-4
    #[test]
    fn what_cannot_be_shown_is_refused() {
        assert_eq!(Name::parse(" \t"), Err(NameFault::Empty));
        assert_eq!(Name::parse(&"x".repeat(65)), Err(NameFault::TooLong));
        assert_eq!(Name::parse(&"ö".repeat(200)), Err(NameFault::TooLong));
        for text in ["a\nb", "a\u{1b}[2Jb", "a\u{202e}b", "a\u{200b}b", "\u{7f}x"] {
            assert_eq!(Name::parse(text), Err(NameFault::Unprintable), "{text:?}");
        }
        assert!(Name::parse(&"ö".repeat(64)).is_ok());
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let bob = Name::parse("Bob").unwrap();
        let taken = |name: &Name| name.is_like(&bob) || name.as_str() == "bob-2";
        assert_eq!(Name::parse("bob").unwrap().free(taken).as_str(), "bob-3");
        let long = Name::parse(&"é".repeat(64)).unwrap();
        assert_eq!(
            long.clone().free(|name| *name == long).as_str().chars().count(),
            64
        );
    }
}
