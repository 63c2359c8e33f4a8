//! Reading and writing of fixed layouts, big-endian, bounded. Spec: conventions, "Encodings".
//!
//! Every format of this crate goes through here. A reader borrows and never allocates; a writer wipes each buffer
//! that it outgrows, because states with keys are written with it.

use alloc::vec::Vec;

use thiserror::Error;
use zeroize::Zeroizing;

/// Stored or received octets that aren't what this version writes: cut short, too long, or a value out of range.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("not in the expected form")]
pub struct Malformed;

/// Takes fields off the front of octets.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn octet(&mut self) -> Result<u8, Malformed> {
        self.array().map(|&[octet]| octet)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(|octets| u16::from_be_bytes(*octets))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(|octets| u32::from_be_bytes(*octets))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(|octets| u64::from_be_bytes(*octets))
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    /// A `u16` length, at most `max`, and that many octets.
    pub(crate) fn short(&mut self, max: usize) -> Result<&'a [u8], Malformed> {
        let len = usize::from(self.u16()?);
        // spec: code-3
        if len > max {
            return Err(Malformed);
        }
        self.slice(len)
    }

    /// `1` and something, or `0` and nothing.
    pub(crate) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.is_present()? {
            read(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// `0` or `1`: whether something optional follows.
    pub(crate) fn is_present(&mut self) -> Result<bool, Malformed> {
        match self.octet()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Ends the reading: nothing may be left.
    // spec: code-1
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// Ends the reading: what is left must be zero octets.
    // spec: code-2
    pub(crate) fn finish_padding(self) -> Result<(), Malformed> {
        if self.0.iter().all(|&octet| octet == 0) {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// Appends fields; wipes what it outgrows.
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    pub(crate) fn put(&mut self, octets: &[u8]) -> &mut Self {
        let needed = self.0.len().saturating_add(octets.len());
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(octets);
        self
    }

    pub(crate) fn octet(&mut self, value: u8) -> &mut Self {
        self.put(&[value])
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// A `u16` length and the octets.
    pub(crate) fn short(&mut self, octets: &[u8]) -> Result<&mut Self, Malformed> {
        let len = u16::try_from(octets.len()).map_err(|_| Malformed)?;
        Ok(self.put(&len.to_be_bytes()).put(octets))
    }

    /// `1` and something, or `0` and nothing.
    pub(crate) fn optional<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.present(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn present(&mut self, is_present: bool) -> &mut Self {
        self.octet(u8::from(is_present))
    }

    /// Fills with zero octets up to `len`.
    pub(crate) fn pad_to(&mut self, len: usize) -> Result<&mut Self, Malformed> {
        if self.0.len() > len {
            return Err(Malformed);
        }
        if len > self.0.capacity() {
            self.reserve_exact(len);
        }
        self.0.resize(len, 0);
        Ok(self)
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    fn reserve_exact(&mut self, capacity: usize) {
        let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(&self.0);
        self.0 = larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_refuses_what_is_left_over_or_missing() {
        let mut reader = Reader::new(&[0, 1, 9]);
        assert_eq!(reader.short(1), Ok(&[9][..]));
        reader.finish().unwrap();
        assert_eq!(Reader::new(&[0, 2, 9]).short(2), Err(Malformed));
        assert_eq!(Reader::new(&[0, 2, 9, 9]).short(1), Err(Malformed));
        assert_eq!(Reader::new(&[2]).is_present(), Err(Malformed));
        assert_eq!(Reader::new(&[0]).finish(), Err(Malformed));
        assert_eq!(Reader::new(&[0, 1]).finish_padding(), Err(Malformed));
    }

    #[test]
    fn a_writer_grows_and_pads() {
        let mut writer = Writer::with_capacity(1);
        writer.u32(7).octet(1).short(b"ab").unwrap().pad_to(12).unwrap();
        assert_eq!(writer.pad_to(3).err(), Some(Malformed));
        assert_eq!(
            writer.finish().as_slice(),
            [0, 0, 0, 7, 1, 0, 2, b'a', b'b', 0, 0, 0]
        );
    }
}
