//! The handshake: one flight from the initiator, then the responder speaks first in the ratchet.
//! Spec: handshake.
//!
//! Hybrid of X25519 and ML-KEM-768 after the pattern of PQXDH with a Noise-like transcript: the initiator's
//! certificate is sealed before his identity is used, everything that was said is hashed into every key. Not
//! here: replay of a standing address's flights and who wins when both initiate, which need memory over
//! handshakes; the engine compares [`LinkId`]s.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use thiserror::Error;

use crate::bundle::{Bundle, Suite};
use crate::caead;
use crate::device::{Device, DeviceCert};
use crate::dh::{DhPublic, DhSecret, NonContributory};
use crate::encoding::{Malformed, Reader};
use crate::invitation::Prekeys;
use crate::kem::{self, BadKey, Ciphertext, EncapsulationKey, KemSeed};
use crate::padding::{self, Body, Tlv};
use crate::ratchet::{Exchange, Session};
use crate::secret::Psk;
use crate::time::Time;
use crate::witness::{Unwitnessed, Witness};

mod link;
mod transcript;
mod waiting;

pub use link::{Link, LinkId};
pub use waiting::Waiting;

use transcript::Transcript;

/// Octets of a first flight, always.
pub const FLIGHT_LEN: usize = 4096;

/// Octets for the initiator's items inside a first flight.
pub const PAYLOAD_LEN: usize = BOX2_PLAINTEXT - EncapsulationKey::LEN;

/// Somebody who holds a checked bundle and wants a link.
#[derive(Debug, Clone, Copy)]
pub struct Initiator<'a> {
    device: &'a Device,
    bundle: &'a Bundle,
    psk: &'a Psk,
}

impl<'a> Initiator<'a> {
    /// `psk` is the invitation's ([`crate::InvitationKeys`]), or the link's own for a re-link.
    // spec: link-1
    pub const fn new(device: &'a Device, bundle: &'a Bundle, psk: &'a Psk) -> Self {
        Self { device, bundle, psk }
    }

    /// Makes the first flight. Draws from `rng`: ephemeral key, seed of the first PQ offer, encapsulation.
    ///
    /// # Errors
    /// [`InitiateError`]: the items are too long, or the bundle's keys can't be used.
    pub fn initiate(
        &self,
        items: &[Tlv<'_>],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Initiated, InitiateError> {
        self.initiate_witnessed(items, rng, &mut Unwitnessed)
    }

    /// [`Self::initiate`], showing intermediate **secrets** to a witness.
    ///
    /// # Errors
    /// As [`Self::initiate`].
    pub fn initiate_witnessed(
        &self,
        items: &[Tlv<'_>],
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Initiated, InitiateError> {
        // spec: link-5
        if self.bundle.certificate().signing() == self.device.certificate().signing() {
            return Err(InitiateError::OwnBundle);
        }
        let ephemeral = DhSecret::generate(rng);
        let seed = KemSeed::random(rng);
        let offered = kem::public_key(&seed);
        let items_padded =
            padding::pad(items.iter().copied(), PAYLOAD_LEN).map_err(|_| InitiateError::TooLong)?;
        let mut payload = crate::encoding::Writer::with_capacity(BOX2_PLAINTEXT);
        payload.put(offered.as_octets()).put(&items_padded);

        let mut transcript = Transcript::begin(self.bundle.expose_octets(), Suite::One, self.psk, witness);
        transcript.mix_hash("E", ephemeral.public().as_octets());
        transcript.mix_key("es-pre", ephemeral.agree(self.bundle.prekey())?.expose_octets());
        transcript.mix_key(
            "es-id",
            ephemeral
                .agree(self.bundle.certificate().agreement())?
                .expose_octets(),
        );
        let (ciphertext, shared) = kem::encapsulate(self.bundle.encapsulation_key(), rng)?;
        transcript.mix_hash("ct", ciphertext.as_octets());
        let k1 = transcript.mix_key("kem", shared.expose_octets());
        let box1 = transcript.seal("box1", &k1, &self.device.certificate().to_octets());
        let k2 = transcript.mix_key(
            "se",
            self.device
                .agreement()
                .agree(self.bundle.prekey())?
                .expose_octets(),
        );
        let box2 = transcript.seal("box2", &k2, &payload.finish());

        let mut flight = Vec::with_capacity(FLIGHT_LEN);
        flight.push(Suite::One.number());
        flight.extend_from_slice(&self.bundle.prekey_id().to_octets());
        flight.extend_from_slice(ephemeral.public().as_octets());
        flight.extend_from_slice(ciphertext.as_octets());
        flight.extend_from_slice(&box1);
        flight.extend_from_slice(&box2);

        let (link, start) = transcript.finish(self.bundle.certificate());
        let exchange = Exchange::offer(FIRST_EPOCH, seed, offered);
        let session = Session::of_initiator(link.id(), start, ephemeral, exchange);
        Ok(Initiated {
            flight,
            link,
            waiting: Waiting::new(session),
        })
    }
}

/// What initiating made. Store link and waiting state before the flight leaves.
#[derive(Debug)]
#[non_exhaustive]
pub struct Initiated {
    /// The first flight, 4,096 octets, for the front door.
    pub flight: Vec<u8>,
    /// What outlives the ratchet.
    pub link: Link,
    /// The session that waits for the responder's first message.
    pub waiting: Waiting,
}

/// Somebody who published a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Responder<'a> {
    device: &'a Device,
    prekeys: &'a Prekeys,
    psk: &'a Psk,
}

impl<'a> Responder<'a> {
    /// The side that made `prekeys` on `device`.
    pub const fn new(device: &'a Device, prekeys: &'a Prekeys, psk: &'a Psk) -> Self {
        Self { device, prekeys, psk }
    }

    /// Accepts a first flight. Nothing is burnt here: for a one-time invitation the caller deletes the private
    /// half in the write that stores the session. In a re-link he compares the account of [`Link::peer`].
    ///
    /// # Errors
    /// [`Refused`], whatever was wrong with it.
    pub fn accept(
        &self,
        flight: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Accepted, Refused> {
        self.accept_witnessed(flight, now, rng, &mut Unwitnessed)
    }

    /// [`Self::accept`], showing intermediate **secrets** to a witness.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub fn accept_witnessed(
        &self,
        flight: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Accepted, Refused> {
        let flight = Flight::cut(flight, self.prekeys)?;
        let mut transcript = Transcript::begin(self.prekeys.expose_bundle(), Suite::One, self.psk, witness);
        transcript.mix_hash("E", flight.ephemeral.as_octets());
        transcript.mix_key(
            "es-pre",
            self.prekeys.prekey().agree(&flight.ephemeral)?.expose_octets(),
        );
        transcript.mix_key(
            "es-id",
            self.device.agreement().agree(&flight.ephemeral)?.expose_octets(),
        );
        transcript.mix_hash("ct", flight.ciphertext.as_octets());
        let shared = kem::decapsulate(self.prekeys.kem(), &flight.ciphertext);
        let k1 = transcript.mix_key("kem", shared.expose_octets());
        let certificate = transcript.open("box1", &k1, flight.box1).map_err(|_| Refused)?;
        let certificate = certificate.as_slice().try_into().map_err(|_| Refused)?;
        // spec: link-4
        let peer = DeviceCert::verify(certificate).map_err(|_| Refused)?;
        if !peer.lifetime().includes(now) {
            return Err(Refused);
        }
        let k2 = transcript.mix_key(
            "se",
            self.prekeys.prekey().agree(peer.agreement())?.expose_octets(),
        );
        let payload = transcript.open("box2", &k2, flight.box2).map_err(|_| Refused)?;

        let mut reader = Reader::new(&payload);
        let offered = EncapsulationKey::from_octets(reader.array()?);
        let items = Body::parse(reader.rest().to_vec().into())?;
        let (link, start) = transcript.finish(&peer);
        let exchange = Exchange::answer(FIRST_EPOCH, &offered, rng).map_err(|_| Refused)?;
        let session = Session::of_responder(link.id(), start, flight.ephemeral, exchange);
        Ok(Accepted { session, link, items })
    }
}

/// What accepting made. Store all of it, and delete one-time prekeys, in one write.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The session; its owner speaks first.
    pub session: Session,
    /// What outlives the ratchet.
    pub link: Link,
    /// What the initiator said.
    pub items: Body,
}

/// A first flight by its fields.
struct Flight<'a> {
    ephemeral: DhPublic,
    ciphertext: Ciphertext,
    box1: &'a [u8],
    box2: &'a [u8],
}

impl<'a> Flight<'a> {
    fn cut(octets: &'a [u8], prekeys: &Prekeys) -> Result<Self, Refused> {
        let mut reader = Reader::new(octets);
        // spec: link-3
        if reader.octet()? != Suite::One.number() || *reader.array()? != prekeys.id().to_octets() {
            return Err(Refused);
        }
        let flight = Self {
            ephemeral: DhPublic::from_octets(*reader.array()?),
            ciphertext: Ciphertext::from_octets(reader.array()?),
            box1: reader.slice(DeviceCert::LEN + caead::OVERHEAD)?,
            box2: reader.slice(BOX2_PLAINTEXT + caead::OVERHEAD)?,
        };
        reader.finish()?;
        Ok(flight)
    }
}

/// What both sides begin the ratchet with.
pub(crate) struct Start {
    pub(crate) root: crate::secret::RootKey,
    pub(crate) responder_header: crate::secret::HeaderKey,
    pub(crate) initiator_next_header: crate::secret::HeaderKey,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Start(..)")
    }
}

/// Why no first flight can be made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitiateError {
    /// The items are longer than [`PAYLOAD_LEN`].
    #[error("more than fits a first flight")]
    TooLong,
    /// The bundle is this device's own.
    #[error("the invitation is one's own")]
    OwnBundle,
    /// The bundle holds a key that can't be used, which its author signed.
    #[error("the bundle holds an unusable key")]
    BadKey,
}

impl From<NonContributory> for InitiateError {
    fn from(_: NonContributory) -> Self {
        Self::BadKey
    }
}

impl From<BadKey> for InitiateError {
    fn from(_: BadKey) -> Self {
        Self::BadKey
    }
}

/// A first flight that isn't one for these prekeys: forged, cut, changed, of an expired device, or another's.
// spec: link-6
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("first flight refused")]
pub struct Refused;

impl From<Malformed> for Refused {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl From<NonContributory> for Refused {
    fn from(_: NonContributory) -> Self {
        Self
    }
}

/// The initiator's offer in the first flight opens the first epoch.
const FIRST_EPOCH: u32 = 1;
/// What is left for the second box: the flight without suite, prekey id, key, ciphertext, first box, overhead.
const BOX2_PLAINTEXT: usize = FLIGHT_LEN
    - 1
    - 4
    - DhPublic::LEN
    - Ciphertext::LEN
    - (DeviceCert::LEN + caead::OVERHEAD)
    - caead::OVERHEAD;
const _: () = assert!(BOX2_PLAINTEXT == 2619, "the layout of the specification");

#[cfg(test)]
mod tests;
