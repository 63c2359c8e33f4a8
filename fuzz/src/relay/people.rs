//! Boxes, their owners and grants, and connections as their peers see them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use sipher_crypto::{SigningKey, SigningSeed};
use sipher_relay::mailbox::ConnId;
use sipher_wire::sip::{Cutter, Request, Side};
use sipher_wire::{Binding, BoxId, BoxKind, GrantKey, OwnerKey, Right};

/// A box with the keys of its owner and of the one grant that it may have.
pub(super) struct Owned {
    pub(super) id: BoxId,
    pub(super) kind: BoxKind,
    pub(super) owner: SigningKey,
    pub(super) holder: SigningKey,
}

impl Owned {
    fn new(number: u8, kind: BoxKind) -> Self {
        let owner = SigningKey::from_seed(SigningSeed::from_octets(&[number; 32]));
        let key = OwnerKey::from_octets(*owner.verifying_key().as_octets());
        Self {
            id: BoxId::of(kind, &key),
            kind,
            owner,
            holder: SigningKey::from_seed(SigningSeed::from_octets(&[number + 100; 32])),
        }
    }

    pub(super) fn owner_key(&self) -> OwnerKey {
        OwnerKey::from_octets(*self.owner.verifying_key().as_octets())
    }

    pub(super) fn grant_key(&self) -> GrantKey {
        GrantKey::from_octets(*self.holder.verifying_key().as_octets())
    }

    pub(super) const fn right(&self) -> Right {
        match self.kind {
            BoxKind::Queue => Right::Write,
            _ => Right::Read,
        }
    }
}

/// Two queues and two cells.
pub(super) static BOXES: LazyLock<[Owned; 4]> = LazyLock::new(|| {
    [
        Owned::new(1, BoxKind::Queue),
        Owned::new(2, BoxKind::Queue),
        Owned::new(3, BoxKind::Cell),
        Owned::new(4, BoxKind::Cell),
    ]
});

/// What a connection is used for, once the relay has granted something on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Class {
    Own,
    Send,
    Watch,
}

/// What a request of ours may get.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Whether its proof holds on its connection.
    pub(super) proven: bool,
    /// Which box, by its place in [`BOXES`].
    pub(super) place: usize,
    pub(super) what: What,
}

/// What a request of ours wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum What {
    Register,
    Unregister,
    Query,
    Publish,
    Grant,
    Revoke,
    Close,
    /// With the mark in its body.
    Send(Mark),
    Watch,
    Options,
}

impl What {
    pub(super) const fn class(&self) -> Option<Class> {
        match self {
            Self::Send(_) => Some(Class::Send),
            Self::Watch => Some(Class::Watch),
            Self::Options => None,
            _ => Some(Class::Own),
        }
    }
}

/// An item's own octets: the place of its box, then a number.
pub(super) type Mark = [u8; 8];

/// A connection from its peer's side.
pub(super) struct Peer {
    pub(super) conn: ConnId,
    pub(super) binding: [u8; 32],
    pub(super) cutter: Cutter,
    pub(super) class: Option<Class>,
    pub(super) asked: BTreeMap<Vec<u8>, Expected>,
    /// Keys that were proven on it before.
    pub(super) proven: BTreeSet<(usize, [u8; 32])>,
    /// Boxes whose items or values may come.
    pub(super) receives: BTreeSet<usize>,
    pub(super) unanswered: VecDeque<Request>,
    /// Octets were sent that aren't a request as we build it: what they do isn't known.
    pub(super) spoke_freely: bool,
}

impl Peer {
    pub(super) fn new(number: u64) -> Self {
        let mut binding = [7; 32];
        binding
            .iter_mut()
            .zip(number.to_be_bytes())
            .for_each(|(to, from)| *to = from);
        Self {
            conn: ConnId(number),
            binding,
            cutter: Cutter::new(Side::Client),
            class: None,
            asked: BTreeMap::new(),
            proven: BTreeSet::new(),
            receives: BTreeSet::new(),
            unanswered: VecDeque::new(),
            spoke_freely: false,
        }
    }

    pub(super) const fn binding(&self) -> Binding {
        Binding::from_octets(self.binding)
    }
}
