//! The two chunks in which keys and ciphertexts of the exchange travel. Spec: ratchet, "PQ exchange".

use alloc::boxed::Box;

use crate::encoding::{Malformed, Reader, Writer};

/// Which of two chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    First,
    Second,
}

impl Half {
    pub(super) const fn octet(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }

    pub(super) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            0 => Some(Self::First),
            1 => Some(Self::Second),
            _ => None,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// This half of octets that have two halves of `len`.
    pub(super) fn of(self, octets: &[u8], len: usize) -> &[u8] {
        let (first, second) = octets.split_at_checked(len).unwrap_or_default();
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// Halves that came, in any order; the first of each counts.
#[derive(Clone)]
pub(crate) struct Halves<const N: usize> {
    first: Option<Box<[u8; N]>>,
    second: Option<Box<[u8; N]>>,
}

impl<const N: usize> Halves<N> {
    pub(super) fn take(&mut self, half: Half, octets: &[u8; N]) {
        let place = match half {
            Half::First => &mut self.first,
            Half::Second => &mut self.second,
        };
        // spec: pq-4
        place.get_or_insert_with(|| Box::new(*octets));
    }

    /// Both, one after the other.
    pub(super) fn join<const BOTH: usize>(&self) -> Option<Box<[u8; BOTH]>> {
        const { assert!(N * 2 == BOTH, "two halves make a whole") };
        let (first, second) = (self.first.as_ref()?, self.second.as_ref()?);
        let mut both = Box::new([0; BOTH]);
        for (to, from) in both.iter_mut().zip(first.iter().chain(second.iter())) {
            *to = *from;
        }
        Some(both)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        for half in [&self.first, &self.second] {
            writer.optional(half.as_ref(), |writer, octets| {
                writer.put(octets.as_slice());
            });
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut half = || reader.optional(|reader| reader.array().map(|octets| Box::new(*octets)));
        Ok(Self {
            first: half()?,
            second: half()?,
        })
    }
}

impl<const N: usize> Default for Halves<N> {
    fn default() -> Self {
        Self {
            first: None,
            second: None,
        }
    }
}
