//! Owners and senders at a relay, with keys from small numbers, grants and proofs on.

use crate::frame::BODY_LEN;
use crate::line::{Line, Sender};
use crate::subject::Answers;
use anyhow::{Context, Result};
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_wire::sip::{BoxAt, Draft, Exchange, Lifetime, Origin, Publication, Transport};
use sipher_wire::{
    Allowance, Binding, BoxId, BoxKind, Credentials, Grant, GrantKey, GrantOp, GrantOps, Host, OwnerKey,
    Package, Right, Signature, Treatment, own_input, use_input,
};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// A connection's end, as SIP sees it.
struct Seat {
    origin: Origin,
    binding: Binding,
    host: Host,
    rng: ChaCha20Rng,
}

/// Who owns a queue.
pub(crate) struct Owner {
    seat: Seat,
    key: SigningKey,
    id: BoxId,
    number: u16,
}

/// Who may write to queues.
pub(crate) struct Holder {
    seat: Seat,
    /// Each queue with the credentials that its next message carries, and those of all later ones.
    queues: Vec<(BoxId, Option<Credentials>, Credentials)>,
    next: usize,
    body: Bytes,
    answers: Answers,
}

impl Seat {
    fn new(line: &Line, host: &str) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(SEEDS.fetch_add(1, Ordering::Relaxed));
        Ok(Self {
            origin: Origin::random(Transport::Tls, &mut rng),
            binding: Binding::from_octets(line.binding),
            host: Host::parse(host.as_bytes()).context("a host")?,
            rng,
        })
    }
}

impl Owner {
    /// The owner of the queue with this number.
    pub(crate) fn new(number: u16, line: &Line, host: &str) -> Result<Self> {
        let key = owner_key(number);
        Ok(Self {
            seat: Seat::new(line, host)?,
            id: queue_id(&key),
            key,
            number,
        })
    }

    /// Opens the queue, with one grant to write.
    pub(crate) fn manage(&mut self) -> Bytes {
        let grant = Grant {
            key: GrantKey::from_octets(grant_key(self.number).verifying_key().to_bytes()),
            right: Right::Write,
            treatment: Treatment::Deliver,
            not_after_secs: u64::MAX,
            allowance: Allowance {
                items: 100_000_000,
                period_secs: 60,
            },
        };
        let ops = GrantOps::new(vec![GrantOp::Add(grant)]).map(|ops| ops.encode());
        let publication = Publication {
            package: Package::Grants,
            if_match: None,
            expires_secs: None,
            body: ops.map(Bytes::from),
        };
        let exchange = Exchange::random(&mut self.seat.rng);
        Draft::publish(&self.seat.origin, self.at(), &exchange, publication)
            .authorized(&self.proof())
            .write()
    }

    /// Receives from the queue on this connection.
    pub(crate) fn register(&mut self) -> Bytes {
        let exchange = Exchange::random(&mut self.seat.rng);
        Draft::register(&self.seat.origin, self.at(), &exchange, 3600)
            .authorized(&self.proof())
            .write()
    }

    fn at(&self) -> BoxAt<'_> {
        BoxAt {
            id: &self.id,
            host: &self.seat.host,
        }
    }

    fn proof(&self) -> Credentials {
        let signature = self.key.sign(&own_input(&self.seat.binding, &self.id));
        let key = OwnerKey::from_octets(self.key.verifying_key().to_bytes());
        Credentials::proven(key, Signature::from_octets(signature.to_bytes()))
    }
}

impl Holder {
    /// Who sends to these queues in turn. The first message to each proves the grant.
    pub(crate) fn new(boxes: Range<u16>, line: &Line, host: &str) -> Result<Self> {
        let seat = Seat::new(line, host)?;
        let queues = boxes.map(|number| {
            let id = queue_id(&owner_key(number));
            let key = grant_key(number);
            let public = GrantKey::from_octets(key.verifying_key().to_bytes());
            let signature = key.sign(&use_input(&seat.binding, &id, Right::Write));
            let proven = Credentials::proven(public, Signature::from_octets(signature.to_bytes()));
            (id, Some(proven), Credentials::known(public))
        });
        Ok(Self {
            queues: queues.collect(),
            seat,
            next: 0,
            body: Bytes::from(vec![0xa5; BODY_LEN]),
            answers: Answers::default(),
        })
    }
}

impl Sender for Holder {
    fn request(&mut self) -> Bytes {
        let count = self.queues.len().max(1);
        let Some((id, proven, known)) = self.queues.get_mut(self.next % count) else {
            return Bytes::new();
        };
        self.next += 1;
        let credentials = proven.take();
        let exchange = Exchange::random(&mut self.seat.rng);
        let at = BoxAt {
            id,
            host: &self.seat.host,
        };
        Draft::message(
            &self.seat.origin,
            at,
            &exchange,
            Lifetime::Week,
            self.body.clone(),
        )
        .authorized(credentials.as_ref().unwrap_or(known))
        .write()
    }

    fn answers(&mut self, octets: &[u8]) -> Result<usize> {
        self.answers.count(octets)
    }
}

fn queue_id(key: &SigningKey) -> BoxId {
    BoxId::of(
        BoxKind::Queue,
        &OwnerKey::from_octets(key.verifying_key().to_bytes()),
    )
}

fn owner_key(number: u16) -> SigningKey {
    seeded(b'o', number)
}

fn grant_key(number: u16) -> SigningKey {
    seeded(b'g', number)
}

fn seeded(sort: u8, number: u16) -> SigningKey {
    let [high, low] = number.to_be_bytes();
    let mut seed = [sort; 32];
    seed[0] = high;
    seed[1] = low;
    SigningKey::from_bytes(&seed)
}

/// Each connection draws other ids.
static SEEDS: AtomicU64 = AtomicU64::new(1);
