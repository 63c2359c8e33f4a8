//! One stream: octets between the socket, the desk and the hub. Spec: `spec/relay.md`, connections.
//!
//! It keeps no read buffer while it waits, reads nothing while too much waits to be written or answered,
//! and gives up a peer who takes nothing.

use super::Shared;
use super::hub::Line;
use super::outbox::Outbox;
use crate::clock;
use crate::desk::{Carrier, Desk};
use crate::machine::{Local, ToDesk, ToMailbox};
use crate::mailbox::ConnId;
use crate::random;
use crate::store::{Store, StoreFault};
use crate::transcript::Direction;
use bytes::Bytes;
use sipher_wire::Time;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// One stream's end.
#[derive(Debug)]
pub(crate) struct Connection<'a, S: Store> {
    shared: &'a Arc<Shared<S>>,
    conn: ConnId,
    desk: Desk,
    inbox: mpsc::UnboundedReceiver<(ConnId, ToDesk)>,
    outbox: Outbox,
    for_mailbox: Vec<ToMailbox>,
    /// When the peer must have taken something.
    take_by: Option<Time>,
    ending: Ending,
}

/// How far a connection is from its end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Ending {
    /// It goes on.
    Not,
    /// It ends when all is written.
    Soon,
    /// It ends now.
    Now,
}

impl<'a, S: Store> Connection<'a, S> {
    /// A connection that has just begun.
    pub(crate) fn open(shared: &'a Arc<Shared<S>>, carrier: Carrier) -> Self {
        let (line, inbox): (Line, _) = mpsc::unbounded_channel();
        let conn = shared.hub.open(line);
        let desk = Desk::new(clock::now(), Arc::clone(&shared.domain), carrier);
        Self {
            shared,
            conn,
            desk,
            inbox,
            outbox: Outbox::default(),
            for_mailbox: Vec::new(),
            take_by: None,
            ending: Ending::Not,
        }
    }

    /// Serves the stream until it ends.
    pub(crate) async fn run(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut closing = self.shared.closing.clone();
        loop {
            self.turn();
            let done = self.ending == Ending::Now || (self.ending == Ending::Soon && self.outbox.is_empty());
            if done {
                break;
            }
            let reads = self.ending == Ending::Not
                && !self.desk.is_saturated()
                && self.outbox.waiting_octets() < OUTBOX_READING_OCTETS;
            let wake = self.next_wake();
            tokio::select! {
                biased;
                written = self.outbox.progress(&mut writer), if !self.outbox.is_empty() => self.written(&written),
                Some((_, message)) = self.inbox.recv() => self.take(message),
                octets = read(&mut reader), if reads => self.read(octets),
                () = sleep_until(wake) => self.tick(),
                _ = closing.wait_for(|closing| *closing), if self.ending == Ending::Not => self.ending = Ending::Soon,
            }
        }
        // Before anything else: what was for this peer stays with the mailbox.
        self.shared.hub.close(self.conn);
        if self.ending == Ending::Soon {
            drop(timeout(LINGER, linger(&mut reader, &mut writer)).await);
        }
    }

    /// Moves what waits between desk and hub until nothing moves any more.
    fn turn(&mut self) {
        loop {
            self.collect();
            if !self.for_mailbox.is_empty() {
                let messages = std::mem::take(&mut self.for_mailbox);
                self.shared.hub.give(clock::now(), self.conn, messages);
            }
            let passed = self.outbox.passed();
            if !passed.is_empty() {
                self.shared.hub.passed(passed);
            }
            let Ok((_, message)) = self.inbox.try_recv() else {
                return;
            };
            self.take(message);
            while let Ok((_, message)) = self.inbox.try_recv() {
                self.take(message);
            }
        }
    }

    /// Takes what the mailbox has for this peer. What becomes of it is in the outbox before the next is
    /// taken, so that a barrier stands behind all that came before it.
    // spec: grant-4
    fn take(&mut self, message: ToDesk) {
        match message {
            ToDesk::Barrier(barrier) => self.outbox.barrier(barrier),
            ToDesk::Close => self.ending = Ending::Now,
            message => {
                message.give(&mut self.desk, clock::now(), &mut random::system());
                self.collect();
            }
        }
    }

    /// Takes the steps of the desk.
    fn collect(&mut self) {
        while let Some(step) = self.desk.poll() {
            match ToMailbox::from_step(step) {
                Ok(message) => self.for_mailbox.push(message),
                Err(Local::Write(octets)) => self.write(octets),
                Err(Local::Close) => self.ending = self.ending.max(Ending::Soon),
            }
        }
    }

    fn read(&mut self, octets: std::io::Result<Bytes>) {
        match octets {
            Ok(octets) if !octets.is_empty() => {
                self.record(Direction::In, &octets);
                self.desk.octets(clock::now(), &octets, &mut random::system());
            }
            // He has said all; what is written already may still reach him.
            Ok(_) => self.ending = self.ending.max(Ending::Soon),
            Err(_) => self.ending = Ending::Now,
        }
    }

    fn write(&mut self, octets: Bytes) {
        self.record(Direction::Out, &octets);
        self.shared.figures.wrote(&octets);
        if self.outbox.is_empty() {
            self.take_by = Some(clock::now() + WRITE_PATIENCE);
        }
        self.outbox.push(octets);
        if self.outbox.waiting_octets() > OUTBOX_OCTETS {
            self.ending = Ending::Now;
        }
    }

    fn written(&mut self, written: &std::io::Result<()>) {
        match written {
            Ok(()) => self.take_by = (!self.outbox.is_empty()).then(|| clock::now() + WRITE_PATIENCE),
            Err(_) => self.ending = Ending::Now,
        }
    }

    fn tick(&mut self) {
        let now = clock::now();
        if self.take_by.is_some_and(|by| by <= now) {
            self.ending = Ending::Now;
        }
        self.desk.tick(now, &mut random::system());
    }

    fn next_wake(&self) -> Time {
        self.take_by
            .map_or(self.desk.next_wake(), |by| by.min(self.desk.next_wake()))
    }

    fn record(&mut self, direction: Direction, octets: &[u8]) {
        if let Some(transcript) = &self.shared.transcript
            && let Err(error) = transcript.record(clock::now(), self.conn, direction, octets)
        {
            self.shared.hub.fail(StoreFault::Disk(error));
            self.ending = Ending::Now;
        }
    }
}

/// Reads what is there, into a buffer that lives no longer than the reading.
async fn read(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Bytes> {
    poll_fn(|context| {
        let mut space = [MaybeUninit::uninit(); READ_OCTETS];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut *reader).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
    .await
}

/// Says that nothing follows, and hears the peer out: closing at once could take our last words from him.
async fn linger(reader: &mut (impl AsyncRead + Unpin), writer: &mut (impl AsyncWrite + Unpin)) {
    if writer.shutdown().await.is_ok() {
        while read(reader).await.is_ok_and(|octets| !octets.is_empty()) {}
    }
}

#[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
pub(crate) async fn sleep_until(at: Time) {
    tokio::time::sleep(at.since(clock::now()).min(LONGEST_SLEEP)).await;
}

/// What one read takes: a record of TLS.
const READ_OCTETS: usize = 16 * 1024;
/// A peer who leaves so much untaken isn't read from.
const OUTBOX_READING_OCTETS: usize = 256 * 1024;
/// A peer who leaves so much untaken is given up.
const OUTBOX_OCTETS: usize = 8 * 1024 * 1024;
/// A peer who takes nothing for so long is given up.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// How long a peer is heard out at the end.
const LINGER: Duration = Duration::from_secs(1);
/// A clock that is set anew is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests;
