//! Self-certifying ids of a relay's boxes. Spec: `spec/boxes.md`, boxes.
//!
//! An id says nothing of a person, of another box, or of its own kind: who knows the owner's key can
//! check all three. Nobody can take a box over, since that needs a second key with the same hash.

use crate::auth::OwnerKey;
use crate::base32::{self, ID_CHARS};
use core::fmt;
use sha2::{Digest, Sha256};

/// What a box holds, one octet in its id's hash.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum BoxKind {
    /// Items in order, each kept until its owner acknowledges it or it expires.
    Queue = 1,
    /// The latest value only, until it expires.
    Cell = 2,
    /// Numbered items, kept for a time or a count.
    Log = 3,
    /// A list of the owner's other boxes.
    Bundle = 4,
}

impl BoxKind {
    /// All kinds, in the order of their octets.
    pub const ALL: [Self; 4] = [Self::Queue, Self::Cell, Self::Log, Self::Bundle];

    /// The kind's octet.
    pub const fn as_octet(self) -> u8 {
        self as u8
    }

    /// The kind of an octet, if there is one.
    pub const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Queue),
            2 => Some(Self::Cell),
            3 => Some(Self::Log),
            4 => Some(Self::Bundle),
            _ => None,
        }
    }
}

/// The id of a box: the first 130 bits of a hash over its kind and its owner's key.
///
/// The text of 26 characters is the canonical form and the user part of the box's SIP URI. Proofs sign
/// [`BoxId::proof_octets`], the first 128 of its bits, as `spec/boxes.md` lays them out.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BoxId([u8; ID_CHARS]);

impl BoxId {
    /// The id of the box of this kind that this key owns.
    pub fn of(kind: BoxKind, owner: &OwnerKey) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sipher box v1");
        hash.update([kind.as_octet()]);
        hash.update(owner.as_octets());
        Self(base32::id_of(&hash.finalize().into()))
    }

    /// Reads an id; capitals are refused, since user parts are compared with case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        base32::parse_id(text).map(Self)
    }

    /// The kind that makes this the id of a box of `owner`, if one does: the test of ownership.
    pub fn kind_under(&self, owner: &OwnerKey) -> Option<BoxKind> {
        BoxKind::ALL
            .into_iter()
            .find(|&kind| Self::of(kind, owner) == *self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The 16 octets that stand for the box in what an owner or a grant's holder signs.
    pub fn proof_octets(&self) -> [u8; 16] {
        base32::first_octets(&self.0)
    }
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BoxId {
    /// Four characters only: ids don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxId({}..)", self.as_str().get(..4).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn an_id_is_the_hash_of_its_label_kind_and_key() {
        let owner = OwnerKey::from_octets([7; 32]);
        let mut input = b"sipher box v1\x02".to_vec();
        input.extend([7; 32]);
        let hash: [u8; 32] = Sha256::digest(&input).into();

        let id = BoxId::of(BoxKind::Cell, &owner);

        assert_eq!(id.proof_octets()[..], hash[..16]);
        assert_eq!(BoxId::parse(id.as_str().as_bytes()), Some(id));
        assert_eq!(id.kind_under(&owner), Some(BoxKind::Cell));
        assert_eq!(id.kind_under(&OwnerKey::from_octets([8; 32])), None);
    }

    #[test]
    fn each_kind_has_its_own_octet_and_its_own_id() {
        let owner = OwnerKey::from_octets([1; 32]);
        for kind in BoxKind::ALL {
            assert_eq!(BoxKind::from_octet(kind.as_octet()), Some(kind));
            assert_eq!(BoxId::of(kind, &owner).kind_under(&owner), Some(kind));
        }
        assert_eq!(BoxKind::from_octet(0), None);
        assert_eq!(BoxKind::from_octet(5), None);
    }

    #[test]
    fn debug_shows_four_characters_of_an_id() {
        let id = BoxId::parse(b"k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap();
        assert_eq!(format!("{id:?}"), "BoxId(k7q3..)");
        assert_eq!(format!("{id}"), "k7q3mzx2ahb5w4tcyd6eolrn2i");
    }
}
