//! Owners of boxes and holders of grants, with keys from small numbers, and the requests that they send.

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use rand_core::CryptoRng;
use sipher_wire::sip::{BoxAt, Draft, Exchange, Lifetime, Origin, Publication, Subscription};
use sipher_wire::{
    Allowance, Binding, BoxId, BoxKind, Credentials, ETag, Grant, GrantKey, GrantOp, GrantOps, Host,
    OwnerKey, Package, Right, Signature, Treatment, own_input, use_input,
};

/// The name of the relay in all tests that drive it as a value.
pub(crate) fn relay_host() -> Host {
    Host::parse(b"relay.example").unwrap()
}

/// One end of a connection, as its client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) origin: Origin,
    pub(crate) binding: Option<Binding>,
    pub(crate) host: Host,
}

impl Seat {
    fn binding(&self) -> &Binding {
        self.binding.as_ref().expect("a TLS connection")
    }
}

/// Who owns a box.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    key: SigningKey,
    pub(crate) id: BoxId,
}

impl Owner {
    pub(crate) fn of_queue(seed: u8) -> Self {
        Self::of(BoxKind::Queue, seed)
    }

    pub(crate) fn of_cell(seed: u8) -> Self {
        Self::of(BoxKind::Cell, seed)
    }

    pub(crate) fn of(kind: BoxKind, seed: u8) -> Self {
        Self::of_key(kind, SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn of_seed(seed: [u8; 32]) -> Self {
        Self::of_key(BoxKind::Queue, SigningKey::from_bytes(&seed))
    }

    fn of_key(kind: BoxKind, key: SigningKey) -> Self {
        let id = BoxId::of(kind, &OwnerKey::from_octets(key.verifying_key().to_bytes()));
        Self { key, id }
    }

    pub(crate) fn key(&self) -> OwnerKey {
        OwnerKey::from_octets(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn proof(&self, seat: &Seat) -> Credentials {
        self.proof_for(seat, &self.id)
    }

    /// A proof over another box than the owner's.
    pub(crate) fn proof_for(&self, seat: &Seat, id: &BoxId) -> Credentials {
        let signature = self.key.sign(&own_input(seat.binding(), id));
        Credentials::proven(self.key(), Signature::from_octets(signature.to_bytes()))
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Signature {
        Signature::from_octets(self.key.sign(input).to_bytes())
    }

    pub(crate) fn register(&self, seat: &Seat, exchange: &Exchange, secs: u32) -> Draft {
        Draft::register(&seat.origin, self.at(&seat.host), exchange, secs).authorized(&self.proof(seat))
    }

    pub(crate) fn query(&self, seat: &Seat, exchange: &Exchange) -> Draft {
        Draft::register_query(&seat.origin, self.at(&seat.host), exchange).authorized(&self.proof(seat))
    }

    pub(crate) fn publish(
        &self,
        seat: &Seat,
        exchange: &Exchange,
        if_match: Option<&ETag>,
        secs: u32,
        body: Option<Bytes>,
    ) -> Draft {
        let publication = Publication {
            package: Package::Cell,
            if_match,
            expires_secs: Some(secs),
            body,
        };
        Draft::publish(&seat.origin, self.at(&seat.host), exchange, publication).authorized(&self.proof(seat))
    }

    pub(crate) fn manage(&self, seat: &Seat, exchange: &Exchange, ops: Vec<GrantOp>) -> Draft {
        let body = Some(Bytes::from(GrantOps::new(ops).unwrap().encode()));
        let publication = Publication {
            package: Package::Grants,
            if_match: None,
            expires_secs: None,
            body,
        };
        Draft::publish(&seat.origin, self.at(&seat.host), exchange, publication).authorized(&self.proof(seat))
    }

    pub(crate) fn at<'a>(&'a self, host: &'a Host) -> BoxAt<'a> {
        BoxAt { id: &self.id, host }
    }
}

/// Who holds a grant.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    key: SigningKey,
}

impl Holder {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::from_bytes(&[seed; 32]),
        }
    }

    pub(crate) fn key(&self) -> GrantKey {
        GrantKey::from_octets(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn grant(&self, right: Right) -> Grant {
        Grant {
            key: self.key(),
            right,
            treatment: Treatment::Deliver,
            not_after_secs: u64::MAX,
            allowance: Allowance {
                items: 1_000_000,
                period_secs: 60,
            },
        }
    }

    pub(crate) fn proof(&self, seat: &Seat, id: &BoxId, right: Right) -> Credentials {
        let signature = self.key.sign(&use_input(seat.binding(), id, right));
        Credentials::proven(self.key(), Signature::from_octets(signature.to_bytes()))
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Signature {
        Signature::from_octets(self.key.sign(input).to_bytes())
    }

    pub(crate) fn message(&self, seat: &Seat, id: &BoxId, exchange: &Exchange, body: Bytes) -> Draft {
        message(seat, id, exchange, body).authorized(&self.proof(seat, id, Right::Write))
    }

    pub(crate) fn subscribe(&self, seat: &Seat, id: &BoxId, exchange: &Exchange, secs: u32) -> Draft {
        subscribe(seat, id, exchange, secs, None).authorized(&self.proof(seat, id, Right::Read))
    }
}

/// A MESSAGE without a proof.
pub(crate) fn message(seat: &Seat, id: &BoxId, exchange: &Exchange, body: Bytes) -> Draft {
    Draft::message(
        &seat.origin,
        BoxAt { id, host: &seat.host },
        exchange,
        Lifetime::Week,
        body,
    )
}

/// A SUBSCRIBE without a proof.
pub(crate) fn subscribe(
    seat: &Seat,
    id: &BoxId,
    exchange: &Exchange,
    secs: u32,
    suppress: Option<&ETag>,
) -> Draft {
    let wanted = Subscription {
        package: Package::Cell,
        since: None,
        expires_secs: secs,
        suppress,
    };
    Draft::subscribe(&seat.origin, BoxAt { id, host: &seat.host }, exchange, wanted)
}

/// A body of the smallest envelope's size, told apart by its first octet.
pub(crate) fn envelope(mark: u8) -> Bytes {
    let mut body = vec![0xa5; 1024];
    body[0] = mark;
    Bytes::from(body)
}

/// A fresh exchange.
pub(crate) fn fresh(rng: &mut impl CryptoRng) -> Exchange {
    Exchange::random(rng)
}
