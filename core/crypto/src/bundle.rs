//! The bundle: what an invitation's cell holds, sealed and signed. Spec: invitation, "Bundle".
//!
//! `version, kind, suites, certificate, prekey id, SPK, ek, front door, profile, not_after, signature`. X25519
//! prekey and encapsulation key share one id, because they are made and wiped together. The kind is signed here,
//! so that an invitation needn't carry it. What the front door's address means is the engine's business.

use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::caead::{self, Nonce};
use crate::device::{Device, DeviceCert};
use crate::dh::DhPublic;
use crate::encoding::{Malformed, Reader, Writer};
use crate::identity::ShortPin;
use crate::kem::EncapsulationKey;
use crate::secret::{BundleKey, Duplicate, SigningSeed};
use crate::signature::{Purpose, Signature};
use crate::time::{CLOCK_TOLERANCE, Time};

/// Names a pair of prekeys; the first octets of a first flight repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrekeyId(u32);

impl PrekeyId {
    /// From its number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// As it stands on the wire.
    pub const fn to_octets(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// How a handshake is done. The first octet of a first flight names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suite {
    /// X25519 with ML-KEM-768, ChaCha20-Poly1305, SHA-256.
    One,
}

impl Suite {
    /// Its number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
        }
    }
}

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleKind {
    /// For one person, once. The prekeys are burnt with the acceptance.
    OneTime,
    /// An address that anybody may ask at.
    Standing,
    /// For a new session of a link that exists, exchanged inside it.
    Relink,
}

impl BundleKind {
    const fn number(self) -> u8 {
        match self {
            Self::OneTime => 1,
            Self::Standing => 2,
            Self::Relink => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::OneTime),
            2 => Some(Self::Standing),
            3 => Some(Self::Relink),
            _ => None,
        }
    }
}

/// Where the first flight goes.
#[derive(Debug)]
#[non_exhaustive]
pub struct FrontDoor {
    /// Relay and queue in the engine's notation, at most [`Self::MAX_ADDRESS_LEN`] octets.
    pub address: Vec<u8>,
    /// Seed of the grant to write there.
    pub grant: SigningSeed,
}

impl FrontDoor {
    /// Longest address: a host name of 253 octets, two ids of 26 and their notation fit twice.
    pub const MAX_ADDRESS_LEN: usize = 512;

    /// A front door.
    pub const fn new(address: Vec<u8>, grant: SigningSeed) -> Self {
        Self { address, grant }
    }
}

/// A bundle that was opened but whose author wasn't checked yet. Nothing of it may be shown or used.
pub struct UncheckedBundle {
    octets: Zeroizing<Vec<u8>>,
}

impl UncheckedBundle {
    /// Octets of an invitation cell's value.
    pub const SEALED_LEN: usize = 4096;

    /// Opens a cell's value. `cell` is the cell's name as the link's addresses write it.
    ///
    /// # Errors
    /// [`BundleError::Damaged`] if it isn't the value that belongs to this key and cell.
    pub fn open(key: &BundleKey, cell: &[u8], value: &[u8]) -> Result<Self, BundleError> {
        // spec: bundle-1
        if value.len() != Self::SEALED_LEN {
            return Err(BundleError::Damaged);
        }
        let (nonce, sealed) = value.split_first_chunk().ok_or(BundleError::Damaged)?;
        let nonce = Nonce::from_octets(*nonce);
        let plaintext = caead::open_under(key.expose_octets(), Some(&nonce), &[cell], sealed)
            .map_err(|_| BundleError::Damaged)?;
        let mut reader = Reader::new(&plaintext);
        let octets = Zeroizing::new(reader.short(MAX_LEN)?.to_vec());
        reader.finish_padding()?;
        Ok(Self { octets })
    }

    /// Takes the octets of a bundle that was opened before, or came inside a link.
    pub fn from_octets(octets: &[u8]) -> Self {
        Self {
            octets: Zeroizing::new(octets.to_vec()),
        }
    }

    /// Checks author, signatures, date and suites; only now is there a bundle.
    ///
    /// # Errors
    /// The first check that failed.
    pub fn check(self, pin: &ShortPin, now: Time) -> Result<Bundle, BundleError> {
        let (signed, signature) = self.octets.split_last_chunk().ok_or(BundleError::Damaged)?;
        let contents = Contents::read(signed)?;
        // spec: bundle-2
        if !pin.is_of(contents.certificate.account()) {
            return Err(BundleError::WrongAccount);
        }
        contents
            .certificate
            .signing()
            // spec: bundle-3
            .verify(Purpose::Bundle, &[signed], &Signature::from_octets(*signature))
            .map_err(|_| BundleError::Damaged)?;
        // spec: link-2
        if !contents.suites.contains(&Suite::One.number()) {
            // spec: bundle-5
            return Err(BundleError::NoCommonSuite);
        }
        // spec: bundle-4
        let is_over = now.seconds_since(contents.not_after) > CLOCK_TOLERANCE;
        if is_over || !contents.certificate.lifetime().includes(now) {
            return Err(BundleError::Expired);
        }
        Ok(Bundle {
            octets: self.octets,
            contents,
        })
    }
}

impl fmt::Debug for UncheckedBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UncheckedBundle(..)")
    }
}

/// A bundle by the pinned account, valid when it was checked.
pub struct Bundle {
    octets: Zeroizing<Vec<u8>>,
    contents: Contents,
}

impl Bundle {
    /// What it is for.
    pub const fn kind(&self) -> BundleKind {
        self.contents.kind
    }

    /// The certificate of the device that made it.
    pub const fn certificate(&self) -> &DeviceCert {
        &self.contents.certificate
    }

    /// Where the first flight goes.
    pub const fn front_door(&self) -> &FrontDoor {
        &self.contents.front_door
    }

    /// What its author says of himself, in the engine's notation.
    pub fn profile(&self) -> &[u8] {
        &self.contents.profile
    }

    /// Until when it may be used.
    pub const fn not_after(&self) -> Time {
        self.contents.not_after
    }

    /// Its octets with the signature, to be stored sealed and checked again.
    pub fn expose_octets(&self) -> &[u8] {
        &self.octets
    }

    pub(crate) const fn prekey_id(&self) -> PrekeyId {
        self.contents.prekey_id
    }

    pub(crate) const fn prekey(&self) -> &DhPublic {
        &self.contents.prekey
    }

    pub(crate) const fn encapsulation_key(&self) -> &EncapsulationKey {
        &self.contents.encapsulation_key
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bundle(..)")
    }
}

/// Everything that the signature is over.
pub(crate) struct Contents {
    pub(crate) kind: BundleKind,
    pub(crate) suites: Vec<u8>,
    pub(crate) certificate: DeviceCert,
    pub(crate) prekey_id: PrekeyId,
    pub(crate) prekey: DhPublic,
    pub(crate) encapsulation_key: EncapsulationKey,
    pub(crate) front_door: FrontDoor,
    pub(crate) profile: Vec<u8>,
    pub(crate) not_after: Time,
}

impl Contents {
    /// Lays it out and signs it.
    pub(crate) fn sign(&self, device: &Device) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        if self.front_door.address.len() > FrontDoor::MAX_ADDRESS_LEN || self.profile.len() > MAX_PROFILE_LEN
        {
            return Err(Malformed);
        }
        let suites = u8::try_from(self.suites.len()).map_err(|_| Malformed)?;
        let mut writer = Writer::with_capacity(MAX_LEN);
        writer
            .octet(VERSION)
            .octet(self.kind.number())
            .octet(suites)
            .put(&self.suites);
        writer
            .put(&self.certificate.to_octets())
            .put(&self.prekey_id.to_octets());
        writer
            .put(self.prekey.as_octets())
            .put(self.encapsulation_key.as_octets());
        writer
            .short(&self.front_door.address)?
            .put(self.front_door.grant.expose_octets());
        writer.short(&self.profile)?.u64(self.not_after.as_unix_seconds());
        let mut signed = writer.finish();
        let signature = device.signing().sign(Purpose::Bundle, &[&signed]);
        signed.extend_from_slice(signature.as_octets());
        Ok(signed)
    }

    fn read(octets: &[u8]) -> Result<Self, BundleError> {
        let mut reader = Reader::new(octets);
        if reader.octet()? != VERSION {
            return Err(BundleError::Version);
        }
        let kind = BundleKind::from_number(reader.octet()?).ok_or(BundleError::Version)?;
        let suites = usize::from(reader.octet()?);
        let contents = Self {
            kind,
            suites: reader.slice(suites)?.to_vec(),
            certificate: DeviceCert::verify(reader.array()?).map_err(|_| BundleError::Damaged)?,
            prekey_id: PrekeyId(reader.u32()?),
            prekey: DhPublic::from_octets(*reader.array()?),
            encapsulation_key: EncapsulationKey::from_octets(reader.array()?),
            front_door: FrontDoor {
                address: reader.short(FrontDoor::MAX_ADDRESS_LEN)?.to_vec(),
                grant: SigningSeed::from_octets(reader.array()?),
            },
            profile: reader.short(MAX_PROFILE_LEN)?.to_vec(),
            not_after: Time::from_unix_seconds(reader.u64()?),
        };
        reader.finish()?;
        Ok(contents)
    }
}

/// Seals a signed bundle as the value of a cell.
pub(crate) fn seal(octets: &[u8], key: &BundleKey, cell: &[u8], nonce: &Nonce) -> Result<Vec<u8>, Malformed> {
    let mut writer = Writer::with_capacity(PLAINTEXT_LEN);
    writer.short(octets)?.pad_to(PLAINTEXT_LEN)?;
    let sealed = caead::seal_under(key.expose_octets(), Some(nonce), &[cell], &writer.finish());
    Ok([nonce.as_octets().as_slice(), &sealed].concat())
}

impl Duplicate for FrontDoor {
    fn duplicate(&self) -> Self {
        Self {
            address: self.address.clone(),
            grant: self.grant.duplicate(),
        }
    }
}

/// Why a bundle can't be used.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// It doesn't open, doesn't parse or isn't signed: changed on its way, or another invitation's.
    #[error("bundle is damaged")]
    Damaged,
    /// It was made by another account than the invitation names: somebody may be in the middle.
    #[error("bundle is by another account than the invitation's")]
    WrongAccount,
    /// It or its certificate isn't valid at this time.
    #[error("bundle is not valid at this time")]
    Expired,
    /// It offers no way to shake hands that this version knows.
    #[error("no common suite")]
    NoCommonSuite,
    /// It has a form that this version doesn't know.
    #[error("bundle is of another version")]
    Version,
}

impl From<Malformed> for BundleError {
    fn from(_: Malformed) -> Self {
        Self::Damaged
    }
}

const VERSION: u8 = 1;
/// Octets of a profile at most: a name and a few lines.
pub(crate) const MAX_PROFILE_LEN: usize = 1024;
const PLAINTEXT_LEN: usize = UncheckedBundle::SEALED_LEN - Nonce::LEN - caead::OVERHEAD;
/// A bundle with its signature: what is left of the plaintext beside the length in front.
const MAX_LEN: usize = PLAINTEXT_LEN - 2;

#[cfg(test)]
mod tests;
