//! Server transactions of requests other than INVITE. RFC 3261 §17.2.2, §17.2.3; RFC 4320;
//! `spec/sip-checklist.md` T3 to T5, T7, T12.
//!
//! A retransmission gets the stored response and is never applied twice. On a stream nothing is
//! retransmitted, so a transaction is forgotten with its response; on datagrams it stays for timer J.
//! One that nobody answers ends after 64 times T1 on both: its client has given up.

use crate::limits::{DATAGRAM_TRANSACTIONS, SERVER_TRANSACTIONS, T1, TRANSACTION_TIMEOUT};
use crate::sip::{Name, Request};
use crate::time::Time;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// What carries the messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// Everything arrives, in order, or the link ends.
    Stream,
    /// Datagrams may be lost, doubled, or late.
    Datagram,
}

/// The name of a transaction, as its server sees it: a hash, so that it has one size.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TransactionKey {
    transaction: [u8; 16],
    request: [u8; 16],
}

impl TransactionKey {
    /// By branch, sent-by and method; for a branch without the cookie by what RFC 2543 compared.
    pub fn of(request: &Request) -> Self {
        let head = request.head();
        let via = request.via();
        let branch = via.and_then(|via| via.branch()).unwrap_or_default();
        let method = head.method_octets();
        let from_tag = request.from().and_then(|from| from.tag()).unwrap_or_default();
        let cseq = request.cseq().to_be_bytes();
        let transaction = if branch
            .get(..7)
            .is_some_and(|cookie| cookie.eq_ignore_ascii_case(b"z9hG4bK"))
        {
            let host = via.map(|via| via.host()).unwrap_or_default().to_ascii_lowercase();
            let port = via.and_then(|via| via.port()).unwrap_or(0).to_be_bytes();
            hash(&[b"3261", branch, &host, &port, method])
        } else {
            let to_tag = request.to().and_then(|to| to.tag()).unwrap_or_default();
            let top = head.items(Name::Via).next().unwrap_or_default();
            hash(&[
                b"2543",
                head.uri_octets(),
                to_tag,
                from_tag,
                request.call_id(),
                &cseq,
                top,
                method,
            ])
        };
        Self {
            transaction,
            request: hash(&[request.call_id(), from_tag, &cseq, method]),
        }
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// What a request is to the transactions that are open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// A new one: serve it, then call [`ServerTransactions::answer`].
    New,
    /// One that is served right now: say nothing.
    Repeated,
    /// One that was answered: send these octets again.
    Answered(Bytes),
    /// The same request by another way, while the first is open: 482.
    Merged,
    /// Too many are open: 503.
    Full,
}

/// The server transactions of one connection, or of one datagram socket.
#[derive(Debug)]
pub struct ServerTransactions {
    link: Link,
    open: BTreeMap<[u8; 16], Open>,
    requests: BTreeSet<[u8; 16]>,
}

#[derive(Debug)]
struct Open {
    request: [u8; 16],
    response: Option<Bytes>,
    ends: Time,
    trying: Option<Time>,
}

impl ServerTransactions {
    /// None yet.
    pub fn new(link: Link) -> Self {
        Self {
            link,
            open: BTreeMap::new(),
            requests: BTreeSet::new(),
        }
    }

    /// Takes a request that arrived at `now`.
    pub fn arrive(&mut self, now: Time, key: TransactionKey) -> Arrival {
        self.expire(now);
        // spec: trans-2
        if let Some(open) = self.open.get(&key.transaction) {
            return open.response.clone().map_or(Arrival::Repeated, Arrival::Answered);
        }
        if self.requests.contains(&key.request) {
            return Arrival::Merged;
        }
        let most = match self.link {
            Link::Stream => SERVER_TRANSACTIONS,
            Link::Datagram => DATAGRAM_TRANSACTIONS,
        };
        if self.open.len() >= most {
            return Arrival::Full;
        }
        // RFC 4320 §4.1: a 100 only where the client's timer E would have reached T2, that is after 3.5 s.
        let trying = (self.link == Link::Datagram).then(|| now + T1 * 7);
        let ends = now + TRANSACTION_TIMEOUT;
        self.open.insert(
            key.transaction,
            Open {
                request: key.request,
                response: None,
                ends,
                trying,
            },
        );
        self.requests.insert(key.request);
        Arrival::New
    }

    /// Takes the final response at `now`. `None` if it's too late to send it: a client has given up after
    /// 64 times T1, and a response then would reach nobody (RFC 4320 §4.2).
    pub fn answer(&mut self, now: Time, key: TransactionKey, response: Bytes) -> Option<Bytes> {
        let open = self.open.get_mut(&key.transaction)?;
        self.requests.remove(&open.request);
        // spec: trans-3
        let in_time = now < open.ends;
        if self.link == Link::Datagram && in_time {
            open.response = Some(response.clone());
            open.trying = None;
            open.ends = now + TRANSACTION_TIMEOUT;
        } else {
            self.open.remove(&key.transaction);
        }
        in_time.then_some(response)
    }

    /// Requests whose client should hear a 100 now; each once, and on datagrams only.
    pub fn take_trying(&mut self, now: Time) -> Vec<TransactionKey> {
        let mut keys = Vec::new();
        for (&transaction, open) in &mut self.open {
            if open.trying.take_if(|at| *at <= now).is_some() {
                keys.push(TransactionKey {
                    transaction,
                    request: open.request,
                });
            }
        }
        keys
    }

    /// Forgets what has ended at `now`.
    pub fn expire(&mut self, now: Time) {
        let requests = &mut self.requests;
        self.open.retain(|_, open| {
            let keep = now < open.ends;
            if !keep && open.response.is_none() {
                requests.remove(&open.request);
            }
            keep
        });
    }

    /// When something happens next.
    pub fn next_wake(&self) -> Option<Time> {
        self.open
            .values()
            .map(|open| open.trying.map_or(open.ends, |at| at.min(open.ends)))
            .min()
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests;
