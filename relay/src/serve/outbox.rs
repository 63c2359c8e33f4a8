//! What waits to be written to one connection, and the barriers between it.

use crate::mailbox::BarrierId;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A queue of octets and barriers.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: VecDeque<Entry>,
    current: Bytes,
    waiting_octets: usize,
    unflushed: bool,
}

#[derive(Debug)]
enum Entry {
    Octets(Bytes),
    Barrier(BarrierId),
}

impl Outbox {
    /// Adds octets.
    pub(crate) fn push(&mut self, octets: Bytes) {
        self.waiting_octets += octets.len();
        self.entries.push_back(Entry::Octets(octets));
    }

    /// Adds a barrier.
    pub(crate) fn barrier(&mut self, barrier: BarrierId) {
        self.entries.push_back(Entry::Barrier(barrier));
    }

    /// Octets that nobody has taken yet.
    pub(crate) fn waiting_octets(&self) -> usize {
        self.waiting_octets
    }

    /// Whether all has left.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.current.is_empty() && !self.unflushed
    }

    /// Gives the barriers up to which all has left.
    pub(crate) fn passed(&mut self) -> Vec<BarrierId> {
        let mut passed = Vec::new();
        while self.current.is_empty() {
            match self.entries.front() {
                Some(Entry::Barrier(barrier)) if !self.unflushed => {
                    passed.push(*barrier);
                    self.entries.pop_front();
                }
                Some(Entry::Octets(_)) => self.gather(),
                Some(Entry::Barrier(_)) | None => break,
            }
        }
        passed
    }

    /// Writes some of it. Nothing is lost if this is dropped before it's done.
    ///
    /// # Errors
    /// What the connection says.
    pub(crate) async fn progress(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        if self.current.is_empty() {
            writer.flush().await?;
            self.unflushed = false;
            return Ok(());
        }
        let written = writer.write(&self.current).await?;
        if written == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.current.advance(written);
        self.waiting_octets -= written;
        self.unflushed = true;
        Ok(())
    }

    /// Joins what fits one TLS record, so that small answers share one.
    fn gather(&mut self) {
        let mut joined = BytesMut::new();
        while let Some(Entry::Octets(next)) = self.entries.front() {
            if !joined.is_empty() && joined.len() + next.len() > RECORD_OCTETS {
                break;
            }
            let Some(Entry::Octets(next)) = self.entries.pop_front() else {
                break;
            };
            let alone = joined.is_empty() && !matches!(self.entries.front(), Some(Entry::Octets(_)));
            if alone || (joined.is_empty() && next.len() >= RECORD_OCTETS) {
                self.current = next;
                return;
            }
            joined.extend_from_slice(&next);
        }
        self.current = joined.freeze();
    }
}

/// The most that one TLS record holds, RFC 8446 §5.1.
const RECORD_OCTETS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_answers_share_a_write_and_large_ones_keep_their_order() {
        let mut outbox = Outbox::default();
        for octets in [&b"a"[..], b"b", &vec![b'c'; RECORD_OCTETS + 1], b"d"] {
            outbox.push(Bytes::copy_from_slice(octets));
        }
        let mut sent = Vec::new();
        let mut writes = 0;
        while !outbox.is_empty() {
            assert!(outbox.passed().is_empty());
            outbox.progress(&mut sent).await.unwrap();
            writes += 1;
        }
        assert_eq!(
            sent,
            [b"ab".to_vec(), vec![b'c'; RECORD_OCTETS + 1], b"d".to_vec()].concat()
        );
        assert!(writes <= 4, "three writes and a flush");
        assert_eq!(outbox.waiting_octets(), 0);
    }

    #[tokio::test]
    async fn a_barrier_is_passed_when_all_before_it_was_flushed() {
        let mut outbox = Outbox::default();
        outbox.push(Bytes::from_static(b"a"));
        outbox.barrier(BarrierId(1));
        outbox.push(Bytes::from_static(b"b"));
        let mut sent = Vec::new();

        assert!(outbox.passed().is_empty());
        outbox.progress(&mut sent).await.unwrap();
        assert!(outbox.passed().is_empty(), "written but not flushed");
        outbox.progress(&mut sent).await.unwrap();

        assert_eq!(outbox.passed(), [BarrierId(1)]);
        assert_eq!(sent, b"a");
    }
}
