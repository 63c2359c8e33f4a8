//! The relay on the network: listeners, TLS, connections, and their end. Spec: `spec/relay.md`, connections.
//!
//! Only this module has sockets. It moves octets between them and the desks, and decides nothing but
//! bounds: how many connections, how long for a handshake, how much may wait for a slow reader.

mod connection;
mod datagrams;
mod hub;
mod outbox;
mod tls;

pub(crate) use self::tls::{Renewal, Tls};

use self::connection::Connection;
use self::hub::Hub;
use crate::admin::{Figures, service};
use crate::clock;
use crate::committer::Committer;
use crate::desk::Carrier;
use crate::domain::Domain;
use crate::home::store_trouble;
use crate::store::{Store, StoreFault};
use crate::transcript::Transcript;
use crate::trouble::{Exit, Trouble};
use sipher_wire::Binding;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// The sockets of a relay, bound and waiting.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) tls: TcpListener,
    /// Plain TCP and UDP on the same loopback port.
    pub(crate) insecure: Option<(TcpListener, UdpSocket)>,
}

/// All that a relay needs to serve.
#[derive(Debug)]
pub(crate) struct Relay<S> {
    pub(crate) domain: Domain,
    pub(crate) store: S,
    /// Where the store is, for errors.
    pub(crate) data: PathBuf,
    pub(crate) tls: Tls,
    pub(crate) transcript: Option<Transcript>,
    pub(crate) figures: Arc<Figures>,
}

/// What the connections of a relay share.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    pub(crate) domain: Arc<Domain>,
    pub(crate) hub: Hub<S>,
    pub(crate) transcript: Option<Transcript>,
    pub(crate) figures: Arc<Figures>,
    /// Becomes true when connections are to end.
    pub(crate) closing: watch::Receiver<bool>,
}

/// Binds a relay's sockets.
///
/// # Errors
/// [`Trouble`] if a port is taken or an address isn't this machine's.
pub(crate) async fn bind(listen: SocketAddr, insecure: Option<SocketAddr>) -> Result<Sockets, Trouble> {
    let tls = TcpListener::bind(listen)
        .await
        .map_err(|error| not_bound(listen, &error))?;
    let insecure = match insecure {
        None => None,
        Some(address) => Some(bind_insecure(address).await?),
    };
    Ok(Sockets { tls, insecure })
}

/// TCP and UDP on the same port; a free one for both is searched where the port is 0.
async fn bind_insecure(address: SocketAddr) -> Result<(TcpListener, UdpSocket), Trouble> {
    let mut last = None;
    for _ in 0..PORT_ATTEMPTS {
        let tcp = TcpListener::bind(address)
            .await
            .map_err(|error| not_bound(address, &error))?;
        let same = tcp.local_addr().map_err(|error| not_bound(address, &error))?;
        match UdpSocket::bind(same).await {
            Ok(udp) => return Ok((tcp, udp)),
            Err(error) => last = Some(error),
        }
        if address.port() != 0 {
            break;
        }
    }
    let error = last.unwrap_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrInUse));
    Err(not_bound(address, &error))
}

fn not_bound(address: SocketAddr, error: &std::io::Error) -> Trouble {
    use std::io::ErrorKind;
    let (what, why, remedy) = match error.kind() {
        ErrorKind::AddrInUse => (
            format!("the port {address} is taken"),
            "another program listens there".into(),
            "stop that program, or give another port (0 takes a free one)",
        ),
        ErrorKind::AddrNotAvailable => (
            format!("{address} is not an address of this machine"),
            error.to_string(),
            "give an address of this machine, or 0.0.0.0 for all of them",
        ),
        ErrorKind::PermissionDenied => (
            format!("this user may not listen on {address}"),
            "ports below 1024 need a privilege".into(),
            "give a higher port, or let the service manager open this one",
        ),
        _ => (
            format!("the relay cannot listen on {address}"),
            error.to_string(),
            "give another address and port",
        ),
    };
    Trouble::new(Exit::Network, what, why, remedy)
}

/// Serves until `stop` completes, then ends every connection and makes durable what is on its way.
///
/// # Errors
/// [`Trouble`] if the disk failed; then nothing was promised after it.
pub(crate) async fn serve<S: Store>(
    relay: Relay<Arc<S>>,
    sockets: Sockets,
    stop: impl Future<Output = ()>,
) -> Result<(), Trouble> {
    let (faults, mut faulted) = mpsc::unbounded_channel();
    let (close, closing) = watch::channel(false);
    let (commits, committer) = Committer::new(Arc::clone(&relay.store));
    let hub = Hub::new(clock::now(), relay.store, commits, faults.clone());
    let shared = Arc::new(Shared {
        domain: Arc::new(relay.domain),
        hub,
        transcript: relay.transcript,
        figures: relay.figures,
        closing,
    });
    let weak = Arc::downgrade(&shared);
    let done = move |ticket| {
        if let Some(shared) = weak.upgrade() {
            shared.hub.committed(ticket);
        }
    };
    let writer = committer
        .start(done, move |fault| drop(faults.send(fault)))
        .map_err(|error| {
            Trouble::new(
                Exit::Bug,
                "no thread could be started",
                error.to_string(),
                "free some memory",
            )
        })?;

    let mut tasks = JoinSet::new();
    start(&mut tasks, &shared, &relay.tls, sockets);
    let ended = tokio::select! {
        () = stop => None,
        fault = faulted.recv() => fault,
    };
    tasks.abort_all();
    shared.hub.shut_down(clock::now());
    // The committer ends when it has written all that was on its way; replies still go out.
    let written = spawn_blocking(move || writer.join()).await;
    close.send_replace(true);
    shared.hub.connections_ended(SHUTDOWN_PATIENCE).await;
    let fault = ended.or_else(|| faulted.try_recv().ok());
    match fault {
        Some(fault) => Err(failed(&relay.data, &fault)),
        None if matches!(written, Ok(Ok(()))) => Ok(()),
        None => Err(failed(&relay.data, &StoreFault::Damaged)),
    }
}

/// Starts all that runs beside the connections.
fn start<S: Store>(tasks: &mut JoinSet<()>, shared: &Arc<Shared<Arc<S>>>, tls: &Tls, sockets: Sockets) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    tasks.spawn(accept(
        Arc::clone(shared),
        sockets.tls,
        Arc::clone(&room),
        Some(tls.acceptor()),
    ));
    if let Some((tcp, udp)) = sockets.insecure {
        tasks.spawn(accept(Arc::clone(shared), tcp, room, None));
        tasks.spawn(datagrams::run(Arc::clone(shared), udp));
    }
    tasks.spawn(hub::keep_time(Arc::clone(shared)));
    tasks.spawn(tls.keep_fresh());
    let watched = Arc::clone(shared);
    tasks.spawn(async move { service::keep_alive(&watched.figures, || watched.hub.probe()).await });
}

/// The disk failed while the relay served.
fn failed(data: &std::path::Path, fault: &StoreFault) -> Trouble {
    tracing::error!("the store failed; nothing more is answered");
    store_trouble(data, fault)
}

/// Accepts connections, with TLS or without.
async fn accept<S: Store>(
    shared: Arc<Shared<Arc<S>>>,
    listener: TcpListener,
    room: Arc<Semaphore>,
    acceptor: Option<TlsAcceptor>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, as a rule: some connection must end first.
            pause().await;
            continue;
        };
        // Over the limit the connection is closed at once; the client backs off.
        if let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
            begin(Arc::clone(&shared), stream, acceptor.clone(), permit);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a driver starts its tasks; they end when the relay closes"
)]
fn begin<S: Store>(
    shared: Arc<Shared<Arc<S>>>,
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    permit: OwnedSemaphorePermit,
) {
    tokio::spawn(async move {
        // Requests and answers are small, and somebody waits for each.
        drop(stream.set_nodelay(true));
        let _counted = shared.figures.connection();
        match acceptor {
            None => Connection::open(&shared, Carrier::Tcp).run(stream).await,
            Some(acceptor) => {
                let Ok(Ok(stream)) = timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await else {
                    return;
                };
                let Some(binding) = tls::binding(&stream) else {
                    return;
                };
                let carrier = Carrier::Tls(Binding::from_octets(binding));
                Connection::open(&shared, carrier).run(stream).await;
            }
        }
        drop(permit);
    });
}

#[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Connections at once: at 24 KiB each they need 400 MiB.
const CONNECTIONS: usize = 16_384;
/// A TLS handshake must be over by then.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// Connections get this long to take what is still for them.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(3);
/// How often a port is searched that is free for TCP and UDP.
const PORT_ATTEMPTS: usize = 16;
