//! What leaves for buddies: first flights and rows of the outbox. Spec: `spec/client.md`, outbox.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use sipher_crypto::item_id;
use sipher_wire::sip::{BoxAt, CallId, Draft, Exchange, Lifetime};
use sipher_wire::{Credentials, RelayAddress, Right, Signature, use_input};

use super::Account;
use super::own::OPEN_REQUESTS;
use crate::buddy::BuddyId;
use crate::content::{Content, Hello};
use crate::io::Class;
use crate::link::{FIRST_WORD, Peer, Stage};
use crate::net::{Asked, Flow, PlaceKey, Prepared};
use crate::outbox::{self, MAX_ROWS, StoredRow};
use crate::place::{self, Access, BoxAddress, copy_of};
use crate::presence::seconds;
use crate::step::{Step, Touched};
use crate::store::StoreFault;

impl Account {
    /// Where it would leave.
    pub(super) fn send_place(peer: &Peer) -> Option<PlaceKey> {
        send_access(peer).map(|access| PlaceKey::new(&access.at.relay, Class::Send))
    }

    /// The places where something could leave now.
    pub(super) fn send_places(&self) -> BTreeMap<PlaceKey, RelayAddress> {
        let relays = self
            .peers
            .values()
            .filter_map(|peer| send_access(peer))
            .map(|access| &access.at.relay);
        relays
            .map(|relay| (PlaceKey::new(relay, Class::Send), relay.clone()))
            .collect()
    }

    /// What to send next over this place.
    pub(super) fn next_send(&self, key: &PlaceKey, flow: &Flow) -> Option<Asked> {
        if flow.open_requests() >= OPEN_REQUESTS {
            return None;
        }
        self.peers
            .values()
            .filter(|peer| Self::send_place(peer).is_some_and(|own| own == *key))
            .find_map(|peer| {
                let asked = match &peer.stage {
                    Stage::Asking(_) => Asked::Flight(peer.id),
                    Stage::Answering(_) | Stage::Linked(_) => return next_row(peer, flow),
                };
                (!flow.is_asking(asked) && !flow.is_refused(asked)).then_some(asked)
            })
    }

    /// The request; an envelope that isn't made yet is made now. `None` if what it was about is gone.
    pub(super) fn prepare_send(
        &mut self,
        asked: Asked,
        flow_of: &PlaceKey,
        step: &mut Step<'_>,
    ) -> Result<Option<Prepared>, StoreFault> {
        let (Asked::Flight(id) | Asked::Item(id, _)) = asked else {
            return Ok(None);
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(None);
        };
        let (access, body, lifetime) = match (&mut peer.stage, asked) {
            (Stage::Asking(asking), Asked::Flight(_)) => {
                (asking.door.duplicate(), asking.flight.clone(), Lifetime::Week)
            }
            (Stage::Linked(talking), Asked::Item(_, number)) => {
                let Some(row) = peer.outbox.get_mut(&number) else {
                    return Ok(None);
                };
                // spec: ratchet-3
                // spec: client-6
                // spec: state-1
                let envelope = outbox::envelope_of(id, number, &mut talking.session, step)?;
                if !row.is_sealed {
                    row.is_sealed = true;
                    step.touch(Touched::Buddy(id));
                }
                (talking.to.duplicate(), envelope.into(), row.lifetime)
            }
            _ => return Ok(None),
        };
        let Some(flow) = self.net.flow(flow_of) else {
            return Ok(None);
        };
        // The item's id is the hash of its octets, so another attempt is the same item.
        let text = data_encoding::BASE64URL_NOPAD.encode(item_id(&body).as_octets());
        let Some(call_id) = CallId::parse(text.as_bytes()) else {
            return Ok(None);
        };
        let exchange = Exchange::of_call(call_id, step.rng_sized());
        let at = BoxAt {
            id: &access.at.id,
            host: &access.at.relay.host,
        };
        let draft = Draft::message(&flow.origin, at, &exchange, lifetime, body);
        let Some(credentials) = use_credentials(&access, Right::Write, flow) else {
            return Ok(None);
        };
        let key = *place::grant_key(&access.grant).as_octets();
        Ok(Some(Prepared {
            asked,
            draft,
            exchange,
            key,
            credentials,
        }))
    }

    /// Tells one buddy of our queue, if it stands and he wasn't told. After his acceptance that is our first word.
    pub(super) fn greet(&mut self, step: &mut Step<'_>) -> bool {
        let stands = |peer: &&Peer| peer.owes_hello && has_standing_queue(peer) && peer.talking().is_some();
        let Some((id, hello)) = self
            .peers
            .values()
            .find(stands)
            .and_then(|peer| Some((peer.id, self.hello_for(peer)?)))
        else {
            return false;
        };
        let Some(mut peer) = self.peers.remove(&id) else {
            return false;
        };
        let (number, stage) = match peer.stage {
            Stage::Answering(talking) => (FIRST_WORD, Stage::Linked(talking)),
            stage => (peer.talk.next_row, stage),
        };
        peer.talk.next_row = peer.talk.next_row.max(number.saturating_add(1));
        peer.stage = stage;
        peer.owes_hello = false;
        let row = StoredRow::open(None, Lifetime::Month, [Content::Hello(hello).to_item()].into());
        peer.outbox.insert(number, row.row());
        step.put(outbox::key_of(id, number), &row);
        step.touch(Touched::Buddy(id));
        self.peers.insert(id, peer);
        true
    }

    /// Queues an item that no person wrote, unless far too much waits already.
    pub(super) fn queue_notice(
        &mut self,
        id: BuddyId,
        content: &Content,
        lifetime: Lifetime,
        step: &mut Step<'_>,
    ) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.outbox.len() >= 2 * MAX_ROWS {
            return;
        }
        let number = peer.next_row();
        let row = StoredRow::open(None, lifetime, [content.to_item()].into());
        peer.outbox.insert(number, row.row());
        step.put(outbox::key_of(id, number), &row);
        step.touch(Touched::Buddy(id));
    }

    /// Queues an empty envelope for a buddy whose session wants one, a random time of hours after it began to. Whoever
    /// gets no receipts from us gets none of these either: both show that somebody is there.
    pub(super) fn fill(&mut self, step: &mut Step<'_>) -> bool {
        let now = step.now;
        let wants = |peer: &Peer| {
            let session = peer.talking().map(|talking| &talking.session);
            let is_idle = peer.outbox.is_empty() && peer.given.receipts.is_some();
            is_idle && session.is_some_and(|session| session.wants_filler(seconds(now)))
        };
        let changes = |peer: &&Peer| match peer.filler {
            None => wants(peer),
            Some(due) => due <= now || !wants(peer),
        };
        let Some(id) = self.peers.values().find(changes).map(|peer| peer.id) else {
            return false;
        };
        let delay = FILLER_MIN + step.jitter(FILLER_SPREAD);
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        let is_due = wants(peer) && peer.filler.is_some_and(|due| due <= now);
        peer.filler = if peer.filler.is_none() {
            Some(now + delay)
        } else {
            None
        };
        step.touch(Touched::Buddy(id));
        if is_due {
            let number = peer.next_row();
            let row = StoredRow::open(None, Lifetime::Week, Vec::new());
            peer.outbox.insert(number, row.row());
            step.put(outbox::key_of(id, number), &row);
        }
        true
    }

    /// What tells a buddy of our queue.
    pub(super) fn hello_for(&self, peer: &Peer) -> Option<Hello> {
        let queue = peer.queue.as_ref()?;
        let queue = Access {
            at: BoxAddress::new(&self.me.relay, queue.id()),
            grant: copy_of(&queue.grant),
        };
        Some(Hello {
            name: self.me.name.as_str().into(),
            queue,
        })
    }
}

/// The box to which something could leave for this buddy now.
fn send_access(peer: &Peer) -> Option<&Access> {
    match &peer.stage {
        // spec: invite-6
        // The first flight names our queue, so the queue must stand first.
        Stage::Asking(asking) if !asking.is_stored && has_standing_queue(peer) => Some(&asking.door),
        // Where he takes nothing, nothing is offered: what waits goes out if he lets us write again.
        Stage::Linked(talking) if peer.takes_messages && !peer.outbox.is_empty() => Some(&talking.to),
        Stage::Asking(_) | Stage::Answering(_) | Stage::Linked(_) => None,
    }
}

fn has_standing_queue(peer: &Peer) -> bool {
    peer.queue.as_ref().is_some_and(|queue| queue.is_granted)
}

/// The first row that isn't on its way. Those behind a refused one wait, so that the order holds.
// spec: client-8
fn next_row(peer: &Peer, flow: &Flow) -> Option<Asked> {
    let rows: Vec<u64> = peer.outbox.keys().copied().take(WINDOW).collect();
    for number in rows {
        let asked = Asked::Item(peer.id, number);
        if flow.is_refused(asked) {
            return None;
        }
        if !flow.is_asking(asked) {
            return Some(asked);
        }
    }
    None
}

/// The proof of a grant, once a connection.
pub(super) fn use_credentials(access: &Access, right: Right, flow: &Flow) -> Option<Credentials> {
    let grant = place::grant_key(&access.grant);
    if flow.has_proven(grant.as_octets()) {
        return Some(Credentials::known(grant));
    }
    let signature = access
        .grant
        .sign_proof(&use_input(&flow.binding, &access.at.id, right))
        .ok()?;
    Some(Credentials::proven(
        grant,
        Signature::from_octets(*signature.as_octets()),
    ))
}

/// An empty envelope waits for 1 to 6 hours (`spec/ratchet.md`, fillers).
const FILLER_MIN: Duration = Duration::from_hours(1);
const FILLER_SPREAD: Duration = Duration::from_hours(5);
/// Rows of one buddy that are on their way at once.
const WINDOW: usize = 8;
