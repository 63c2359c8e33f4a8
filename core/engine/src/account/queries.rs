//! What can be asked of an account without changing it.

use alloc::vec::Vec;

use sipher_crypto::AccountRecord;
use sipher_wire::{RelayAddress, Time};

use super::{Account, Pace};
use crate::buddy::{Buddy, BuddyId, SafetySource};
use crate::grant::Rights;
use crate::history::{self, Line, MessageId, MessageState};
use crate::invite::{InvitationId, InvitationUri, OwnInvitation};
use crate::link::Peer;
use crate::name::Name;
use crate::presence::{PresenceView, Shown, Status, Watched};
use crate::store::{Snapshot, StoreFault};

impl Account {
    /// The relay that holds this account's boxes.
    pub fn relay(&self) -> &RelayAddress {
        &self.me.relay
    }

    /// What its person calls himself.
    pub fn name(&self) -> &Name {
        &self.me.name
    }

    /// Who this is to buddies: version and account key.
    pub fn record(&self) -> &AccountRecord {
        self.me.record()
    }

    /// How fast things go out.
    pub fn pace(&self) -> Pace {
        self.me.pace
    }

    /// What its person shows at `now`, before anything is redacted.
    pub fn status(&self, now: Time) -> Status {
        self.me.status.at(now)
    }

    /// Everybody in the list, by number.
    pub fn buddies(&self, now: Time) -> Vec<Buddy<'_>> {
        self.peers.values().map(|peer| self.view(peer, now)).collect()
    }

    /// One of them.
    pub fn buddy(&self, id: BuddyId, now: Time) -> Option<Buddy<'_>> {
        self.peers.get(&id).map(|peer| self.view(peer, now))
    }

    /// The buddy of a name, in any case.
    pub fn find(&self, name: &str) -> Option<BuddyId> {
        let name = Name::parse(name).ok()?;
        self.peers
            .values()
            .find(|peer| peer.name.is_like(&name))
            .map(|peer| peer.id)
    }

    /// Invitations that are open, wait, or were used.
    pub fn invitations(&self) -> Vec<OwnInvitation<'_>> {
        self.invitations
            .values()
            .map(crate::invite::Invitation::view)
            .collect()
    }

    /// What to hand over, while an invitation is open.
    pub fn invitation_uri(&self, id: InvitationId) -> Option<InvitationUri> {
        self.invitations.get(&id)?.uri(&self.me.device, &self.me.relay)
    }

    /// What a buddy may.
    pub fn rights(&self, buddy: BuddyId) -> Option<Rights> {
        let given = &self.peers.get(&buddy)?.given;
        Some(Rights {
            message: given.message,
            presence: given.presence.as_ref().map(|cell| cell.right),
            receipts: given.receipts,
        })
    }

    /// What a buddy was shown last, if he may see anything.
    pub fn shown_to(&self, buddy: BuddyId) -> Option<&Shown> {
        self.peers.get(&buddy)?.given.presence.as_ref()?.shown.as_ref()
    }

    /// Lines of a conversation from a number on, at most `limit`.
    ///
    /// # Errors
    /// The store couldn't be read.
    pub fn history(
        &self,
        snapshot: &impl Snapshot,
        buddy: BuddyId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreFault> {
        history::lines(snapshot, buddy, from, limit)
    }

    /// How far a message of ours to a buddy came; `None` if no such message is known.
    ///
    /// # Errors
    /// The store couldn't be read.
    pub fn progress(
        &self,
        snapshot: &impl Snapshot,
        buddy: BuddyId,
        message: MessageId,
    ) -> Result<Option<MessageState>, StoreFault> {
        let Some(line) = history::line_of(|key| snapshot.get(key), buddy, message)? else {
            return Ok(None);
        };
        history::progress(|key| snapshot.get(key), buddy, line)
    }

    fn view<'a>(&'a self, peer: &'a Peer, now: Time) -> Buddy<'a> {
        Buddy {
            id: peer.id,
            name: &peer.name,
            own_name: peer.own_name.as_ref(),
            stage: peer.link_stage(),
            since: peer.since,
            verified: peer.is_verified,
            unread: peer.talk.unread,
            queued: peer.queued(),
            presence: peer
                .watched
                .as_ref()
                .map_or(PresenceView::NotGranted, |watched| Watched::view(watched, now)),
            takes_messages: peer.takes_messages,
            safety: SafetySource {
                ours: self.me.record(),
                his: &peer.account,
                link: peer.link(),
            },
        }
    }
}
