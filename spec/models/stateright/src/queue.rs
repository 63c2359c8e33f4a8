//! A queue (`spec/boxes.md`): 202 once durable, deleted once acknowledged, and either side may stop at any point.
//!
//! A sender hands over items and repeats them until it has the 202; the relay commits puts and deletions in groups, and may
//! hand an item to the connected owner before the flush; the owner writes it down, answers 200, and drops what it has seen.
//! Requests and answers can get lost with their connection. Relay and owner may stop as often as they like.
//!
//! Left out: the order of items, expiry (an item that nobody fetches for its whole life is dropped, as promised), and a disk
//! that loses what it said it had: the store's fault tests are about that.

use stateright::{Model, Property};

mod item;

pub use self::item::{CopyId, Flow, Item, Operation};

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

impl Queue {
    fn work(self, state: &State, actions: &mut Vec<Action>) {
        for (number, item) in state.items.iter().enumerate() {
            item.work(number, self, actions);
        }
        if state.items.iter().any(|item| !item.group.is_empty()) {
            actions.push(Action::Flush);
        }
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
            | Action::Acknowledge(number) => next.items.get_mut(number)?.step(action, self.flaw)?,
            _ => next.items.iter_mut().for_each(|item| item.suffer(action)),
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
