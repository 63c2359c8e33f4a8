//! Plain UDP on loopback: each source address is a peer with a desk of its own. Spec: `spec/relay.md`,
//! the insecure port; `spec/sip-checklist.md` S6, T5.

use super::Shared;
use crate::clock;
use crate::desk::{Carrier, Desk};
use crate::machine::{Local, ToDesk, ToMailbox};
use crate::mailbox::ConnId;
use crate::random;
use crate::store::{Store, StoreFault};
use crate::transcript::Direction;
use bytes::Bytes;
use sipher_wire::Time;
use sipher_wire::limits::TRANSACTION_TIMEOUT;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// All peers of one socket.
struct Peers<S: Store> {
    shared: Arc<Shared<S>>,
    socket: UdpSocket,
    by_address: HashMap<SocketAddr, ConnId>,
    all: HashMap<ConnId, Peer>,
    line: super::hub::Line,
}

struct Peer {
    address: SocketAddr,
    desk: Desk,
    last: Time,
}

/// Serves the socket until the task is aborted.
pub(crate) async fn run<S: Store>(shared: Arc<Shared<S>>, socket: UdpSocket) {
    let (line, mut inbox) = mpsc::unbounded_channel();
    let mut peers = Peers {
        shared,
        socket,
        by_address: HashMap::new(),
        all: HashMap::new(),
        line,
    };
    let mut buffer = vec![0_u8; DATAGRAM_OCTETS];
    loop {
        let wake = peers.next_wake();
        tokio::select! {
            biased;
            Some((conn, message)) = inbox.recv() => peers.take(conn, message).await,
            received = peers.socket.recv_from(&mut buffer) => {
                if let Ok((len, from)) = received {
                    let octets = Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default());
                    peers.datagram(from, octets).await;
                }
            }
            () = super::connection::sleep_until(wake) => peers.tick().await,
        }
    }
}

impl<S: Store> Peers<S> {
    async fn datagram(&mut self, from: SocketAddr, octets: Bytes) {
        let Some(conn) = self.peer_of(from) else { return };
        let now = clock::now();
        self.record(conn, Direction::In, &octets);
        if let Some(peer) = self.all.get_mut(&conn) {
            peer.last = now;
            peer.desk.datagram(now, octets, &mut random::system());
        }
        self.attend(conn).await;
    }

    async fn take(&mut self, conn: ConnId, message: ToDesk) {
        match message {
            // A datagram has left once it is sent.
            ToDesk::Barrier(barrier) => self.shared.hub.passed([barrier]),
            ToDesk::Close => self.forget(conn),
            message => {
                if let Some(peer) = self.all.get_mut(&conn) {
                    message.give(&mut peer.desk, clock::now(), &mut random::system());
                }
                self.attend(conn).await;
            }
        }
    }

    async fn tick(&mut self) {
        let now = clock::now();
        let due: Vec<_> = self
            .all
            .iter()
            .filter(|(_, peer)| peer.wake() <= now)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in due {
            if let Some(peer) = self.all.get_mut(&conn) {
                peer.desk.tick(now, &mut random::system());
            }
            self.attend(conn).await;
            if self.all.get(&conn).is_some_and(|peer| peer.is_gone(now)) {
                self.forget(conn);
            }
        }
    }

    /// Does what a desk wants.
    async fn attend(&mut self, conn: ConnId) {
        let Some(peer) = self.all.get_mut(&conn) else {
            return;
        };
        let address = peer.address;
        let mut messages = Vec::new();
        let mut datagrams = Vec::new();
        while let Some(step) = peer.desk.poll() {
            match ToMailbox::from_step(step) {
                Ok(message) => messages.push(message),
                Err(Local::Write(octets)) => datagrams.push(octets),
                Err(Local::Close) => {}
            }
        }
        for octets in datagrams {
            self.record(conn, Direction::Out, &octets);
            self.shared.figures.wrote(&octets);
            // A datagram that can't be sent is one that got lost.
            drop(self.socket.send_to(&octets, address).await);
        }
        self.shared.hub.give(clock::now(), conn, messages);
    }

    fn peer_of(&mut self, from: SocketAddr) -> Option<ConnId> {
        if let Some(conn) = self.by_address.get(&from) {
            return Some(*conn);
        }
        if !from.ip().is_loopback() || self.all.len() >= PEERS {
            return None;
        }
        let now = clock::now();
        let conn = self.shared.hub.open(self.line.clone());
        let desk = Desk::new(now, Arc::clone(&self.shared.domain), Carrier::Udp);
        self.all.insert(
            conn,
            Peer {
                address: from,
                desk,
                last: now,
            },
        );
        self.by_address.insert(from, conn);
        Some(conn)
    }

    fn forget(&mut self, conn: ConnId) {
        if let Some(peer) = self.all.remove(&conn) {
            self.by_address.remove(&peer.address);
        }
        self.shared.hub.close(conn);
    }

    fn next_wake(&self) -> Time {
        self.all.values().map(Peer::wake).min().unwrap_or(Time::NEVER)
    }

    fn record(&self, conn: ConnId, direction: Direction, octets: &[u8]) {
        if let Some(transcript) = &self.shared.transcript
            && let Err(error) = transcript.record(clock::now(), conn, direction, octets)
        {
            self.shared.hub.fail(StoreFault::Disk(error));
        }
    }
}

impl Peer {
    fn wake(&self) -> Time {
        self.desk
            .next_datagram_wake()
            .map_or(self.last + PEER_IDLE, |wake| wake.min(self.last + PEER_IDLE))
    }

    fn is_gone(&self, now: Time) -> bool {
        self.last + PEER_IDLE <= now
    }
}

impl<S: Store> Drop for Peers<S> {
    fn drop(&mut self) {
        for conn in self.all.keys() {
            self.shared.hub.close(*conn);
        }
    }
}

/// The largest datagram there is.
const DATAGRAM_OCTETS: usize = 65_535;
/// Peers at once; more are left unheard.
const PEERS: usize = 1024;
/// A peer who is silent for so long is forgotten, with his binding: several transactions.
const PEER_IDLE: Duration = TRANSACTION_TIMEOUT.saturating_mul(8);
