//! From the mailbox's answer to SIP. `spec/wire.md`, refusals; `spec/sip-checklist.md` T1, G2, G5, P2, E1, E3, E9.

use super::fault::Fault;
use super::outgoing::Sent;
use super::{Desk, Open};
use crate::limits::{FLOW_TIMER_SECS, OVERLOAD_RETRY_SECS, SPENT_RETRY_SECS};
use crate::mailbox::{Answer, News};
use bytes::{Bytes, BytesMut};
use rand_core::CryptoRng;
use sipher_wire::sip::{Contacts, Dialog, Name, NameAddr, Reply, Request, Status};
use sipher_wire::{ETag, Time};

impl Desk {
    /// Answers a request. What must go out with the answer goes out in the same write.
    pub(super) fn give(&mut self, now: Time, open: &Open, answer: Answer, rng: &mut impl CryptoRng) {
        let to = |status| Reply::to(&open.request, status, &open.tag);
        let reply = match answer {
            Answer::Registered(bound) => {
                if bound.is_some() {
                    self.keep_flow(now);
                }
                registered(&open.request, to(Status::OK), bound)
            }
            // spec: msg-1
            Answer::Accepted => to(Status::ACCEPTED),
            Answer::Published { etag, lifetime_secs } => to(Status::OK).expires(lifetime_secs).etag(&etag),
            // RFC 3903 §6 wants both; there is no state that would have to be refreshed.
            Answer::Managed => to(Status::OK).expires(0).etag(&ETag::random(rng)),
            // spec: sub-1
            Answer::Watching {
                watch,
                lifetime_secs,
                news,
            } => {
                let reply = to(Status::OK)
                    .expires(lifetime_secs)
                    .contact(self.outgoing.origin());
                if self.dialogs.get(watch).is_none()
                    && let Some(dialog) = Dialog::of_subscribe(&open.request, open.tag.clone())
                {
                    self.dialogs.add(watch, dialog, open.request.cseq());
                }
                let dialog = self.dialogs.get(watch).cloned();
                return self.give_with(now, open, reply, (dialog, news, Sent::News(watch)), rng);
            }
            Answer::Told { number, news } => {
                let reply = to(Status::OK).expires(0).contact(self.outgoing.origin());
                let dialog = match self.dialogs.refreshed_by(&open.request) {
                    Some(watch) => self.dialogs.remove(watch),
                    None => Dialog::of_subscribe(&open.request, open.tag.clone()),
                };
                return self.give_with(now, open, reply, (dialog, Some((number, news)), Sent::Last), rng);
            }
            Answer::Unchanged { lifetime_secs } => to(Status::NO_NOTIFICATION)
                .expires(lifetime_secs)
                .contact(self.outgoing.origin()),
            // spec: refuse-2
            // spec: grant-2
            Answer::Refused => Fault::NotFound.reply(&open.request, &open.tag, None),
            Answer::Forbidden => Fault::Forbidden.reply(&open.request, &open.tag, None),
            Answer::Stale => to(Status::CONDITIONAL_REQUEST_FAILED),
            Answer::Spent => to(Status::TEMPORARILY_UNAVAILABLE).retry_after(SPENT_RETRY_SECS),
            Answer::NoDialog => Fault::NoDialog.reply(&open.request, &open.tag, None),
            Answer::OutOfOrder => Fault::OutOfOrder.reply(&open.request, &open.tag, None),
            Answer::Overloaded => to(Status::UNAVAILABLE).retry_after(OVERLOAD_RETRY_SECS),
        };
        self.finish(now, open.key, reply.write());
    }

    /// The 200 to a SUBSCRIBE and its NOTIFY in one write.
    fn give_with(
        &mut self,
        now: Time,
        open: &Open,
        reply: Reply,
        (dialog, news, sent): (Option<Dialog>, Option<(u32, News)>, Sent),
        rng: &mut impl CryptoRng,
    ) {
        let Some(reply) = self.serving.transactions.answer(now, open.key, reply.write()) else {
            return;
        };
        let notify = match (dialog, news) {
            (Some(dialog), Some(news)) => match self.outgoing.notify(now, &dialog, news, sent, rng) {
                Some(octets) => octets,
                None => return self.close(),
            },
            _ => Bytes::new(),
        };
        // Two datagrams, but one write of a stream.
        if self.input.link == sipher_wire::flow::Link::Datagram {
            self.steps.push_back(super::Step::Write(reply));
            if !notify.is_empty() {
                self.steps.push_back(super::Step::Write(notify));
            }
            return;
        }
        let mut both = BytesMut::with_capacity(reply.len() + notify.len());
        both.extend_from_slice(&reply);
        both.extend_from_slice(&notify);
        self.steps.push_back(super::Step::Write(both.freeze()));
    }
}

/// 200 to REGISTER: the binding as it was registered, and the flow's timer where a flow was asked for.
fn registered(request: &Request, reply: Reply, bound: Option<(Box<str>, u32)>) -> Reply {
    let Some((contact, secs)) = bound else {
        return reply;
    };
    let Some(contact) = NameAddr::parse(contact.as_bytes()) else {
        return reply;
    };
    let asks = matches!(request.contacts(), Contacts::Listed(_));
    let outbound = request
        .head()
        .items(Name::Supported)
        .any(|tag| tag.eq_ignore_ascii_case(b"outbound"));
    let reply = if asks && outbound {
        reply.flow(FLOW_TIMER_SECS)
    } else {
        reply
    };
    reply.binding(&contact, secs)
}
