//! An account: everything that a person's device decides. Spec: `spec/client.md`.
//!
//! [`Account::handle`] takes one input, [`Account::poll`] gives what is to be done; see [`crate::io`]. The account
//! holds what it needs at hand; texts and envelopes stay on disk.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use rand_core::CryptoRng;
use sipher_crypto::{AccountRecord, SigningSeed};
use sipher_wire::{RelayAddress, Time};

use crate::buddy::{Buddy, BuddyId};
use crate::grant::Rights;
use crate::history::{Line, MessageId, MessageState};
use crate::invite::{InvitationId, InvitationUri, OwnInvitation};
use crate::io::{Input, Output};
use crate::name::Name;
use crate::presence::Status;
use crate::store::{Batch, Snapshot, StoreFault};

/// What a new account is made of.
#[derive(Debug)]
pub struct NewAccount {
    /// The relay that will hold its boxes, with the token that lets it open them.
    pub relay: RelayAddress,
    /// What its person calls himself towards buddies.
    pub name: Name,
    /// The account key's seed, as the recovery phrase gives it.
    pub seed: SigningSeed,
    /// How fast things go out.
    pub pace: Pace,
}

/// Delays that keep automatic answers from showing when somebody is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// Receipts wait a random time up to this.
    pub receipts: Duration,
    /// Presence goes to each buddy after a random time up to this.
    pub fan_out: Duration,
    /// How long a presence document holds: 15 minutes to 24 hours.
    pub freshness: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            receipts: Duration::from_secs(60),
            fan_out: Duration::from_secs(3),
            freshness: Duration::from_secs(60 * 60),
        }
    }
}

/// An account in memory.
pub struct Account {
    relay: RelayAddress,
    name: Name,
    record: AccountRecord,
    status: Status,
    outputs: VecDeque<Output>,
}

impl core::fmt::Debug for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Account(..)")
    }
}

impl Account {
    /// Makes a new account. The caller makes the batch durable before anything else happens.
    pub fn create(_now: Time, new: NewAccount, _rng: &mut impl CryptoRng) -> (Self, Batch) {
        let key = sipher_crypto::SigningKey::from_seed(new.seed);
        let record = AccountRecord::new(key.verifying_key());
        let (relay, name) = (new.relay, new.name);
        (
            Self {
                relay,
                name,
                record,
                status: Status::default(),
                outputs: VecDeque::new(),
            },
            Batch::new(),
        )
    }

    /// The account of a store; `None` if the store has none.
    ///
    /// # Errors
    /// A record can't be read, or isn't what was written.
    pub fn load(_now: Time, _snapshot: &impl Snapshot) -> Result<Option<Self>, StoreFault> {
        Ok(None)
    }

    /// Takes one input. All [`Output`]s are to be taken before the next one, and the snapshot must show every
    /// batch that was handed out before.
    ///
    /// # Errors
    /// The store couldn't be read. The account is to be dropped, as after a failed write.
    pub fn handle(
        &mut self,
        _now: Time,
        _input: Input<'_>,
        _snapshot: &impl Snapshot,
        _rng: &mut impl CryptoRng,
    ) -> Result<(), StoreFault> {
        Ok(())
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The relay that holds this account's boxes.
    pub fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// What its person calls himself.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Who this is to buddies: version and account key.
    pub fn record(&self) -> &AccountRecord {
        &self.record
    }

    /// What its person shows at `now`, before anything is redacted.
    pub fn status(&self, _now: Time) -> Status {
        self.status.clone()
    }

    /// Everybody in the list, by number.
    pub fn buddies(&self, _now: Time) -> Vec<Buddy<'_>> {
        Vec::new()
    }

    /// One of them.
    pub fn buddy(&self, _id: BuddyId, _now: Time) -> Option<Buddy<'_>> {
        None
    }

    /// The buddy of a name, in any case.
    pub fn find(&self, _name: &str) -> Option<BuddyId> {
        None
    }

    /// Invitations that are open, wait, or were used.
    pub fn invitations(&self) -> Vec<OwnInvitation<'_>> {
        Vec::new()
    }

    /// What to hand over, while an invitation is open.
    pub fn invitation_uri(&self, _id: InvitationId) -> Option<InvitationUri> {
        None
    }

    /// What a buddy may.
    pub fn rights(&self, _buddy: BuddyId) -> Option<Rights> {
        None
    }

    /// What a buddy was shown last, if he may see anything.
    pub fn shown_to(&self, _buddy: BuddyId) -> Option<&crate::presence::Shown> {
        None
    }

    /// Lines of a conversation from a number on, at most `limit`.
    ///
    /// # Errors
    /// The store couldn't be read.
    pub fn history(
        &self,
        _snapshot: &impl Snapshot,
        _buddy: BuddyId,
        _from: u64,
        _limit: usize,
    ) -> Result<Vec<Line>, StoreFault> {
        Ok(Vec::new())
    }

    /// How far a message of ours came; `None` if no such message is known.
    ///
    /// # Errors
    /// The store couldn't be read.
    pub fn progress(
        &self,
        _snapshot: &impl Snapshot,
        _message: MessageId,
    ) -> Result<Option<MessageState>, StoreFault> {
        Ok(None)
    }
}
