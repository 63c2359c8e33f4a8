//! Commands that wait for relays, and when each is done. Spec: `spec/client.md`, commands.
//!
//! A command changes records at once; what runs on is only the wait. Its end is found like all work: by looking
//! whether what was wanted is there, or whether everything that could still bring it has failed or is idle.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use sipher_crypto::SigningKey;
use sipher_wire::Time;

use super::Account;
use crate::buddy::{BuddyId, LinkStage};
use crate::history::{MessageId, MessageState};
use crate::invite::{InvitationId, InvitationUri};
use crate::io::{
    Answer, Class, CommandId, Fault, Invited, Output, Presenting, Refusal, Report, Trouble, Wait,
};
use crate::name::Name;
use crate::net::{self, PlaceKey};
use crate::place::{Access, BoxAddress};
use crate::step::Step;

/// A command that waits.
pub(super) enum Call {
    /// Until the invitation can be used.
    // spec: invite-4
    Inviting(InvitationId),
    /// Until the bundle of somebody's invitation came.
    Fetching(Fetching),
    /// Until the first flight is at his relay.
    Asking(BuddyId),
    /// Until the messages came far enough.
    Sending(Sending),
    /// Until everything was carried on.
    Carrying(Carrying),
}

/// Somebody's invitation that is being used.
pub(super) struct Fetching {
    pub(super) uri: InvitationUri,
    pub(super) as_name: Option<Name>,
    pub(super) text: Option<String>,
}

/// Messages on their way.
pub(super) struct Sending {
    buddy: BuddyId,
    wait: Wait,
    messages: Vec<(MessageId, MessageState)>,
}

/// A sync, or a change that relays have to hear of.
pub(super) struct Carrying {
    /// Whose presence is still to be fetched.
    pub(super) presence: BTreeSet<BuddyId>,
    /// Whether presence that is granted meanwhile is fetched as well.
    pub(super) presenting: Presenting,
    /// Lines that came meanwhile.
    pub(super) received: u32,
    /// Whether it is a change, by which it's answered.
    pub(super) is_change: bool,
}

impl Fetching {
    /// How the bundle is read.
    pub(super) fn access(&self) -> Access {
        let keys = sipher_crypto::InvitationKeys::derive(&self.uri.secret);
        Access {
            at: BoxAddress::new(&self.uri.relay, self.uri.cell),
            grant: SigningKey::from_seed(keys.read_grant),
        }
    }
}

impl Sending {
    pub(super) fn new(buddy: BuddyId, wait: Wait, messages: Vec<MessageId>) -> Self {
        let messages = messages
            .into_iter()
            .map(|message| (message, MessageState::Queued))
            .collect();
        Self {
            buddy,
            wait,
            messages,
        }
    }

    pub(super) fn advance(&mut self, buddy: BuddyId, message: MessageId, state: MessageState) {
        if buddy == self.buddy {
            let found = self.messages.iter_mut().find(|(own, _)| *own == message);
            if let Some((_, before)) = found {
                *before = state.max(*before);
            }
        }
    }

    fn state(&self) -> MessageState {
        self.messages
            .iter()
            .map(|(_, state)| *state)
            .min()
            .unwrap_or(MessageState::Queued)
    }

    fn is_reached(&self) -> bool {
        let wanted = match self.wait {
            Wait::Queued => MessageState::Queued,
            Wait::Stored => MessageState::Stored,
            Wait::Delivered => MessageState::Delivered,
            Wait::Read => MessageState::Read,
        };
        self.state() >= wanted
    }

    fn answer(&self, trouble: Option<Trouble>) -> Answer {
        let messages = self.messages.iter().map(|(message, _)| *message).collect();
        Answer::Sent {
            messages,
            state: self.state(),
            trouble,
        }
    }
}

impl Account {
    /// Ends one command that is done. True if there was one.
    pub(super) fn finish_call(&mut self, step: &mut Step<'_>) -> bool {
        let done = self
            .calls
            .iter()
            .find_map(|(id, call)| Some((*id, self.outcome(call, step.now)?)));
        let Some((id, outcome)) = done else { return false };
        self.calls.remove(&id);
        step.push(Output::Done { id, outcome });
        true
    }

    /// Whoever waited doesn't any more.
    pub(super) fn cancel(&mut self, id: CommandId, step: &mut Step<'_>) {
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        let outcome = match call {
            Call::Fetching(_) => Err(Refusal::Cancelled),
            Call::Inviting(invitation) => Ok(self.invited(invitation).unwrap_or_else(|| {
                // Kept all the same, and published by whatever command comes next.
                let trouble = net::trouble(&self.own_place(), Fault::TimedOut);
                Answer::InvitationWaits { invitation, trouble }
            })),
            Call::Asking(buddy) => Ok(self.accepted(buddy, Vec::new())),
            Call::Sending(sending) => Ok(sending.answer(None)),
            Call::Carrying(carrying) => Ok(self.carried(&carrying, Vec::new())),
        };
        step.push(Output::Done { id, outcome });
    }

    /// Whether somebody wants to see this buddy's presence now.
    pub(super) fn wants_presence(&self, buddy: BuddyId) -> bool {
        self.stays || self.carrying().any(|carrying| carrying.presence.contains(&buddy))
    }

    /// A buddy granted presence: whoever fetches presence now wants his, too.
    pub(super) fn presence_is_granted(&mut self, buddy: BuddyId) {
        for call in self.calls.values_mut() {
            if let Call::Carrying(carrying) = call
                && carrying.presenting == Presenting::Fetch
            {
                carrying.presence.insert(buddy);
            }
        }
    }

    /// A buddy's presence was looked at.
    pub(super) fn presence_is_fresh(&mut self, buddy: BuddyId) {
        for call in self.calls.values_mut() {
            if let Call::Carrying(carrying) = call {
                carrying.presence.remove(&buddy);
            }
        }
    }

    /// A line came.
    pub(super) fn count_received(&mut self) {
        for call in self.calls.values_mut() {
            if let Call::Carrying(carrying) = call {
                carrying.received = carrying.received.saturating_add(1);
            }
        }
    }

    fn carrying(&self) -> impl Iterator<Item = &Carrying> {
        self.calls.values().filter_map(|call| match call {
            Call::Carrying(carrying) => Some(carrying),
            _ => None,
        })
    }

    /// What came of a command, if it's done.
    fn outcome(&self, call: &Call, now: Time) -> Option<Result<Answer, Refusal>> {
        match call {
            Call::Inviting(invitation) => self.inviting_outcome(*invitation, now),
            Call::Fetching(fetching) => {
                let key = PlaceKey::new(&fetching.uri.relay, Class::Watch);
                self.place_trouble(&key, now)
                    .map(|trouble| Err(Refusal::Relay(trouble)))
            }
            Call::Asking(buddy) => self.asking_outcome(*buddy, now),
            Call::Sending(sending) => self.sending_outcome(sending, now),
            Call::Carrying(carrying) => self.carrying_outcome(carrying, now),
        }
    }

    fn inviting_outcome(&self, invitation: InvitationId, now: Time) -> Option<Result<Answer, Refusal>> {
        if !self.invitations.contains_key(&invitation) {
            return Some(Err(Refusal::UnknownInvitation));
        }
        if let Some(answer) = self.invited(invitation) {
            return Some(Ok(answer));
        }
        let trouble = self.place_trouble(&self.own_place(), now)?;
        Some(Ok(Answer::InvitationWaits { invitation, trouble }))
    }

    fn invited(&self, invitation: InvitationId) -> Option<Answer> {
        let own = self.invitations.get(&invitation)?;
        let uri = own.uri(&self.me.device, &self.me.relay)?;
        Some(Answer::Invited(Invited {
            invitation,
            uri,
            until: own.until,
        }))
    }

    fn asking_outcome(&self, buddy: BuddyId, now: Time) -> Option<Result<Answer, Refusal>> {
        // His relay refused the flight: the invitation led nowhere.
        let Some(peer) = self.peers.get(&buddy) else {
            return Some(Err(Refusal::InvitationGone));
        };
        if matches!(peer.link_stage(), LinkStage::Waiting | LinkStage::Linked) {
            return Some(Ok(self.accepted(buddy, Vec::new())));
        }
        let own = self.place_trouble(&self.own_place(), now);
        let his = Self::send_place(peer).and_then(|key| self.place_trouble(&key, now));
        let trouble = if peer.queue.as_ref().is_some_and(|queue| queue.is_granted) {
            his
        } else {
            own
        };
        trouble.map(|trouble| Ok(self.accepted(buddy, [trouble].into())))
    }

    fn accepted(&self, buddy: BuddyId, troubles: Vec<Trouble>) -> Answer {
        let stage = self
            .peers
            .get(&buddy)
            .map_or(LinkStage::Asking, crate::link::Peer::link_stage);
        Answer::Accepted {
            buddy,
            stage,
            troubles,
        }
    }

    fn sending_outcome(&self, sending: &Sending, now: Time) -> Option<Result<Answer, Refusal>> {
        let Some(peer) = self.peers.get(&sending.buddy) else {
            return Some(Ok(sending.answer(None)));
        };
        if sending.is_reached() {
            return Some(Ok(sending.answer(None)));
        }
        let own = self.place_trouble(&self.own_place(), now);
        if peer.link_stage() < LinkStage::Linked && peer.talking().is_none() {
            // Nothing can leave before the link stands, and that comes over our own relay, if at all.
            let settled = self.is_place_done(&self.own_place(), now) && Self::send_place(peer).is_none();
            let his = Self::send_place(peer).and_then(|key| self.place_trouble(&key, now));
            let trouble = own.or(his);
            return (settled || trouble.is_some()).then(|| Ok(sending.answer(trouble)));
        }
        if sending.state() >= MessageState::Stored {
            // Only his receipts are missing, and they come over our own relay.
            return own.map(|trouble| Ok(sending.answer(Some(trouble))));
        }
        let key = Self::send_place(peer)?;
        let trouble = self.place_trouble(&key, now)?;
        Some(Ok(sending.answer(Some(trouble))))
    }

    fn carrying_outcome(&self, carrying: &Carrying, now: Time) -> Option<Result<Answer, Refusal>> {
        let mut troubles = Vec::new();
        for (key, _) in self.wanted_places() {
            match self.place_trouble(&key, now) {
                Some(trouble) => troubles.push(trouble),
                None if self.is_place_done(&key, now) => {}
                None => return None,
            }
        }
        Some(Ok(self.carried(carrying, troubles)))
    }

    fn carried(&self, carrying: &Carrying, troubles: Vec<Trouble>) -> Answer {
        let queued = self.peers.values().map(crate::link::Peer::queued).sum();
        let report = Report {
            received: carrying.received,
            queued,
            troubles,
        };
        if carrying.is_change {
            Answer::Changed(report)
        } else {
            Answer::Synced(report)
        }
    }

    /// Why a place brings nothing any more: its connection failed, or the relay refused something and the rest is done.
    fn place_trouble(&self, key: &PlaceKey, now: Time) -> Option<Trouble> {
        if let Some(fault) = self.net.failure(key, now) {
            return Some(net::trouble(key, fault));
        }
        let flow = self.net.flow(key)?;
        let cause = flow.any_refusal()?;
        self.is_place_done(key, now).then(|| net::trouble(key, cause))
    }

    /// Whether nothing more comes from a place by itself.
    fn is_place_done(&self, key: &PlaceKey, now: Time) -> bool {
        let Some(flow) = self.net.flow(key) else {
            return !self.wanted_places().contains_key(key);
        };
        match key.class() {
            Class::Own => self.is_own_done(flow, now),
            Class::Send => flow.open_requests() == 0 && self.next_send(key, flow).is_none(),
            Class::Watch => {
                let looking = flow.watching.values().any(|watching| !watching.stays);
                flow.open_requests() == 0 && !looking && self.next_watch(key, flow).is_none()
            }
        }
    }
}
