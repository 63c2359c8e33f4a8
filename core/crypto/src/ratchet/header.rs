//! Headers, and the context that binds them to a link and a direction. Spec: ratchet, "Envelope".

use crate::caead::{self, Nonce};
use crate::dh::DhPublic;
use crate::encoding::{Malformed, Reader, Writer};
use crate::handshake::LinkId;
use crate::secret::HeaderKey;

/// What a message says of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The sender's ratchet key of this chain.
    pub(super) dh: DhPublic,
    /// Messages in the sender's previous chain.
    pub(super) previous_len: u32,
    /// Number within this chain.
    pub(super) number: u32,
    /// Epoch that this chain's root step mixed, 0 for none.
    pub(super) mixed_epoch: u32,
}

impl Header {
    pub(super) fn seal(&self, key: &HeaderKey, nonce: &Nonce, context: &Context) -> alloc::vec::Vec<u8> {
        let mut writer = Writer::with_capacity(LEN);
        writer
            .put(self.dh.as_octets())
            .u32(self.previous_len)
            .u32(self.number)
            .u32(self.mixed_epoch);
        writer.octet(NO_FLAGS).put(&[0; 3]);
        caead::seal_under(key.expose_octets(), Some(nonce), &[&context.0], &writer.finish())
    }

    /// `None` if it isn't under this key.
    pub(super) fn open(key: &HeaderKey, nonce: &Nonce, context: &Context, sealed: &[u8]) -> Option<Self> {
        let header = caead::open_under(key.expose_octets(), Some(nonce), &[&context.0], sealed).ok()?;
        Self::parse(&header).ok()
    }

    fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let header = Self {
            dh: DhPublic::from_octets(*reader.array()?),
            previous_len: reader.u32()?,
            number: reader.u32()?,
            mixed_epoch: reader.u32()?,
        };
        match reader.octet()? {
            NO_FLAGS => reader.finish_padding()?,
            _ => return Err(Malformed),
        }
        Ok(header)
    }
}

/// `link_id || dir`: associated data of everything that goes in one direction of one link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Context([u8; LinkId::LEN + 1]);

impl Context {
    pub(super) fn new(link: LinkId, sender: Role) -> Self {
        let mut octets = [sender.octet(); LinkId::LEN + 1];
        for (to, from) in octets.iter_mut().zip(link.as_octets()) {
            *to = *from;
        }
        Self(octets)
    }

    pub(super) const fn as_octets(&self) -> &[u8] {
        &self.0
    }
}

/// Which side of the handshake somebody was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Initiator,
    Responder,
}

impl Role {
    pub(super) const fn octet(self) -> u8 {
        match self {
            Self::Initiator => 0,
            Self::Responder => 1,
        }
    }

    pub(super) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            0 => Some(Self::Initiator),
            1 => Some(Self::Responder),
            _ => None,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

const NO_FLAGS: u8 = 0;
/// Octets of a header before sealing.
const LEN: usize = 48;
/// Octets of a sealed header.
pub(super) const SEALED_LEN: usize = LEN + caead::OVERHEAD;
