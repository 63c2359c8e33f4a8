//! What a finished handshake leaves beside the ratchet. Spec: handshake, "Result".

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::device::DeviceCert;
use crate::encoding::{Malformed, Reader, Writer};
use crate::safety;
use crate::secret::{LinkSecret, Psk};

/// Names a link to its two sides; no relay sees it. The smaller of two wins when both sides initiated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId([u8; Self::LEN]);

impl LinkId {
    /// Octets of an id.
    pub const LEN: usize = 16;

    /// Takes a stored id.
    pub const fn from_octets(octets: [u8; Self::LEN]) -> Self {
        Self(octets)
    }

    /// Its octets.
    pub const fn as_octets(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    pub(super) fn first_of(key: &[u8; 32]) -> Self {
        let mut octets = [0; Self::LEN];
        for (to, from) in octets.iter_mut().zip(key) {
            *to = *from;
        }
        Self(octets)
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkId(..)")
    }
}

/// Who is at the other end, and the link's long-lived secrets.
pub struct Link {
    id: LinkId,
    secret: LinkSecret,
    relink: Psk,
    peer: DeviceCert,
}

impl Link {
    pub(super) const fn new(id: LinkId, secret: LinkSecret, relink: Psk, peer: &DeviceCert) -> Self {
        Self {
            id,
            secret,
            relink,
            peer: *peer,
        }
    }

    /// Its name.
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// The device at the other end. An initiator may trust it at once, as it was pinned; that the *responder*
    /// holds its keys is shown by his first message.
    pub const fn peer(&self) -> &DeviceCert {
        &self.peer
    }

    /// What further keys of this link are derived from.
    pub const fn secret(&self) -> &LinkSecret {
        &self.secret
    }

    /// Six words that both ends of this handshake, and nobody else, can say. Thousands of hashes.
    pub fn words(&self) -> [&'static str; safety::WORDS] {
        safety::words(&self.secret)
    }

    /// What a re-link's handshake begins with.
    pub const fn relink_psk(&self) -> &Psk {
        &self.relink
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(1 + LinkId::LEN + 32 + 32 + DeviceCert::LEN);
        writer
            .octet(STATE_VERSION)
            .put(&self.id.0)
            .put(self.secret.expose_octets())
            .put(self.relink.expose_octets())
            .put(&self.peer.to_octets());
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
        let link = Self {
            id: LinkId(*reader.array()?),
            secret: LinkSecret::from_octets(reader.array()?),
            relink: Psk::from_octets(reader.array()?),
            peer: DeviceCert::verify(reader.array()?).map_err(|_| Malformed)?,
        };
        reader.finish()?;
        Ok(link)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(..)")
    }
}

const STATE_VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use crate::fixture::handshake;
    use crate::safety;

    #[test]
    fn both_ends_say_the_same_words_which_are_the_links_own() {
        let (initiated, accepted) = handshake();
        let words = initiated.link.words();
        assert_eq!(words, accepted.link.words());
        assert_eq!(words, safety::words(initiated.link.secret()));
    }
}
