//! Names of calls, dialogs and transactions: random, of one width each, and without a trace of who made them.
//!
//! RFC 3261 §8.1.1, §19.3; RFC 3323 §4.1. Randomness is passed in.

use super::grammar;
use crate::host::Host;
use crate::limits::{CALL_ID_OCTETS, TAG_OCTETS};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use data_encoding::BASE64URL_NOPAD;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// The id of a call; of a MESSAGE it is the item's id. Ours are 128 random bits as 22 characters.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(Box<str>);

impl CallId {
    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(random_text::<16>(rng).into_boxed_str())
    }

    /// The id of an item: a hash of its octets, so that the same octets sent again are the same item.
    pub fn of_item(envelope: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(envelope).into();
        Self(
            BASE64URL_NOPAD
                .encode(hash.first_chunk::<16>().unwrap_or(&[0; 16]))
                .into_boxed_str(),
        )
    }

    /// Reads one: visible octets of bounded length.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let sound =
            (1..=CALL_ID_OCTETS).contains(&text.len()) && text.iter().all(|c| matches!(c, 0x21..=0x7e));
        core::str::from_utf8(text)
            .ok()
            .filter(|_| sound)
            .map(|text| Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallId(..)")
    }
}

/// One side's part of a dialog's name. Ours are 96 random bits as 16 characters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Tag(Box<str>);

impl Tag {
    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(random_text::<12>(rng).into_boxed_str())
    }

    /// Reads one: a token of bounded length.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let sound = text.len() <= TAG_OCTETS && grammar::is_token(text);
        core::str::from_utf8(text)
            .ok()
            .filter(|_| sound)
            .map(|text| Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a transaction: the cookie of RFC 3261 and 96 random bits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Branch(Box<str>);

impl Branch {
    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(format!("z9hG4bK{}", random_text::<12>(rng)).into_boxed_str())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a request goes over, as its Via says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TLS over TCP.
    Tls,
    /// WebSocket over TLS.
    Wss,
    /// TCP, on loopback only.
    Tcp,
    /// UDP, on loopback only.
    Udp,
}

/// How one end of a connection calls itself in Via and Contact.
#[derive(Clone, Debug)]
pub struct Origin {
    pub(crate) transport: Transport,
    pub(crate) sent_by: String,
}

impl Origin {
    /// A client's: a random name under `.invalid`, so that no local address is on the wire.
    pub fn random(transport: Transport, rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        // spec: anon-1
        let name: String = crate::base32::id_of(&seed)
            .iter()
            .take(16)
            .map(|&c| char::from(c))
            .collect();
        Self {
            transport,
            sent_by: format!("{name}.invalid"),
        }
    }

    /// A relay's: its host.
    pub fn of_host(transport: Transport, host: &Host) -> Self {
        Self {
            transport,
            sent_by: host.to_string(),
        }
    }
}

/// What names one attempt of a request.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The call.
    pub call_id: CallId,
    /// The asking side's tag.
    pub from_tag: Tag,
    /// The other side's tag, inside a dialog.
    pub to_tag: Option<Tag>,
    /// The transaction.
    pub branch: Branch,
    /// Which request of the call.
    pub cseq: u32,
}

impl Exchange {
    /// A request of its own.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let call_id = CallId::random(rng);
        Self::of_call(call_id, rng)
    }

    /// A request with a given Call-ID: an item that is sent once more.
    pub fn of_call(call_id: CallId, rng: &mut impl CryptoRng) -> Self {
        Self {
            call_id,
            from_tag: Tag::random(rng),
            to_tag: None,
            branch: Branch::random(rng),
            cseq: 1,
        }
    }

    /// The next request of the same call: after a 401, 412 or 423, or inside a dialog. Only the number
    /// rises and the branch is new (RFC 3261 §8.1.3.5).
    #[must_use]
    pub fn next(&self, rng: &mut impl CryptoRng) -> Self {
        Self {
            branch: Branch::random(rng),
            cseq: self.cseq.saturating_add(1),
            ..self.clone()
        }
    }
}

/// `N` random octets as base64url, whose characters are all of a token.
fn random_text<const N: usize>(rng: &mut impl CryptoRng) -> String {
    // spec: anon-3
    let mut octets = [0; N];
    rng.fill_bytes(&mut octets);
    BASE64URL_NOPAD.encode(&octets)
}
