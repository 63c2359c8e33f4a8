//! Replies that wait: for the disk, and for what must leave the relay before them. Spec: `spec/relay.md`,
//! durability, grants.

use super::Asker;
use super::io::{Answer, BarrierId, ConnId, Output, Ticket};
use crate::limits::BARRIER_PATIENCE;
use sipher_wire::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The replies that wait.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    next_hold: u64,
    next_barrier: u64,
    held: BTreeMap<u64, Held>,
    by_ticket: BTreeMap<Ticket, Vec<u64>>,
    barriers: BTreeMap<BarrierId, Barrier>,
}

#[derive(Debug)]
struct Held {
    asker: Asker,
    answer: Answer,
    waits_for: usize,
}

#[derive(Debug)]
struct Barrier {
    conn: ConnId,
    hold: u64,
    until: Time,
}

impl Holds {
    /// Gives this answer once the batch is durable.
    // spec: relay-1
    pub(crate) fn until_durable(&mut self, ticket: Ticket, asker: Asker, answer: Answer) {
        let hold = self.hold(asker, answer, 1);
        self.by_ticket.entry(ticket).or_default().push(hold);
    }

    /// Gives this answer once the batch is durable and all that went to these connections has left.
    pub(crate) fn until_settled(
        &mut self,
        now: Time,
        ticket: Ticket,
        held: (Asker, Answer),
        conns: &BTreeSet<ConnId>,
        out: &mut VecDeque<Output>,
    ) {
        let (asker, answer) = held;
        let hold = self.hold(asker, answer, 1 + conns.len());
        self.by_ticket.entry(ticket).or_default().push(hold);
        for &conn in conns {
            self.next_barrier += 1;
            let id = BarrierId(self.next_barrier);
            self.barriers.insert(
                id,
                Barrier {
                    conn,
                    hold,
                    until: now + BARRIER_PATIENCE,
                },
            );
            out.push_back(Output::Barrier(conn, id));
        }
    }

    /// All batches up to this one are durable.
    pub(crate) fn committed(&mut self, up_to: Ticket, out: &mut VecDeque<Output>) {
        while let Some(entry) = self.by_ticket.first_entry()
            && *entry.key() <= up_to
        {
            for hold in entry.remove() {
                self.arrived(hold, out);
            }
        }
    }

    /// A connection's writer has passed a barrier.
    pub(crate) fn passed(&mut self, barrier: BarrierId, out: &mut VecDeque<Output>) {
        if let Some(passed) = self.barriers.remove(&barrier) {
            self.arrived(passed.hold, out);
        }
    }

    /// A connection is gone, so nothing leaves to it any more.
    pub(crate) fn closed(&mut self, conn: ConnId, out: &mut VecDeque<Output>) {
        let gone: Vec<_> = self
            .barriers
            .iter()
            .filter(|(_, b)| b.conn == conn)
            .map(|(id, _)| *id)
            .collect();
        for barrier in gone {
            self.passed(barrier, out);
        }
    }

    /// Closes connections that a reply has waited for too long.
    pub(crate) fn tick(&mut self, now: Time, out: &mut VecDeque<Output>) {
        let stuck: BTreeSet<_> = self
            .barriers
            .values()
            .filter(|b| b.until <= now)
            .map(|b| b.conn)
            .collect();
        for barrier in self.barriers.values_mut().filter(|b| b.until <= now) {
            barrier.until = Time::NEVER;
        }
        out.extend(stuck.into_iter().map(Output::Close));
    }

    /// When a barrier has been waited for too long.
    pub(crate) fn next_wake(&self) -> Option<Time> {
        self.barriers.values().map(|barrier| barrier.until).min()
    }

    fn hold(&mut self, asker: Asker, answer: Answer, waits_for: usize) -> u64 {
        self.next_hold += 1;
        self.held.insert(
            self.next_hold,
            Held {
                asker,
                answer,
                waits_for,
            },
        );
        self.next_hold
    }

    fn arrived(&mut self, hold: u64, out: &mut VecDeque<Output>) {
        let Some(held) = self.held.get_mut(&hold) else {
            return;
        };
        held.waits_for -= 1;
        if held.waits_for == 0
            && let Some(held) = self.held.remove(&hold)
        {
            out.push_back(Output::Reply(held.asker.conn, held.asker.request, held.answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::io::RequestId;
    use super::*;

    const ASKER: Asker = Asker {
        conn: ConnId(1),
        request: RequestId(9),
    };

    fn reply() -> Output {
        Output::Reply(ASKER.conn, ASKER.request, Answer::Managed)
    }

    #[test]
    fn a_reply_waits_for_its_batch() {
        let mut holds = Holds::default();
        let mut out = VecDeque::new();
        holds.until_durable(Ticket(2), ASKER, Answer::Managed);
        holds.committed(Ticket(1), &mut out);
        assert!(out.is_empty());
        holds.committed(Ticket(2), &mut out);
        assert_eq!(out, [reply()]);
    }

    #[test]
    fn a_reply_waits_for_its_batch_and_for_every_watcher() {
        let mut holds = Holds::default();
        let mut out = VecDeque::new();
        let conns = BTreeSet::from([ConnId(2), ConnId(3)]);
        holds.until_settled(
            Time::default(),
            Ticket(1),
            (ASKER, Answer::Managed),
            &conns,
            &mut out,
        );
        let barriers: Vec<_> = out.drain(..).collect();
        assert_eq!(barriers.len(), 2);

        holds.passed(BarrierId(1), &mut out);
        holds.passed(BarrierId(1), &mut out);
        holds.committed(Ticket(9), &mut out);
        assert!(out.is_empty(), "one watcher's writer hasn't come so far");

        holds.closed(ConnId(3), &mut out);
        assert_eq!(out, [reply()]);
    }

    #[test]
    fn a_watcher_who_never_reads_is_closed_once() {
        let mut holds = Holds::default();
        let mut out = VecDeque::new();
        let conns = BTreeSet::from([ConnId(2)]);
        holds.until_settled(
            Time::default(),
            Ticket(1),
            (ASKER, Answer::Managed),
            &conns,
            &mut out,
        );
        out.clear();
        let late = holds.next_wake().unwrap();
        holds.tick(late, &mut out);
        holds.tick(late + BARRIER_PATIENCE, &mut out);
        assert_eq!(out, [Output::Close(ConnId(2))]);
    }
}
