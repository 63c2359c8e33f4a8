//! What a relay counts about itself. Spec: `spec/operations.md`, figures.
//!
//! Sums over everybody since the start, of a few kinds each: nothing here belongs to a box, a connection or
//! a peer, so nothing that an operator's monitoring keeps can be laid beside one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The counters of one relay, shared by all that happens in it.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    connections: AtomicU64,
    connections_begun: AtomicU64,
    answers: [AtomicU64; Answered::ALL.len()],
    flushes: AtomicU64,
    items: AtomicU64,
    changes: AtomicU64,
    flush_micros: AtomicU64,
    flushes_within: [AtomicU64; FLUSH_BOUNDS.len()],
    probed: Notify,
}

/// What became of a request, in coarse words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answered {
    /// 202: an item is durable.
    Accepted,
    /// Any other success.
    Done,
    /// 401.
    Unproven,
    /// 403.
    Forbidden,
    /// 404: the uniform refusal.
    Refused,
    /// 412.
    Stale,
    /// 480: an allowance is spent.
    Spent,
    /// 503.
    Overloaded,
    /// Whatever else is wrong with a request.
    Malformed,
}

impl Answered {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Done,
        Self::Unproven,
        Self::Forbidden,
        Self::Refused,
        Self::Stale,
        Self::Spent,
        Self::Overloaded,
        Self::Malformed,
    ];

    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Unproven => "unproven",
            Self::Forbidden => "forbidden",
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::Spent => "spent",
            Self::Overloaded => "overloaded",
            Self::Malformed => "malformed",
        }
    }

    /// From what the relay writes, if it begins with a response.
    fn of_octets(octets: &[u8]) -> Option<Self> {
        let code = octets.strip_prefix(b"SIP/2.0 ")?.first_chunk::<3>()?;
        Some(match code {
            b"202" => Self::Accepted,
            [b'2', ..] => Self::Done,
            b"401" => Self::Unproven,
            b"403" => Self::Forbidden,
            b"404" => Self::Refused,
            b"412" => Self::Stale,
            b"480" => Self::Spent,
            b"503" => Self::Overloaded,
            _ => Self::Malformed,
        })
    }
}

/// A connection that is counted as long as this lives.
#[derive(Debug)]
pub(crate) struct Counted<'a>(&'a Figures);

/// What one flush brought to the disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flushed {
    pub(crate) items: u64,
    pub(crate) changes: u64,
    pub(crate) probes: u64,
}

/// The counters at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) connections: u64,
    pub(crate) connections_begun: u64,
    /// In the order of [`Answered::ALL`].
    pub(crate) answers: Vec<(&'static str, u64)>,
    pub(crate) flushes: u64,
    pub(crate) items: u64,
    pub(crate) changes: u64,
    pub(crate) flush_micros: u64,
    /// Flushes that took no longer than each of [`FLUSH_BOUNDS`], the shorter ones included.
    pub(crate) flushes_within: Vec<(Duration, u64)>,
}

impl Figures {
    /// A connection begins.
    pub(crate) fn connection(&self) -> Counted<'_> {
        add(&self.connections, 1);
        add(&self.connections_begun, 1);
        Counted(self)
    }

    /// Something leaves to a peer; answers are counted.
    pub(crate) fn wrote(&self, octets: &[u8]) {
        if let Some(answered) = Answered::of_octets(octets)
            && let Some(count) = self.answers.get(answered as usize)
        {
            add(count, 1);
        }
    }

    /// A flush returned without a fault.
    pub(crate) fn flushed(&self, flushed: Flushed, took: Duration) {
        add(&self.flushes, 1);
        add(&self.items, flushed.items);
        add(&self.changes, flushed.changes);
        add(
            &self.flush_micros,
            u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
        for (count, _) in self
            .flushes_within
            .iter()
            .zip(FLUSH_BOUNDS)
            .filter(|(_, bound)| took <= *bound)
        {
            add(count, 1);
        }
        if flushed.probes > 0 {
            self.probed.notify_one();
        }
    }

    /// Completes when a test write is durable that wasn't waited for yet.
    pub(crate) async fn probed(&self) {
        self.probed.notified().await;
    }

    /// All of it now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let words = Answered::ALL.iter().map(|answered| answered.word());
        Snapshot {
            connections: read(&self.connections),
            connections_begun: read(&self.connections_begun),
            answers: words.zip(self.answers.iter().map(read)).collect(),
            flushes: read(&self.flushes),
            items: read(&self.items),
            changes: read(&self.changes),
            flush_micros: read(&self.flush_micros),
            flushes_within: FLUSH_BOUNDS
                .into_iter()
                .zip(self.flushes_within.iter().map(read))
                .collect(),
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Snapshot {
    /// Requests that were refused, by the word for why.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let successes = [Answered::Accepted.word(), Answered::Done.word()];
        self.answers
            .iter()
            .copied()
            .filter(move |(word, _)| !successes.contains(word))
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// Where the coarse histogram of flushes is cut: a good disk, a tired one, one that is about to fail.
pub(crate) const FLUSH_BOUNDS: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(5),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_their_code_and_nothing_else_is() {
        let figures = Figures::default();
        for octets in [
            &b"SIP/2.0 202 Accepted\r\n"[..],
            b"SIP/2.0 404 Not Found\r\n",
            b"SIP/2.0 404 Not Found\r\n",
            b"SIP/2.0 423 Interval Too Brief\r\n",
            b"MESSAGE sip:x SIP/2.0\r\n",
            b"SIP/2.0 4",
            b"\r\n",
        ] {
            figures.wrote(octets);
        }
        let counted = figures.snapshot();
        assert_eq!(counted.answers[0], ("accepted", 1));
        let refused: Vec<_> = counted.refusals().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refused, [("refused", 2), ("malformed", 1)]);
    }

    #[test]
    fn the_words_stand_at_the_places_of_their_counters() {
        for (place, answered) in Answered::ALL.iter().enumerate() {
            assert_eq!(*answered as usize, place);
        }
    }

    #[test]
    fn a_flush_counts_in_each_bound_that_it_kept() {
        let figures = Figures::default();
        figures.flushed(Flushed::default(), Duration::from_millis(6));
        let within: Vec<_> = figures
            .snapshot()
            .flushes_within
            .iter()
            .map(|(_, n)| *n)
            .collect();
        assert_eq!(within, [0, 0, 1, 1, 1, 1]);
    }

    #[test]
    fn a_connection_counts_as_long_as_it_is_there() {
        let figures = Figures::default();
        let here = figures.connection();
        assert_eq!(figures.snapshot().connections, 1);
        drop(here);
        assert_eq!(figures.snapshot().connections, 0);
        assert_eq!(figures.snapshot().connections_begun, 1);
    }
}
