//! SUBSCRIBE and NOTIFY of cells. Spec: `spec/relay.md`, cells; `spec/sip-checklist.md` E1 to E9; RFC 6665, 5839.

use super::io::{Answer, Claim, ConnId, News, Output, WatchId, Watching, secs_until};
use super::record::CellRecord;
use super::timers::Timer;
use super::{Asker, Mailbox};
use crate::store::{Key, Store, StoreFault};
use sipher_wire::flow::NotifierGate;
use sipher_wire::{BoxId, EndReason, Grant, GrantKey, Right, SubscriptionState, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All subscriptions, and which cells each connection read.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    next: u64,
    all: BTreeMap<WatchId, WatchState>,
    read_by: BTreeMap<ConnId, BTreeSet<BoxId>>,
}

#[derive(Debug)]
struct WatchState {
    conn: ConnId,
    cell: BoxId,
    grant: GrantKey,
    grant_ends: Time,
    gate: NotifierGate,
}

impl Watches {
    /// The grant of a subscription.
    pub(crate) fn grant_of(&self, watch: WatchId) -> Option<&GrantKey> {
        self.all.get(&watch).map(|state| &state.grant)
    }

    fn add(&mut self, state: WatchState) -> WatchId {
        self.next += 1;
        let id = WatchId(self.next);
        self.all.insert(id, state);
        id
    }
}

impl<S: Store> Mailbox<S> {
    /// A first SUBSCRIBE, or a fetch.
    pub(crate) fn watch(
        &mut self,
        now: Time,
        asker: Asker,
        (id, claim): (BoxId, Claim),
        watching: &Watching,
    ) -> Result<(), StoreFault> {
        let permitted = self.permit(now, &id, &claim, Right::Read)?;
        let grant = match permitted {
            Some(grant) if self.boxes.find(&self.store, &self.pending, &id)?.is_some() => grant,
            _ => {
                self.reply(asker, Answer::Refused);
                return Ok(());
            }
        };
        let Some(cell) = self.boxes.cell_mut(&id) else {
            self.reply(asker, Answer::Refused);
            return Ok(());
        };
        let known = watching.suppress.is_some()
            && cell.current(now).map(|value| &value.etag) == watching.suppress.as_ref();
        // spec: sub-5
        if watching.lifetime_secs == 0 && known {
            self.reply(asker, Answer::Unchanged { lifetime_secs: 0 });
            return Ok(());
        }
        cell.readers.insert(asker.conn);
        self.watches.read_by.entry(asker.conn).or_default().insert(id);
        let mut news = self.news(now, &id)?;
        if watching.lifetime_secs == 0 {
            // spec: sub-2
            news.state = SubscriptionState::ended(EndReason::Timeout);
            self.reply(asker, Answer::Told { number: 1, news });
            return Ok(());
        }
        if known {
            news.body = None;
        }
        self.begin_watch(now, asker, (id, &grant, watching.lifetime_secs), news);
        Ok(())
    }

    /// Begins a subscription, whose watcher is told at once.
    fn begin_watch(&mut self, now: Time, asker: Asker, (id, grant, asked): (BoxId, &Grant, u32), news: News) {
        let grant_ends = Time::from_secs(grant.not_after_secs.saturating_add(1));
        let lifetime_secs = asked.min(secs_until(now, grant_ends));
        let mut gate = NotifierGate::new(now, lifetime_secs);
        gate.changed();
        let number = gate.take(now).unwrap_or(1);
        let news = News {
            state: SubscriptionState::Active {
                expires_secs: lifetime_secs,
            },
            ..news
        };
        let state = WatchState {
            conn: asker.conn,
            cell: id,
            grant: grant.key,
            grant_ends,
            gate,
        };
        let watch = self.watches.add(state);
        if let Some(cell) = self.boxes.cell_mut(&id) {
            cell.watchers.insert(watch);
            if let Some(value) = cell.current(now) {
                self.timers.set(Timer::Value(id), value.expires);
            }
        }
        self.set_watch_timer(watch);
        self.reply(
            asker,
            Answer::Watching {
                watch,
                lifetime_secs,
                news: Some((number, news)),
            },
        );
    }

    /// A SUBSCRIBE in a dialog.
    pub(crate) fn rewatch(
        &mut self,
        now: Time,
        asker: Asker,
        watch: WatchId,
        watching: &Watching,
    ) -> Result<(), StoreFault> {
        let Some(state) = self
            .watches
            .all
            .get_mut(&watch)
            .filter(|state| state.conn == asker.conn)
        else {
            self.reply(asker, Answer::NoDialog);
            return Ok(());
        };
        let cell = state.cell;
        if watching.lifetime_secs == 0 {
            let number = state.gate.take_last(now);
            let state = SubscriptionState::ended(EndReason::Timeout);
            let news = News {
                state,
                ..self.news(now, &cell)?
            };
            self.forget_watch(watch);
            self.reply(asker, Answer::Told { number, news });
            return Ok(());
        }
        let lifetime_secs = watching.lifetime_secs.min(secs_until(now, state.grant_ends));
        state.gate.refresh(now, lifetime_secs);
        let version = self
            .boxes
            .cell_mut(&cell)
            .and_then(|cell| cell.current(now))
            .map(|value| &value.etag);
        if watching.suppress.is_some() && version == watching.suppress.as_ref() {
            self.set_watch_timer(watch);
            self.reply(asker, Answer::Unchanged { lifetime_secs });
            return Ok(());
        }
        state.gate.changed();
        let news = match state.gate.take(now) {
            Some(number) => {
                let state = SubscriptionState::Active {
                    expires_secs: lifetime_secs,
                };
                Some((
                    number,
                    News {
                        state,
                        ..self.news(now, &cell)?
                    },
                ))
            }
            None => None,
        };
        self.set_watch_timer(watch);
        self.reply(
            asker,
            Answer::Watching {
                watch,
                lifetime_secs,
                news,
            },
        );
        Ok(())
    }

    /// A watcher answered a NOTIFY with a 2xx.
    ///
    /// # Errors
    /// As [`Mailbox::handle`].
    pub fn notified(&mut self, now: Time, watch: WatchId) -> Result<(), StoreFault> {
        if let Some(state) = self.watches.all.get_mut(&watch) {
            state.gate.answered();
        }
        self.tell(now, watch)
    }

    /// A watcher refused a NOTIFY or didn't answer it: the subscription is gone, silently (`spec/sip-checklist.md` E5).
    // spec: sub-7
    pub fn forget_watch(&mut self, watch: WatchId) {
        let Some(state) = self.watches.all.remove(&watch) else {
            return;
        };
        self.timers.cancel(Timer::Watch(watch));
        if let Some(cell) = self.boxes.cell_mut(&state.cell) {
            cell.watchers.remove(&watch);
            if cell.watchers.is_empty() {
                self.timers.cancel(Timer::Value(state.cell));
            }
        }
    }

    /// A cell has another value, or none: its watchers hear of it.
    pub(crate) fn announce(&mut self, now: Time, id: &BoxId) -> Result<(), StoreFault> {
        let watches = self.watches_of(id);
        if watches.is_empty() {
            return Ok(());
        }
        let news = self.news(now, id)?;
        for watch in watches {
            // spec: sub-6
            // What is empty looks like what was taken away.
            if news.etag.is_none() {
                self.end_watch(now, watch, EndReason::NoResource);
                continue;
            }
            let Some(state) = self.watches.all.get_mut(&watch) else {
                continue;
            };
            state.gate.changed();
            if let Some(number) = state.gate.take(now) {
                let news = News {
                    state: active(&state.gate, now),
                    ..news.clone()
                };
                self.out
                    .push_back(Output::Notify(state.conn, watch, number, news));
            }
            self.set_watch_timer(watch);
        }
        Ok(())
    }

    /// A subscription ends, or may be told what it waited for.
    pub(crate) fn wake_watch(&mut self, now: Time, watch: WatchId) -> Result<(), StoreFault> {
        let Some(state) = self.watches.all.get(&watch) else {
            return Ok(());
        };
        if state.gate.has_ended(now) {
            // A subscription counts whole seconds, so it may end up to one before its grant.
            let ended = state.grant_ends <= now + Duration::from_secs(1);
            let reason = if ended {
                EndReason::NoResource
            } else {
                EndReason::Timeout
            };
            self.end_watch(now, watch, reason);
            return Ok(());
        }
        self.tell(now, watch)
    }

    /// The value of a cell that is watched has expired.
    pub(crate) fn expire_value(&mut self, now: Time, id: &BoxId) {
        let Some(cell) = self.boxes.cell_mut(id) else {
            return;
        };
        if cell.current(now).is_none() {
            for watch in self.watches_of(id) {
                self.end_watch(now, watch, EndReason::NoResource);
            }
        }
    }

    /// Ends a subscription with a last NOTIFY.
    pub(crate) fn end_watch(&mut self, now: Time, watch: WatchId, reason: EndReason) {
        if let Some(state) = self.watches.all.get_mut(&watch) {
            let number = state.gate.take_last(now);
            let news = News {
                state: SubscriptionState::ended(reason),
                etag: None,
                body: None,
            };
            self.out
                .push_back(Output::Notify(state.conn, watch, number, news));
        }
        self.forget_watch(watch);
    }

    /// Ends all subscriptions because the relay goes down.
    pub(crate) fn end_all_watches(&mut self, now: Time) {
        let all: Vec<_> = self.watches.all.keys().copied().collect();
        for watch in all {
            self.end_watch(now, watch, EndReason::Deactivated);
        }
    }

    /// Forgets what a connection watched and read.
    pub(crate) fn unwatch_all(&mut self, conn: ConnId) {
        for id in self.watches.read_by.remove(&conn).unwrap_or_default() {
            let Some(cell) = self.boxes.cell_mut(&id) else {
                continue;
            };
            cell.readers.remove(&conn);
            let watches: Vec<_> = cell.watchers.iter().copied().collect();
            for watch in watches {
                if self
                    .watches
                    .all
                    .get(&watch)
                    .is_some_and(|state| state.conn == conn)
                {
                    self.forget_watch(watch);
                }
            }
        }
    }

    /// The subscriptions of a cell.
    pub(crate) fn watches_of(&self, id: &BoxId) -> Vec<WatchId> {
        match self.boxes.get(id).map(|state| &state.content) {
            Some(super::boxes::Content::Cell(cell)) => cell.watchers.iter().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Tells a watcher what he waits for, if he may be told now.
    fn tell(&mut self, now: Time, watch: WatchId) -> Result<(), StoreFault> {
        let Some(state) = self.watches.all.get_mut(&watch) else {
            return Ok(());
        };
        let (conn, cell) = (state.conn, state.cell);
        if let Some(number) = state.gate.take(now) {
            let active = active(&state.gate, now);
            let news = News {
                state: active,
                ..self.news(now, &cell)?
            };
            self.out.push_back(Output::Notify(conn, watch, number, news));
        }
        self.set_watch_timer(watch);
        Ok(())
    }

    /// What there is to say of a cell; the state is the caller's to set.
    fn news(&self, now: Time, id: &BoxId) -> Result<News, StoreFault> {
        let row = self.pending.get(&self.store, &Key::of_cell(id))?;
        let value = row
            .map(CellRecord::decode)
            .transpose()?
            // spec: cell-4
            .filter(|value| now < value.expires);
        let (etag, body) = value.map(|value| (value.etag, value.body)).unzip();
        Ok(News {
            state: SubscriptionState::Pending,
            etag,
            body,
        })
    }

    fn set_watch_timer(&mut self, watch: WatchId) {
        if let Some(state) = self.watches.all.get(&watch) {
            self.timers.set(Timer::Watch(watch), state.gate.next_wake());
        }
    }
}

fn active(gate: &NotifierGate, now: Time) -> SubscriptionState {
    SubscriptionState::Active {
        expires_secs: gate.left_secs(now),
    }
}
