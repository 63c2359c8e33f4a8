//! From a request to what the mailbox is asked. `spec/sip-checklist.md` G, M, P, E.

use super::door::{self, Errand};
use super::fault::Fault;
use super::proofs::Addressed;
use super::{Class, Desk};
use crate::limits::{FLOW_LIFETIME_MAX_SECS, FLOW_LIFETIME_SECS, KEPT_MAX_SECS, VALUE_LIFETIME_SECS};
use crate::mailbox::{Ask, Binding, NewItem, Place, Publication, Registering, Watching};
use sipher_wire::sip::{CallId, Contacts, Dialog, Method, Name, Request, Tag};
use sipher_wire::{BoxId, GrantOps, Package, Right, Time};
use std::sync::Arc;

impl Desk {
    /// Lets a request through to the mailbox, or says why not.
    pub(super) fn admit(&mut self, now: Time, request: &Request) -> Result<Ask, Fault> {
        if request.method() == Method::Cancel && self.is_serving(request) {
            return Err(Fault::Cancel);
        }
        let domain = Arc::clone(&self.domain);
        let (errand, host) = door::look_at(&domain, request)?;
        let class = class_of(errand);
        // spec: class-2
        if self.class.is_some_and(|other| other != class) {
            return Err(Fault::Forbidden);
        }
        let at = Addressed {
            domain: &domain,
            host,
        };
        let ask = match errand {
            Errand::Register => self.admit_register(now, request, at),
            Errand::Publish(package) => self.admit_publish(now, request, (at, package)),
            Errand::Send => self.admit_send(now, request, at),
            Errand::Append => self.admit_unknown(now, request, (at, Right::Write)),
            Errand::Watch(_) if request.to().is_some_and(|to| to.tag().is_some()) => {
                self.admit_refresh(request)
            }
            Errand::Watch(Package::Cell) => self.admit_watch(now, request, at),
            Errand::Watch(_) => self.admit_unknown(now, request, (at, Right::Read)),
        }?;
        self.class = Some(class);
        Ok(ask)
    }

    fn admit_register(&mut self, now: Time, request: &Request, at: Addressed<'_>) -> Result<Ask, Fault> {
        let id = request
            .to()
            .and_then(|to| to.sip())
            .and_then(|uri| uri.box_id())
            .ok_or(Fault::Forbidden)?;
        let owner = self.proofs.owner(now, request, id, at)?;
        let lifetime_secs = door::lifetime_secs(request);
        let call_id = CallId::parse(request.call_id()).ok_or(Fault::Bad)?;
        let place = Place {
            call_id,
            cseq: request.cseq(),
        };
        let registering = match request.contacts() {
            Contacts::Absent => Registering::Query,
            Contacts::Listed(_) if lifetime_secs > 0 => Registering::Bind(Binding {
                contact: text(request.head().value(Name::Contact)),
                lifetime_secs: lifetime_secs.min(FLOW_LIFETIME_MAX_SECS),
                place,
            }),
            Contacts::All | Contacts::Listed(_) | Contacts::Mixed => Registering::Unbind(place),
        };
        Ok(Ask::Register(owner, registering))
    }

    fn admit_publish(
        &mut self,
        now: Time,
        request: &Request,
        (at, package): (Addressed<'_>, Package),
    ) -> Result<Ask, Fault> {
        let id = door::target(request).ok_or(Fault::Forbidden)?;
        if package == Package::Grants {
            let ops = GrantOps::decode(request.body()).ok_or(Fault::Bad)?;
            return Ok(Ask::Manage(self.proofs.owner(now, request, id, at)?, ops));
        }
        let owner = self.proofs.owner(now, request, id, at)?;
        let publication = Publication {
            if_match: request.etag(Name::SipIfMatch).flatten(),
            lifetime_secs: request.expires_secs().unwrap_or(VALUE_LIFETIME_SECS),
            body: (!request.body().is_empty()).then(|| request.body().clone()),
        };
        Ok(Ask::Publish(owner, publication))
    }

    fn admit_send(&mut self, now: Time, request: &Request, at: Addressed<'_>) -> Result<Ask, Fault> {
        let id = door::target(request).ok_or(Fault::NotFound)?;
        let claim = self.proofs.claim(now, request, (id, Right::Write), at)?;
        let item = NewItem {
            call_id: CallId::parse(request.call_id()).ok_or(Fault::Bad)?,
            lifetime_secs: request.expires_secs().map(|secs| secs.min(KEPT_MAX_SECS)),
            body: request.body().clone(),
        };
        Ok(Ask::Send(id, claim, item))
    }

    fn admit_watch(&mut self, now: Time, request: &Request, at: Addressed<'_>) -> Result<Ask, Fault> {
        // What a dialog needs is checked before anything is begun; the tag doesn't matter yet.
        let probe = Tag::parse(b"x").and_then(|tag| Dialog::of_subscribe(request, tag));
        probe.ok_or(Fault::Bad)?;
        let watching = watching(request);
        if watching.lifetime_secs > 0 && !self.dialogs.has_room() {
            return Err(Fault::Forbidden);
        }
        let id = door::target(request).ok_or(Fault::NotFound)?;
        let claim = self.proofs.claim(now, request, (id, Right::Read), at)?;
        Ok(Ask::Watch(id, claim, watching))
    }

    fn admit_refresh(&mut self, request: &Request) -> Result<Ask, Fault> {
        let watch = self.dialogs.refreshed(request)?;
        Ok(Ask::Rewatch(watch, watching(request)))
    }

    /// Logs: this relay has none, so every one of them is unknown.
    fn admit_unknown(
        &mut self,
        now: Time,
        request: &Request,
        (at, right): (Addressed<'_>, Right),
    ) -> Result<Ask, Fault> {
        let id: BoxId = door::target(request).ok_or(Fault::NotFound)?;
        let claim = self.proofs.claim(now, request, (id, right), at)?;
        Ok(Ask::Unknown(id, claim))
    }

    /// Whether a CANCEL names a request that is served right now.
    fn is_serving(&self, cancel: &Request) -> bool {
        let branch = cancel.via().and_then(|via| via.branch());
        branch.is_some()
            && self
                .serving
                .open
                .values()
                .any(|o| o.request.via().and_then(|via| via.branch()) == branch)
    }
}

fn class_of(errand: Errand) -> Class {
    match errand {
        Errand::Register | Errand::Publish(_) => Class::Own,
        Errand::Send | Errand::Append => Class::Send,
        Errand::Watch(_) => Class::Watch,
    }
}

fn watching(request: &Request) -> Watching {
    Watching {
        lifetime_secs: request
            .expires_secs()
            .unwrap_or(FLOW_LIFETIME_SECS)
            .min(FLOW_LIFETIME_MAX_SECS),
        suppress: request.etag(Name::SuppressIfMatch).flatten(),
    }
}

/// A value as text; a Contact that isn't would have been refused as malformed.
fn text(value: Option<&[u8]>) -> Box<str> {
    value
        .and_then(|value| core::str::from_utf8(value).ok())
        .unwrap_or_default()
        .into()
}
