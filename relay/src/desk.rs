//! One connection: SIP octets in, requests to the mailbox; the mailbox's answers in, SIP octets out.
//! Spec: `spec/relay.md`, connections; `spec/sip-checklist.md`; `spec/wire.md`, refusals.
//!
//! It knows no socket and no box. What can be answered without a look at a box is answered here, in the
//! order of `spec/sip-checklist.md` T2 and before any credentials are read.

mod admission;
mod answer;
mod dialogs;
mod door;
mod fault;
mod outgoing;
mod proofs;

use self::dialogs::Dialogs;
use self::fault::Fault;
use self::outgoing::{Outgoing, Sent};
use self::proofs::Proofs;
use crate::domain::Domain;
use crate::limits::{BODY_DEADLINE, FLOW_TIMER_SECS, HEAD_DEADLINE, IDLE, OPEN_REQUESTS};
use crate::mailbox::{Answer, Ask, Delivery, Handover, News, Outcome, RequestId, WatchId};
use bytes::Bytes;
use rand_core::CryptoRng;
use sipher_wire::flow::{Arrival, Link, RelayKeepalive, ServerTransactions, TransactionKey};
use sipher_wire::sip::{
    After, Cut, Cutter, Message, Method, Refusal, Request, Response, Side, Tag, Transport, Verdict, Whole,
    check, check_broken, cut_whole,
};
use sipher_wire::{Binding, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What carries a connection, and what its proofs are bound to.
#[derive(Clone, Copy, Debug)]
pub enum Carrier {
    /// TLS, with its exporter.
    Tls(Binding),
    /// TCP on loopback, where each proof answers a nonce.
    Tcp,
    /// UDP on loopback, one peer, likewise.
    Udp,
}

/// What a desk wants done, in this order.
#[derive(Debug)]
pub enum Step {
    /// Ask the mailbox.
    Ask(RequestId, Ask),
    /// Tell the mailbox what became of an item.
    Delivered(Delivery, Outcome),
    /// Tell the mailbox that a watcher has been told.
    Notified(WatchId),
    /// Tell the mailbox that a watcher is gone.
    Unwatch(WatchId),
    /// Send these octets.
    Write(Bytes),
    /// Close the connection once everything is sent.
    Close,
}

/// One of three classes of connection, which never mix: or a relay could read who knows whom from its
/// connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// Owners of boxes.
    Own,
    /// Senders.
    Send,
    /// Watchers.
    Watch,
}

/// One connection's SIP.
#[derive(Debug)]
pub struct Desk {
    domain: Arc<Domain>,
    input: Input,
    class: Option<Class>,
    proofs: Proofs,
    serving: Serving,
    outgoing: Outgoing,
    dialogs: Dialogs,
    steps: VecDeque<Step>,
}

/// What comes in: the cutting and the clocks that watch over it.
#[derive(Debug)]
struct Input {
    link: Link,
    cutter: Cutter,
    keepalive: RelayKeepalive,
    /// When the message that has begun must be whole.
    whole_by: Option<Time>,
    closing: bool,
}

/// Requests that wait for their answer.
#[derive(Debug)]
struct Serving {
    transactions: ServerTransactions,
    open: BTreeMap<RequestId, Open>,
    next: u64,
}

#[derive(Debug)]
struct Open {
    key: TransactionKey,
    request: Request,
    tag: Tag,
}

impl Desk {
    /// The desk of a connection that began at `now`.
    pub fn new(now: Time, domain: Arc<Domain>, carrier: Carrier) -> Self {
        let (link, transport, binding) = match carrier {
            Carrier::Tls(binding) => (Link::Stream, Transport::Tls, Some(binding)),
            Carrier::Tcp => (Link::Stream, Transport::Tcp, None),
            Carrier::Udp => (Link::Datagram, Transport::Udp, None),
        };
        Self {
            input: Input {
                link,
                cutter: Cutter::new(Side::Relay),
                keepalive: RelayKeepalive::new(now, IDLE),
                whole_by: None,
                closing: false,
            },
            class: None,
            proofs: Proofs::new(binding),
            serving: Serving {
                transactions: ServerTransactions::new(link),
                open: BTreeMap::new(),
                next: 0,
            },
            outgoing: Outgoing::new(link, transport, domain.name()),
            dialogs: Dialogs::default(),
            steps: VecDeque::new(),
            domain,
        }
    }

    /// Takes what was read from a stream.
    pub fn octets(&mut self, now: Time, octets: &[u8], rng: &mut impl CryptoRng) {
        self.input.cutter.push(octets);
        self.advance(now, rng);
    }

    /// Takes one datagram.
    pub fn datagram(&mut self, now: Time, octets: Bytes, rng: &mut impl CryptoRng) {
        if let Some(cut) = cut_whole(Whole::Datagram, octets) {
            self.take(now, cut, rng);
        }
    }

    /// Takes the mailbox's answer to a request.
    // spec: trans-4
    pub fn answer(&mut self, now: Time, request: RequestId, answer: Answer, rng: &mut impl CryptoRng) {
        if let Some(open) = self.serving.open.remove(&request) {
            self.give(now, &open, answer, rng);
        }
        self.advance(now, rng);
    }

    /// Hands an item to the owner at the other end.
    pub fn deliver(&mut self, now: Time, handover: Handover, rng: &mut impl CryptoRng) {
        let delivery = handover.delivery;
        match self.outgoing.deliver(now, &self.domain, handover, rng) {
            Some(octets) => self.steps.push_back(Step::Write(octets)),
            None => self.steps.push_back(Step::Delivered(delivery, Outcome::Failed)),
        }
    }

    /// Tells the watcher at the other end.
    pub fn notify(&mut self, now: Time, watch: WatchId, number: u32, news: News, rng: &mut impl CryptoRng) {
        let last = matches!(news.state, sipher_wire::SubscriptionState::Terminated { .. });
        let Some(dialog) = self.dialogs.get(watch) else {
            return;
        };
        let sent = if last { Sent::Last } else { Sent::News(watch) };
        let octets = self.outgoing.notify(now, dialog, (number, news), sent, rng);
        if last {
            self.dialogs.remove(watch);
        }
        self.write_or_close(octets);
    }

    /// Does what is due at `now`.
    pub fn tick(&mut self, now: Time, rng: &mut impl CryptoRng) {
        while let Some(due) = self.outgoing.poll(now) {
            match due {
                outgoing::Overdue::Again(octets) => self.steps.push_back(Step::Write(octets)),
                outgoing::Overdue::Unanswered(Sent::Item(delivery)) => {
                    self.steps.push_back(Step::Delivered(delivery, Outcome::Failed));
                }
                outgoing::Overdue::Unanswered(Sent::News(watch)) => self.drop_watch(watch),
                outgoing::Overdue::Unanswered(Sent::Last) => {}
            }
        }
        // No request waits the 3.5 s after which a 100 is allowed (RFC 4320 §4.1): none is ever sent.
        drop(self.serving.transactions.take_trying(now));
        self.serving.transactions.expire(now);
        let late = self.input.whole_by.is_some_and(|by| by <= now);
        if late || self.input.keepalive.is_dead(now) {
            self.close();
        }
        self.advance(now, rng);
    }

    /// When [`Desk::tick`] is due.
    pub fn next_wake(&self) -> Time {
        let first = self.input.keepalive.next_wake();
        let others = [
            self.input.whole_by,
            self.serving.transactions.next_wake(),
            self.outgoing.next_wake(),
        ];
        others.into_iter().flatten().fold(first, Time::min)
    }

    /// When [`Desk::tick`] is due for a peer of datagrams, who has no keep-alive; `None` if never.
    pub fn next_datagram_wake(&self) -> Option<Time> {
        [self.serving.transactions.next_wake(), self.outgoing.next_wake()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Whether so many requests wait for their answer that no more octets should be read.
    pub fn is_saturated(&self) -> bool {
        self.serving.open.len() >= OPEN_REQUESTS
    }

    /// Takes what is whole, as long as there is room for its answers.
    fn advance(&mut self, now: Time, rng: &mut impl CryptoRng) {
        while !self.input.closing && !self.is_saturated() {
            let Some(cut) = self.input.cutter.next_cut() else {
                self.watch_the_clock(now);
                return;
            };
            self.input.whole_by = None;
            self.take(now, cut, rng);
        }
        self.input.whole_by = None;
    }

    /// A message that has begun must be whole in time; what is held back by us doesn't count.
    fn watch_the_clock(&mut self, now: Time) {
        let patience: Duration = if self.input.cutter.is_in_body() {
            BODY_DEADLINE
        } else {
            HEAD_DEADLINE
        };
        if self.input.cutter.is_idle() {
            self.input.whole_by = None;
        } else if self.input.whole_by.is_none() || self.input.cutter.is_in_body() {
            let by = now + patience;
            self.input.whole_by = Some(self.input.whole_by.map_or(by, |before| before.max(by)));
        }
    }

    fn take(&mut self, now: Time, cut: Cut, rng: &mut impl CryptoRng) {
        match cut {
            // spec: frame-7
            Cut::Ping => match self.input.keepalive.ping(now) {
                Ok(()) => self.steps.push_back(Step::Write(Bytes::from_static(b"\r\n"))),
                Err(_) => self.close(),
            },
            Cut::Pong => {}
            Cut::Message(message) => self.message(now, message, rng),
            Cut::Broken(broken) => {
                let verdict = check_broken(broken);
                self.judge(now, verdict, rng);
            }
        }
    }

    fn message(&mut self, now: Time, message: Message, rng: &mut impl CryptoRng) {
        self.input.keepalive.message(now);
        let verdict = check(message);
        self.judge(now, verdict, rng);
    }

    fn judge(&mut self, now: Time, verdict: Verdict, rng: &mut impl CryptoRng) {
        match verdict {
            Verdict::Request(request) => self.request(now, request, rng),
            Verdict::Response(response) => self.response(now, &response),
            Verdict::Refuse(refusal) => self.refuse(&refusal, rng),
            Verdict::Drop(after) => self.after(after),
        }
    }

    /// A malformed request is no transaction: each copy of it gets the same kind of answer.
    fn refuse(&mut self, refusal: &Refusal, rng: &mut impl CryptoRng) {
        if let Some(reply) = refusal.reply(&Tag::random(rng)) {
            self.steps.push_back(Step::Write(reply.write()));
        }
        self.after(refusal.after);
    }

    fn request(&mut self, now: Time, request: Request, rng: &mut impl CryptoRng) {
        if request.method() == Method::Ack {
            return;
        }
        let key = TransactionKey::of(&request);
        let fault = match self.serving.transactions.arrive(now, key) {
            Arrival::New => match self.admit(now, &request) {
                Ok(ask) => {
                    self.serving.next += 1;
                    let id = RequestId(self.serving.next);
                    self.serving.open.insert(
                        id,
                        Open {
                            key,
                            request,
                            tag: Tag::random(rng),
                        },
                    );
                    self.steps.push_back(Step::Ask(id, ask));
                    return;
                }
                Err(fault) => fault,
            },
            Arrival::Repeated => return,
            Arrival::Answered(octets) => {
                self.steps.push_back(Step::Write(octets));
                return;
            }
            // These two have no transaction of their own.
            Arrival::Merged => return self.say(&request, Fault::Merged, rng),
            Arrival::Full => return self.say(&request, Fault::Overloaded, rng),
        };
        let reply = fault.reply(
            &request,
            &Tag::random(rng),
            self.proofs.challenge(now, fault, rng),
        );
        self.finish(now, key, reply.write());
    }

    fn response(&mut self, now: Time, response: &Response) {
        match self.outgoing.take(now, response) {
            None | Some(Sent::Last) => {}
            Some(Sent::Item(delivery)) => {
                let kept = response.status() == sipher_wire::sip::Status::OK;
                let outcome = if kept { Outcome::Kept } else { Outcome::Failed };
                self.steps.push_back(Step::Delivered(delivery, outcome));
            }
            Some(Sent::News(watch)) if response.status().is_success() => {
                self.steps.push_back(Step::Notified(watch));
            }
            Some(Sent::News(watch)) => self.drop_watch(watch),
        }
    }

    fn drop_watch(&mut self, watch: WatchId) {
        self.dialogs.remove(watch);
        self.steps.push_back(Step::Unwatch(watch));
    }

    fn say(&mut self, request: &Request, fault: Fault, rng: &mut impl CryptoRng) {
        let reply = fault.reply(request, &Tag::random(rng), None);
        self.steps.push_back(Step::Write(reply.write()));
    }

    /// Sends the final response of a transaction, and keeps it for retransmissions.
    fn finish(&mut self, now: Time, key: TransactionKey, octets: Bytes) {
        if let Some(octets) = self.serving.transactions.answer(now, key, octets) {
            self.steps.push_back(Step::Write(octets));
        }
    }

    fn write_or_close(&mut self, octets: Option<Bytes>) {
        match octets {
            Some(octets) => self.steps.push_back(Step::Write(octets)),
            None => self.close(),
        }
    }

    fn after(&mut self, after: After) {
        if after == After::Close {
            self.close();
        }
    }

    /// Closes a stream. A peer of datagrams has none.
    fn close(&mut self) {
        if self.input.link == Link::Stream && !self.input.closing {
            self.input.closing = true;
            self.steps.push_back(Step::Close);
        }
    }

    /// A flow of an owner is silent for no longer than its Flow-Timer.
    fn keep_flow(&mut self, now: Time) {
        self.input.keepalive = RelayKeepalive::new(now, Duration::from_secs(u64::from(FLOW_TIMER_SECS)));
    }
}
