//! Items from our queues. Spec: `spec/client.md`, inbox.
//!
//! What a peer can forge is opened on a copy. The new session, the line in the history and every other effect are in
//! the batch that is durable before the 200 leaves, with which the relay deletes the item. So an item is lost by no
//! crash, and one that comes again is known by the ratchet.

use sipher_crypto::handshake::{Accepted, Responder};
use sipher_crypto::{Body, DecryptError, item_id};
use sipher_wire::BoxId;
use sipher_wire::sip::{Reply, Request, Status, Tag};

use super::Account;
use crate::boxes::OwnQueue;
use crate::buddy::BuddyId;
use crate::content::{Content, Hello};
use crate::invite::{InvitationId, Stage as InvitationStage};
use crate::io::{ConnId, Event, Output};
use crate::link::{Asking, Peer, Stage, Talking};
use crate::name::Name;
use crate::net::Drain;
use crate::outbox;
use crate::presence::seconds;
use crate::step::{Step, Touched};
use crate::store::StoreFault;

/// Where an item came in.
enum Inlet {
    Door(InvitationId),
    Queue(BuddyId),
    /// A box that is being closed: what still comes is thrown away.
    Closing,
    Unknown,
}

impl Account {
    /// The relay hands an item over.
    pub(super) fn item_came(
        &mut self,
        conn: ConnId,
        request: &Request,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        if let Some((_, flow)) = self.net.flow_of(conn)
            && let Drain::Asked { disturbed } = &mut flow.drain
        {
            *disturbed = true;
        }
        let id = request.to().and_then(|to| to.sip()).and_then(|uri| uri.box_id());
        let status = match id.map_or(Inlet::Unknown, |id| self.inlet(&id)) {
            Inlet::Door(invitation) => {
                self.flight_came(invitation, request.body(), step)?;
                Status::OK
            }
            Inlet::Queue(buddy) => {
                self.envelope_came(buddy, request.body(), step)?;
                Status::OK
            }
            Inlet::Closing => Status::OK,
            Inlet::Unknown => Status::NOT_FOUND,
        };
        let tag = Tag::random(step.rng_sized());
        step.push(Output::Transmit {
            conn,
            octets: Reply::to(request, status, &tag).write(),
        });
        Ok(())
    }

    fn inlet(&self, id: &BoxId) -> Inlet {
        if let Some(invitation) = self
            .invitations
            .values()
            .find(|invitation| invitation.door.id() == *id)
        {
            return Inlet::Door(invitation.id);
        }
        let is_his = |peer: &&Peer| peer.queue.as_ref().is_some_and(|queue| queue.id() == *id);
        match self.peers.values().find(is_his) {
            Some(peer) => Inlet::Queue(peer.id),
            None if self.closing.contains_key(id) => Inlet::Closing,
            None => Inlet::Unknown,
        }
    }

    /// Something in a buddy's queue.
    fn envelope_came(
        &mut self,
        buddy: BuddyId,
        envelope: &[u8],
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return Ok(());
        };
        let (next, body) = match peer.open(envelope, seconds(step.now), step.rng) {
            Ok(opened) => (opened.next, opened.body),
            Err(DecryptError::Replay) => return Ok(()),
            Err(DecryptError::PeerRolledBack(rolled)) => {
                if let Some(talking) = peer.talking_mut() {
                    talking.session = rolled.next;
                    step.touch(Touched::Buddy(buddy));
                }
                // spec: ratchet-15
                step.tell(Event::RolledBack { buddy });
                return Ok(());
            }
            Err(_) => {
                // spec: client-10
                step.tell(Event::Unreadable { buddy });
                return Ok(());
            }
        };
        step.touch(Touched::Buddy(buddy));
        let Some(talking) = peer.talking_mut() else {
            self.answer_came(buddy, next, &body, step);
            return Ok(());
        };
        // spec: ratchet-12
        // spec: client-9
        // spec: queue-6
        talking.session = next;
        self.take_contents(buddy, &body, step)
    }

    /// The first word of somebody whose invitation we used: it must say where he can be reached.
    fn answer_came(
        &mut self,
        buddy: BuddyId,
        session: sipher_crypto::Session,
        body: &Body,
        step: &mut Step<'_>,
    ) {
        let Some(hello) = hello_in(body) else {
            return step.tell(Event::Unreadable { buddy });
        };
        let Some(mut peer) = self.peers.remove(&buddy) else {
            return;
        };
        peer.own_name = hello.shown_name().or(peer.own_name);
        peer.stage = match peer.stage {
            Stage::Asking(Asking { link, .. }) => Stage::Linked(Talking {
                link,
                session,
                to: hello.queue,
            }),
            other => other,
        };
        self.peers.insert(buddy, peer);
        step.tell(Event::Linked { buddy });
    }

    /// Something at an invitation's front door.
    fn flight_came(
        &mut self,
        invitation: InvitationId,
        flight: &[u8],
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(own) = self.invitations.get(&invitation) else {
            return Ok(());
        };
        let open = match &own.stage {
            InvitationStage::Open(open) => open,
            InvitationStage::Used(used) if used.flight == *item_id(flight).as_octets() => return Ok(()),
            InvitationStage::Standing(_) => return self.ask_came(invitation, flight, step),
            // spec: invite-5
            InvitationStage::Used(_) => {
                step.tell(Event::InvitationTriedAgain { invitation });
                return Ok(());
            }
        };
        let keys = open.secrets.keys();
        let responder = Responder::new(&self.me.device, open.secrets.prekeys(), &keys.psk);
        let accepted = responder.accept(flight, seconds(step.now), step.rng).ok();
        // Without a queue to answer to there is no link.
        let accepted = accepted.and_then(|accepted| Some((hello_in(&accepted.items)?, accepted)));
        match accepted {
            Some((hello, accepted)) if accepted.link.peer().account() != self.me.record() => {
                self.accept_flight(invitation, flight, hello, accepted, step)
            }
            _ => {
                step.tell(Event::InvitationNoise { invitation });
                Ok(())
            }
        }
    }

    /// One write: the link is there, and nothing is left of what could accept a second time.
    fn accept_flight(
        &mut self,
        invitation: InvitationId,
        flight: &[u8],
        hello: Hello,
        accepted: Accepted,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(own) = self.invitations.get_mut(&invitation) else {
            return Ok(());
        };
        // spec: link-10
        // spec: secret-3
        if let Some(closing) = own.burn(flight) {
            self.close_box(closing, step);
        }
        step.touch(Touched::Invitation(invitation));
        let for_name = self
            .invitations
            .get_mut(&invitation)
            .and_then(|own| own.for_name.take());
        let his_name = hello.shown_name();
        let account = *accepted.link.peer().account();
        let talking = Talking {
            link: accepted.link,
            session: accepted.session,
            to: hello.queue,
        };
        let known = self
            .peers
            .values()
            .find(|peer| peer.account == account)
            .map(|peer| peer.id);
        let buddy = match known {
            Some(buddy) => {
                self.meet_again(buddy, talking, step)?;
                buddy
            }
            None => self.meet(account, talking, for_name.or_else(|| his_name.clone()), step),
        };
        if let Some(peer) = self.peers.get_mut(&buddy) {
            peer.own_name = his_name.or_else(|| peer.own_name.take());
        }
        // spec: link-12
        if let Some(said) = super::asks::text_in(&accepted.items) {
            self.text_came(buddy, said.into(), step)?;
        }
        step.touch(Touched::Buddy(buddy));
        step.tell(Event::InvitationUsed { invitation, buddy });
        Ok(())
    }

    pub(super) fn meet(
        &mut self,
        account: sipher_crypto::AccountRecord,
        talking: Talking,
        name: Option<Name>,
        step: &mut Step<'_>,
    ) -> BuddyId {
        let id = self.me.next_buddy();
        step.touch(Touched::Account);
        let name = self.free_name(name);
        let mut peer = Peer::new(id, name, account, Stage::Answering(talking), step.now);
        // spec: client-3
        peer.queue = Some(OwnQueue::new(step.rng));
        peer.owes_hello = true;
        self.peers.insert(id, peer);
        id
    }

    /// Somebody who is in the list used an invitation. If we used one of his as well, both sides keep the link with
    /// the smaller id; if the link stood, he has begun anew.
    pub(super) fn meet_again(
        &mut self,
        buddy: BuddyId,
        talking: Talking,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(mut peer) = self.peers.remove(&buddy) else {
            return Ok(());
        };
        // spec: link-12
        let ours_wins = matches!(&peer.stage, Stage::Asking(asking) if asking.link.id() < talking.link.id());
        if !ours_wins {
            outbox::reopen(&mut peer, step)?;
            peer.stage = Stage::Answering(talking);
            peer.owes_hello = true;
            peer.takes_messages = true;
            if peer.queue.is_none() && peer.given.message.is_some() {
                peer.queue = Some(OwnQueue::new(step.rng));
            }
        }
        self.peers.insert(buddy, peer);
        Ok(())
    }

    /// A name for somebody new: this one, or one like it that nobody has.
    pub(super) fn free_name(&self, wanted: Option<Name>) -> Name {
        let wanted = wanted.or_else(|| Name::parse("buddy").ok());
        let taken = |name: &Name| self.is_name_taken(name);
        match wanted {
            Some(name) => name.free(taken),
            None => self.me.name.clone().free(taken),
        }
    }

    /// Whether a buddy, or somebody who is invited, has this name.
    pub(super) fn is_name_taken(&self, name: &Name) -> bool {
        let invited = self
            .invitations
            .values()
            .filter_map(|invitation| invitation.for_name.as_ref());
        self.peers
            .values()
            .map(|peer| &peer.name)
            .chain(invited)
            .any(|other| other.is_like(name))
    }
}

pub(super) fn hello_in(body: &Body) -> Option<Hello> {
    body.items().find_map(|item| match Content::of(item) {
        Some(Content::Hello(hello)) => Some(hello),
        _ => None,
    })
}
