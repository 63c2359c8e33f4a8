//! Somebody who asks at a standing address. Spec: `spec/invitation.md`, standing addresses.
//!
//! His first flight was opened: the link could stand. It waits for our person's word, and until then nothing of it is
//! used and nothing is answered.

use alloc::string::String;
use core::time::Duration;

use minicbor::{Decode, Encode};
use sipher_crypto::handshake::Link;
use sipher_crypto::{AccountRecord, SafetyNumber};
use sipher_wire::Time;

use crate::content::Text;
use crate::history::MessageId;
use crate::link::Talking;
use crate::name::Name;

/// Names an ask on this device; never used twice.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct AskId(#[n(0)] pub(crate) u32);

impl AskId {
    /// The id of a number that a person typed.
    pub const fn of(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    pub(crate) const fn group(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// An ask as it is kept.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct StoredAsk {
    #[n(0)]
    pub(crate) id: AskId,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) came: Time,
    #[cbor(n(2), with = "crate::record::field")]
    pub(crate) name: Option<Name>,
    #[n(3)]
    pub(crate) words: Option<AskText>,
    /// The link as it would stand.
    #[n(4)]
    pub(crate) talking: Talking,
}

/// What somebody says when he asks.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct AskText {
    #[cbor(n(0), with = "crate::record::field")]
    pub(crate) message: MessageId,
    #[cbor(n(1), with = "crate::record::field")]
    pub(crate) written: Time,
    #[n(2)]
    pub(crate) text: String,
}

impl AskText {
    /// Characters that are kept and shown; what is behind them is cut off.
    pub(crate) const MAX_CHARS: usize = 500;
    /// What fits a first flight beside the longest name and address.
    pub(crate) const MAX_OCTETS: usize = 760;
}

impl From<AskText> for Text {
    fn from(said: AskText) -> Self {
        Self {
            id: said.message,
            written: said.written,
            text: said.text,
        }
    }
}

impl StoredAsk {
    pub(crate) fn account(&self) -> &AccountRecord {
        self.talking.link.peer().account()
    }

    /// When nobody waits for it any more.
    pub(crate) fn ends(&self) -> Time {
        self.came + LIFETIME
    }

    pub(crate) fn view<'a>(&'a self, ours: &'a AccountRecord) -> Ask<'a> {
        Ask {
            id: self.id,
            came: self.came,
            name: self.name.as_ref(),
            text: self.words.as_ref().map(|words| words.text.as_str()),
            link: &self.talking.link,
            ours,
        }
    }
}

/// Somebody who waits to be admitted. Name and text are his, and nothing of them is shown to be true.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// Its number.
    pub id: AskId,
    /// When it came here.
    pub came: Time,
    /// What he calls himself.
    pub name: Option<&'a Name>,
    /// What he says, at most 500 characters.
    pub text: Option<&'a str>,
    link: &'a Link,
    ours: &'a AccountRecord,
}

impl Ask<'_> {
    /// Six words of the link as it would stand; he can say the same.
    pub fn words(&self) -> [&'static str; 6] {
        self.link.words()
    }

    /// The number of the two accounts.
    pub fn safety_number(&self) -> SafetyNumber {
        SafetyNumber::of(self.ours, self.link.peer().account())
    }
}

/// Who asks waits for 14 days at least: a bundle that is handed out holds for 7 more, and a flight for 7 after that.
const LIFETIME: Duration = Duration::from_hours(14 * 24);
/// Asks that may wait at once. What comes beyond is thrown away, so that nobody who waits is pushed out.
pub(crate) const MAX_ASKS: usize = 256;
