//! Proofs on a connection without a TLS exporter: plain loopback, a browser's WebSocket, a proxy that
//! ends TLS. Spec: `spec/boxes.md`, proofs without an exporter; RFC 3261 §22.
//!
//! The relay challenges with a nonce in a 401. The signature then covers the request *and* the relay's
//! name and key as the client has them, or one relay could fetch a nonce from another and play the
//! signature there. Each request is signed: SIP knows no logged-in connection.
//!
//! ```text
//! input = "sipher/1 sign " || purpose || 0x00 || fields          purpose = own-nonce | use-nonce
//! fields = list(method) list(R-URI) list(To) list(Call-ID) list(CSeq) list(Expires) list(Contact) list(Event)
//!          list(SIP-If-Match) SHA-256(body)[32] nonce[16] count u32 list(relay host) list(relay key, 26 characters)
//! list   = u32 number of values, then each as u32 length and octets
//! ```
//! For `use-nonce` the right's octet follows. Header values are taken unfolded and trimmed, all of a name in order.

use crate::address::RelayId;
use crate::auth::{self, Credentials};
use crate::grant::Right;
use crate::host::Host;
use crate::sip::{Fields, Name};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use data_encoding::BASE64URL_NOPAD;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// A relay's challenge: 128 bits that it never gave before.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A fresh nonce.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }

    /// Reads the 22 characters of a nonce.
    pub fn parse(text: &[u8]) -> Option<Self> {
        auth::base64(text).map(Self)
    }

    /// Reads the value of a `WWW-Authenticate` header; `None` if it's another scheme (`spec/sip-checklist.md` G8, G9).
    pub fn parse_challenge(value: &[u8]) -> Option<Self> {
        crate::sip::grammar::list(auth::scheme_rest(value, b"Sipher")?).find_map(|item| {
            let (name, text) = crate::sip::grammar::assignment(item)?;
            (name.eq_ignore_ascii_case(b"n"))
                .then(|| Self::parse(text))
                .flatten()
        })
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", BASE64URL_NOPAD.encode_display(&self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// Which challenge a proof answers, and how often it was answered: the count must rise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NonceProof {
    /// The relay's nonce.
    pub nonce: Nonce,
    /// 1 for the first answer, then rising.
    pub count: u32,
}

/// The relay that a signature is meant for, as its address says.
#[derive(Clone, Copy, Debug)]
pub struct RelayNameAndKey<'a> {
    /// The host of the address.
    pub host: &'a Host,
    /// The key of the address.
    pub id: &'a RelayId,
}

/// The octets that an owner signs: purpose `own-nonce`.
pub fn own_nonce_input(request: &impl Fields, proof: &NonceProof, relay: RelayNameAndKey<'_>) -> Vec<u8> {
    auth::signed("own-nonce", &[&covered(request, proof, relay)])
}

/// The octets that a grant's holder signs: purpose `use-nonce`.
pub fn use_nonce_input(
    request: &impl Fields,
    proof: &NonceProof,
    relay: RelayNameAndKey<'_>,
    right: Right,
) -> Vec<u8> {
    auth::signed(
        "use-nonce",
        &[&covered(request, proof, relay), &[right.as_octet()]],
    )
}

impl Credentials {
    /// The same credentials as an answer to a challenge.
    #[must_use]
    pub fn answering(self, proof: NonceProof) -> Self {
        Self {
            nonce: Some(proof),
            ..self
        }
    }
}

const COVERED: [Name; 7] = [
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::Expires,
    Name::Contact,
    Name::Event,
    Name::SipIfMatch,
];

fn covered(request: &impl Fields, proof: &NonceProof, relay: RelayNameAndKey<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    put_list(&mut out, &[request.method_octets()]);
    put_list(&mut out, &[request.uri_octets()]);
    for name in COVERED {
        put_list(&mut out, &request.values_of(name));
    }
    out.extend_from_slice(&Sha256::digest(request.body_octets()));
    out.extend_from_slice(&proof.nonce.0);
    out.extend_from_slice(&proof.count.to_be_bytes());
    put_list(&mut out, &[relay.host.to_string().as_bytes()]);
    put_list(&mut out, &[relay.id.as_str().as_bytes()]);
    out
}

fn put_list(out: &mut Vec<u8>, values: &[&[u8]]) {
    put_len(out, values.len());
    for value in values {
        put_len(out, value.len());
        out.extend_from_slice(value);
    }
}

/// Lengths are bounded by the head's limit, far below `u32`.
fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests;
