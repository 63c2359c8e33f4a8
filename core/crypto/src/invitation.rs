//! Invitations: what is derived from the secret, and the private half that waits for a first flight.
//! Spec: invitation, "Derivation".
//!
//! The URI isn't here: its notation is the engine's.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bundle::{self, BundleKind, Contents, FrontDoor, PrekeyId, Suite};
use crate::caead::Nonce;
use crate::device::Device;
use crate::dh::DhSecret;
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{BundleKey, Duplicate, InvitationSecret, Psk, SigningSeed};
use crate::time::Time;
use crate::{kdf, kem, labels};

/// What an invitation's secret yields, the same for both sides.
#[derive(Debug)]
#[non_exhaustive]
pub struct InvitationKeys {
    /// Key of the bundle.
    pub bundle: BundleKey,
    /// Seed of the grant to read the invitation's cell.
    pub read_grant: SigningSeed,
    /// What the handshake begins with.
    pub psk: Psk,
}

impl InvitationKeys {
    /// Derives the three.
    pub fn derive(secret: &InvitationSecret) -> Self {
        let derive = |label| kdf::derive::<1>(&[], &[secret.expose_octets()], &[label]);
        let [bundle] = &*derive(labels::INVITE_BUNDLE);
        let [read_grant] = &*derive(labels::INVITE_READ);
        let [psk] = &*derive(labels::INVITE_PSK);
        Self {
            bundle: BundleKey::from_octets(bundle),
            read_grant: SigningSeed::from_octets(read_grant),
            psk: Psk::from_octets(psk),
        }
    }
}

/// What goes into a bundle beside keys.
#[derive(Debug)]
pub struct Offer<'a> {
    /// What it is for.
    pub kind: BundleKind,
    /// Where the first flight shall go.
    pub front_door: &'a FrontDoor,
    /// What the author says of himself, at most 1,024 octets.
    pub profile: &'a [u8],
    /// Until when it may be used: 7 days, a standing address 14.
    pub not_after: Time,
}

/// The private half of a bundle. Dropped, and deleted in the same write, it can't accept a second time.
pub struct Prekeys {
    id: PrekeyId,
    prekey: DhSecret,
    kem: kem::KemSeed,
    // It holds the front door's grant seed.
    bundle: Zeroizing<Vec<u8>>,
}

impl Prekeys {
    /// New prekeys in a bundle that `device` signs.
    ///
    /// # Errors
    /// [`OfferTooLong`] if address or profile are longer than a bundle takes.
    pub fn create(
        device: &Device,
        offer: &Offer<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, OfferTooLong> {
        let id = PrekeyId::new(rng.next_u32());
        let prekey = DhSecret::generate(rng);
        let kem = kem::KemSeed::random(rng);
        let contents = Contents {
            kind: offer.kind,
            suites: [Suite::One.number()].to_vec(),
            certificate: *device.certificate(),
            prekey_id: id,
            prekey: prekey.public(),
            encapsulation_key: kem::public_key(&kem),
            front_door: offer.front_door.duplicate(),
            profile: offer.profile.to_vec(),
            not_after: offer.not_after,
        };
        let bundle = contents.sign(device).map_err(|_| OfferTooLong)?;
        Ok(Self {
            id,
            prekey,
            kem,
            bundle,
        })
    }

    /// The signed bundle, to be sent inside a link. An invitation's goes out sealed only.
    pub fn expose_bundle(&self) -> &[u8] {
        &self.bundle
    }

    /// Which prekeys these are.
    pub const fn id(&self) -> PrekeyId {
        self.id
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(1 + 4 + 32 + 64 + self.bundle.len());
        writer.octet(STATE_VERSION);
        self.write(&mut writer);
        writer.finish()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.octet()? != STATE_VERSION {
            return Err(Malformed);
        }
        Self::read(&mut reader)
    }

    pub(crate) const fn prekey(&self) -> &DhSecret {
        &self.prekey
    }

    pub(crate) const fn kem(&self) -> &kem::KemSeed {
        &self.kem
    }

    fn write(&self, writer: &mut Writer) {
        writer.put(&self.id.to_octets()).put(self.prekey.expose_octets());
        writer.put(self.kem.expose_octets()).put(&self.bundle);
    }

    /// Takes all that is left.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let prekeys = Self {
            id: PrekeyId::new(reader.u32()?),
            prekey: DhSecret::from_octets(reader.array()?),
            kem: kem::KemSeed::from_octets(reader.array()?),
            bundle: Zeroizing::new(reader.rest().to_vec()),
        };
        if prekeys.bundle.len() > bundle::UncheckedBundle::SEALED_LEN {
            return Err(Malformed);
        }
        Ok(prekeys)
    }
}

impl fmt::Debug for Prekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prekeys(..)")
    }
}

/// An invitation as its author keeps it.
pub struct Invitation {
    secret: InvitationSecret,
    prekeys: Prekeys,
}

impl Invitation {
    /// A new one: secret, prekeys, signed bundle.
    ///
    /// # Errors
    /// [`OfferTooLong`] if address or profile are longer than a bundle takes.
    pub fn create(
        device: &Device,
        secret: InvitationSecret,
        offer: &Offer<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, OfferTooLong> {
        Ok(Self {
            secret,
            prekeys: Prekeys::create(device, offer, rng)?,
        })
    }

    /// The secret, for the URI.
    pub const fn expose_secret(&self) -> &InvitationSecret {
        &self.secret
    }

    /// Everything that the secret yields.
    pub fn keys(&self) -> InvitationKeys {
        InvitationKeys::derive(&self.secret)
    }

    /// What a first flight is accepted with.
    pub const fn prekeys(&self) -> &Prekeys {
        &self.prekeys
    }

    /// The private half alone, of a standing address whose bundle is replaced.
    pub fn into_prekeys(self) -> Prekeys {
        self.prekeys
    }

    /// The value of the invitation's cell, 4,096 octets, new at each call. `cell` is the cell's name.
    ///
    /// # Errors
    /// [`OfferTooLong`]: can't happen for an invitation that [`Self::create`] made.
    pub fn seal_bundle(
        &self,
        cell: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, OfferTooLong> {
        let nonce = Nonce::random(rng);
        bundle::seal(&self.prekeys.bundle, &self.keys().bundle, cell, &nonce).map_err(|_| OfferTooLong)
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(1 + 32 + 4 + 32 + 64 + self.prekeys.bundle.len());
        writer.octet(STATE_VERSION).put(self.secret.expose_octets());
        self.prekeys.write(&mut writer);
        writer.finish()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.octet()? != STATE_VERSION {
            return Err(Malformed);
        }
        let secret = InvitationSecret::from_octets(reader.array()?);
        Ok(Self {
            secret,
            prekeys: Prekeys::read(&mut reader)?,
        })
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invitation(..)")
    }
}

/// An address over 512 octets or a profile over 1,024.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("address or profile too long for a bundle")]
pub struct OfferTooLong;

const STATE_VERSION: u8 = 1;
