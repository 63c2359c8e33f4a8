//! The continuous ML-KEM exchange in the padding. Spec: ratchet, "PQ exchange".
//!
//! One epoch is in flight. Its generator offers a key in two chunks, the other side answers with a ciphertext in
//! two chunks, the generator mixes the secret into his next root step and names the epoch in that chain's headers;
//! then the roles change. The generator mixes only what the other side made, so both always hold the secret when
//! it is named. The initiator generates odd epochs, the responder even ones.

use alloc::vec::Vec;
use core::mem;

use rand_core::CryptoRng;

use super::halves::{Half, Halves};
use super::root::{Mixed, NOTHING_MIXED};
use crate::encoding::{Malformed, Reader, Writer};
use crate::kem::{self, BadKey, Ciphertext, EncapsulationKey, KemSecret, KemSeed};
use crate::padding::Tlv;
use crate::secret::Duplicate;

/// One side's place in the exchange.
pub(crate) enum Exchange {
    /// I generate: the key goes out, the ciphertext comes in.
    Offer {
        epoch: u32,
        seed: KemSeed,
        key: EncapsulationKey,
        next: Half,
        came: Halves<CIPHERTEXT_HALF>,
    },
    /// I generate and hold the secret: my next root step mixes it.
    Ready { epoch: u32, secret: KemSecret },
    /// The other side generates: his key comes in.
    Collect { epoch: u32, came: Halves<KEY_HALF> },
    /// The other side generates: the ciphertext goes out, always the same.
    Answer {
        epoch: u32,
        ciphertext: Ciphertext,
        secret: KemSecret,
        next: Half,
    },
}

impl Exchange {
    pub(crate) fn offer(epoch: u32, seed: KemSeed, key: EncapsulationKey) -> Self {
        Self::Offer {
            epoch,
            seed,
            key,
            next: Half::First,
            came: Halves::default(),
        }
    }

    pub(crate) fn answer(
        epoch: u32,
        key: &EncapsulationKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, BadKey> {
        let (ciphertext, secret) = kem::encapsulate(key, rng)?;
        Ok(Self::Answer {
            epoch,
            ciphertext,
            secret,
            next: Half::First,
        })
    }

    /// The epoch in flight.
    pub(super) const fn epoch(&self) -> u32 {
        match self {
            Self::Offer { epoch, .. }
            | Self::Ready { epoch, .. }
            | Self::Collect { epoch, .. }
            | Self::Answer { epoch, .. } => *epoch,
        }
    }

    /// Value of the chunk that would go out next, if this side has any.
    pub(super) fn chunk(&self) -> Option<Vec<u8>> {
        match self {
            Self::Offer { epoch, key, next, .. } => Some(chunk(
                KEY_CHUNK,
                *epoch,
                *next,
                next.of(key.as_octets(), KEY_HALF),
            )),
            Self::Answer {
                epoch,
                ciphertext,
                next,
                ..
            } => Some(chunk(
                CIPHERTEXT_CHUNK,
                *epoch,
                *next,
                next.of(ciphertext.as_octets(), CIPHERTEXT_HALF),
            )),
            Self::Ready { .. } | Self::Collect { .. } => None,
        }
    }

    /// The chunk went out: the other half is next.
    pub(super) fn chunk_sent(&mut self) {
        if let Self::Offer { next, .. } | Self::Answer { next, .. } = self {
            *next = next.other();
        }
    }

    /// Takes a chunk that came in an opened body. Chunks of other epochs are old ones, or not for this state: they
    /// are passed over.
    pub(super) fn take_chunk(
        &mut self,
        value: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(value);
        let (what, epoch) = (reader.octet()?, reader.u32()?);
        let half = Half::from_octet(reader.octet()?).ok_or(Malformed)?;
        match what {
            KEY_CHUNK => {
                let octets = reader.array()?;
                reader.finish()?;
                self.take_key_half(epoch, half, octets, rng)
            }
            CIPHERTEXT_CHUNK => {
                let octets = reader.array()?;
                reader.finish()?;
                self.take_ciphertext_half(epoch, half, octets);
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    /// Before my own root step for sending: what it shall mix. I become the one who answers the next epoch.
    pub(super) fn mix_sending(&mut self) -> Option<Mixed> {
        let Self::Ready { epoch, .. } = self else {
            return None;
        };
        let following = Self::Collect {
            epoch: epoch.saturating_add(1),
            came: Halves::default(),
        };
        match mem::replace(self, following) {
            Self::Ready { epoch, secret } => Some(Mixed { epoch, secret }),
            _ => None,
        }
    }

    /// Before the root step for a chain that came: what it shall mix, as its header names it. I become the one who
    /// offers the next epoch.
    ///
    /// # Errors
    /// The header names an epoch that isn't due.
    // spec: ratchet-9
    pub(super) fn mix_receiving(
        &mut self,
        named: u32,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Option<Mixed>, Malformed> {
        if named == NOTHING_MIXED {
            return Ok(None);
        }
        match self {
            Self::Answer { epoch, .. } if *epoch == named => {}
            _ => return Err(Malformed),
        }
        let seed = KemSeed::random(rng);
        let key = kem::public_key(&seed);
        match mem::replace(self, Self::offer(named.saturating_add(1), seed, key)) {
            Self::Answer { epoch, secret, .. } => Ok(Some(Mixed { epoch, secret })),
            _ => Err(Malformed),
        }
    }

    fn take_key_half(
        &mut self,
        of: u32,
        half: Half,
        octets: &[u8; KEY_HALF],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Malformed> {
        // spec: pq-3
        let Self::Collect { epoch, came } = self else {
            return Ok(());
        };
        if *epoch != of {
            return Ok(());
        }
        came.take(half, octets);
        // spec: pq-5
        if let Some(key) = came.join() {
            *self = Self::answer(of, &EncapsulationKey::from_octets(&key), rng).map_err(|_| Malformed)?;
        }
        Ok(())
    }

    fn take_ciphertext_half(&mut self, of: u32, half: Half, octets: &[u8; CIPHERTEXT_HALF]) {
        let Self::Offer {
            epoch, seed, came, ..
        } = self
        else {
            return;
        };
        if *epoch != of {
            return;
        }
        came.take(half, octets);
        if let Some(ciphertext) = came.join() {
            let secret = kem::decapsulate(seed, &Ciphertext::from_octets(&ciphertext));
            *self = Self::Ready { epoch: of, secret };
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Offer {
                epoch,
                seed,
                key,
                next,
                came,
            } => {
                writer
                    .octet(0)
                    .u32(*epoch)
                    .put(seed.expose_octets())
                    .put(key.as_octets());
                writer.octet(next.octet());
                came.write(writer);
            }
            Self::Ready { epoch, secret } => {
                writer.octet(1).u32(*epoch).put(secret.expose_octets());
            }
            Self::Collect { epoch, came } => {
                writer.octet(2).u32(*epoch);
                came.write(writer);
            }
            Self::Answer {
                epoch,
                ciphertext,
                secret,
                next,
            } => {
                writer
                    .octet(3)
                    .u32(*epoch)
                    .put(ciphertext.as_octets())
                    .put(secret.expose_octets());
                writer.octet(next.octet());
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (state, epoch) = (reader.octet()?, reader.u32()?);
        match state {
            0 => Ok(Self::Offer {
                epoch,
                seed: KemSeed::from_octets(reader.array()?),
                key: EncapsulationKey::from_octets(reader.array()?),
                next: Half::from_octet(reader.octet()?).ok_or(Malformed)?,
                came: Halves::read(reader)?,
            }),
            1 => Ok(Self::Ready {
                epoch,
                secret: KemSecret::from_octets(reader.array()?),
            }),
            2 => Ok(Self::Collect {
                epoch,
                came: Halves::read(reader)?,
            }),
            3 => Ok(Self::Answer {
                epoch,
                ciphertext: Ciphertext::from_octets(reader.array()?),
                secret: KemSecret::from_octets(reader.array()?),
                next: Half::from_octet(reader.octet()?).ok_or(Malformed)?,
            }),
            _ => Err(Malformed),
        }
    }
}

impl Duplicate for Exchange {
    fn duplicate(&self) -> Self {
        match self {
            Self::Offer {
                epoch,
                seed,
                key,
                next,
                came,
            } => Self::Offer {
                epoch: *epoch,
                seed: seed.duplicate(),
                key: key.clone(),
                next: *next,
                came: came.clone(),
            },
            Self::Ready { epoch, secret } => Self::Ready {
                epoch: *epoch,
                secret: secret.duplicate(),
            },
            Self::Collect { epoch, came } => Self::Collect {
                epoch: *epoch,
                came: came.clone(),
            },
            Self::Answer {
                epoch,
                ciphertext,
                secret,
                next,
            } => Self::Answer {
                epoch: *epoch,
                // spec: pq-2
                ciphertext: ciphertext.clone(),
                secret: secret.duplicate(),
                next: *next,
            },
        }
    }
}

fn chunk(what: u8, epoch: u32, half: Half, octets: &[u8]) -> Vec<u8> {
    [&[what], epoch.to_be_bytes().as_slice(), &[half.octet()], octets].concat()
}

/// Kind of the body item that carries a chunk: `what u8, epoch u32, half u8, octets`.
pub(super) const CHUNK_KIND: u8 = 1;
const _: () = assert!(CHUNK_KIND < Tlv::FIRST_KIND, "chunks are not the engine's");
const KEY_CHUNK: u8 = 1;
const CIPHERTEXT_CHUNK: u8 = 2;
/// Half an encapsulation key.
pub(crate) const KEY_HALF: usize = EncapsulationKey::LEN / 2;
/// Half a ciphertext.
pub(crate) const CIPHERTEXT_HALF: usize = Ciphertext::LEN / 2;

#[cfg(test)]
mod tests;
