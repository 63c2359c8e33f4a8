//! Looking at cells of others: invitations' bundles and buddies' presence. Spec: `spec/client.md`, watching;
//! RFC 6665.

use alloc::boxed::Box;

use sipher_wire::flow::{Next, Watch, WatchEnd};
use sipher_wire::sip::{
    BoxAt, Draft, Exchange, Name as Header, Reply, Request, Response, Status, Subscription,
};
use sipher_wire::{Package, RelayAddress, Right};

use super::Account;
use super::calls::Call;
use super::own::OPEN_REQUESTS;
use super::send::use_credentials;
use crate::buddy::BuddyId;
use crate::io::{Class, ConnId, Event, Output, TroubleCause};
use crate::net::{Asked, Flow, PlaceKey, Prepared, Target, Watching};
use crate::place::{self, Access};
use crate::presence::News;
use crate::step::{Step, Touched};

impl Account {
    /// Where a target is, if it's still wanted.
    pub(super) fn watch_access(&self, target: Target) -> Option<Access> {
        match target {
            Target::Bundle(command) => match self.calls.get(&command)? {
                Call::Fetching(fetching) => Some(fetching.access()),
                _ => None,
            },
            Target::Presence(buddy) => Some(self.peers.get(&buddy)?.watched.as_ref()?.cell.duplicate()),
        }
    }

    /// Every target that is wanted now, with its relay.
    pub(super) fn watch_targets(&self) -> impl Iterator<Item = (Target, RelayAddress)> + '_ {
        let bundles = self.calls.iter().filter_map(|(id, call)| match call {
            Call::Fetching(_) => Some(Target::Bundle(*id)),
            _ => None,
        });
        let buddies = self
            .peers
            .values()
            .filter(|peer| peer.watched.is_some() && self.wants_presence(peer.id));
        let targets = bundles.chain(buddies.map(|peer| Target::Presence(peer.id)));
        targets.filter_map(|target| Some((target, self.watch_access(target)?.at.relay)))
    }

    /// What to look at next over this place.
    pub(super) fn next_watch(&self, key: &PlaceKey, flow: &Flow) -> Option<Asked> {
        if flow.open_requests() >= OPEN_REQUESTS {
            return None;
        }
        let here = |relay: &RelayAddress| PlaceKey::new(relay, Class::Watch) == *key;
        let watched = |target| flow.watching.values().any(|watching| watching.target == target);
        self.watch_targets()
            .filter(|(target, relay)| here(relay) && !watched(*target))
            .map(|(target, _)| target)
            .find_map(|target| {
                let asked = Asked::Watch(target);
                (!flow.is_asking(asked) && !flow.is_refused(asked)).then_some(asked)
            })
    }

    /// The request, and what is remembered until its NOTIFY.
    pub(super) fn prepare_watch(
        &mut self,
        target: Target,
        key: &PlaceKey,
        step: &mut Step<'_>,
    ) -> Option<Prepared> {
        let access = self.watch_access(target)?;
        let stays = self.stays && matches!(target, Target::Presence(_));
        let suppress = match target {
            Target::Presence(buddy) => self.peers.get(&buddy)?.watched.as_ref()?.version.clone(),
            Target::Bundle(_) => None,
        };
        let (_, flow) = self.net.flow_mut(key)?;
        let exchange = Exchange::random(step.rng_sized());
        let wanted = Subscription {
            package: Package::Cell,
            since: None,
            expires_secs: if stays { WATCH_SECS } else { 0 },
            suppress: suppress.as_ref(),
        };
        let at = BoxAt {
            id: &access.at.id,
            host: &access.at.relay.host,
        };
        let draft = Draft::subscribe(&flow.origin, at, &exchange, wanted);
        let credentials = use_credentials(&access, Right::Read, flow)?;
        let watching = Watching {
            target,
            watch: Watch::begun(step.now),
            stays,
        };
        flow.watching.insert(exchange.call_id.as_str().into(), watching);
        let key = *place::grant_key(&access.grant).as_octets();
        Some(Prepared {
            asked: Asked::Watch(target),
            draft,
            exchange,
            key,
            credentials,
        })
    }

    /// The answer to a SUBSCRIBE. What it's about comes by NOTIFY.
    pub(super) fn watch_answered(
        &mut self,
        key: &PlaceKey,
        target: Target,
        response: &Response,
        step: &mut Step<'_>,
    ) {
        let status = response.status();
        let Some((_, flow)) = self.net.flow_mut(key) else {
            return;
        };
        let call: Box<str> = core::str::from_utf8(response.call_id())
            .unwrap_or_default()
            .into();
        if status.is_success() {
            let Some(watching) = flow.watching.get_mut(&call) else {
                return;
            };
            let secs = response.expires_secs().unwrap_or(0);
            if status != Status::NO_NOTIFICATION {
                // One look has nothing to renew.
                if watching.stays {
                    watching.watch.accepted(step.now, secs);
                }
                return;
            }
            watching.watch.unchanged(step.now, secs);
            if !watching.stays {
                flow.watching.remove(&call);
            }
            return self.looked(target, Look::Unchanged, step);
        }
        flow.watching.remove(&call);
        // One refusal for every reason: no such cell, no such grant, or no more.
        if status == Status::NOT_FOUND {
            flow.refuse(Asked::Watch(target), TroubleCause::NotAccepted, None, step.now);
            return self.looked(target, Look::Missing, step);
        }
        flow.refuse(Asked::Watch(target), TroubleCause::Busy, None, step.now);
    }

    /// A NOTIFY came.
    pub(super) fn notified(&mut self, conn: ConnId, request: &Request, step: &mut Step<'_>) {
        let tag = sipher_wire::sip::Tag::random(step.rng_sized());
        let answer = |status| Output::Transmit {
            conn,
            octets: Reply::to(request, status, &tag).write(),
        };
        let Some((_, flow)) = self.net.flow_of(conn) else {
            return;
        };
        let call: Box<str> = core::str::from_utf8(request.call_id()).unwrap_or_default().into();
        let (Some(watching), Some(state)) = (flow.watching.get_mut(&call), request.subscription_state())
        else {
            return step.push(answer(Status::NO_DIALOG));
        };
        let Ok(end) = watching.watch.notified(step.now, request.cseq(), state) else {
            return step.push(answer(Status::SERVER_ERROR));
        };
        let (target, stays) = (watching.target, watching.stays);
        let look = match (request.body().is_empty(), request.etag(Header::SipEtag).flatten()) {
            (false, version) => Look::Value {
                octets: request.body().clone(),
                version,
            },
            (true, Some(_)) => Look::Unchanged,
            (true, None) => Look::Missing,
        };
        if end.is_some() || !stays {
            flow.watching.remove(&call);
        }
        // What ended for good isn't looked at again soon; the rest is, if it's still wanted.
        if matches!(end, Some(WatchEnd::Told(Next::Never | Next::After(_)))) {
            flow.refuse(Asked::Watch(target), TroubleCause::NotAccepted, None, step.now);
        }
        step.push(answer(Status::OK));
        self.looked(target, look, step);
    }

    /// What a look at a cell brought.
    fn looked(&mut self, target: Target, look: Look, step: &mut Step<'_>) {
        match target {
            Target::Bundle(command) => self.bundle_came(command, look.into_value(), step),
            Target::Presence(buddy) => self.presence_came(buddy, look, step),
        }
    }

    fn presence_came(&mut self, buddy: BuddyId, look: Look, step: &mut Step<'_>) {
        self.presence_is_fresh(buddy);
        let Some(watched) = self.peers.get_mut(&buddy).and_then(|peer| peer.watched.as_mut()) else {
            return;
        };
        let news = match look {
            Look::Value { octets, version } => {
                let news = watched.take(&octets, step.now);
                watched.version = version;
                news
            }
            Look::Unchanged => News::Nothing,
            Look::Missing => watched.missing(),
        };
        step.touch(Touched::Buddy(buddy));
        match news {
            News::New => step.tell(Event::Presence { buddy }),
            News::Contradiction => step.tell(Event::RolledBack { buddy }),
            News::Nothing => {}
        }
    }

    /// Drops looks that got no NOTIFY in time, and those that have to be renewed.
    pub(super) fn poll_watches(&mut self, key: &PlaceKey, step: &Step<'_>) -> bool {
        let Some((_, flow)) = self.net.flow_mut(key) else {
            return false;
        };
        let now = step.now;
        let over = |watching: &Watching| {
            watching.watch.poll(now).is_some()
                || watching
                    .watch
                    .refresh_at()
                    .is_some_and(|at| watching.stays && at <= now)
        };
        let before = flow.watching.len();
        let failed: alloc::vec::Vec<Target> = flow
            .watching
            .values()
            .filter(|watching| watching.watch.poll(now).is_some())
            .map(|watching| watching.target)
            .collect();
        for target in failed {
            flow.refuse(Asked::Watch(target), TroubleCause::Busy, None, step.now);
        }
        flow.watching.retain(|_, watching| !over(watching));
        flow.watching.len() != before
    }
}

/// What a look at a cell brought.
pub(super) enum Look {
    /// Its value.
    Value {
        octets: bytes::Bytes,
        version: Option<sipher_wire::ETag>,
    },
    /// What was seen before.
    Unchanged,
    /// Nothing, or no right to see it.
    Missing,
}

impl Look {
    fn into_value(self) -> Option<bytes::Bytes> {
        match self {
            Self::Value { octets, .. } => Some(octets),
            Self::Unchanged | Self::Missing => None,
        }
    }
}

/// How long a subscription lasts; it is renewed before that.
const WATCH_SECS: u32 = 3600;
