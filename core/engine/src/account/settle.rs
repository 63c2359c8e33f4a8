//! Finding what is to be done, after every input. Spec: `spec/client.md`, work.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use sipher_wire::{RelayAddress, Time};

use super::Account;
use crate::io::{Class, Event};
use crate::link::Stage;
use crate::net::{Asked, Drain, PlaceKey};
use crate::step::{Step, Touched};
use crate::store::StoreFault;

impl Account {
    /// Does one thing after the other until nothing is left that can be done now. Each of them brings records or
    /// connections nearer to what they ought to be, so it ends.
    pub(super) fn settle(&mut self, step: &mut Step<'_>) -> Result<(), StoreFault> {
        self.poll_flows(step);
        loop {
            let changed = self.end_rights(step)
                || self.end_invitations(step)
                || self.tend_standing(step)?
                || self.greet(step)
                || self.release_receipts(step)
                || self.fill(step)
                || self.refresh_presence(step)
                || self.seal_presence(step);
            if !changed && !self.ask(step)? && !self.finish_call(step) {
                break;
            }
        }
        self.close_idle(step);
        Ok(())
    }

    /// When something has to be looked at again: the one table of all timers.
    pub(super) fn next_wake(&self, now: Time) -> Option<Time> {
        let mut times: Vec<Time> = Vec::new();
        if self.is_active() {
            times.extend(self.net.flows().flat_map(|(_, _, flow)| flow.wakes()));
            times.extend(self.net.retries());
            let talking = self.peers.values().filter(|peer| peer.talking().is_some());
            times.extend(talking.flat_map(|peer| peer.receipts.values().map(|receipt| receipt.due)));
            let cells = self
                .peers
                .values()
                .filter_map(|peer| peer.given.presence.as_ref());
            times.extend(cells.filter_map(|cell| cell.due));
            times.extend(self.peers.values().filter_map(|peer| peer.filler));
            times.extend(
                self.invitations
                    .values()
                    .filter_map(crate::invite::Invitation::grants_end),
            );
            times.extend(self.standing_due());
            for given in self.peers.values().map(|peer| &peer.given) {
                times.extend(given.message.and_then(|granted| granted.until));
                times.extend(given.receipts.and_then(|granted| granted.until));
                times.extend(given.presence.as_ref().and_then(|cell| cell.right.until));
            }
        }
        if self.stays {
            times.extend(self.heartbeats());
        }
        // What was due and couldn't be done waits for something else to happen.
        times.into_iter().filter(|time| *time > now).min()
    }

    /// The places that anybody needs now.
    pub(super) fn wanted_places(&self) -> BTreeMap<PlaceKey, RelayAddress> {
        if !self.is_active() {
            return BTreeMap::new();
        }
        let mut places = self.send_places();
        if self.has_boxes() {
            places.insert(self.own_place(), self.me.relay.clone());
        }
        places.extend(
            self.watch_targets()
                .map(|(_, relay)| (PlaceKey::new(&relay, Class::Watch), relay)),
        );
        places
    }

    fn is_active(&self) -> bool {
        self.stays || !self.calls.is_empty()
    }

    /// Connects where something is wanted, and asks for the next thing.
    fn ask(&mut self, step: &mut Step<'_>) -> Result<bool, StoreFault> {
        for (key, relay) in self.wanted_places() {
            self.net.want(&key, &relay);
            self.net.open(&key, step);
            let Some(flow) = self.net.flow(&key) else { continue };
            let next = match key.class() {
                Class::Own => self.next_own(flow, step.now),
                Class::Send => self.next_send(&key, flow),
                Class::Watch => self.next_watch(&key, flow),
            };
            if let Some(asked) = next {
                self.ask_for(&key, asked, step)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn ask_for(&mut self, key: &PlaceKey, asked: Asked, step: &mut Step<'_>) -> Result<(), StoreFault> {
        let prepared = match (key.class(), asked) {
            (Class::Own, _) => match self.net.flow(key) {
                Some(flow) => self.prepare_own(asked, flow, step),
                None => None,
            },
            (Class::Send, _) => self.prepare_send(asked, key, step)?,
            (Class::Watch, Asked::Watch(target)) => self.prepare_watch(target, key, step),
            (Class::Watch, _) => None,
        };
        let Some((conn, flow)) = self.net.flow_mut(key) else {
            return Ok(());
        };
        match prepared {
            Some(prepared) => {
                match asked {
                    Asked::Register(_) => flow.drain = Drain::Due,
                    Asked::Barrier(_) => flow.drain = Drain::Asked { disturbed: false },
                    _ => {}
                }
                flow.ask(conn, prepared, step);
            }
            // It can't be asked as it stands; asking again would change nothing.
            None => {
                flow.refuse(asked, crate::io::TroubleCause::Busy, None, step.now);
            }
        }
        Ok(())
    }

    /// Timers of connections.
    fn poll_flows(&mut self, step: &mut Step<'_>) {
        let flows: Vec<_> = self
            .net
            .flows()
            .map(|(key, conn, _)| (key.clone(), conn))
            .collect();
        for (key, conn) in flows {
            let fault = match self.net.flow_mut(&key) {
                Some((_, flow)) => flow.poll(conn, step).err(),
                None => None,
            };
            if let Some(fault) = fault {
                self.net.abandon(conn, fault, self.stays, step);
                continue;
            }
            self.poll_watches(&key, step);
        }
    }

    /// Gives up invitations whose end has come, ours and those that we used.
    fn end_invitations(&mut self, step: &mut Step<'_>) -> bool {
        let ended = self
            .invitations
            .values()
            .find(|invitation| invitation.until <= step.now)
            .map(|own| own.id);
        if let Some(invitation) = ended.and_then(|id| self.invitations.remove(&id)) {
            step.touch(Touched::Invitation(invitation.id));
            for closing in invitation.into_closing() {
                self.close_box(closing, step);
            }
            return true;
        }
        let now = step.now;
        let lost = |stage: &Stage| match stage {
            Stage::Asking(asking) => asking.lost_at() <= now,
            Stage::Answering(_) | Stage::Linked(_) => false,
        };
        let lost = self
            .peers
            .values()
            .find(|peer| lost(&peer.stage))
            .map(|peer| peer.id);
        lost.is_some_and(|buddy| {
            self.forget(buddy, step);
            true
        })
    }

    /// His relay refuses our first flight: the invitation was used by somebody else, or it ended.
    pub(super) fn flight_refused(&mut self, buddy: crate::buddy::BuddyId, step: &mut Step<'_>) {
        self.forget(buddy, step);
    }

    /// Removes a buddy who never became one.
    fn forget(&mut self, buddy: crate::buddy::BuddyId, step: &mut Step<'_>) {
        let Some(peer) = self.peers.remove(&buddy) else {
            return;
        };
        for number in peer.outbox.keys() {
            step.delete(crate::outbox::key_of(buddy, *number));
        }
        if let Some(queue) = peer.queue {
            self.close_box(queue.into_closing(), step);
        }
        step.touch(Touched::Buddy(buddy));
        step.tell(Event::LinkFailed { buddy });
    }

    /// While connected, each document is renewed before it ends.
    fn refresh_presence(&mut self, step: &mut Step<'_>) -> bool {
        if !self.stays {
            return false;
        }
        let now = step.now;
        let old = |cell: &crate::presence::OwnCell| {
            cell.due.is_none() && cell.waiting.is_none() && cell.renew_at() <= now
        };
        let mut cells = self
            .peers
            .values_mut()
            .filter_map(|peer| Some((peer.id, peer.given.presence.as_mut()?)));
        let Some((buddy, cell)) = cells.find(|(_, cell)| old(cell)) else {
            return false;
        };
        cell.due = Some(now);
        step.touch(Touched::Buddy(buddy));
        true
    }

    fn heartbeats(&self) -> impl Iterator<Item = Time> + '_ {
        let cells = self
            .peers
            .values()
            .filter_map(|peer| peer.given.presence.as_ref());
        cells
            .filter(|cell| cell.due.is_none() && cell.waiting.is_none())
            .map(crate::presence::OwnCell::renew_at)
    }

    /// Ends connections that nobody needs: all of them after the last command, and those for sending after a while.
    fn close_idle(&mut self, step: &mut Step<'_>) {
        if !self.is_active() {
            return self.net.close_all(step);
        }
        let wanted = self.wanted_places();
        let idle = |used: Time| step.now.since(used) >= IDLE;
        let unwanted: Vec<PlaceKey> = self
            .net
            .flows()
            .filter(|(key, _, flow)| {
                !wanted.contains_key(key) && flow.open_requests() == 0 && idle(flow.used)
            })
            .map(|(key, _, _)| key.clone())
            .collect();
        for key in unwanted {
            self.net.close(&key, step);
        }
    }
}

/// How long a connection without work is kept while the account stays connected.
const IDLE: core::time::Duration = core::time::Duration::from_mins(1);
