//! One connection's task: dials, then carries octets both ways until either side ends it.
//!
//! It decides nothing and retries nothing. The driver hears of it through one bounded channel that all
//! connections share, so a relay that talks faster than the account can listen is slowed down by TCP.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sipher_engine::ConnId;
use sipher_wire::RelayAddress;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::NetFault;
use super::tls::{Dialed, dial};

/// What a connection tells the driver.
#[derive(Debug)]
pub(crate) enum FlowEvent {
    /// It is there, and this is what proofs are bound to.
    Up { conn: ConnId, binding: [u8; 32] },
    /// These octets came.
    Octets { conn: ConnId, octets: Bytes },
    /// It ended, or never came to be.
    Down { conn: ConnId, fault: NetFault },
}

/// The driver's end of a connection.
#[derive(Debug)]
pub(crate) struct Flow {
    outgoing: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Flow {
    /// Starts to dial `address`; what comes of it is told to `driver`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver's side: one task a connection"
    )]
    pub(crate) fn open(conn: ConnId, address: RelayAddress, driver: mpsc::Sender<FlowEvent>) -> Self {
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(conn, address, driver, queue));
        Self { outgoing, task }
    }

    /// Queues octets. `false` when the connection is gone or takes nothing any more.
    pub(crate) fn send(&self, octets: Bytes) -> bool {
        self.outgoing.try_send(octets).is_ok()
    }

    /// Lets what is queued go out, then ends the connection. Bounded by [`CLOSE_LIMIT`].
    pub(crate) async fn close(self) {
        let Self { outgoing, mut task } = self;
        drop(outgoing);
        if timeout(CLOSE_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

impl Flow {
    /// [`Flow::close`] without anybody waiting for it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the driver's side: the farewell of one connection, bounded"
    )]
    pub(crate) fn close_in_background(self) {
        drop(tokio::spawn(self.close()));
    }
}

async fn run(
    conn: ConnId,
    address: RelayAddress,
    driver: mpsc::Sender<FlowEvent>,
    queue: mpsc::Receiver<Bytes>,
) {
    let fault = match dial(&address).await {
        Ok(dialed) => carry(conn, dialed, &driver, queue).await,
        Err(fault) => fault,
    };
    tracing::debug!(%fault, "connection ended");
    if driver.send(FlowEvent::Down { conn, fault }).await.is_err() {
        tracing::trace!("the driver ended first");
    }
}

async fn carry(
    conn: ConnId,
    dialed: Dialed,
    driver: &mpsc::Sender<FlowEvent>,
    mut queue: mpsc::Receiver<Bytes>,
) -> NetFault {
    let Dialed { stream, binding } = dialed;
    if driver.send(FlowEvent::Up { conn, binding }).await.is_err() {
        return NetFault::Closed;
    }
    let (mut from, mut to) = tokio::io::split(stream);
    // Reading goes on while a write is stuck: two sides that only write would wait for each other for ever.
    let reading = async {
        let mut buffer = BytesMut::with_capacity(READ_OCTETS);
        loop {
            buffer.reserve(READ_OCTETS);
            match from.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let octets = buffer.split().freeze();
            if driver.send(FlowEvent::Octets { conn, octets }).await.is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some(octets) = queue.recv().await {
            match timeout(WRITE_LIMIT, to.write_all(&octets)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
            if to.flush().await.is_err() {
                return;
            }
        }
        if to.shutdown().await.is_err() {
            tracing::trace!("the relay was gone before the farewell");
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    NetFault::Closed
}

/// Writes that wait for one connection: twice as many as requests may be open on it
/// (`sipher_wire::limits::CLIENT_TRANSACTIONS`), so that answers to the relay's own requests find room beside them.
const QUEUE: usize = 2 * sipher_wire::limits::CLIENT_TRANSACTIONS;

/// Octets taken from TLS at once: its record size.
const READ_OCTETS: usize = 16 * 1024;

/// A relay that takes nothing for this long is treated as gone.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// What the end of a command waits at most for the last acknowledgement to leave.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
