//! Giving and taking rights, and what they show. Spec: `spec/content.md`, `spec/presence.md`.
//!
//! Reading is stopped by keys and by the relay; writing is stopped by the relay and by our refusal of the link.

use sipher_wire::Time;
use sipher_wire::sip::Lifetime;

use super::Account;
use crate::boxes::{Closing, OwnQueue};
use crate::buddy::BuddyId;
use crate::content::{Content, RightsNow};
use crate::grant::{Granted, PresenceLevel, ReceiptLevel};
use crate::io::{Refusal, RightChange, WithdrawnRight};
use crate::link::Peer;
use crate::presence::{OwnCell, Status};
use crate::step::{Step, Touched};

impl Account {
    /// Sets what is shown, and lets each buddy who may see it have it, one after the other.
    pub(super) fn set_status(&mut self, status: Status, step: &mut Step<'_>) -> Result<(), Refusal> {
        if !status.is_fit() {
            return Err(Refusal::NoteUnfit {
                max_octets: Status::NOTE_OCTETS,
            });
        }
        if status.until.is_some_and(|until| until <= step.now) {
            return Err(Refusal::EndsInThePast);
        }
        self.me.status = status;
        step.touch(Touched::Account);
        let fan_out = self.me.pace.fan_out;
        for peer in self.peers.values_mut() {
            let due = step.now + step.jitter(fan_out);
            if let Some(cell) = &mut peer.given.presence {
                cell.due = Some(due);
                step.touch(Touched::Buddy(peer.id));
            }
        }
        Ok(())
    }

    /// Gives a right.
    pub(super) fn grant(
        &mut self,
        buddy: BuddyId,
        right: RightChange,
        until: Option<Time>,
        step: &mut Step<'_>,
    ) -> Result<(), Refusal> {
        if until.is_some_and(|until| until <= step.now) {
            return Err(Refusal::EndsInThePast);
        }
        let peer = self.linked(buddy)?;
        let since = step.now;
        match right {
            RightChange::Message => {
                peer.given.message = Some(Granted {
                    what: (),
                    since,
                    until,
                });
                if let Some(queue) = &mut peer.queue {
                    // The relay's grant has the end, too.
                    queue.is_granted = false;
                } else {
                    peer.queue = Some(OwnQueue::new(step.rng));
                    peer.owes_hello = true;
                }
            }
            RightChange::Receipts(level) => {
                peer.given.receipts = match level {
                    ReceiptLevel::None => None,
                    what => Some(Granted { what, since, until }),
                };
            }
            RightChange::Presence(PresenceLevel::None) => {
                return self.retract(buddy, WithdrawnRight::Presence, step);
            }
            RightChange::Presence(what) => self.grant_presence(buddy, Granted { what, since, until }, step),
        }
        self.announce_rights(buddy, step);
        Ok(())
    }

    /// Takes a right.
    pub(super) fn retract(
        &mut self,
        buddy: BuddyId,
        right: WithdrawnRight,
        step: &mut Step<'_>,
    ) -> Result<(), Refusal> {
        let peer = self.linked(buddy)?;
        let given = &peer.given;
        let has = match right {
            WithdrawnRight::Message => given.message.is_some(),
            WithdrawnRight::Presence => given.presence.is_some(),
            WithdrawnRight::Receipts => given.receipts.is_some(),
            WithdrawnRight::All => {
                given.message.is_some() || given.presence.is_some() || given.receipts.is_some()
            }
        };
        if !has {
            return Err(Refusal::NotGranted);
        }
        self.withdraw_right(buddy, right, step);
        Ok(())
    }

    /// Withdraws the first right whose end has come.
    pub(super) fn end_rights(&mut self, step: &mut Step<'_>) -> bool {
        let ended = self
            .peers
            .values()
            .find_map(|peer| Some((peer.id, ended_right(peer, step.now)?)));
        let Some((buddy, right)) = ended else { return false };
        self.withdraw_right(buddy, right, step);
        true
    }

    /// Makes the documents whose time has come, where the cell stands. True if there was one.
    pub(super) fn seal_presence(&mut self, step: &mut Step<'_>) -> bool {
        let is_due = |cell: &OwnCell| cell.is_granted && cell.due.is_some_and(|due| due <= step.now);
        let due = self
            .peers
            .values()
            .find(|peer| peer.given.presence.as_ref().is_some_and(is_due));
        let Some(buddy) = due.map(|peer| peer.id) else {
            return false;
        };
        let relay = self.me.relay.without_token();
        let (status, freshness) = (self.me.status.at(step.now), self.me.pace.freshness);
        let Some(cell) = self
            .peers
            .get_mut(&buddy)
            .and_then(|peer| peer.given.presence.as_mut())
        else {
            return false;
        };
        let keys = if cell.is_rekey_due(step.now) {
            cell.rekey(step.now, step.rng)
        } else {
            None
        };
        let offer = keys.map(|keys| cell.offer(&relay, &keys));
        cell.seal(&status, step.now, freshness, step.rng);
        step.touch(Touched::Buddy(buddy));
        if let Some(offer) = offer {
            self.queue_notice(buddy, &Content::Presence(offer), Lifetime::Month, step);
        }
        true
    }

    fn grant_presence(&mut self, buddy: BuddyId, right: Granted<PresenceLevel>, step: &mut Step<'_>) {
        let relay = self.me.relay.without_token();
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        let keys = match &mut peer.given.presence {
            Some(cell) => {
                let narrows = right.what < cell.right.what;
                cell.is_granted &= cell.right.until == right.until;
                cell.right = Granted {
                    since: cell.right.since,
                    ..right
                };
                cell.due = Some(step.now);
                // What he may see no more must not be under keys that he has.
                if narrows {
                    cell.rekey(step.now, step.rng)
                } else {
                    None
                }
            }
            None => match OwnCell::new(right, step.now, step.rng) {
                Ok((cell, keys)) => {
                    peer.given.presence = Some(cell);
                    Some(keys)
                }
                Err(_) => None,
            },
        };
        let offer = keys
            .zip(peer.given.presence.as_ref())
            .map(|(keys, cell)| cell.offer(&relay, &keys));
        if let Some(offer) = offer {
            self.queue_notice(buddy, &Content::Presence(offer), Lifetime::Month, step);
        }
        step.touch(Touched::Buddy(buddy));
    }

    fn withdraw_right(&mut self, buddy: BuddyId, right: WithdrawnRight, step: &mut Step<'_>) {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        let mut closing = alloc::vec::Vec::new();
        if matches!(right, WithdrawnRight::Message | WithdrawnRight::All) {
            peer.given.message = None;
            peer.owes_hello = false;
            closing.extend(peer.queue.take().map(OwnQueue::into_closing));
        }
        if matches!(right, WithdrawnRight::Presence | WithdrawnRight::All) {
            // spec: presence-14
            closing.extend(peer.given.presence.take().map(OwnCell::into_closing));
        }
        if matches!(right, WithdrawnRight::Receipts | WithdrawnRight::All) {
            peer.given.receipts = None;
        }
        for one in closing {
            self.close_box(one, step);
        }
        self.announce_rights(buddy, step);
    }

    /// Tells a buddy what he may.
    fn announce_rights(&mut self, buddy: BuddyId, step: &mut Step<'_>) {
        step.touch(Touched::Buddy(buddy));
        let Some(peer) = self.peers.get(&buddy) else {
            return;
        };
        let rights = RightsNow {
            message: peer.given.message.is_some(),
            presence: peer
                .given
                .presence
                .as_ref()
                .map_or(PresenceLevel::None, |cell| cell.right.what),
            receipts: peer
                .given
                .receipts
                .map_or(ReceiptLevel::None, |granted| granted.what),
        };
        self.queue_notice(buddy, &Content::Rights(rights), Lifetime::Month, step);
    }

    /// A box that is to go, written down until the relay says that it's gone.
    // spec: client-5
    pub(super) fn close_box(&mut self, closing: Closing, step: &mut Step<'_>) {
        let id = closing.id();
        self.closing.insert(id, closing);
        step.touch(Touched::Closing(id));
    }

    fn linked(&mut self, buddy: BuddyId) -> Result<&mut Peer, Refusal> {
        let peer = self.peers.get_mut(&buddy).ok_or(Refusal::UnknownBuddy)?;
        if peer.talking().is_some() {
            Ok(peer)
        } else {
            Err(Refusal::NotLinked)
        }
    }
}

// spec: right-1
fn ended_right(peer: &Peer, now: Time) -> Option<WithdrawnRight> {
    let given = &peer.given;
    if given.message.is_some_and(|granted| granted.has_ended(now)) {
        return Some(WithdrawnRight::Message);
    }
    if given
        .presence
        .as_ref()
        .is_some_and(|cell| cell.right.has_ended(now))
    {
        return Some(WithdrawnRight::Presence);
    }
    given
        .receipts
        .filter(|granted| granted.has_ended(now))
        .map(|_| WithdrawnRight::Receipts)
}
