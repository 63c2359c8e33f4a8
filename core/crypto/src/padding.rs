//! The four sizes of envelopes, and bodies padded to them. Spec: ratchet, "Sizes" and "Bodies".
//!
//! A body is a list of `kind u8, length u16, value`, then zero octets to the end. Kinds below 16 belong to this
//! crate, the others to the engine, which alone knows what they mean.

use alloc::vec::Vec;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::encoding::{Malformed, Reader, Writer};

/// The sizes that an envelope can have. The set is closed: a fifth would be seen by every relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SizeClass {
    /// 1,024 octets.
    K1,
    /// 4,096 octets.
    K4,
    /// 16,384 octets.
    K16,
    /// 65,536 octets.
    K64,
}

impl SizeClass {
    /// All, smallest first.
    pub const ALL: [Self; 4] = [Self::K1, Self::K4, Self::K16, Self::K64];

    /// Octets of the envelope.
    pub const fn envelope_len(self) -> usize {
        match self {
            Self::K1 => 1024,
            Self::K4 => 4096,
            Self::K16 => 16_384,
            Self::K64 => 65_536,
        }
    }

    /// Octets of the body inside: 855, 3,927, 16,215 or 65,367.
    pub const fn body_len(self) -> usize {
        self.envelope_len()
            .saturating_sub(crate::ratchet::ENVELOPE_OVERHEAD)
    }

    /// The class of an envelope of this length.
    pub fn of_envelope(len: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.envelope_len() == len)
    }

    /// The smallest class whose body holds `len` octets.
    pub fn for_body(len: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.body_len() >= len)
    }
}

/// One item of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    kind: u8,
    value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Kinds from here on are the engine's.
    pub const FIRST_KIND: u8 = 16;
    /// Octets that an item takes beside its value.
    pub const OVERHEAD: usize = 3;

    /// An item of the engine.
    ///
    /// # Errors
    /// [`BodyError::Kind`] below [`Self::FIRST_KIND`], [`BodyError::TooLong`] above 65,535 octets.
    pub fn new(kind: u8, value: &'a [u8]) -> Result<Self, BodyError> {
        if kind < Self::FIRST_KIND {
            return Err(BodyError::Kind);
        }
        if u16::try_from(value.len()).is_err() {
            return Err(BodyError::TooLong);
        }
        Ok(Self { kind, value })
    }

    /// What it is.
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// Its value.
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    pub(crate) const fn reserved(kind: u8, value: &'a [u8]) -> Self {
        Self { kind, value }
    }

    /// Octets that it takes in a body.
    pub(crate) const fn len(&self) -> usize {
        self.value.len().saturating_add(Self::OVERHEAD)
    }
}

impl core::fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tlv({}, {} octets)", self.kind, self.value.len())
    }
}

/// A body that was opened and whose list is sound. Wiped on drop.
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// The engine's items, in order. Kinds below 16 are left out.
    pub fn items(&self) -> impl Iterator<Item = Tlv<'_>> {
        self.all().filter(|tlv| tlv.kind >= Tlv::FIRST_KIND)
    }

    /// Whether it holds nothing for the engine: padding that keeps the ratchet moving.
    pub fn is_filler(&self) -> bool {
        self.items().next().is_none()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Tlv<'_>> {
        let mut reader = Reader::new(&self.0);
        core::iter::from_fn(move || next(&mut reader).ok().flatten())
    }

    /// Checks the whole list once, so that reading it later can't fail.
    pub(crate) fn parse(octets: Zeroizing<Vec<u8>>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(&octets);
        while next(&mut reader)?.is_some() {}
        reader.finish_padding()?;
        Ok(Self(octets))
    }
}

impl core::fmt::Debug for Body {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Body(..)")
    }
}

/// Octets that these items take.
pub(crate) fn len_of(items: &[Tlv<'_>]) -> usize {
    items.iter().fold(0, |sum, item| sum.saturating_add(item.len()))
}

/// Writes items and zero octets up to `len`.
pub(crate) fn pad<'a>(
    items: impl Iterator<Item = Tlv<'a>>,
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let mut writer = Writer::with_capacity(len);
    for item in items {
        writer.octet(item.kind).short(item.value)?;
    }
    writer.pad_to(len)?;
    Ok(writer.finish())
}

/// The next item, `None` where padding begins.
fn next<'a>(reader: &mut Reader<'a>) -> Result<Option<Tlv<'a>>, Malformed> {
    match reader.rest().first() {
        None | Some(&PADDING) => Ok(None),
        Some(_) => {
            let kind = reader.octet()?;
            let value = reader.short(usize::from(u16::MAX))?;
            Ok(Some(Tlv { kind, value }))
        }
    }
}

/// Why an item can't be in a body.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// The kind is reserved.
    #[error("kinds below 16 are reserved")]
    Kind,
    /// The value is longer than 65,535 octets.
    #[error("value too long")]
    TooLong,
}

/// Kind that begins the padding.
const PADDING: u8 = 0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn body_lengths_are_those_of_the_spec() {
        let lens = SizeClass::ALL.map(SizeClass::body_len);
        assert_eq!(lens, [855, 3927, 16_215, 65_367]);
        assert_eq!(SizeClass::of_envelope(4096), Some(SizeClass::K4));
        assert_eq!(SizeClass::of_envelope(4095), None);
        assert_eq!(SizeClass::for_body(856), Some(SizeClass::K4));
        assert_eq!(SizeClass::for_body(65_368), None);
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut octets = pad([Tlv::new(16, b"x").unwrap()].into_iter(), 20).unwrap();
        octets[19] = 1;
        assert!(Body::parse(octets).is_err());
    }

    #[test]
    fn an_item_that_runs_past_the_end_is_refused() {
        assert!(Body::parse(Zeroizing::new([16, 0, 5, 1].to_vec())).is_err());
        assert!(Body::parse(Zeroizing::new([16, 0].to_vec())).is_err());
        assert!(Body::parse(Zeroizing::new(Vec::new())).unwrap().is_filler());
    }

    #[test]
    fn reserved_kinds_cannot_be_written_by_the_engine_and_are_not_shown_to_it() {
        assert_eq!(Tlv::new(15, b""), Err(BodyError::Kind));
        let items = [Tlv::reserved(1, b"chunk"), Tlv::new(16, b"x").unwrap()];
        let body = Body::parse(pad(items.into_iter(), 40).unwrap()).unwrap();
        assert_eq!(body.items().count(), 1);
        assert_eq!(body.all().count(), 2);
    }

    proptest! {
        #[test]
        fn bodies_round_trip(
            items in proptest::collection::vec((16_u8.., proptest::collection::vec(any::<u8>(), 0..60)), 0..8),
            spare in 0_usize..50,
        ) {
            let tlvs: Vec<_> = items.iter().map(|(kind, value)| Tlv::new(*kind, value).unwrap()).collect();
            let padded = pad(tlvs.iter().copied(), len_of(&tlvs) + spare).unwrap();
            let body = Body::parse(padded).unwrap();
            prop_assert_eq!(body.items().collect::<Vec<_>>(), tlvs);
        }

        #[test]
        fn parsing_never_panics_and_what_parses_is_canonical(octets: Vec<u8>) {
            if let Ok(body) = Body::parse(Zeroizing::new(octets.clone())) {
                let again = pad(body.all(), octets.len()).unwrap();
                prop_assert_eq!(again.as_slice(), octets.as_slice());
            }
        }
    }
}
