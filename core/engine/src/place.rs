//! Where a box is, and which key opens it. Spec: `spec/content.md`, addresses.
//!
//! Notation: `host[:port]/<relay key, 26>/<box, 26>`, all in small letters; it stands in bundles and in messages
//! between buddies, never on the wire in the clear.

use alloc::string::String;

use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use minicbor::{Decode, Encode};
use sipher_crypto::{SigningKey, SigningSeed};
use sipher_wire::{BoxId, GrantKey, OwnerKey, RelayAddress};

use crate::record::Field;

/// A box at a relay.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BoxAddress {
    /// Its relay, without a token.
    pub(crate) relay: RelayAddress,
    /// Its id.
    pub(crate) id: BoxId,
}

impl BoxAddress {
    /// The longest notation: a host of 253 octets, a port and two ids.
    pub(crate) const MAX_OCTETS: usize = 320;

    /// A box at this relay; a token is left out.
    pub(crate) fn new(relay: &RelayAddress, id: BoxId) -> Self {
        Self {
            relay: relay.without_token(),
            id,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_OCTETS {
            return None;
        }
        let (relay, id) = text.rsplit_once('/')?;
        let relay = RelayAddress::parse(&alloc::format!("sipher-relay:{relay}")).ok()?;
        // spec: content-5
        (relay.token.is_none()).then_some(())?;
        Some(Self {
            relay,
            id: BoxId::parse(id.as_bytes())?,
        })
    }

    pub(crate) fn to_text(&self) -> String {
        alloc::format!("{}/{}/{}", self.relay.host_port(), self.relay.id, self.id)
    }
}

impl Field for BoxAddress {
    fn put<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.str(&self.to_text())?.ok()
    }

    fn take(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Self::parse(d.str()?).ok_or_else(|| DecodeError::message("not the address of a box"))
    }
}

/// Somebody else's box that we may use: its address and the grant's key.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Access {
    /// Where.
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) at: BoxAddress,
    /// The grant: to write to a queue, or to read a cell.
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) grant: SigningKey,
}

impl Access {
    /// A copy for another place of keeping.
    pub(crate) fn duplicate(&self) -> Self {
        Self {
            at: self.at.clone(),
            grant: copy_of(&self.grant),
        }
    }
}

/// The same key once more.
pub(crate) fn copy_of(key: &SigningKey) -> SigningKey {
    SigningKey::from_seed(seed_of(key))
}

/// A copy of a key's seed.
pub(crate) fn seed_of(key: &SigningKey) -> SigningSeed {
    SigningSeed::from_octets(key.expose_seed().expose_octets())
}

/// The public half as an owner's.
pub(crate) fn owner_key(key: &SigningKey) -> OwnerKey {
    OwnerKey::from_octets(*key.verifying_key().as_octets())
}

/// The public half as a grant's.
pub(crate) fn grant_key(key: &SigningKey) -> GrantKey {
    GrantKey::from_octets(*key.verifying_key().as_octets())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";

    #[test]
    fn an_address_reads_as_it_was_written() {
        for host in ["r.example.org", "192.0.2.1:41873", "[2001:db8::1]:7000"] {
            let text = alloc::format!("{host}/{KEY}/{KEY}");
            assert_eq!(BoxAddress::parse(&text).unwrap().to_text(), text);
        }
    }

    // spec: content-5
    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "r.example.org",
            "r.example.org/x/y",
            "/",
            &alloc::format!("r.example.org/{KEY}/token/{KEY}"),
        ] {
            assert_eq!(BoxAddress::parse(text), None, "{text}");
        }
        assert_eq!(BoxAddress::parse(&"a".repeat(400)), None);
    }
}
