//! A queue (`spec/boxes.md`): 202 once durable, deleted once acknowledged, and either side may stop at any point.
//!
//! A sender hands over items and repeats them until it has the 202; the relay commits puts and deletions in groups, and may
//! hand an item to the connected owner before the flush; the owner writes it down, answers 200, and drops what it has seen.
//! Requests and answers can get lost with their connection. Relay and owner may stop as often as they like.
//!
//! Left out: the order of items, expiry (an item that nobody fetches for its whole life is dropped, as promised), and a disk
//! that loses what it said it had: the store's fault tests are about that.

use stateright::{Model, Property};

/// What is done wrong on purpose.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// Nothing: the rules as specified.
    None,
    /// The relay says 202 before the flush.
    AnswersBeforeFlush,
    /// The relay deletes what it has handed over, without waiting for the owner's 200.
    DeletesUnacknowledged,
    /// The owner says 200 before the item is on its disk.
    AcknowledgesUnwritten,
    /// The owner doesn't remember what it has seen.
    ForgetsSeen,
    /// A deletion overtakes the put of the same item when both wait for a flush.
    DeletionOvertakes,
    /// A repeated item that is still there is stored a second time.
    StoresTwice,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// Different items.
    pub items: usize,
    /// How often the sender transmits each item at most.
    pub tries: u8,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A copy of an item at the relay, numbered by acceptance: an item that comes again after its deletion is a new copy.
type Copy_ = u8;

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
    Put(Copy_),
    /// Delete this copy.
    Delete(Copy_),
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
    stored: Vec<Copy_>,
    /// Relay's memory: what waits for the flush, and whether the sender has an answer to come.
    group: Vec<Operation>,
    owed: bool,
    /// Relay's memory: handed over on this flow, no 200 yet.
    open: bool,
    /// On the way to the owner.
    handed: Option<Copy_>,
    /// Owner's memory: received and not yet written, with the flow that it came on, if that still stands.
    held: Option<(Copy_, Flow)>,
    /// The owner's 200 on its way.
    acknowledged: Option<Copy_>,
    /// Owner's disk: lines in the history.
    lines: u8,
    /// For the rules only: a 202 left; copies accepted; copies whose deletion is on disk; a deleted copy was handed over.
    accepted: bool,
    copies: u8,
    deleted: Vec<Copy_>,
    again: bool,
}

/// All there is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State {
    items: Vec<Item>,
}

/// One step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The sender transmits an item, for the first time or again.
    Transmit(usize),
    /// The relay takes it in.
    TakeIn(usize),
    /// The relay's group is on disk.
    Flush,
    /// The relay says 202, and the sender hears it.
    Answer(usize),
    /// The relay says 202, and it gets lost.
    AnswerLost(usize),
    /// The relay hands an item to the owner.
    Hand(usize),
    /// The owner receives it.
    Receive(usize),
    /// The owner's write is on disk.
    Write(usize),
    /// The owner's 200 reaches the relay.
    Acknowledge(usize),
    /// The sender's connection ends.
    SenderDrops,
    /// The owner's connection ends.
    OwnerDrops,
    /// The relay stops and starts again.
    RelayStops,
    /// The owner stops and starts again.
    OwnerStops,
}

impl Item {
    /// The copy that the relay knows of, on disk or about to be, and not about to be deleted.
    fn live(&self) -> Option<Copy_> {
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

    fn is_stored(&self) -> bool {
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

    fn delete(&mut self, copy: Copy_, flaw: Flaw) {
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
    fn work(&self, number: usize, model: Queue, actions: &mut Vec<Action>) {
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
}

impl Queue {
    fn work(self, state: &State, actions: &mut Vec<Action>) {
        for (number, item) in state.items.iter().enumerate() {
            item.work(number, self, actions);
        }
        if state.items.iter().any(|item| !item.group.is_empty()) {
            actions.push(Action::Flush);
        }
    }

    fn on_item(self, item: &mut Item, action: Action) -> Option<()> {
        match action {
            Action::Transmit(_) => {
                item.tries = item.tries.saturating_add(1);
                item.offered = true;
            }
            Action::TakeIn(_) => item.take_in(self.flaw),
            Action::Answer(_) | Action::AnswerLost(_) => {
                item.owed = false;
                item.accepted = true;
                item.answered |= matches!(action, Action::Answer(_));
            }
            Action::Hand(_) => item.hand(self.flaw)?,
            Action::Receive(_) => item.receive(self.flaw),
            Action::Write(_) => item.write(),
            Action::Acknowledge(_) => {
                let copy = item.acknowledged.take()?;
                item.open = false;
                item.delete(copy, self.flaw);
            }
            _ => return None,
        }
        Some(())
    }
}

fn on_all(item: &mut Item, action: Action) {
    match action {
        Action::Flush => item.flush(),
        Action::SenderDrops => {
            item.offered = false;
            item.owed = false;
        }
        Action::OwnerDrops => item.drop_flow(),
        Action::RelayStops => {
            item.group.clear();
            item.offered = false;
            item.owed = false;
            item.drop_flow();
        }
        Action::OwnerStops => {
            item.held = None;
            item.drop_flow();
        }
        _ => {}
    }
}

impl Model for Queue {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            items: vec![Item::default(); self.items],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.items.iter().any(|item| item.lines > 1 || item.again) {
            return;
        }
        self.work(state, actions);
        let lost: Vec<Action> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Answer(number) => Some(Action::AnswerLost(*number)),
                _ => None,
            })
            .collect();
        actions.extend(lost);
        actions.extend([
            Action::SenderDrops,
            Action::OwnerDrops,
            Action::RelayStops,
            Action::OwnerStops,
        ]);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Transmit(number)
            | Action::TakeIn(number)
            | Action::Answer(number)
            | Action::AnswerLost(number)
            | Action::Hand(number)
            | Action::Receive(number)
            | Action::Write(number)
            | Action::Acknowledge(number) => self.on_item(next.items.get_mut(number)?, action)?,
            _ => next.items.iter_mut().for_each(|item| on_all(item, action)),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "what got a 202 is on the relay's disk or on the owner's",
                |_, state: &State| {
                    state
                        .items
                        .iter()
                        .all(|item| !item.accepted || item.is_stored() || item.lines > 0)
                },
            ),
            Property::always("the owner's history has one line an item", |_, state: &State| {
                state.items.iter().all(|item| item.lines <= 1)
            }),
            Property::always(
                "what was acknowledged durably is not handed over again",
                |_, state: &State| state.items.iter().all(|item| !item.again),
            ),
            Property::always("an item is stored once", |_, state: &State| {
                state.items.iter().all(|item| item.stored.len() <= 1)
            }),
            Property::always(
                "once nothing fails any more, all that got a 202 is read and the queue is empty",
                |model, state| {
                    let mut work = Vec::new();
                    model.work(state, &mut work);
                    let settled = |item: &Item| (!item.accepted || item.lines == 1) && !item.is_stored();
                    !work.is_empty() || state.items.iter().all(settled)
                },
            ),
            Property::sometimes("an item is handed over before its flush", |_, state: &State| {
                state
                    .items
                    .iter()
                    .any(|item| item.handed.is_some() && !item.is_stored())
            }),
            Property::sometimes(
                "an item comes again after its deletion and is dropped",
                |_, state: &State| {
                    state
                        .items
                        .iter()
                        .any(|item| item.deleted.len() > 1 && item.lines == 1)
                },
            ),
            Property::sometimes(
                "an item is handed over again because its deletion was not on disk",
                |_, state: &State| {
                    state
                        .items
                        .iter()
                        .any(|item| item.lines == 1 && item.handed.is_some() && item.copies == 1)
                },
            ),
        ]
    }
}
