//! Values of the store: numbered formats with fields of fixed places. Spec: `spec/relay.md`, store.
//!
//! ```text
//! box   = 1 || kind u8 || owner key[32]
//! grant = 1 || key[32] || right u8 || sink u8 || not after u64 || items u32 || period u32
//! item  = 1 || expires u64 || call id length u16 || call id || body
//! cell  = 1 || expires u64 || etag length u8 || etag || body
//! ```
//!
//! Numbers are big-endian, times are milliseconds. A value that doesn't read is damage. What an item holds
//! doesn't say under which grant it came.

use crate::store::StoreFault;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use sipher_wire::sip::CallId;
use sipher_wire::{Allowance, BoxKind, ETag, Grant, GrantKey, OwnerKey, Right, Time, Treatment};

const VERSION: u8 = 1;

/// A box itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BoxRecord {
    pub(crate) kind: BoxKind,
    pub(crate) owner: OwnerKey,
}

impl BoxRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(34);
        out.put_u8(VERSION);
        out.put_u8(self.kind.as_octet());
        out.put_slice(self.owner.as_octets());
        out.freeze()
    }

    pub(crate) fn decode(value: Bytes) -> Result<Self, StoreFault> {
        let mut rest = Reader::begin(value)?;
        let kind = BoxKind::from_octet(rest.octet()?).ok_or(StoreFault::Damaged)?;
        let owner = OwnerKey::from_octets(rest.array()?);
        rest.end(Self { kind, owner })
    }
}

pub(crate) fn encode_grant(grant: &Grant) -> Bytes {
    let mut out = BytesMut::with_capacity(51);
    out.put_u8(VERSION);
    out.put_slice(grant.key.as_octets());
    out.put_u8(grant.right.as_octet());
    out.put_u8(u8::from(grant.treatment == Treatment::Sink));
    out.put_u64(grant.not_after_secs);
    out.put_u32(grant.allowance.items);
    out.put_u32(grant.allowance.period_secs);
    out.freeze()
}

pub(crate) fn decode_grant(value: Bytes) -> Result<Grant, StoreFault> {
    let mut rest = Reader::begin(value)?;
    let key = GrantKey::from_octets(rest.array()?);
    let right = Right::from_octet(rest.octet()?).ok_or(StoreFault::Damaged)?;
    let treatment = match rest.octet()? {
        0 => Treatment::Deliver,
        1 => Treatment::Sink,
        _ => return Err(StoreFault::Damaged),
    };
    let not_after_secs = u64::from_be_bytes(rest.array()?);
    let items = u32::from_be_bytes(rest.array()?);
    let period_secs = u32::from_be_bytes(rest.array()?);
    rest.end(Grant {
        key,
        right,
        treatment,
        not_after_secs,
        allowance: Allowance { items, period_secs },
    })
}

/// An item of a queue.
// spec: relay-10
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ItemRecord {
    pub(crate) expires: Time,
    pub(crate) call_id: CallId,
    pub(crate) body: Bytes,
}

impl ItemRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let id = self.call_id.as_str().as_bytes();
        let mut out = BytesMut::with_capacity(11 + id.len() + self.body.len());
        out.put_u8(VERSION);
        out.put_u64(self.expires.as_millis());
        out.put_u16(u16::try_from(id.len()).unwrap_or(u16::MAX));
        out.put_slice(id);
        out.put_slice(&self.body);
        out.freeze()
    }

    pub(crate) fn decode(value: Bytes) -> Result<Self, StoreFault> {
        let mut rest = Reader::begin(value)?;
        let expires = Time::from_millis(u64::from_be_bytes(rest.array()?));
        let len = u16::from_be_bytes(rest.array()?);
        let call_id = CallId::parse(&rest.take(usize::from(len))?).ok_or(StoreFault::Damaged)?;
        Ok(Self {
            expires,
            call_id,
            body: rest.0,
        })
    }
}

/// The value of a cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CellRecord {
    pub(crate) expires: Time,
    pub(crate) etag: ETag,
    pub(crate) body: Bytes,
}

impl CellRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let etag = self.etag.as_str().as_bytes();
        let mut out = BytesMut::with_capacity(10 + etag.len() + self.body.len());
        out.put_u8(VERSION);
        out.put_u64(self.expires.as_millis());
        out.put_u8(u8::try_from(etag.len()).unwrap_or(u8::MAX));
        out.put_slice(etag);
        out.put_slice(&self.body);
        out.freeze()
    }

    pub(crate) fn decode(value: Bytes) -> Result<Self, StoreFault> {
        let mut rest = Reader::begin(value)?;
        let expires = Time::from_millis(u64::from_be_bytes(rest.array()?));
        let len = rest.octet()?;
        let etag = ETag::parse(&rest.take(usize::from(len))?).ok_or(StoreFault::Damaged)?;
        Ok(Self {
            expires,
            etag,
            body: rest.0,
        })
    }
}

/// When an item or a cell's value ends, without reading the rest of it.
pub(crate) fn expiry(value: &[u8]) -> Result<Time, StoreFault> {
    let (&[version], rest) = value.split_first_chunk().ok_or(StoreFault::Damaged)?;
    let millis = rest
        .first_chunk::<8>()
        .filter(|_| version == VERSION)
        .ok_or(StoreFault::Damaged)?;
    Ok(Time::from_millis(u64::from_be_bytes(*millis)))
}

/// What is left of a value.
struct Reader(Bytes);

impl Reader {
    fn begin(value: Bytes) -> Result<Self, StoreFault> {
        let mut rest = Self(value);
        if rest.octet()? == VERSION {
            Ok(rest)
        } else {
            Err(StoreFault::Format)
        }
    }

    fn octet(&mut self) -> Result<u8, StoreFault> {
        let [octet] = self.array()?;
        Ok(octet)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreFault> {
        let octets = *self.0.first_chunk().ok_or(StoreFault::Damaged)?;
        self.0.advance(N);
        Ok(octets)
    }

    fn take(&mut self, len: usize) -> Result<Bytes, StoreFault> {
        if len <= self.0.len() {
            Ok(self.0.split_to(len))
        } else {
            Err(StoreFault::Damaged)
        }
    }

    fn end<T>(self, value: T) -> Result<T, StoreFault> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(StoreFault::Damaged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> ItemRecord {
        ItemRecord {
            expires: Time::from_millis(77),
            call_id: CallId::parse(b"2uXoJv9hQkK0yPq3WmZr5g").unwrap(),
            body: Bytes::from_static(b"\0\xff\r\n"),
        }
    }

    #[test]
    fn records_read_as_they_were_written() {
        let grant = Grant {
            key: GrantKey::from_octets([1; 32]),
            right: Right::Read,
            treatment: Treatment::Sink,
            not_after_secs: u64::MAX,
            allowance: Allowance {
                items: 9,
                period_secs: 60,
            },
        };
        let cell = CellRecord {
            expires: Time::from_millis(5),
            etag: ETag::parse(b"dx200xyz").unwrap(),
            body: Bytes::from_static(b"v"),
        };
        let own = BoxRecord {
            kind: BoxKind::Cell,
            owner: OwnerKey::from_octets([2; 32]),
        };
        assert_eq!(decode_grant(encode_grant(&grant)).unwrap(), grant);
        assert_eq!(CellRecord::decode(cell.encode()).unwrap(), cell);
        assert_eq!(BoxRecord::decode(own.encode()).unwrap(), own);
        assert_eq!(ItemRecord::decode(item().encode()).unwrap(), item());
        assert_eq!(expiry(&item().encode()).unwrap(), Time::from_millis(77));
        assert_eq!(expiry(&cell.encode()).unwrap(), Time::from_millis(5));
    }

    #[test]
    fn cut_values_are_damage_and_newer_ones_are_told_apart() {
        let whole = item().encode();
        let head = whole.len() - item().body.len();
        for len in 0..head {
            assert!(
                matches!(ItemRecord::decode(whole.slice(..len)), Err(StoreFault::Damaged)),
                "cut at {len}"
            );
        }
        let newer = Bytes::from([&[2], &whole[1..]].concat());
        assert!(matches!(ItemRecord::decode(newer), Err(StoreFault::Format)));
        let longer = Bytes::from([&encode_grant_of_nothing()[..], &[0]].concat());
        assert!(matches!(decode_grant(longer), Err(StoreFault::Damaged)));
    }

    fn encode_grant_of_nothing() -> Bytes {
        encode_grant(&Grant {
            key: GrantKey::from_octets([1; 32]),
            right: Right::Write,
            treatment: Treatment::Deliver,
            not_after_secs: 0,
            allowance: Allowance {
                items: 0,
                period_secs: 1,
            },
        })
    }
}
