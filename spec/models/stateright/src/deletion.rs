//! Deleting a grant while its cell is being pushed (`spec/boxes.md`): after the 200 no NOTIFY leaves to that watcher.
//!
//! The owner publishes values and deletes the grant; the watcher subscribes, acknowledges and comes back on up to two
//! connections; the relay commits in groups, queues frames for each connection's writer, and can stop at any point, which
//! loses everything but its disk. Frames leave when the writer gets to them: that is why a deletion must wait for a barrier.
//!
//! Left out: the proof of possession (a watcher here always proves well) and other watchers, whose grants are other rows.

use stateright::{Model, Property};

mod connection;

pub use self::connection::{Connection, Flight, Frame, Subscription};

/// What is done wrong on purpose.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// Nothing: the rules as specified.
    None,
    /// Answers when the deletion is on disk, without waiting for the writers.
    AnswersBeforeBarrier,
    /// Answers before the deletion is on disk.
    AnswersBeforeFlush,
    /// Registers a subscription whose grant was looked up earlier, without looking again.
    RegistersUnchecked,
    /// Ends nothing in memory: a late acknowledgement releases the value that waited.
    KeepsSubscription,
    /// Forgets the grant but not that this connection once proved it.
    KeepsAuthorization,
    /// Waits for the writer of the first connection only.
    GuardsOneConnection,
    /// Says goodbye behind the barrier instead of before it.
    NotifiesBehindBarrier,
}

/// How a subscription ends whose grant was deleted. The specification allows both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Goodbye {
    /// Without a word.
    Silent,
    /// With a last NOTIFY, `terminated;reason=noresource`.
    Notify,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// Values that the owner publishes at most.
    pub values: u8,
    /// Connections that the watcher may hold at a time: 1 or 2.
    pub connections: usize,
    /// How subscriptions end.
    pub goodbye: Goodbye,
    /// What is wrong.
    pub flaw: Flaw,
}

/// How far the owner's request has come at the relay.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Request {
    /// None under way.
    None,
    /// Waits for the group's flush.
    Accepted,
    /// On disk; memory doesn't know yet.
    Flushed,
    /// Ended in memory too; waits for the barriers.
    Ended,
    /// The 200 left.
    Answered,
}

/// All there is.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a run, each read by one rule"
)]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The grant's row on disk.
    granted: bool,
    /// How many values were published.
    values: u8,
    request: Request,
    connections: Vec<Option<Connection>>,
    /// A NOTIFY left before the 200.
    notified: bool,
    /// The relay stopped while the request was under way.
    crashed: bool,
    /// A connection was closed because its writer was stuck.
    closed: bool,
    /// A NOTIFY left after the 200.
    late: bool,
}

/// One step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The owner publishes a new value.
    Publish,
    /// The owner asks to delete the grant, for the first time or again.
    Delete,
    /// The committer's group is on disk.
    Flush,
    /// The deletion, now on disk, ends subscriptions in memory and puts a barrier into each writer's queue.
    End,
    /// The relay answers the owner with 200.
    Answer,
    /// The relay stops and starts again.
    Crash,
    /// The watcher connects.
    Connect(usize),
    /// The watcher's SUBSCRIBE is looked up.
    LookUp(usize),
    /// The subscription is entered, and its first NOTIFY queued.
    Register(usize),
    /// The writer takes the next frame.
    Write(usize),
    /// The watcher's 200 to a NOTIFY arrives.
    Acknowledge(usize),
    /// The connection ends: the watcher's doing, or the relay's because the writer is stuck.
    Close(usize),
}

impl Deletion {
    fn barriers_passed(self, state: &State) -> bool {
        let guarded = if self.flaw == Flaw::GuardsOneConnection {
            1
        } else {
            self.connections
        };
        state
            .connections
            .iter()
            .take(guarded)
            .flatten()
            .all(|connection| !connection.holds_barrier())
    }

    /// Whether a SUBSCRIBE on this connection is let through.
    fn admits(self, state: &State, connection: &Connection) -> bool {
        state.granted || (self.flaw == Flaw::KeepsAuthorization && connection.authorized)
    }

    fn may_answer(self, state: &State) -> bool {
        match (state.request, self.flaw) {
            (Request::Accepted, Flaw::AnswersBeforeFlush) | (Request::Ended, Flaw::AnswersBeforeBarrier) => {
                true
            }
            (Request::Ended, _) => self.barriers_passed(state),
            _ => false,
        }
    }

    /// Steps that the relay takes by itself, without owner, watcher or accident.
    fn work(self, state: &State, actions: &mut Vec<Action>) {
        if state.request == Request::Accepted {
            actions.push(Action::Flush);
        }
        if state.request == Request::Flushed {
            actions.push(Action::End);
        }
        if self.may_answer(state) {
            actions.push(Action::Answer);
        }
        for (number, connection) in open(state) {
            if !connection.frames.is_empty() {
                actions.push(Action::Write(number));
            }
        }
    }

    fn end(self, state: &mut State) {
        state.request = Request::Ended;
        for connection in state.connections.iter_mut().flatten() {
            connection.end_subscription(self.goodbye, self.flaw);
        }
    }

    fn register(self, state: &mut State, number: usize) -> Option<()> {
        let granted = state.granted;
        let unchecked = self.flaw == Flaw::RegistersUnchecked;
        let connection = state.connections.get_mut(number)?.as_mut()?;
        connection.looked_up = false;
        let kept = self.flaw == Flaw::KeepsAuthorization && connection.authorized;
        if granted || unchecked || kept {
            connection.authorized = true;
            connection.subscription = Some(Subscription {
                flight: Flight::None,
                waiting: false,
            });
            connection.push();
        }
        Some(())
    }
}

fn on_connection(state: &mut State, number: usize, action: Action) -> Option<()> {
    let answered = state.request == Request::Answered;
    let place = state.connections.get_mut(number)?;
    match action {
        Action::Connect(_) => *place = Some(Connection::fresh()),
        Action::LookUp(_) => place.as_mut()?.looked_up = true,
        Action::Close(_) => {
            state.closed |= place.as_ref()?.holds_barrier();
            *place = None;
        }
        Action::Write(_) => {
            let connection = place.as_mut()?;
            if connection.frames.remove(0) == Frame::Notify {
                state.notified = true;
                state.late |= answered;
                if let Some(subscription) = &mut connection.subscription {
                    subscription.flight = Flight::Left;
                }
            }
        }
        Action::Acknowledge(_) => {
            let connection = place.as_mut()?;
            let subscription = connection.subscription.as_mut()?;
            subscription.flight = Flight::None;
            if std::mem::take(&mut subscription.waiting) {
                connection.push();
            }
        }
        _ => return None,
    }
    Some(())
}

fn open(state: &State) -> impl Iterator<Item = (usize, &Connection)> {
    state
        .connections
        .iter()
        .enumerate()
        .filter_map(|(number, connection)| connection.as_ref().map(|connection| (number, connection)))
}

impl Model for Deletion {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            granted: true,
            values: 0,
            request: Request::None,
            connections: vec![None; self.connections],
            notified: false,
            crashed: false,
            closed: false,
            late: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.late {
            return;
        }
        self.work(state, actions);
        if state.values < self.values {
            actions.push(Action::Publish);
        }
        if state.request == Request::None {
            actions.push(Action::Delete);
        }
        actions.push(Action::Crash);
        for (number, connection) in state.connections.iter().enumerate() {
            let Some(connection) = connection else {
                actions.push(Action::Connect(number));
                continue;
            };
            actions.push(Action::Close(number));
            if connection.looked_up {
                actions.push(Action::Register(number));
            } else if connection.subscription.is_none() && self.admits(state, connection) {
                actions.push(Action::LookUp(number));
            }
            if connection
                .subscription
                .as_ref()
                .is_some_and(|subscription| subscription.flight == Flight::Left)
            {
                actions.push(Action::Acknowledge(number));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Publish => {
                next.values = next.values.saturating_add(1);
                next.connections.iter_mut().flatten().for_each(Connection::push);
            }
            Action::Delete => next.request = Request::Accepted,
            Action::Flush => {
                next.granted = false;
                next.request = Request::Flushed;
            }
            Action::End => self.end(&mut next),
            Action::Answer => next.request = Request::Answered,
            Action::Crash => {
                next.connections
                    .iter_mut()
                    .for_each(|connection| *connection = None);
                // Without its 200 the owner asks again; what was answered stays answered.
                if next.request != Request::Answered {
                    next.crashed |= next.request != Request::None;
                    next.request = Request::None;
                }
            }
            Action::Register(number) => self.register(&mut next, number)?,
            Action::Connect(number)
            | Action::LookUp(number)
            | Action::Write(number)
            | Action::Acknowledge(number)
            | Action::Close(number) => on_connection(&mut next, number, action)?,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("after the 200 no NOTIFY leaves", |_, state: &State| !state.late),
            Property::always("a deletion that was answered is on disk", |_, state: &State| {
                state.request != Request::Answered || !state.granted
            }),
            Property::always(
                "a deletion that was asked for can finish",
                |model, state: &State| {
                    let mut work = Vec::new();
                    model.work(state, &mut work);
                    matches!(state.request, Request::None | Request::Answered) || !work.is_empty()
                },
            ),
            Property::sometimes("a NOTIFY leaves before the deletion", |_, state: &State| {
                state.notified && state.request == Request::Answered
            }),
            Property::sometimes(
                "a relay that stopped in between answers the second request",
                |_, state: &State| state.crashed && state.request == Request::Answered,
            ),
            Property::sometimes("a stuck connection is closed", |_, state: &State| {
                state.closed && state.request == Request::Answered
            }),
            Property::sometimes("a value waits when the deletion comes", |_, state: &State| {
                state.request == Request::Accepted
                    && open(state).any(|(_, connection)| {
                        connection
                            .subscription
                            .as_ref()
                            .is_some_and(|subscription| subscription.waiting)
                    })
            }),
        ]
    }
}
