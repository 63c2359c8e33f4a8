//! Connections: which are wanted, which are there, and what is asked over them. Spec: `spec/client.md`, connections.
//!
//! A *place* is a relay and a class; there is at most one connection for each. What goes over it is decided
//! elsewhere. Nothing here outlives the process: whatever was in flight is found to be undone and asked again.

mod asked;
mod flow;

pub(crate) use self::asked::{Asked, Context, Prepared, Target};
pub(crate) use self::flow::{Arrived, Drain, Flow, Watching};

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

use sipher_wire::flow::Backoff;
use sipher_wire::{Binding, RelayAddress, RelayId, Time};

use crate::buddy::BuddyId;
use crate::io::{Class, ConnId, Fault, Output, Trouble, TroubleCause};
use crate::step::Step;

/// Names a place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct PlaceKey {
    class: Class,
    host_port: String,
    id: RelayId,
}

impl PlaceKey {
    // spec: class-1
    pub(crate) fn new(relay: &RelayAddress, class: Class) -> Self {
        Self {
            class,
            host_port: relay.host_port(),
            id: relay.id,
        }
    }

    pub(crate) const fn class(&self) -> Class {
        self.class
    }
}

/// What became of a place.
enum State {
    Idle,
    Dialing(ConnId),
    Up(ConnId, Box<Flow>),
    Failed { fault: Fault, again: Option<Time> },
}

struct Place {
    relay: RelayAddress,
    state: State,
    // spec: client-2
    backoff: Backoff,
    /// Attempts left in this run without a wait between them.
    retries: u8,
}

/// All places.
#[derive(Default)]
pub(crate) struct Net {
    places: BTreeMap<PlaceKey, Place>,
    next: u64,
}

impl Net {
    /// Makes sure that a place is known.
    pub(crate) fn want(&mut self, key: &PlaceKey, relay: &RelayAddress) {
        self.places.entry(key.clone()).or_insert_with(|| Place {
            relay: relay.without_token(),
            state: State::Idle,
            backoff: Backoff::default(),
            retries: RETRIES,
        });
    }

    /// Dials if the place is idle, or if it failed and its time has come.
    pub(crate) fn open(&mut self, key: &PlaceKey, step: &mut Step<'_>) {
        let Some(place) = self.places.get_mut(key) else {
            return;
        };
        let is_due = match &place.state {
            State::Idle => true,
            State::Failed { again, .. } => again.is_some_and(|again| again <= step.now),
            State::Dialing(_) | State::Up(..) => false,
        };
        if is_due {
            let conn = ConnId(self.next);
            self.next = self.next.saturating_add(1);
            place.state = State::Dialing(conn);
            step.push(Output::Open {
                conn,
                relay: place.relay.clone(),
                class: key.class,
            });
        }
    }

    /// Somebody waits for a command: what failed is tried at once, whatever is left of its wait.
    pub(crate) fn hurry(&mut self, now: Time) {
        for place in self.places.values_mut() {
            if let State::Failed { again, .. } = &mut place.state {
                *again = Some(now);
            }
        }
    }

    /// A connection is there. `None` if nobody waits for it.
    pub(crate) fn up(&mut self, conn: ConnId, binding: [u8; 32], step: &mut Step<'_>) -> Option<PlaceKey> {
        let key = self.key_of(conn)?;
        let place = self.places.get_mut(&key)?;
        if !matches!(place.state, State::Dialing(_)) {
            return None;
        }
        let flow = Flow::new(Binding::from_octets(binding), step);
        place.state = State::Up(conn, Box::new(flow));
        Some(key)
    }

    /// A connection is gone. `None` if it wasn't there.
    pub(crate) fn down(
        &mut self,
        conn: ConnId,
        fault: Fault,
        stays: bool,
        step: &mut Step<'_>,
    ) -> Option<PlaceKey> {
        let key = self.key_of(conn)?;
        let place = self.places.get_mut(&key)?;
        if let State::Up(_, flow) = &place.state
            && step.now.since(flow.since) >= LIVED
        {
            place.backoff.lived();
        }
        let wait = place.backoff.failed(step.rng_sized());
        // Only a flow that was there is tried again at once, and not for ever: a refused connection is news.
        let was_up = matches!(place.state, State::Up(..));
        let again = match (stays, was_up && place.retries > 0) {
            (true, _) => Some(step.now + wait),
            (false, true) => Some(step.now),
            (false, false) => None,
        };
        place.retries = place.retries.saturating_sub(1);
        place.state = State::Failed { fault, again };
        Some(key)
    }

    /// Ends a connection from our side, for this reason.
    pub(crate) fn abandon(
        &mut self,
        conn: ConnId,
        fault: Fault,
        stays: bool,
        step: &mut Step<'_>,
    ) -> Option<PlaceKey> {
        let key = self.down(conn, fault, stays, step)?;
        step.push(Output::Close { conn });
        Some(key)
    }

    /// Ends what is there of a place because nobody needs it, and forgets what went wrong.
    pub(crate) fn close(&mut self, key: &PlaceKey, step: &mut Step<'_>) {
        if let Some(Place {
            state: State::Dialing(conn) | State::Up(conn, _),
            ..
        }) = self.places.remove(key)
        {
            step.push(Output::Close { conn });
        }
    }

    /// Ends all connections.
    pub(crate) fn close_all(&mut self, step: &mut Step<'_>) {
        let keys: alloc::vec::Vec<_> = self.places.keys().cloned().collect();
        for key in keys {
            self.close(&key, step);
        }
    }

    /// The flow of a connection, and its place.
    pub(crate) fn flow_of(&mut self, conn: ConnId) -> Option<(&PlaceKey, &mut Flow)> {
        self.places
            .iter_mut()
            .find_map(|(key, place)| match &mut place.state {
                State::Up(own, flow) if *own == conn => Some((key, flow.as_mut())),
                _ => None,
            })
    }

    /// Looks at a target no more, wherever it was.
    pub(crate) fn unwatch(&mut self, target: Target) {
        for place in self.places.values_mut() {
            if let State::Up(_, flow) = &mut place.state {
                flow.unwatch(target);
            }
        }
    }

    /// A buddy can be reached again, or elsewhere: what he refused is tried once more.
    pub(crate) fn forgive_items(&mut self, buddy: BuddyId) {
        for place in self.places.values_mut() {
            if let State::Up(_, flow) = &mut place.state {
                flow.forgive_items(buddy);
            }
        }
    }

    /// The flow of a place.
    pub(crate) fn flow(&self, key: &PlaceKey) -> Option<&Flow> {
        match &self.places.get(key)?.state {
            State::Up(_, flow) => Some(flow),
            _ => None,
        }
    }

    /// The flow of a place with its connection, to be changed.
    pub(crate) fn flow_mut(&mut self, key: &PlaceKey) -> Option<(ConnId, &mut Flow)> {
        match &mut self.places.get_mut(key)?.state {
            State::Up(conn, flow) => Some((*conn, flow.as_mut())),
            _ => None,
        }
    }

    /// All flows.
    pub(crate) fn flows(&self) -> impl Iterator<Item = (&PlaceKey, ConnId, &Flow)> {
        self.places.iter().filter_map(|(key, place)| match &place.state {
            State::Up(conn, flow) => Some((key, *conn, flow.as_ref())),
            _ => None,
        })
    }

    /// Why a place can't be used now, and isn't tried again soon. A place that was never wanted hasn't failed.
    pub(crate) fn failure(&self, key: &PlaceKey, now: Time) -> Option<Fault> {
        match self.places.get(key)?.state {
            State::Failed { fault, again } if again.is_none_or(|again| again > now) => Some(fault),
            _ => None,
        }
    }

    /// When failed places are tried again.
    pub(crate) fn retries(&self) -> impl Iterator<Item = Time> {
        self.places.values().filter_map(|place| match place.state {
            State::Failed { again, .. } => again,
            _ => None,
        })
    }

    fn key_of(&self, conn: ConnId) -> Option<PlaceKey> {
        let own = |state: &State| match state {
            State::Dialing(own) | State::Up(own, _) => *own == conn,
            State::Idle | State::Failed { .. } => false,
        };
        self.places
            .iter()
            .find(|(_, place)| own(&place.state))
            .map(|(key, _)| key.clone())
    }
}

/// What went wrong at a place, as it is told.
pub(crate) fn trouble(key: &PlaceKey, cause: impl Into<TroubleCause>) -> Trouble {
    Trouble {
        relay: key.host_port.clone(),
        cause: cause.into(),
    }
}

/// Attempts in one run after a flow was lost.
const RETRIES: u8 = 2;
/// A flow that lasted this long counts as one that lived (RFC 5626 §4.5).
const LIVED: Duration = Duration::from_secs(10);
