//! What a relay is to those who talk to it: its names, its key, who may open boxes.

use sipher_wire::{Host, OpeningToken, RelayId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};

/// A relay's names, key and rule for new boxes; the same for all its connections.
#[derive(Clone, Debug)]
pub struct Domain {
    first: Host,
    others: Vec<Host>,
    id: RelayId,
    access: Arc<RwLock<Access>>,
}

/// Who may open boxes.
#[derive(Clone, Debug)]
pub enum Access {
    /// Everybody.
    Public,
    /// Who has the token of this hash.
    Token([u8; 32]),
}

impl Domain {
    /// A relay under one name, or several of which the first is its own.
    pub fn new(first: Host, others: Vec<Host>, id: RelayId, access: Access) -> Self {
        Self {
            first,
            others,
            id,
            access: Arc::new(RwLock::new(access)),
        }
    }

    /// Has another rule for new boxes from now on, for all who share this domain.
    pub fn set_access(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access;
    }

    /// The names under which a relay on this machine alone can be reached.
    pub fn loopback_names() -> [Host; 3] {
        [
            Host::Name("localhost".into()),
            Host::V4(Ipv4Addr::LOCALHOST),
            Host::V6(Ipv6Addr::LOCALHOST),
        ]
    }

    /// The name that this relay calls itself.
    pub const fn name(&self) -> &Host {
        &self.first
    }

    /// The pin of its key.
    pub const fn id(&self) -> &RelayId {
        &self.id
    }

    /// Which of its names this text is, if it's one.
    pub fn named(&self, text: &[u8]) -> Option<&Host> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .find(|host| host.is(text))
    }

    /// Whether a request with this token may open a box.
    // spec: open-1
    pub fn may_open(&self, token: Option<&OpeningToken>) -> bool {
        match &*self.access.read().unwrap_or_else(PoisonError::into_inner) {
            Access::Public => true,
            Access::Token(hash) => token.is_some_and(|token| token.has_hash(hash)),
        }
    }
}

/// An IP address as a host.
pub fn host_of(address: IpAddr) -> Host {
    match address {
        IpAddr::V4(address) => Host::V4(address),
        IpAddr::V6(address) => Host::V6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_knows_its_names_and_no_other() {
        let host = Host::parse(b"relay.example").unwrap();
        let id = RelayId::of(&[1; 32]);
        let domain = Domain::new(host, Domain::loopback_names().to_vec(), id, Access::Public);
        for name in ["RELAY.example", "127.0.0.1", "[0:0::1]", "LocalHost"] {
            assert!(domain.named(name.as_bytes()).is_some(), "{name}");
        }
        assert!(domain.named(b"relay.example.org").is_none());
    }

    #[test]
    fn only_the_right_token_opens_boxes_at_a_relay_that_is_not_public() {
        let token = OpeningToken::parse("hush").unwrap();
        let host = Host::parse(b"relay.example").unwrap();
        let domain = Domain::new(
            host,
            Vec::new(),
            RelayId::of(&[1; 32]),
            Access::Token(token.hash()),
        );
        assert!(domain.may_open(Some(&token)));
        assert!(!domain.may_open(OpeningToken::parse("hash").as_ref()));
        assert!(!domain.may_open(None));
    }
}
