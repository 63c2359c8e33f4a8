//! A session as octets: versioned, bounded, canonical. An implementation's own matter, never on the wire.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{Exchange, Quiet, Receiving, Role, Sending, Session};
use crate::encoding::{Malformed, Reader, Writer};
use crate::handshake::LinkId;
use crate::secret::RootKey;

impl Session {
    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(USUAL_STATE_LEN);
        writer
            .octet(STATE_VERSION)
            .put(self.link.as_octets())
            .octet(self.role.octet());
        writer.put(self.root.expose_octets());
        self.sending.write(&mut writer);
        self.receiving.write(&mut writer);
        self.exchange.write(&mut writer);
        self.quiet.write(&mut writer);
        writer.u32(self.rollbacks);
        writer.finish()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged, or belongs to a [`Waiting`](crate::handshake::Waiting) initiator.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let session = Self::read(bytes)?;
        if session.is_answered() {
            Ok(session)
        } else {
            Err(Malformed)
        }
    }

    /// A session in either phase.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.octet()? != STATE_VERSION {
            return Err(Malformed);
        }
        let session = Self {
            link: LinkId::from_octets(*reader.array()?),
            role: Role::from_octet(reader.octet()?).ok_or(Malformed)?,
            root: RootKey::from_octets(reader.array()?),
            sending: Sending::read(&mut reader)?,
            receiving: Receiving::read(&mut reader)?,
            exchange: Exchange::read(&mut reader)?,
            quiet: Quiet::read(&mut reader)?,
            rollbacks: reader.u32()?,
        };
        reader.finish()?;
        Ok(session)
    }
}

const STATE_VERSION: u8 = 2;
/// A state with an offer, a few skipped keys and marks: written without moving.
const USUAL_STATE_LEN: usize = 8192;
