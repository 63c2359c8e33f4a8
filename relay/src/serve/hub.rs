//! Where the connections meet: the one mailbox behind its lock, and the ways to its connections.
//!
//! All that the mailbox wants goes out under the lock, so each connection hears it in the order in which
//! it was decided, and the committer gets its batches in theirs.

use super::Shared;
use crate::clock;
use crate::committer::Commits;
use crate::machine::{ToDesk, ToMailbox};
use crate::mailbox::{BarrierId, ConnId, Mailbox, Ticket};
use crate::random;
use crate::store::{Store, StoreFault};
use sipher_wire::Time;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

/// What a connection is told, with its name: datagram peers share one way.
pub(crate) type Line = mpsc::UnboundedSender<(ConnId, ToDesk)>;

/// The mailbox and the ways to and from it.
#[derive(Debug)]
pub(crate) struct Hub<S> {
    inner: Mutex<Inner<S>>,
    faults: mpsc::UnboundedSender<StoreFault>,
    wake: watch::Sender<Time>,
    ended: Notify,
}

#[derive(Debug)]
struct Inner<S> {
    mailbox: Mailbox<S>,
    /// `None` once the relay ends: then nothing more is promised.
    commits: Option<Commits>,
    lines: HashMap<ConnId, Line>,
    last_conn: u64,
}

impl<S: Store> Hub<S> {
    /// The hub of a store.
    pub(crate) fn new(
        now: Time,
        store: S,
        commits: Commits,
        faults: mpsc::UnboundedSender<StoreFault>,
    ) -> Self {
        let mailbox = Mailbox::new(now, store);
        let wake = watch::Sender::new(mailbox.next_wake());
        let inner = Inner {
            mailbox,
            commits: Some(commits),
            lines: HashMap::new(),
            last_conn: 0,
        };
        Self {
            inner: Mutex::new(inner),
            faults,
            wake,
            ended: Notify::new(),
        }
    }

    /// A connection begins.
    pub(crate) fn open(&self, line: Line) -> ConnId {
        let mut inner = self.lock();
        inner.last_conn += 1;
        let conn = ConnId(inner.last_conn);
        inner.lines.insert(conn, line);
        conn
    }

    /// A connection has something for the mailbox.
    pub(crate) fn give(&self, now: Time, conn: ConnId, messages: impl IntoIterator<Item = ToMailbox>) {
        let mut rng = random::system();
        self.with(|mailbox| {
            messages
                .into_iter()
                .try_for_each(|message| message.give(mailbox, now, conn, &mut rng))
        });
    }

    /// A connection's writer has passed these barriers.
    pub(crate) fn passed(&self, barriers: impl IntoIterator<Item = BarrierId>) {
        self.with(|mailbox| {
            barriers.into_iter().for_each(|barrier| mailbox.passed(barrier));
            Ok(())
        });
    }

    /// A connection is gone.
    pub(crate) fn close(&self, conn: ConnId) {
        self.lock().lines.remove(&conn);
        self.with(|mailbox| {
            mailbox.closed(conn);
            Ok(())
        });
        self.ended.notify_one();
    }

    /// A group is durable.
    pub(crate) fn committed(&self, ticket: Ticket) {
        self.with(|mailbox| {
            mailbox.committed(ticket);
            Ok(())
        });
    }

    /// Writes a row that means nothing, to see whether the disk takes it.
    pub(crate) fn probe(&self) {
        self.with(|mailbox| {
            mailbox.probe();
            Ok(())
        });
    }

    /// The relay ends: watchers are told, and no batch goes to the committer after this.
    pub(crate) fn shut_down(&self, now: Time) {
        self.with(|mailbox| {
            mailbox.shut_down(now);
            Ok(())
        });
        self.lock().commits = None;
    }

    /// Something can't be read or recorded: the relay must stop.
    pub(crate) fn fail(&self, fault: StoreFault) {
        drop(self.faults.send(fault));
    }

    /// Waits until all connections have ended, at most so long.
    pub(crate) async fn connections_ended(&self, patience: Duration) {
        let all_ended = async {
            while !self.lock().lines.is_empty() {
                self.ended.notified().await;
            }
        };
        drop(timeout(patience, all_ended).await);
    }

    /// Changes the mailbox, then sends out what it wants.
    fn with(&self, change: impl FnOnce(&mut Mailbox<S>) -> Result<(), StoreFault>) {
        let mut inner = self.lock();
        if let Err(fault) = change(&mut inner.mailbox) {
            self.fail(fault);
        }
        let Inner {
            mailbox,
            commits,
            lines,
            ..
        } = &mut *inner;
        while let Some(output) = mailbox.poll() {
            match ToDesk::from_output(output) {
                Err((ticket, batch)) => {
                    if let Some(commits) = commits {
                        // A committer that has stopped has said why.
                        commits.send(ticket, batch);
                    }
                }
                Ok((conn, message)) => match (lines.get(&conn), message) {
                    (Some(line), message) => drop(line.send((conn, message))),
                    (None, ToDesk::Barrier(barrier)) => mailbox.passed(barrier),
                    (None, _) => {}
                },
            }
        }
        let next = inner.mailbox.next_wake();
        self.wake
            .send_if_modified(|at| std::mem::replace(at, next) != next);
    }

    /// A panic under the lock is a bug that one connection hit; the mailbox is whole between two changes.
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the mailbox the time when it wants it.
#[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
pub(crate) async fn keep_time<S: Store>(shared: Arc<Shared<S>>) {
    let mut wake = shared.hub.wake.subscribe();
    loop {
        let at = *wake.borrow_and_update();
        let wait = at.since(clock::now()).min(LONGEST_SLEEP);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = wake.changed() => continue,
        }
        let now = clock::now();
        if at <= now {
            shared.hub.with(|mailbox| mailbox.tick(now));
        }
    }
}

/// A clock that is set anew is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
