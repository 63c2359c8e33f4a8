//! What the relay itself asks of its peers: to keep an item, to hear of a value.
//! `spec/sip-checklist.md` M6, E2, E5; RFC 5626.

use crate::domain::Domain;
use crate::mailbox::{Delivery, Handover, News, WatchId};
use bytes::Bytes;
use rand_core::CryptoRng;
use sipher_wire::flow::{ClientTransactions, Due, Link};
use sipher_wire::sip::{
    BoxAt, Branch, Dialog, Draft, Exchange, Method, NameAddr, Notice, Origin, Response, Tag, Transport,
};
use sipher_wire::{Host, Time};

/// The requests that wait for the peer's answer.
#[derive(Debug)]
pub(super) struct Outgoing {
    transactions: ClientTransactions<Sent>,
    origin: Origin,
}

/// What was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    /// To keep an item.
    Item(Delivery),
    /// To hear of a value.
    News(WatchId),
    /// To hear for the last time; the answer changes nothing.
    Last,
}

/// What the time asks for.
#[derive(Debug)]
pub(super) enum Overdue {
    /// Send these octets again.
    Again(Bytes),
    /// Nobody answered.
    Unanswered(Sent),
}

impl Outgoing {
    /// None yet, for a relay of this name.
    pub(super) fn new(link: Link, transport: Transport, name: &Host) -> Self {
        Self {
            transactions: ClientTransactions::new(link),
            origin: Origin::of_host(transport, name),
        }
    }

    /// How the relay calls itself here.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A MESSAGE with an item: a new branch and From tag a try, the same Call-ID, CSeq the number of the try.
    pub(super) fn deliver(
        &mut self,
        now: Time,
        domain: &Domain,
        handover: Handover,
        rng: &mut impl CryptoRng,
    ) -> Option<Bytes> {
        let exchange = Exchange {
            call_id: handover.call_id,
            from_tag: Tag::random(rng),
            to_tag: None,
            branch: Branch::random(rng),
            cseq: handover.attempt.min(sipher_wire::limits::CSEQ_MAX),
        };
        let contact = NameAddr::parse(handover.contact.as_bytes())?;
        let at = BoxAt {
            id: handover.delivery.id(),
            host: domain.name(),
        };
        let draft = Draft::deliver(&self.origin, contact.uri(), at, &exchange, handover.body)?;
        self.send(now, &draft, &exchange.branch, Sent::Item(handover.delivery))
    }

    /// A NOTIFY in a dialog. `None` if the peer left too many unanswered.
    pub(super) fn notify(
        &mut self,
        now: Time,
        dialog: &Dialog,
        (number, news): (u32, News),
        sent: Sent,
        rng: &mut impl CryptoRng,
    ) -> Option<Bytes> {
        let branch = Branch::random(rng);
        let notice = Notice {
            state: news.state,
            etag: news.etag.as_ref(),
            body: news.body,
        };
        let draft = dialog.notify(&self.origin, branch.clone(), number, notice);
        self.send(now, &draft, &branch, sent)
    }

    /// Takes a response; what it answers, if it is the final one of an open request.
    pub(super) fn take(&mut self, now: Time, response: &Response) -> Option<Sent> {
        self.transactions.take(now, response)
    }

    /// The next thing that is due.
    pub(super) fn poll(&mut self, now: Time) -> Option<Overdue> {
        Some(match self.transactions.poll(now)? {
            Due::Retransmit(octets) => Overdue::Again(octets),
            Due::TimedOut(sent) => Overdue::Unanswered(sent),
        })
    }

    /// When something is due.
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.transactions.next_wake()
    }

    fn send(&mut self, now: Time, draft: &Draft, branch: &Branch, sent: Sent) -> Option<Bytes> {
        let method: Method = draft.method();
        let octets = draft.write();
        self.transactions.start(now, branch, method, &octets, sent).ok()?;
        Some(octets)
    }
}
