//! A session: both halves, the root they share, and the PQ exchange. Spec: ratchet.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::envelope::{Envelope, Parts};
use super::header::{Context, Header, Role};
use super::kem::{CHUNK_KIND, Exchange};
use super::outcome::{DecryptError, EncryptError, Opened, RolledBack};
use super::quiet::{Chunk, Quiet};
use super::receiving::{ChainNumber, Key, Place, Receiving};
use super::sending::Sending;
use super::used::{Mark, Verdict};
use crate::caead::{self, Nonce};
use crate::dh::{DhPublic, DhSecret};
use crate::encoding::Malformed;
use crate::handshake::{LinkId, Start};
use crate::padding::{self, Body, SizeClass, Tlv};
use crate::secret::{Duplicate, MessageKey, RootKey};
use crate::time::Time;
use crate::witness::{Note, Unwitnessed, Witness};

mod stored;

/// The ratchet of one link and pair of devices. Encrypting changes it when it succeeded; decrypting returns the
/// next one. Whatever is stored last must be stored before anything that was made from it leaves.
pub struct Session {
    link: LinkId,
    role: Role,
    root: RootKey,
    sending: Sending,
    receiving: Receiving,
    exchange: Exchange,
    quiet: Quiet,
    rollbacks: u32,
}

impl Session {
    pub(crate) fn of_initiator(link: LinkId, start: Start, ephemeral: DhSecret, exchange: Exchange) -> Self {
        Self {
            link,
            role: Role::Initiator,
            root: start.root,
            sending: Sending::of_initiator(ephemeral, start.initiator_next_header),
            receiving: Receiving::of_initiator(start.responder_header),
            exchange,
            quiet: Quiet::default(),
            rollbacks: 0,
        }
    }

    pub(crate) fn of_responder(link: LinkId, start: Start, ephemeral: DhPublic, exchange: Exchange) -> Self {
        Self {
            link,
            role: Role::Responder,
            root: start.root,
            sending: Sending::of_responder(start.responder_header),
            receiving: Receiving::of_responder(ephemeral, start.initiator_next_header),
            exchange,
            quiet: Quiet::default(),
            rollbacks: 0,
        }
    }

    /// Seals `items` in the smallest envelope that holds them, at least `min_class`, with a chunk of the PQ
    /// exchange where it fits. Draws from `rng`: a ratchet key if a new chain begins, then the nonce.
    ///
    /// # Errors
    /// [`EncryptError`], and then nothing has changed.
    pub fn encrypt(
        &mut self,
        items: &[Tlv<'_>],
        min_class: SizeClass,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Envelope, EncryptError> {
        self.encrypt_witnessed(items, min_class, rng, &mut Unwitnessed)
    }

    /// [`Self::encrypt`], showing intermediate **secrets** to a witness.
    ///
    /// # Errors
    /// As [`Self::encrypt`].
    pub fn encrypt_witnessed(
        &mut self,
        items: &[Tlv<'_>],
        min_class: SizeClass,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Envelope, EncryptError> {
        let content = padding::len_of(items);
        // spec: ratchet-2
        let class = SizeClass::for_body(content)
            .ok_or(EncryptError::TooLong)?
            .max(min_class);
        // spec: ratchet-11
        // spec: state-3
        let mut next = self.duplicate();
        if next.sending.is_turn() {
            next.begin_sending_chain(rng, witness)?;
        }
        let body = next.fill(items, content, class)?;
        let envelope = next.seal(&body, rng, witness)?;
        *self = next;
        Ok(envelope)
    }

    /// Opens an envelope. The caller stores [`Opened::next`] and the effect of the body in one write.
    ///
    /// # Errors
    /// [`DecryptError`]; this session hasn't changed.
    pub fn decrypt(
        &self,
        envelope: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        self.decrypt_witnessed(envelope, now, rng, &mut Unwitnessed)
    }

    /// [`Self::decrypt`], showing intermediate **secrets** to a witness.
    ///
    /// # Errors
    /// As [`Self::decrypt`].
    pub fn decrypt_witnessed(
        &self,
        envelope: &[u8],
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Opened, DecryptError> {
        let parts = Parts::cut(envelope).ok_or(DecryptError::Refused)?;
        let context = Context::new(self.link, self.role.other());
        // spec: state-2
        let (place, header) = self
            .receiving
            .open_header(&parts, &context)
            .ok_or(DecryptError::Refused)?;
        let mut next = self.duplicate();
        let place = match place {
            Place::Next => {
                next.begin_receiving_chain(&header, now, rng, witness)?;
                Place::Current
            }
            place => place,
        };
        let mark = Mark::of(&parts);
        let (chain, key) = match next.receiving.key_of(place, &header, now, witness)? {
            Key::Fresh(chain, key) => (chain, key),
            // spec: ratchet-13
            Key::Gone(chain) => {
                return Err(match self.receiving.verdict(chain, header.number, mark) {
                    Verdict::Contradicted => self.rolled_back(chain, &header, mark),
                    Verdict::Seen | Verdict::Unknown => DecryptError::Replay,
                });
            }
            Key::Contradiction(chain) => {
                return Err(match self.receiving.verdict(chain, header.number, mark) {
                    Verdict::Seen => DecryptError::Replay,
                    Verdict::Contradicted | Verdict::Unknown => self.rolled_back(chain, &header, mark),
                });
            }
        };
        witness.saw(Note::Message, key.expose_octets());
        let body = open_body(&key, &parts, &context)?;
        next.receiving.remember(chain, header.number, mark);
        next.receiving.forget_old(now);
        next.take_in(&body, now, rng)?;
        Ok(Opened { next, body })
    }

    /// Whether something empty should be sent at a random time in the next 1 to 6 hours, so that keys heal.
    pub fn wants_filler(&self, now: Time) -> bool {
        self.quiet.wants_filler(now)
    }

    /// The link that this is a session of.
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// The PQ epoch in flight; both sides' differ by at most one.
    pub const fn epoch(&self) -> u32 {
        self.exchange.epoch()
    }

    /// How often the peer was seen to have gone back: from [`Self::ROLLBACKS_TO_RELINK`] on, re-link.
    pub const fn rollbacks(&self) -> u32 {
        self.rollbacks
    }

    /// Signs of a peer who went back, after which a re-link is proposed.
    // spec: ratchet-16
    pub const ROLLBACKS_TO_RELINK: u32 = 3;

    /// Whether the peer's ratchet key is known, without which nothing can be sent.
    pub(crate) const fn is_answered(&self) -> bool {
        self.receiving.peer().is_some()
    }

    /// A peer who lies about the epoch of his chain.
    #[cfg(test)]
    pub(super) fn claim_epoch(&mut self, epoch: u32) {
        if let Some((_, chain)) = self.sending.chain_mut() {
            chain.mixed_epoch = epoch;
        }
    }

    #[cfg(test)]
    pub(super) fn has_root_of(&self, other: &Self) -> bool {
        self.root.expose_octets() == other.root.expose_octets()
    }

    #[cfg(test)]
    pub(super) fn skipped_len(&self) -> usize {
        self.receiving.skipped_len()
    }

    fn begin_sending_chain(
        &mut self,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<(), EncryptError> {
        let peer = self.receiving.peer().ok_or(EncryptError::NotAnswered)?;
        let mixed = self.exchange.mix_sending();
        self.root = self
            .sending
            .begin_chain(&self.root, peer, mixed.as_ref(), rng, witness)
            .map_err(|_| EncryptError::NotAnswered)?;
        Ok(())
    }

    fn begin_receiving_chain(
        &mut self,
        header: &Header,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<(), Malformed> {
        let mixed = self.exchange.mix_receiving(header.mixed_epoch, rng)?;
        if self.receiving.is_contradicted_by(header) {
            self.rollbacks = self.rollbacks.saturating_add(1);
        }
        let own = self.sending.own().ok_or(Malformed)?;
        let with = (&self.root, mixed.as_ref());
        self.root = self.receiving.begin_chain(header, own, with, now, witness)?;
        self.sending.peer_turned();
        Ok(())
    }

    /// The body: items, a chunk if it fits, padding.
    fn fill(
        &mut self,
        items: &[Tlv<'_>],
        content: usize,
        class: SizeClass,
    ) -> Result<Zeroizing<Vec<u8>>, EncryptError> {
        let value = self.exchange.chunk();
        let chunk = value.as_deref().map(|value| Tlv::reserved(CHUNK_KIND, value));
        // spec: pq-1
        let fitting = chunk.filter(|chunk| content.saturating_add(chunk.len()) <= class.body_len());
        let fate = match (chunk, fitting) {
            (None, _) => Chunk::None,
            (Some(_), Some(_)) => Chunk::Sent,
            (Some(_), None) => Chunk::NoRoom,
        };
        if fate == Chunk::Sent {
            self.exchange.chunk_sent();
        }
        self.quiet.sent(fate);
        padding::pad(items.iter().copied().chain(fitting), class.body_len())
            .map_err(|_| EncryptError::TooLong)
    }

    fn seal(
        &mut self,
        body: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<Envelope, EncryptError> {
        let context = Context::new(self.link, self.role);
        let previous_len = self.sending.previous_len();
        let (dh, chain) = self.sending.chain_mut().ok_or(EncryptError::NotAnswered)?;
        let (number, key) = chain.advance(witness).ok_or(EncryptError::Exhausted)?;
        witness.saw(Note::Message, key.expose_octets());
        // spec: ratchet-1
        let nonce = Nonce::random(rng);
        let header = Header {
            dh,
            previous_len,
            number,
            mixed_epoch: chain.mixed_epoch,
        };
        let header = header.seal(&chain.header_key, &nonce, &context);
        let associated = [context.as_octets(), &header];
        let body = caead::seal_under(key.expose_octets(), Some(&nonce), &associated, body);
        Ok(Envelope::join(&nonce, &header, &body))
    }

    /// What an opened body does to the exchange and to the counters.
    fn take_in(
        &mut self,
        body: &Body,
        now: Time,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Malformed> {
        for item in body.all().filter(|item| item.kind() == CHUNK_KIND) {
            self.exchange.take_chunk(item.value(), rng)?;
        }
        if !body.is_filler() {
            self.quiet.received(now);
        }
        Ok(())
    }

    /// Counts, and remembers the item so that a relay can't have it counted again.
    fn rolled_back(&self, chain: ChainNumber, header: &Header, mark: Mark) -> DecryptError {
        let mut next = self.duplicate();
        next.rollbacks = next.rollbacks.saturating_add(1);
        next.receiving.remember(chain, header.number, mark);
        DecryptError::PeerRolledBack(Box::new(RolledBack {
            count: next.rollbacks,
            next,
        }))
    }
}

impl Duplicate for Session {
    fn duplicate(&self) -> Self {
        Self {
            link: self.link,
            role: self.role,
            root: self.root.duplicate(),
            sending: self.sending.duplicate(),
            receiving: self.receiving.duplicate(),
            exchange: self.exchange.duplicate(),
            quiet: self.quiet.duplicate(),
            rollbacks: self.rollbacks,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

fn open_body(key: &MessageKey, parts: &Parts<'_>, context: &Context) -> Result<Body, DecryptError> {
    let associated = [context.as_octets(), parts.header];
    let body = caead::open_under(key.expose_octets(), Some(&parts.nonce), &associated, parts.body)
        .map_err(|_| DecryptError::Refused)?;
    Ok(Body::parse(body)?)
}
