//! What buddies say to each other inside envelopes. Spec: `spec/content.md`, contents.
//!
//! Each item of a body is a kind and a CBOR map with numbered fields. Kinds and fields that aren't known are passed
//! over, so an older version takes from a newer one what it understands.
//!
//! | kind | item |
//! |---|---|
//! | 16 | [`Text`] |
//! | 17 | [`Hello`]: name, and the queue for the buddy |
//! | 18 | [`PresenceOffer`]: the cell for the buddy and the keys of an epoch |
//! | 19 | [`RightsNow`]: what the buddy may |
//! | 20 | [`Receipt`] |

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};
use sipher_crypto::Tlv;
use sipher_wire::Time;
use zeroize::Zeroizing;

use crate::grant::{PresenceLevel, ReceiptLevel};
use crate::history::MessageId;
use crate::name::Name;
use crate::place::Access;
use crate::record::{self, Blob};

/// An item of a body.
pub(crate) enum Content {
    Text(Text),
    Hello(Hello),
    Presence(PresenceOffer),
    Rights(RightsNow),
    Receipt(Receipt),
}

/// A message of a person.
#[expect(clippy::struct_field_names, reason = "the text of a Text is its text")]
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Text {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) id: MessageId,
    /// By the author's clock.
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) written: Time,
    #[n(2)]
    pub(crate) text: String,
}

impl Text {
    /// What fits the largest envelope beside id, time and an item of the ratchet's own.
    pub(crate) const MAX_OCTETS: usize = 65_000;
}

/// How to reach the sender, and what he calls himself. The first item of a first flight and of its answer.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Hello {
    /// Text of the peer's choice; checked where it's used.
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) queue: Access,
}

impl Hello {
    /// The name, if it can be shown.
    pub(crate) fn shown_name(&self) -> Option<Name> {
        Name::parse(&self.name).ok()
    }
}

/// The right to see presence: a cell with the grant to read it, and the keys of an epoch of its chain.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct PresenceOffer {
    #[n(0)]
    pub(crate) cell: Access,
    /// Keys of the epoch, in the form of the cryptography.
    #[n(1)]
    pub(crate) keys: Blob,
}

/// What the buddy may, all of it.
#[derive(Clone, Copy, Debug, Encode, Decode, Eq, PartialEq)]
#[cbor(map)]
pub(crate) struct RightsNow {
    #[n(0)]
    pub(crate) message: bool,
    #[n(1)]
    pub(crate) presence: PresenceLevel,
    #[n(2)]
    pub(crate) receipts: ReceiptLevel,
}

/// Messages of the buddy that came, or were read.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Receipt {
    #[n(0)]
    pub(crate) level: ReceiptLevel,
    #[n(1)]
    pub(crate) messages: Vec<Blob>,
}

impl Receipt {
    /// Ids in one receipt, so that it fits the smallest envelope.
    pub(crate) const MAX_IDS: usize = 40;

    /// The ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = MessageId> {
        self.messages
            .iter()
            .take(Self::MAX_IDS)
            .filter_map(|id| id.0.as_slice().try_into().ok().map(MessageId))
    }
}

impl Content {
    /// Reads an item; `None` if it's of no kind that is known, or broken.
    // spec: content-1
    // spec: content-2
    pub(crate) fn of(item: Tlv<'_>) -> Option<Self> {
        match item.kind() {
            TEXT => record::parse(item.value()).map(Self::Text),
            HELLO => record::parse(item.value()).map(Self::Hello),
            PRESENCE => record::parse(item.value()).map(Self::Presence),
            RIGHTS => record::parse(item.value()).map(Self::Rights),
            RECEIPT => record::parse(item.value()).map(Self::Receipt),
            _ => None,
        }
    }

    /// The item.
    pub(crate) fn to_item(&self) -> Item {
        let (kind, value) = match self {
            Self::Text(text) => (TEXT, record::write(text)),
            Self::Hello(hello) => (HELLO, record::write(hello)),
            Self::Presence(offer) => (PRESENCE, record::write(offer)),
            Self::Rights(rights) => (RIGHTS, record::write(rights)),
            Self::Receipt(receipt) => (RECEIPT, record::write(receipt)),
        };
        Item {
            kind,
            value: Blob(value),
        }
    }
}

/// An item as it waits to be sealed.
#[derive(Encode, Decode)]
pub(crate) struct Item {
    #[n(0)]
    kind: u8,
    #[n(1)]
    value: Blob,
}

impl Item {
    /// The item as the cryptography takes it; `None` can't be for one that [`Content::to_item`] made.
    pub(crate) fn as_tlv(&self) -> Option<Tlv<'_>> {
        Tlv::new(self.kind, &self.value.0).ok()
    }
}

/// A note of a device about itself, in a bundle.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Profile {
    /// Text of the peer's choice; checked where it's used.
    #[n(0)]
    pub(crate) name: String,
}

impl Profile {
    /// The profile's octets.
    pub(crate) fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        record::write(self)
    }

    /// The name in a profile, if it can be shown.
    pub(crate) fn name_in(octets: &[u8]) -> Option<Name> {
        let profile: Self = record::parse(octets)?;
        Name::parse(&profile.name).ok()
    }
}

const TEXT: u8 = 16;
const HELLO: u8 = 17;
const PRESENCE: u8 = 18;
const RIGHTS: u8 = 19;
const RECEIPT: u8 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_longest_text_fits_the_largest_envelope() {
        let text = Text {
            id: MessageId([9; 16]),
            written: Time::from_millis(u64::MAX),
            text: "ä".repeat(32_500),
        };
        assert_eq!(text.text.len(), Text::MAX_OCTETS);
        let item = Content::Text(text).to_item();
        assert!(
            item.as_tlv().unwrap().value().len() + Tlv::OVERHEAD <= sipher_crypto::SizeClass::K64.body_len()
        );
    }

    #[test]
    fn a_full_receipt_fits_the_smallest_envelope() {
        let messages = (0..Receipt::MAX_IDS).map(|_| Blob::of(&[7; 16])).collect();
        let item = Content::Receipt(Receipt {
            level: ReceiptLevel::Read,
            messages,
        })
        .to_item();
        assert!(
            item.as_tlv().unwrap().value().len() + Tlv::OVERHEAD <= sipher_crypto::SizeClass::K1.body_len()
        );
        let Some(Content::Receipt(receipt)) = Content::of(item.as_tlv().unwrap()) else {
            panic!("a receipt")
        };
        assert_eq!(receipt.ids().count(), Receipt::MAX_IDS);
    }

    // spec: content-1
    // spec: content-2
    #[test]
    fn unknown_kinds_and_broken_items_are_passed_over() {
        assert!(Content::of(Tlv::new(200, b"whatever").unwrap()).is_none());
        assert!(Content::of(Tlv::new(TEXT, b"\xff").unwrap()).is_none());
        assert!(Content::of(Tlv::new(RIGHTS, b"\xa3\x00\xf5\x01\x18\x63\x02\x00").unwrap()).is_none());
    }

    #[test]
    fn a_name_that_cannot_be_shown_is_not_taken() {
        let octets = Profile {
            name: "a\u{202e}b".to_string(),
        }
        .to_octets();
        assert_eq!(Profile::name_in(&octets), None);
        assert_eq!(
            Profile::name_in(
                &Profile {
                    name: "Ann".to_string()
                }
                .to_octets()
            )
            .unwrap()
            .as_str(),
            "Ann"
        );
    }

    #[test]
    fn items_have_the_octets_of_the_specification() {
        let rights = RightsNow {
            message: true,
            presence: PresenceLevel::Status,
            receipts: ReceiptLevel::Read,
        };
        let text = Text {
            id: MessageId([9; 16]),
            written: Time::from_millis(1_700_000_000_000),
            text: "hi".to_string(),
        };
        let receipt = Receipt {
            level: ReceiptLevel::Read,
            messages: Vec::from([Blob::of(&[7; 16])]),
        };
        let octets = |content: Content| {
            let item = content.to_item();
            let tlv = item.as_tlv().unwrap();
            (tlv.kind(), tlv.value().to_vec())
        };

        assert_eq!(
            octets(Content::Rights(rights)),
            (19, b"\xa3\x00\xf5\x01\x02\x02\x02".to_vec())
        );
        let written = b"\x01\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x00\x02\x62hi";
        assert_eq!(
            octets(Content::Text(text)),
            (16, [b"\xa3\x00\x50".as_slice(), &[9; 16], written].concat())
        );
        let ids = [b"\xa2\x00\x02\x01\x81\x50".as_slice(), &[7; 16]].concat();
        assert_eq!(octets(Content::Receipt(receipt)), (20, ids));
    }
}
