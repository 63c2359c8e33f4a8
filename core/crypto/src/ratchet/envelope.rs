//! What a relay carries: `0x01 || N[24] || hbox[96] || bbox`. Spec: ratchet, "Envelope".

use alloc::vec::Vec;
use core::fmt;

use super::header;
use crate::caead::{self, Nonce};
use crate::hash::sha256_prefix;
use crate::padding::SizeClass;

/// A sealed message of one of four sizes. Stored before it is sent, sent again as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope(Vec<u8>);

impl Envelope {
    /// Its octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// Its octets, to be kept.
    pub fn into_octets(self) -> Vec<u8> {
        self.0
    }

    /// The name under which a relay keeps it.
    pub fn item_id(&self) -> ItemId {
        item_id(&self.0)
    }

    pub(super) fn join(nonce: &Nonce, header: &[u8], body: &[u8]) -> Self {
        Self([&[VERSION], nonce.as_octets().as_slice(), header, body].concat())
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} octets)", self.0.len())
    }
}

/// The first half of an item's SHA-256: sending the same octets again is the same item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId([u8; Self::LEN]);

impl ItemId {
    /// Octets of an id.
    pub const LEN: usize = 16;

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// The id of any item: envelope or first flight.
pub fn item_id(octets: &[u8]) -> ItemId {
    ItemId(sha256_prefix(&[octets]))
}

/// An envelope by its fields.
pub(super) struct Parts<'a> {
    pub(super) nonce: Nonce,
    pub(super) header: &'a [u8],
    pub(super) body: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` unless length and version are right.
    pub(super) fn cut(octets: &'a [u8]) -> Option<Self> {
        SizeClass::of_envelope(octets.len())?;
        let (&version, rest) = octets.split_first()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (header, body) = rest.split_at_checked(header::SEALED_LEN)?;
        (version == VERSION).then_some(Self {
            nonce: Nonce::from_octets(*nonce),
            header,
            body,
        })
    }
}

const VERSION: u8 = 1;
/// Octets of an envelope beside its body: 169.
pub(crate) const OVERHEAD: usize = 1 + Nonce::LEN + header::SEALED_LEN + caead::OVERHEAD;
