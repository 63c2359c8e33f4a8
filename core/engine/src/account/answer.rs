//! What arrives on a connection, and what the relay's answers change. Spec: `spec/client.md`, requests.
//!
//! A confirmed request is noted in the records; one that is refused isn't asked again on this connection, and why is
//! kept for whoever waits.

use sipher_wire::BoxId;
use sipher_wire::flow::Registration;
use sipher_wire::sip::{Method, Reply, Request, Response, Status, Tag};

use super::Account;
use crate::buddy::{BuddyId, LinkStage};
use crate::history::MessageState;
use crate::invite::InvitationStage;
use crate::io::{Class, ConnId, Event, Fault, Output, TroubleCause};
use crate::link::{FIRST_WORD, Stage};
use crate::net::{Arrived, Asked, Drain, PlaceKey};
use crate::outbox;
use crate::step::{Step, Touched};
use crate::store::StoreFault;

impl Account {
    /// Takes what came on a connection.
    pub(super) fn arrive(
        &mut self,
        conn: ConnId,
        octets: &[u8],
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some((key, flow)) = self.net.flow_of(conn) else {
            return Ok(());
        };
        let key = key.clone();
        flow.push(octets);
        loop {
            let Some((_, flow)) = self.net.flow_of(conn) else {
                return Ok(());
            };
            let Some(arrived) = flow.next(step) else {
                return Ok(());
            };
            match arrived {
                Arrived::Reply(octets) => step.push(Output::Transmit { conn, octets }),
                Arrived::Request(request) => self.requested(conn, &key, &request, step)?,
                Arrived::Answer(context, response) => self.answered(&key, context.asked, &response, step)?,
                Arrived::Broken(reply) => {
                    if let Some(octets) = reply {
                        step.push(Output::Transmit { conn, octets });
                    }
                    self.net.abandon(conn, Fault::Nonsense, self.stays, step);
                    return Ok(());
                }
            }
        }
    }

    /// The relay asks something: to take an item, or to hear of a cell. Nothing else is a client's business.
    fn requested(
        &mut self,
        conn: ConnId,
        key: &PlaceKey,
        request: &Request,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        match (request.method(), key.class()) {
            (Method::Message, Class::Own) => self.item_came(conn, request, step),
            (Method::Notify, Class::Watch) => {
                self.notified(conn, request, step);
                Ok(())
            }
            (Method::Ack, _) => Ok(()),
            (method, _) => {
                let status = if method == Method::Notify {
                    Status::NO_DIALOG
                } else {
                    Status::METHOD_NOT_ALLOWED
                };
                let tag = Tag::random(step.rng_sized());
                step.push(Output::Transmit {
                    conn,
                    octets: Reply::to(request, status, &tag).write(),
                });
                Ok(())
            }
        }
    }

    /// The relay answers.
    fn answered(
        &mut self,
        key: &PlaceKey,
        asked: Asked,
        response: &Response,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        if let Asked::Watch(target) = asked {
            self.watch_answered(key, target, response, step);
            return Ok(());
        }
        if response.status().is_success() {
            return self.confirmed(key, asked, response, step);
        }
        self.refused(key, asked, response, step);
        Ok(())
    }

    fn confirmed(
        &mut self,
        key: &PlaceKey,
        asked: Asked,
        response: &Response,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        match asked {
            Asked::Register(id) => self.registered(key, id, response, step),
            Asked::Barrier(_) => {
                if let Some((_, flow)) = self.net.flow_mut(key) {
                    flow.drain = match flow.drain {
                        // spec: reg-4
                        // spec: client-11
                        Drain::Asked { disturbed: true } | Drain::Due => Drain::Due,
                        Drain::Asked { disturbed: false } | Drain::Done => Drain::Done,
                    };
                }
            }
            Asked::Grant(id) => self.grant_confirmed(id, step),
            Asked::Value(id) => self.value_confirmed(id, response, step),
            Asked::Close(id) => {
                self.closing.remove(&id);
                step.touch(Touched::Closing(id));
            }
            Asked::Flight(buddy) => {
                if let Some(peer) = self.peers.get_mut(&buddy)
                    && let Stage::Asking(asking) = &mut peer.stage
                {
                    asking.is_stored = true;
                    let said = asking.said.take();
                    step.touch(Touched::Buddy(buddy));
                    if let Some(said) = said {
                        return self.advance(buddy, said.message, said.line, MessageState::Stored, step);
                    }
                }
            }
            Asked::Item(buddy, number) => return self.item_stored(buddy, number, step),
            Asked::Watch(_) => {}
        }
        Ok(())
    }

    fn registered(&mut self, key: &PlaceKey, id: BoxId, response: &Response, step: &mut Step<'_>) {
        let secs = response
            .expires_secs()
            .or_else(|| binding_secs(response))
            .unwrap_or(DEFAULT_REGISTRATION_SECS);
        let registration = Registration::granted(step.now, secs.max(MIN_REGISTRATION_SECS), step.rng_sized());
        let timer = response.flow_timer_secs();
        let Some((_, flow)) = self.net.flow_mut(key) else {
            return;
        };
        if flow.registered.insert(id, registration).is_none() {
            flow.drain = Drain::Due;
        }
        if let Some(secs) = timer {
            flow.set_flow_timer(secs, step);
        }
    }

    // spec: client-4
    fn grant_confirmed(&mut self, id: BoxId, step: &mut Step<'_>) {
        for invitation in self.invitations.values_mut() {
            let is_door = invitation.door.id() == id;
            if is_door {
                invitation.door.is_granted = true;
            }
            let cell = invitation.open_mut().filter(|open| open.cell_id() == id);
            let is_cell = cell.is_some();
            if let Some(open) = cell {
                open.is_granted = true;
            }
            if is_door || is_cell {
                return step.touch(Touched::Invitation(invitation.id));
            }
        }
        for peer in self.peers.values_mut() {
            let queue = peer.queue.as_mut().filter(|queue| queue.id() == id);
            let cell = peer.given.presence.as_mut().filter(|cell| cell.id() == id);
            let is_his = queue.is_some() || cell.is_some();
            if let Some(queue) = queue {
                queue.is_granted = true;
            }
            if let Some(cell) = cell {
                cell.is_granted = true;
            }
            if is_his {
                return step.touch(Touched::Buddy(peer.id));
            }
        }
    }

    fn value_confirmed(&mut self, id: BoxId, response: &Response, step: &mut Step<'_>) {
        for invitation in self.invitations.values_mut() {
            let was_open = invitation.view().stage == InvitationStage::Open;
            if let Some(open) = invitation.open_mut().filter(|open| open.cell_id() == id) {
                open.is_published = true;
                let invitation = invitation.id;
                step.touch(Touched::Invitation(invitation));
                if !was_open {
                    step.tell(Event::InvitationReady { invitation });
                }
                return;
            }
        }
        for peer in self.peers.values_mut() {
            if let Some(cell) = peer.given.presence.as_mut().filter(|cell| cell.id() == id) {
                cell.waiting = None;
                cell.version = response.etag();
                return step.touch(Touched::Buddy(peer.id));
            }
        }
    }

    /// A relay has a row on disk.
    // spec: client-7
    fn item_stored(&mut self, buddy: BuddyId, number: u64, step: &mut Step<'_>) -> Result<(), StoreFault> {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return Ok(());
        };
        let was = peer.link_stage();
        let Some(row) = peer.outbox.remove(&number) else {
            return Ok(());
        };
        step.delete(outbox::key_of(buddy, number));
        if number == FIRST_WORD && was != LinkStage::Linked && peer.link_stage() == LinkStage::Linked {
            step.tell(Event::Linked { buddy });
        }
        match row.message {
            Some((message, line)) => self.advance(buddy, message, line, MessageState::Stored, step),
            None => Ok(()),
        }
    }

    fn refused(&mut self, key: &PlaceKey, asked: Asked, response: &Response, step: &mut Step<'_>) {
        let status = response.status();
        let cause = match (status, asked) {
            // Somebody else, or an earlier attempt of ours, was first: publish anew over whatever is there.
            // spec: pub-3
            (Status::CONDITIONAL_REQUEST_FAILED, Asked::Value(id)) => return self.forget_version(id, step),
            // Without a box there is nothing to close.
            (Status::FORBIDDEN | Status::NOT_FOUND, Asked::Close(id)) => {
                self.closing.remove(&id);
                return step.touch(Touched::Closing(id));
            }
            (Status::NOT_FOUND, Asked::Flight(buddy)) => return self.flight_refused(buddy, step),
            (Status::FORBIDDEN, Asked::Register(_) | Asked::Grant(_) | Asked::Value(_)) => {
                TroubleCause::MayNotOpen
            }
            (Status::NOT_FOUND, Asked::Item(..)) => TroubleCause::NotAccepted,
            (Status::TEMPORARILY_UNAVAILABLE, Asked::Item(..)) => TroubleCause::Allowance,
            _ => TroubleCause::Busy,
        };
        if let Some((_, flow)) = self.net.flow_mut(key) {
            if let Asked::Barrier(_) = asked {
                flow.drain = Drain::Due;
            }
            flow.refuse(asked, cause, response.retry_after_secs(), step.now);
        }
    }

    fn forget_version(&mut self, id: BoxId, step: &mut Step<'_>) {
        let peers = self.peers.values_mut();
        let mut cells = peers.filter_map(|peer| peer.given.presence.as_mut().map(|cell| (peer.id, cell)));
        if let Some((buddy, cell)) = cells.find(|(_, cell)| cell.id() == id) {
            cell.version = None;
            step.touch(Touched::Buddy(buddy));
        }
    }
}

/// What a 200 to REGISTER gave, where it only says so beside the binding.
fn binding_secs(response: &Response) -> Option<u32> {
    let contact = response.head().items(sipher_wire::sip::Name::Contact).next()?;
    let contact = sipher_wire::sip::NameAddr::parse(contact)?;
    core::str::from_utf8(contact.params().get(b"expires")??)
        .ok()?
        .parse()
        .ok()
}

/// Where the relay doesn't say how long a registration lasts: short, so that it's renewed rather than lost.
const DEFAULT_REGISTRATION_SECS: u32 = 600;
/// No relay may make us register more often.
const MIN_REGISTRATION_SECS: u32 = 60;
