//! What our own relay has to be asked for our own boxes. Spec: `spec/client.md`, own boxes.
//!
//! One connection, one order: a queue is registered (which opens it), then its grant; a cell gets its grant, then its
//! value; what is to go is closed. Once all queues are registered, the barrier asks whether everything that waited
//! was handed over.

use bytes::Bytes;
use core::time::Duration;
use sipher_crypto::SigningKey;
use sipher_wire::sip::{BoxAt, Draft, Exchange, Publication};
use sipher_wire::{BoxId, Credentials, GrantOp, GrantOps, OwnerKey, Package, Signature, Time, own_input};

use super::Account;
use crate::boxes::{BUDDY_ALLOWANCE, OwnQueue, read_grant};
use crate::io::Class;
use crate::net::{Asked, Drain, Flow, PlaceKey, Prepared};
use crate::place;
use crate::step::Step;

/// A request about a box of ours, before it's written.
struct OwnRequest<'a> {
    owner: &'a SigningKey,
    id: BoxId,
    act: Act<'a>,
}

enum Act<'a> {
    Register,
    Query,
    Grants(GrantOp),
    Value {
        body: &'a Bytes,
        expires: Duration,
        replaces: Option<&'a sipher_wire::ETag>,
    },
}

impl Account {
    /// The place where our boxes are.
    pub(super) fn own_place(&self) -> PlaceKey {
        PlaceKey::new(&self.me.relay, Class::Own)
    }

    /// Whether there is anything at our relay.
    pub(super) fn has_boxes(&self) -> bool {
        !self.closing.is_empty() || !self.invitations.is_empty() || self.queues().next().is_some() || {
            self.peers.values().any(|peer| peer.given.presence.is_some())
        }
    }

    /// What to ask next on the own connection, if anything.
    pub(super) fn next_own(&self, flow: &Flow, now: Time) -> Option<Asked> {
        if flow.open_requests() >= OPEN_REQUESTS {
            return None;
        }
        let is_free = |asked: &Asked| !flow.is_asking(*asked) && !flow.is_refused(*asked);
        self.own_work(flow, now)
            .find(is_free)
            .or_else(|| self.barrier(flow, now))
    }

    /// Whether nothing is left to be asked there, and all that waited came.
    pub(super) fn is_own_done(&self, flow: &Flow, now: Time) -> bool {
        let presence_comes = self
            .peers
            .values()
            .filter_map(|peer| peer.given.presence.as_ref());
        let presence_comes = presence_comes.filter_map(|cell| cell.due).any(|due| due > now);
        let no_barrier = flow.has_no_barrier();
        let drained = flow.drain == Drain::Done || flow.registered.is_empty() || no_barrier;
        flow.open_requests() == 0 && drained && !presence_comes && self.next_own(flow, now).is_none()
    }

    /// The request itself; `None` if what it was about is gone meanwhile.
    pub(super) fn prepare_own(&self, asked: Asked, flow: &Flow, step: &mut Step<'_>) -> Option<Prepared> {
        let request = self.own_request(asked)?;
        let owner = place::owner_key(request.owner);
        let at = BoxAt {
            id: &request.id,
            host: &self.me.relay.host,
        };
        let exchange = Exchange::random(step.rng_sized());
        let draft = match request.act {
            Act::Register => Draft::register(&flow.origin, at, &exchange, REGISTRATION_SECS),
            Act::Query => Draft::register_query(&flow.origin, at, &exchange),
            Act::Grants(op) => {
                let body = GrantOps::new([op].into())?.encode();
                let publication = Publication {
                    package: Package::Grants,
                    if_match: None,
                    expires_secs: None,
                    body: Some(body.into()),
                };
                Draft::publish(&flow.origin, at, &exchange, publication)
            }
            Act::Value {
                body,
                expires,
                replaces,
            } => {
                let publication = Publication {
                    package: Package::Cell,
                    if_match: replaces,
                    expires_secs: Some(u32::try_from(expires.as_secs()).unwrap_or(u32::MAX)),
                    body: Some(body.clone()),
                };
                Draft::publish(&flow.origin, at, &exchange, publication)
            }
        };
        let credentials = self.own_credentials(request.owner, owner, &request.id, flow)?;
        Some(Prepared {
            asked,
            draft,
            exchange,
            key: *owner.as_octets(),
            credentials,
        })
    }

    fn queues(&self) -> impl Iterator<Item = &OwnQueue> {
        let doors = self.invitations.values().map(|invitation| &invitation.door);
        doors.chain(self.peers.values().filter_map(|peer| peer.queue.as_ref()))
    }

    /// Everything that isn't as it should be, in the order in which it's asked.
    fn own_work<'a>(&'a self, flow: &'a Flow, now: Time) -> impl Iterator<Item = Asked> + 'a {
        let queues = self.queues().filter_map(move |queue| {
            let id = queue.id();
            let holds = flow
                .registered
                .get(&id)
                .is_some_and(|registration| now < registration.refresh_at());
            match (holds, queue.is_granted) {
                (false, _) => Some(Asked::Register(id)),
                (true, false) => Some(Asked::Grant(id)),
                (true, true) => None,
            }
        });
        let bundles = self
            .invitations
            .values()
            .filter_map(|invitation| match invitation.open()? {
                open if !open.is_granted => Some(Asked::Grant(open.cell_id())),
                open if !open.is_published => Some(Asked::Value(open.cell_id())),
                _ => None,
            });
        let cells = self
            .peers
            .values()
            .filter_map(|peer| peer.given.presence.as_ref());
        let cells = cells.filter_map(|cell| match (cell.is_granted, &cell.waiting) {
            (false, _) => Some(Asked::Grant(cell.id())),
            (true, Some(_)) => Some(Asked::Value(cell.id())),
            (true, None) => None,
        });
        let closing = self.closing.keys().copied().map(Asked::Close);
        queues.chain(bundles).chain(cells).chain(closing)
    }

    /// Asked once nothing is being registered and no answer is out.
    fn barrier(&self, flow: &Flow, now: Time) -> Option<Asked> {
        let registering = self.queues().any(|queue| {
            let asked = Asked::Register(queue.id());
            let holds = flow
                .registered
                .get(&queue.id())
                .is_some_and(|registration| registration.holds(now));
            flow.is_asking(asked) || (!holds && !flow.is_refused(asked))
        });
        if flow.drain != Drain::Due || registering {
            return None;
        }
        let id = *flow.registered.keys().next()?;
        let asked = Asked::Barrier(id);
        (!flow.is_asking(asked) && !flow.is_refused(asked)).then_some(asked)
    }

    fn own_request(&self, asked: Asked) -> Option<OwnRequest<'_>> {
        match asked {
            Asked::Register(id) => Some(OwnRequest {
                owner: self.queue_owner(&id)?,
                id,
                act: Act::Register,
            }),
            Asked::Barrier(id) => Some(OwnRequest {
                owner: self.queue_owner(&id)?,
                id,
                act: Act::Query,
            }),
            Asked::Close(id) => Some(OwnRequest {
                owner: &self.closing.get(&id)?.owner,
                id,
                act: Act::Grants(GrantOp::Close),
            }),
            Asked::Grant(id) => self.grant_request(id),
            Asked::Value(id) => self.value_request(id),
            Asked::Flight(_) | Asked::Item(..) | Asked::Watch(_) => None,
        }
    }

    fn queue_owner(&self, id: &BoxId) -> Option<&SigningKey> {
        self.queues()
            .find(|queue| queue.id() == *id)
            .map(|queue| &queue.owner)
    }

    fn grant_request(&self, id: BoxId) -> Option<OwnRequest<'_>> {
        let request = |owner, grant| {
            Some(OwnRequest {
                owner,
                id,
                act: Act::Grants(GrantOp::Add(grant)),
            })
        };
        for invitation in self.invitations.values() {
            let end = invitation.grants_end();
            if invitation.door.id() == id {
                return request(
                    &invitation.door.owner,
                    invitation.door.grant(invitation.door_allowance(), end),
                );
            }
            if let Some(open) = invitation.open().filter(|open| open.cell_id() == id) {
                let read = SigningKey::from_seed(open.secrets.keys().read_grant);
                return request(&open.cell, read_grant(&read, end));
            }
        }
        for peer in self.peers.values() {
            if let Some(queue) = peer.queue.as_ref().filter(|queue| queue.id() == id) {
                let end = peer.given.message.and_then(|granted| granted.until);
                return request(&queue.owner, queue.grant(BUDDY_ALLOWANCE, end));
            }
            if let Some(cell) = peer.given.presence.as_ref().filter(|cell| cell.id() == id) {
                return request(&cell.owner, read_grant(&cell.read, cell.right.until));
            }
        }
        None
    }

    fn value_request(&self, id: BoxId) -> Option<OwnRequest<'_>> {
        for invitation in self.invitations.values() {
            if let Some(open) = invitation.open().filter(|open| open.cell_id() == id) {
                let act = Act::Value {
                    body: &open.value,
                    expires: invitation.cell_lifetime(),
                    replaces: None,
                };
                return Some(OwnRequest {
                    owner: &open.cell,
                    id,
                    act,
                });
            }
        }
        let cells = self
            .peers
            .values()
            .filter_map(|peer| peer.given.presence.as_ref());
        let cell = cells.into_iter().find(|cell| cell.id() == id)?;
        let body = cell.waiting.as_ref()?;
        let act = Act::Value {
            body,
            expires: self.me.pace.freshness,
            replaces: cell.version.as_ref(),
        };
        Some(OwnRequest {
            owner: &cell.owner,
            id,
            act,
        })
    }

    /// The proof, once a connection and key; and with it the token that lets us open boxes.
    fn own_credentials(
        &self,
        key: &SigningKey,
        owner: OwnerKey,
        id: &BoxId,
        flow: &Flow,
    ) -> Option<Credentials> {
        // spec: proof-1
        if flow.has_proven(owner.as_octets()) {
            return Some(Credentials::known(owner));
        }
        let signature = key.sign_proof(&own_input(&flow.binding, id)).ok()?;
        let credentials = Credentials::proven(owner, Signature::from_octets(*signature.as_octets()));
        Some(match &self.me.relay.token {
            Some(token) => credentials.opening(token.clone()),
            None => credentials,
        })
    }
}

/// How long a registration lasts; the relay may shorten it.
const REGISTRATION_SECS: u32 = 3600;
/// Requests in flight on one connection: enough to fill a group of the relay's, far below its bounds.
pub(super) const OPEN_REQUESTS: usize = 32;
