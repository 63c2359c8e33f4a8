//! Client transactions of requests other than INVITE. RFC 3261 §17.1.2; `spec/sip-checklist.md` T5, T8, T17.
//!
//! On streams nothing is retransmitted and only timer F runs. A timeout is told to the owner of the
//! request and nothing is sent.

use super::server::Link;
use crate::limits::{CLIENT_TRANSACTIONS, T1, T2, TRANSACTION_TIMEOUT};
use crate::sip::{Branch, Method, Response};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use bytes::Bytes;
use core::time::Duration;

/// The client transactions of one connection; `T` is what the asker wants back with the answer.
#[derive(Debug)]
pub struct ClientTransactions<T> {
    link: Link,
    open: BTreeMap<Box<str>, Open<T>>,
}

#[derive(Debug)]
struct Open<T> {
    method: Method,
    context: T,
    ends: Time,
    again: Option<Again>,
}

/// Timer E.
#[derive(Debug)]
struct Again {
    octets: Bytes,
    at: Time,
    interval: Duration,
}

/// What a timer asks for.
#[derive(Debug, Eq, PartialEq)]
pub enum Due<T> {
    /// Send these octets once more.
    Retransmit(Bytes),
    /// Nobody answered: as if a 408 had come.
    TimedOut(T),
}

impl<T> ClientTransactions<T> {
    /// None yet.
    pub fn new(link: Link) -> Self {
        Self {
            link,
            open: BTreeMap::new(),
        }
    }

    /// Takes a request that is sent at `now`. Gives the context back if too many are open.
    ///
    /// # Errors
    /// The context, and then the request must not be sent.
    pub fn start(
        &mut self,
        now: Time,
        branch: &Branch,
        method: Method,
        octets: &Bytes,
        context: T,
    ) -> Result<(), T> {
        if self.open.len() >= CLIENT_TRANSACTIONS {
            return Err(context);
        }
        let again = match self.link {
            Link::Stream => None,
            Link::Datagram => Some(Again {
                octets: octets.clone(),
                at: now + T1,
                interval: T1,
            }),
        };
        let open = Open {
            method,
            context,
            ends: now + TRANSACTION_TIMEOUT,
            again,
        };
        self.open.insert(branch.as_str().into(), open);
        Ok(())
    }

    /// Takes a response. The context comes with the final one that belongs to an open request; a
    /// provisional one slows retransmission down; all others are dropped.
    pub fn take(&mut self, now: Time, response: &Response) -> Option<T> {
        let branch = core::str::from_utf8(response.branch()?).ok()?;
        let open = self.open.get_mut(branch)?;
        if Some(open.method) != response.method() {
            return None;
        }
        if response.status().is_provisional() {
            if let Some(again) = &mut open.again {
                again.interval = T2;
                again.at = now + T2;
            }
            return None;
        }
        self.open.remove(branch).map(|open| open.context)
    }

    /// The next thing that a timer asks for at `now`.
    pub fn poll(&mut self, now: Time) -> Option<Due<T>> {
        let ended = self
            .open
            .iter()
            .find(|(_, open)| open.ends <= now)
            .map(|(branch, _)| branch.clone());
        if let Some(open) = ended.and_then(|branch| self.open.remove(&branch)) {
            return Some(Due::TimedOut(open.context));
        }
        let again = self
            .open
            .values_mut()
            .filter_map(|open| open.again.as_mut())
            .find(|again| again.at <= now)?;
        again.interval = (again.interval * 2).min(T2);
        again.at = now + again.interval;
        Some(Due::Retransmit(again.octets.clone()))
    }

    /// When something happens next.
    pub fn next_wake(&self) -> Option<Time> {
        self.open
            .values()
            .map(|open| {
                open.again
                    .as_ref()
                    .map_or(open.ends, |again| again.at.min(open.ends))
            })
            .min()
    }

    /// Ends all of them, as when the connection is lost: each context in no order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        core::mem::take(&mut self.open)
            .into_values()
            .map(|open| open.context)
    }

    /// The contexts of the open requests.
    pub fn contexts(&self) -> impl Iterator<Item = &T> {
        self.open.values().map(|open| &open.context)
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
