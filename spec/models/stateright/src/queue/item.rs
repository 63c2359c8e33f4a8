//! One item of a queue, wherever it is: with its sender, at the relay, with its owner, and on the ways between.

use super::{Action, Flaw, Queue};

/// A copy of an item at the relay, numbered by acceptance: an item that comes again after its deletion is a new copy.
pub type CopyId = u8;

/// Whether the connection on which the owner got an item still stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Flow {
    /// The 200 can go back.
    Stands,
    /// There is nobody to answer.
    Lost,
}

/// What waits for the next flush, in order.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// Store this copy.
    Put(CopyId),
    /// Delete this copy.
    Delete(CopyId),
}

/// Everything about one item. The relay's committer, the connections and the sides are shared by all items only in that a
/// flush, a loss or a stop concerns all of them at once.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts on different machines, not one state"
)]
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Item {
    /// Sender: how often it was transmitted, and whether the 202 came.
    tries: u8,
    answered: bool,
    /// On the way to the relay.
    offered: bool,
    /// Relay's disk.
    pub(super) stored: Vec<CopyId>,
    /// Relay's memory: what waits for the flush, and whether the sender has an answer to come.
    pub(super) group: Vec<Operation>,
    owed: bool,
    /// Relay's memory: handed over on this flow, no 200 yet.
    open: bool,
    /// On the way to the owner.
    pub(super) handed: Option<CopyId>,
    /// Owner's memory: received and not yet written, with the flow that it came on, if that still stands.
    held: Option<(CopyId, Flow)>,
    /// The owner's 200 on its way.
    acknowledged: Option<CopyId>,
    /// Owner's disk: lines in the history.
    pub(super) lines: u8,
    /// For the rules only: a 202 left; copies accepted; copies whose deletion is on disk; a deleted copy was handed over.
    pub(super) accepted: bool,
    pub(super) copies: u8,
    pub(super) deleted: Vec<CopyId>,
    pub(super) again: bool,
}

impl Item {
    /// The copy that the relay knows of, on disk or about to be, and not about to be deleted.
    pub(super) fn live(&self) -> Option<CopyId> {
        let put = self.group.iter().filter_map(|operation| match operation {
            Operation::Put(copy) => Some(*copy),
            Operation::Delete(_) => None,
        });
        self.stored
            .iter()
            .copied()
            .chain(put)
            .find(|copy| !self.group.contains(&Operation::Delete(*copy)))
    }

    pub(super) fn is_stored(&self) -> bool {
        !self.stored.is_empty()
    }

    /// Loses what a flow holds.
    fn drop_flow(&mut self) {
        self.open = false;
        self.handed = None;
        self.acknowledged = None;
        self.held = self.held.map(|(copy, _)| (copy, Flow::Lost));
    }

    fn take_in(&mut self, flaw: Flaw) {
        self.offered = false;
        self.owed = true;
        if self.live().is_none() || flaw == Flaw::StoresTwice {
            self.group.push(Operation::Put(self.copies));
            self.copies = self.copies.saturating_add(1);
        }
    }

    fn flush(&mut self) {
        for operation in std::mem::take(&mut self.group) {
            match operation {
                Operation::Put(copy) => self.stored.push(copy),
                Operation::Delete(copy) => {
                    self.stored.retain(|stored| *stored != copy);
                    self.deleted.push(copy);
                }
            }
        }
    }

    fn delete(&mut self, copy: CopyId, flaw: Flaw) {
        if flaw == Flaw::DeletionOvertakes {
            self.group.insert(0, Operation::Delete(copy));
        } else if self.stored.contains(&copy) || self.group.contains(&Operation::Put(copy)) {
            self.group.push(Operation::Delete(copy));
        }
    }

    fn hand(&mut self, flaw: Flaw) -> Option<()> {
        let copy = self.live()?;
        self.handed = Some(copy);
        self.open = true;
        self.again |= self.deleted.contains(&copy);
        if flaw == Flaw::DeletesUnacknowledged {
            self.delete(copy, flaw);
        }
        Some(())
    }

    fn receive(&mut self, flaw: Flaw) {
        let copy = self.handed.take();
        if self.lines > 0 && flaw != Flaw::ForgetsSeen {
            self.acknowledged = copy;
        } else {
            self.held = copy.map(|copy| (copy, Flow::Stands));
            if flaw == Flaw::AcknowledgesUnwritten {
                self.acknowledged = copy;
            }
        }
    }

    fn write(&mut self) {
        self.lines = self.lines.saturating_add(1);
        if let Some((copy, Flow::Stands)) = self.held.take() {
            self.acknowledged = Some(copy);
        }
    }

    /// Steps that happen by themselves while nothing fails.
    pub(super) fn work(&self, number: usize, model: Queue, actions: &mut Vec<Action>) {
        if !self.answered && !self.offered && self.tries < model.tries {
            actions.push(Action::Transmit(number));
        }
        if self.offered {
            actions.push(Action::TakeIn(number));
        }
        let flushed = self.group.is_empty() || model.flaw == Flaw::AnswersBeforeFlush;
        if self.owed && flushed {
            actions.push(Action::Answer(number));
        }
        if !self.open && self.live().is_some() {
            actions.push(Action::Hand(number));
        }
        // One input at a time: the owner takes the next when the last is on its disk.
        if self.handed.is_some() && self.held.is_none() {
            actions.push(Action::Receive(number));
        }
        if self.held.is_some() {
            actions.push(Action::Write(number));
        }
        if self.acknowledged.is_some() {
            actions.push(Action::Acknowledge(number));
        }
    }

    /// A step that concerns this item alone.
    pub(super) fn step(&mut self, action: Action, flaw: Flaw) -> Option<()> {
        match action {
            Action::Transmit(_) => {
                self.tries = self.tries.saturating_add(1);
                self.offered = true;
            }
            Action::TakeIn(_) => self.take_in(flaw),
            Action::Answer(_) | Action::AnswerLost(_) => {
                self.owed = false;
                self.accepted = true;
                self.answered |= matches!(action, Action::Answer(_));
            }
            Action::Hand(_) => self.hand(flaw)?,
            Action::Receive(_) => self.receive(flaw),
            Action::Write(_) => self.write(),
            Action::Acknowledge(_) => {
                let copy = self.acknowledged.take()?;
                self.open = false;
                self.delete(copy, flaw);
            }
            _ => return None,
        }
        Some(())
    }

    /// A step that concerns all items at once: a flush, a lost connection, a stop.
    pub(super) fn suffer(&mut self, action: Action) {
        match action {
            Action::Flush => self.flush(),
            Action::SenderDrops => {
                self.offered = false;
                self.owed = false;
            }
            Action::OwnerDrops => self.drop_flow(),
            Action::RelayStops => {
                self.group.clear();
                self.offered = false;
                self.owed = false;
                self.drop_flow();
            }
            Action::OwnerStops => {
                self.held = None;
                self.drop_flow();
            }
            _ => {}
        }
    }
}
