//! From memory to records and back. Spec: `spec/client.md`, records.

use alloc::collections::BTreeMap;

use super::Account;
use super::me::Me;
use crate::ask::StoredAsk;
use crate::boxes::Closing;
use crate::invite::Invitation;
use crate::link::{DueReceipt, Peer};
use crate::outbox::{Row, StoredRow};
use crate::record;
use crate::step::Touched;
use crate::store::{Batch, Key, Kind, Snapshot, StoreFault};

impl Account {
    /// Every record that stands for a value in memory. Between two inputs it equals what is on disk.
    pub fn records(&self) -> Batch {
        let mut batch = Batch::new();
        let invitations = self.invitations.keys().copied().map(Touched::Invitation);
        let buddies = self.peers.keys().copied().map(Touched::Buddy);
        let closing = self.closing.keys().copied().map(Touched::Closing);
        let asks = self.asks.keys().copied().map(Touched::Ask);
        for touched in [Touched::Account]
            .into_iter()
            .chain(invitations)
            .chain(buddies)
            .chain(closing)
            .chain(asks)
        {
            self.write(touched, &mut batch);
        }
        batch
    }

    /// Writes the record of a value, or deletes it if the value is gone.
    pub(super) fn write(&self, touched: Touched, batch: &mut Batch) {
        let (key, value) = match touched {
            Touched::Account => (Key::single(Kind::Account, b""), Some(record::write(&self.me))),
            Touched::Invitation(id) => (
                Key::single(Kind::Invitation, &id.group()),
                self.invitations.get(&id).map(record::write),
            ),
            Touched::Buddy(id) => (
                Key::single(Kind::Buddy, &id.group()),
                self.peers.get(&id).map(record::write),
            ),
            Touched::Ask(id) => (
                Key::single(Kind::Ask, &id.group()),
                self.asks.get(&id).map(record::write),
            ),
            Touched::Closing(id) => (
                Key::single(Kind::Closing, &id.proof_octets()),
                self.closing.get(&id).map(record::write),
            ),
        };
        match value {
            Some(value) => batch.put(key, value),
            None => batch.delete(key),
        }
    }
}

/// Reads an account.
pub(super) fn load(store: &impl Snapshot) -> Result<Option<Account>, StoreFault> {
    let Some(me) = store.get(&Key::single(Kind::Account, b""))? else {
        return Ok(None);
    };
    let mut account = Account::of(record::read::<Me>(&me)?);
    for (_, octets) in store.scan(Kind::Invitation, None, 0, usize::MAX)? {
        let invitation: Invitation = record::read(&octets)?;
        account.invitations.insert(invitation.id, invitation);
    }
    for (_, octets) in store.scan(Kind::Closing, None, 0, usize::MAX)? {
        let closing: Closing = record::read(&octets)?;
        account.closing.insert(closing.id(), closing);
    }
    for (_, octets) in store.scan(Kind::Ask, None, 0, usize::MAX)? {
        let ask: StoredAsk = record::read(&octets)?;
        account.asks.insert(ask.id, ask);
    }
    for (_, octets) in store.scan(Kind::Buddy, None, 0, usize::MAX)? {
        let mut peer: Peer = record::read(&octets)?;
        peer.outbox = rows(store, &peer)?;
        peer.receipts = receipts(store, &peer)?;
        account.peers.insert(peer.id, peer);
    }
    Ok(Some(account))
}

fn rows(store: &impl Snapshot, peer: &Peer) -> Result<BTreeMap<u64, Row>, StoreFault> {
    let stored = store.scan(Kind::Outbox, Some(&peer.id.group()), 0, usize::MAX)?;
    stored
        .iter()
        .map(|(number, octets)| Ok((*number, record::read::<StoredRow>(octets)?.row())))
        .collect()
}

fn receipts(store: &impl Snapshot, peer: &Peer) -> Result<BTreeMap<u64, DueReceipt>, StoreFault> {
    let stored = store.scan(Kind::Receipt, Some(&peer.id.group()), 0, usize::MAX)?;
    stored
        .iter()
        .map(|(line, octets)| Ok((*line, record::read::<DueReceipt>(octets)?)))
        .collect()
}
