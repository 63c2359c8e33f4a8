//! How records and contents are written: CBOR with numbered fields. Spec: `spec/client.md`, records.
//!
//! A field that isn't known is passed over, so that an older version reads what a newer one wrote. Buffers are
//! wiped, also those that were outgrown, since most records hold keys.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;

use bytes::Bytes;
use minicbor::data::Type;
use minicbor::decode::{Decode, Decoder, Error as DecodeError};
use minicbor::encode::{Encode, Encoder, Error as EncodeError, Write};
use sipher_crypto::handshake::{Link, Waiting};
use sipher_crypto::{
    AccountRecord, Device, Invitation, Prekeys, PresencePublisher, PresenceReader, Session, SigningKey,
    SigningSeed,
};
use sipher_wire::sip::Lifetime;
use sipher_wire::{BoxId, ETag, RelayAddress, Time};
use zeroize::Zeroizing;

use crate::history::MessageId;
use crate::name::Name;
use crate::store::StoreFault;

/// Writes a record or content.
pub(crate) fn write(value: &impl Encode<()>) -> Zeroizing<Vec<u8>> {
    let mut buffer = Wiping(Zeroizing::new(Vec::with_capacity(FIRST_CAPACITY)));
    // Writing to memory can't fail; what encodes itself here never refuses.
    match minicbor::encode(value, &mut buffer) {
        Ok(()) | Err(_) => buffer.0,
    }
}

/// Reads a record that [`write()`] wrote.
///
/// # Errors
/// [`StoreFault::Damaged`] if it isn't one.
pub(crate) fn read<'b, T: Decode<'b, ()>>(octets: &'b [u8]) -> Result<T, StoreFault> {
    parse(octets).ok_or(StoreFault::Damaged)
}

/// Reads content that somebody else wrote; nothing may follow it.
pub(crate) fn parse<'b, T: Decode<'b, ()>>(octets: &'b [u8]) -> Option<T> {
    let mut decoder = Decoder::new(octets);
    let value = decoder.decode().ok()?;
    (decoder.position() == octets.len()).then_some(value)
}

/// Octets of a secret, wiped on drop.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Blob(pub(crate) Zeroizing<Vec<u8>>);

impl Blob {
    pub(crate) fn of(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }
}

impl<C> Encode<C> for Blob {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Blob {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        d.bytes().map(Self::of)
    }
}

/// A value of another crate that can be a field.
pub(crate) trait Field: Sized {
    /// Writes it.
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>>;
    /// Reads it, and refuses what no such value is.
    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// For `#[cbor(with = "crate::record::field")]`.
pub(crate) mod field {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Field, Write};

    pub(crate) fn encode<C, T: Field, W: Write>(
        value: &T,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        value.put(e)
    }

    pub(crate) fn decode<C, T: Field>(d: &mut Decoder<'_>, _: &mut C) -> Result<T, DecodeError> {
        T::take(d)
    }
}

impl<T: Field> Field for Option<T> {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        match self {
            Some(value) => value.put(e),
            None => e.null()?.ok(),
        }
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if d.datatype()? == Type::Null {
            d.null()?;
            return Ok(None);
        }
        T::take(d).map(Some)
    }
}

impl Field for Time {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.u64(self.as_millis())?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.u64().map(Self::from_millis)
    }
}

impl Field for core::time::Duration {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.u64(u64::try_from(self.as_millis()).unwrap_or(u64::MAX))?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.u64().map(Self::from_millis)
    }
}

impl Field for Lifetime {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.u8(match self {
            Self::Day => 1,
            Self::Week => 2,
            Self::Month => 3,
        })?
        .ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match d.u8()? {
            1 => Ok(Self::Day),
            2 => Ok(Self::Week),
            3 => Ok(Self::Month),
            _ => Err(unfit()),
        }
    }
}

impl Field for MessageId {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.bytes(&self.0)?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.bytes()?.try_into().map(Self).map_err(|_| unfit())
    }
}

impl Field for Bytes {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.bytes(self)?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.bytes().map(Self::copy_from_slice)
    }
}

impl Field for SigningKey {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.bytes(self.expose_seed().expose_octets())?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let seed = d.bytes()?.try_into().map_err(|_| unfit())?;
        Ok(Self::from_seed(SigningSeed::from_octets(seed)))
    }
}

impl Field for RelayAddress {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        let text = Zeroizing::new(self.expose_text());
        e.str(&text)?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Self::parse(d.str()?).map_err(|_| unfit())
    }
}

/// Values that are written as text and read by a check.
macro_rules! as_text {
    ($($type:ty: $write:expr, $read:expr;)*) => { $(
        impl Field for $type {
            fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
                let text: String = $write(self);
                e.str(&text)?.ok()
            }

            fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                $read(d.str()?).ok_or_else(unfit)
            }
        }
    )* };
}

as_text! {
    Name: ToString::to_string, |text| Name::parse(text).ok();
    BoxId: ToString::to_string, |text: &str| BoxId::parse(text.as_bytes());
    ETag: ToString::to_string, |text: &str| ETag::parse(text.as_bytes());
}

/// States of the cryptography, which have a form of their own.
macro_rules! as_octets {
    ($($type:ty: $write:expr, $read:expr;)*) => { $(
        impl Field for $type {
            fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
                e.bytes(&$write(self)[..])?.ok()
            }

            fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                $read(d.bytes()?).ok_or_else(unfit)
            }
        }
    )* };
}

as_octets! {
    Device: Device::to_bytes, |octets| Device::from_bytes(octets).ok();
    Invitation: Invitation::to_bytes, |octets| Invitation::from_bytes(octets).ok();
    Prekeys: Prekeys::to_bytes, |octets| Prekeys::from_bytes(octets).ok();
    Link: Link::to_bytes, |octets| Link::from_bytes(octets).ok();
    Waiting: Waiting::to_bytes, |octets| Waiting::from_bytes(octets).ok();
    PresencePublisher: PresencePublisher::to_bytes, |octets| PresencePublisher::from_bytes(octets).ok();
    PresenceReader: PresenceReader::to_bytes, |octets| PresenceReader::from_bytes(octets).ok();
    Session: Session::to_bytes, |octets| Session::from_bytes(octets).ok();
    AccountRecord: AccountRecord::to_octets, |octets: &[u8]| AccountRecord::from_octets(octets.try_into().ok()?).ok();
}

fn unfit() -> DecodeError {
    DecodeError::message("a field holds no value of its kind")
}

/// A buffer that wipes what it outgrows.
struct Wiping(Zeroizing<Vec<u8>>);

impl Write for Wiping {
    type Error = Infallible;

    fn write_all(&mut self, octets: &[u8]) -> Result<(), Infallible> {
        let needed = self.0.len().saturating_add(octets.len());
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(octets);
        Ok(())
    }
}

/// Most records fit without growing.
const FIRST_CAPACITY: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::{Decode, Encode};

    #[derive(Encode, Decode)]
    #[cbor(map)]
    struct Sample {
        #[cbor(n(0), with = "crate::record::field")]
        at: Option<Time>,
        #[cbor(n(1), with = "crate::record::field")]
        name: Name,
    }

    #[derive(Encode, Decode)]
    #[cbor(map)]
    struct Wider {
        #[cbor(n(0), with = "crate::record::field")]
        at: Option<Time>,
        #[cbor(n(1), with = "crate::record::field")]
        name: Name,
        #[n(2)]
        more: u32,
    }

    #[test]
    fn an_older_version_reads_what_a_newer_one_wrote() {
        let wide = Wider {
            at: None,
            name: Name::parse("Ann").unwrap(),
            more: 9,
        };
        let read: Sample = read(&write(&wide)).unwrap();
        assert_eq!((read.at, read.name.as_str()), (None, "Ann"));
    }

    #[test]
    fn what_is_cut_or_followed_by_something_is_refused() {
        let mut octets = write(&Sample {
            at: Some(Time::from_secs(7)),
            name: Name::parse("Ann").unwrap(),
        });
        assert!(parse::<Sample>(&octets[..octets.len() - 1]).is_none());
        octets.push(0);
        assert!(parse::<Sample>(&octets).is_none());
    }

    #[test]
    fn a_buffer_that_grows_keeps_what_was_written() {
        let blob = Blob::of(&[7; 3000]);
        assert!(read::<Blob>(&write(&blob)).unwrap() == blob);
    }
}
