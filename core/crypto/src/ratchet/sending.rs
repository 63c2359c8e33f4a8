//! The half of a session that sends. Spec: ratchet, "Sending".

use rand_core::CryptoRng;

use super::chain::Chain;
use super::root::{self, Mixed, NOTHING_MIXED};
use crate::dh::{DhPublic, DhSecret, NonContributory};
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{ChainKey, Duplicate, HeaderKey, RootKey};
use crate::witness::Witness;

/// My ratchet key, my chain, and whether a new one begins with the next message.
pub(super) struct Sending {
    own: Option<Own>,
    chain: Option<Chain>,
    next_header: HeaderKey,
    previous_len: u32,
    turn: Turn,
}

/// My ratchet key. The public half stands in every header: deriving it for each would be most of a message's cost.
struct Own {
    secret: DhSecret,
    public: DhPublic,
}

impl Own {
    fn new(secret: DhSecret) -> Self {
        let public = secret.public();
        Self { secret, public }
    }
}

impl Duplicate for Own {
    fn duplicate(&self) -> Self {
        Self {
            secret: self.secret.duplicate(),
            public: self.public,
        }
    }
}

/// Whether the peer began a new chain since mine began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The next message begins a new chain.
    New,
    /// It goes on with the chain, if there is any.
    Same,
}

impl Sending {
    /// The initiator's: his ephemeral key is his first ratchet key; he has no chain before he was answered.
    pub(super) fn of_initiator(ephemeral: DhSecret, next_header: HeaderKey) -> Self {
        Self {
            own: Some(Own::new(ephemeral)),
            chain: None,
            next_header,
            previous_len: 0,
            turn: Turn::Same,
        }
    }

    /// The responder's: he begins a chain with his first message.
    // spec: link-8
    pub(super) const fn of_responder(next_header: HeaderKey) -> Self {
        Self {
            own: None,
            chain: None,
            next_header,
            previous_len: 0,
            turn: Turn::New,
        }
    }

    /// Whether the next message takes a root step.
    pub(super) fn is_turn(&self) -> bool {
        self.turn == Turn::New
    }

    /// The peer began a chain: mine ends with what was sent.
    pub(super) fn peer_turned(&mut self) {
        self.turn = Turn::New;
    }

    pub(super) fn own(&self) -> Option<&DhSecret> {
        self.own.as_ref().map(|own| &own.secret)
    }

    pub(super) const fn previous_len(&self) -> u32 {
        self.previous_len
    }

    pub(super) fn chain_mut(&mut self) -> Option<(DhPublic, &mut Chain)> {
        let public = self.own.as_ref()?.public;
        self.chain.as_mut().map(|chain| (public, chain))
    }

    /// The sending half of a DH step: a new key pair, a root step, a new chain. Returns the new root.
    pub(super) fn begin_chain(
        &mut self,
        root: &RootKey,
        peer: &DhPublic,
        mixed: Option<&Mixed>,
        rng: &mut (impl CryptoRng + ?Sized),
        witness: &mut dyn Witness,
    ) -> Result<RootKey, NonContributory> {
        let own = DhSecret::generate(rng);
        let step = root::step(root, &own.agree(peer)?, mixed, witness);
        let header_key = core::mem::replace(&mut self.next_header, step.next_header);
        self.previous_len = self.chain.as_ref().map_or(0, Chain::next);
        // spec: ratchet-5
        self.start(
            own,
            header_key,
            mixed.map_or(NOTHING_MIXED, |mixed| mixed.epoch),
            step.chain,
        );
        Ok(step.root)
    }

    fn start(&mut self, own: DhSecret, header_key: HeaderKey, mixed_epoch: u32, key: ChainKey) {
        self.own = Some(Own::new(own));
        self.chain = Some(Chain::new(header_key, mixed_epoch, key));
        self.turn = Turn::Same;
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.optional(self.own.as_ref(), |writer, own| {
            writer.put(own.secret.expose_octets());
        });
        writer.optional(self.chain.as_ref(), |writer, chain| chain.write(writer));
        writer
            .put(self.next_header.expose_octets())
            .u32(self.previous_len);
        writer.present(self.turn == Turn::New);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let own = reader.optional(|reader| reader.array().map(DhSecret::from_octets).map(Own::new))?;
        let chain = reader.optional(Chain::read)?;
        Ok(Self {
            own,
            chain,
            next_header: HeaderKey::from_octets(reader.array()?),
            previous_len: reader.u32()?,
            turn: if reader.is_present()? {
                Turn::New
            } else {
                Turn::Same
            },
        })
    }
}

impl Duplicate for Sending {
    fn duplicate(&self) -> Self {
        Self {
            own: self.own.as_ref().map(Duplicate::duplicate),
            chain: self.chain.as_ref().map(Duplicate::duplicate),
            next_header: self.next_header.duplicate(),
            previous_len: self.previous_len,
            turn: self.turn,
        }
    }
}
