//! `sipher-relay run`: opens or makes a relay and serves until it is told to stop. Spec: `spec/relay.md`,
//! commands.

use crate::admin::{self, Control, Figures, Observed, service};
use crate::args;
use crate::domain::{Domain, host_of};
use crate::home::{Config, Home, Settings, StoredAccess, disk};
use crate::init::{filesystems, parse_host, parse_token};
use crate::serve::{self, Relay, Renewal, Sockets, Tls};
use crate::store::Store;
use crate::transcript::Transcript;
use crate::trouble::{Exit, Trouble};
use crate::{clock, log, random};
use serde::Serialize;
use sipher_wire::{Host, OpeningToken, RelayAddress, RelayId};
use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tracing::level_filters::LevelFilter;

/// The first line of `run --json`, printed when connections are accepted.
#[derive(Serialize)]
struct Serving {
    address: String,
    listen: String,
    insecure_loopback: Option<String>,
    version: &'static str,
}

/// What the command line says, checked.
struct Plan {
    listen: SocketAddr,
    insecure: Option<SocketAddr>,
    host: Option<Host>,
    access: Option<StoredAccess>,
    token: Option<OpeningToken>,
    /// The command line alone, for when the file is read again.
    given: args::Run,
}

/// Runs a relay.
///
/// # Errors
/// [`Trouble`] if it can't start, or its disk fails.
pub(crate) fn run(run: &args::Run, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let given = run;
    let run = &Config::of(&given.data, given.config.as_deref())?.complete(given);
    log::begin(run.log.unwrap_or(LevelFilter::INFO));
    let mut plan = Plan::of(given, run)?;
    let home = open(run, &mut plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Trouble::new(
                Exit::Bug,
                "no threads could be started",
                error.to_string(),
                "free some memory",
            )
        })?;
    let ended = runtime.block_on(serve(run, &plan, home, json, out));
    runtime.shutdown_background();
    ended
}

impl Plan {
    fn of(given: &args::Run, run: &args::Run) -> Result<Self, Trouble> {
        let listen = run.listen.as_deref().ok_or_else(|| {
            Trouble::new(
                Exit::Usage,
                "the relay was not told where to listen",
                "there is no --listen, and no listen in its relay.toml",
                "give --listen 0.0.0.0:5061 for all addresses of this machine",
            )
        })?;
        let listen = parse_socket(listen, "--listen")?;
        let insecure = run.insecure_loopback.as_deref().map(parse_loopback).transpose()?;
        let host = run.host.as_deref().map(parse_host).transpose()?;
        let token = run.access.token.as_deref().map(parse_token).transpose()?;
        let access = match &token {
            Some(token) => Some(StoredAccess::of_token(token)),
            None => run.access.public.then_some(StoredAccess::Public),
        };
        let given = given.clone();
        Ok(Self {
            listen,
            insecure,
            host,
            access,
            token,
            given,
        })
    }
}

/// Opens the relay, or makes it where nothing is.
fn open(run: &args::Run, plan: &mut Plan) -> Result<Home, Trouble> {
    if !Home::is_vacant(&run.data)? {
        let home = Home::open(&run.data, filesystems(&run.disk))?;
        return match run.store {
            None => Ok(home),
            Some(engine) => home.kept_by(engine),
        };
    }
    let access = plan.access.clone().unwrap_or_else(|| {
        let token = OpeningToken::random(&mut random::system());
        let access = StoredAccess::of_token(&token);
        plan.token = Some(token);
        access
    });
    Home::create_on(
        &run.data,
        Settings {
            host: plan.host.clone(),
            access,
        },
        filesystems(&run.disk),
        run.store.unwrap_or_default(),
    )
}

async fn serve(
    run: &args::Run,
    plan: &Plan,
    home: Home,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Trouble> {
    let sockets = serve::bind(plan.listen, plan.insecure).await?;
    let transcript = run
        .transcript
        .as_deref()
        .map(|path| Transcript::open(path).map_err(|error| disk(path, "cannot be written to", &error)));
    let transcript = transcript.transpose()?;
    let Home {
        identity, settings, ..
    } = &home;
    let id = *identity.id();
    let listen = sockets.tls.local_addr().map_err(|error| unexpected(&error))?;
    let host = plan.host.clone().or_else(|| settings.host.clone());
    let domain = domain(listen, host, id, plan.access.as_ref().unwrap_or(&settings.access))?;
    let address = RelayAddress {
        host: domain.name().clone(),
        port: listen.port(),
        id,
        token: plan.token.clone(),
    };
    let stop = stop_signal()?;
    let hangups = signal(SignalKind::hangup()).map_err(|error| unexpected(&error))?;
    // Before anybody is told that the relay is there. One whose directory can't hold a socket serves without.
    let admin = admin::bind(&run.data)
        .inspect_err(|error| tracing::warn!("no admin socket in the relay's directory: {}", error.kind()))
        .ok();
    announce(&address, &sockets, json, out).map_err(|error| unexpected(&error))?;
    tracing::info!("accepting connections");
    service::ready();
    let ended = start(
        home,
        plan,
        (domain, transcript),
        (sockets, admin),
        (stop, hangups),
    )
    .await;
    tracing::info!("stopped");
    ended
}

/// Serves; the lock of the directory is held until all has ended.
async fn start(
    home: Home,
    plan: &Plan,
    (domain, transcript): (Domain, Option<Transcript>),
    (sockets, listener): (Sockets, Option<UnixListener>),
    (stop, hangups): (impl Future<Output = ()>, Signal),
) -> Result<(), Trouble> {
    let data = plan.given.data.clone();
    let made = home.settings.access.clone();
    let (identity, store, lock) = home.into_parts();
    let tls = Tls::new(identity).map_err(|fault| unexpected(&fault))?;
    let figures = Arc::new(Figures::default());
    let store = Arc::new(Observed::new(store, Arc::clone(&figures)));
    let drain = Arc::new(Notify::new());
    let control = Control {
        data: data.clone(),
        began: clock::now(),
        figures: Arc::clone(&figures),
        store: Arc::clone(&store),
        renewal: tls.renewal(),
        drain: Arc::clone(&drain),
        counted: Mutex::default(),
    };
    let settings = heed_hangups(plan, made, domain.clone(), tls.renewal(), hangups);
    let relay = Relay {
        domain,
        store,
        data,
        tls,
        transcript,
        figures,
    };
    let stop = async {
        tokio::select! {
            () = stop => {}
            () = drain.notified() => {}
        }
        service::stopping();
    };
    let ended = tokio::select! {
        ended = serve::serve(relay, sockets, stop) => ended,
        never = administer(control, listener) => match never {},
        never = settings => match never {},
    };
    drop(lock);
    ended
}

/// Answers operators, if there is a socket.
async fn administer<S: Store>(control: Control<S>, listener: Option<UnixListener>) -> Infallible {
    if let Some(listener) = listener {
        admin::serve(Arc::new(control), listener).await;
    }
    std::future::pending().await
}

/// Reads the settings again at each SIGHUP, and takes a new certificate. A file that is wrong changes nothing.
// spec: settings-2
async fn heed_hangups(
    plan: &Plan,
    made: StoredAccess,
    domain: Domain,
    renewal: Renewal,
    mut hangups: Signal,
) -> Infallible {
    let given = &plan.given;
    while hangups.recv().await.is_some() {
        let read = Config::of(&given.data, given.config.as_deref());
        match read.and_then(|config| Plan::of(given, &config.complete(given))) {
            Ok(new) => {
                domain.set_access(new.access.unwrap_or_else(|| made.clone()).to_access());
                if renewal.renew().is_err() {
                    tracing::error!("no new certificate could be made; the old one is used on");
                }
                tracing::info!("the settings were read again");
            }
            Err(trouble) => tracing::error!("the settings stay as they are: {}", trouble.what()),
        }
    }
    std::future::pending().await
}

/// The names of a relay: the one it was given, else the address where it listens; on loopback all of this
/// machine's own.
fn domain(
    listen: SocketAddr,
    host: Option<Host>,
    id: RelayId,
    access: &StoredAccess,
) -> Result<Domain, Trouble> {
    if host.is_none() && listen.ip().is_unspecified() {
        return Err(Trouble::new(
            Exit::Input,
            format!("nobody could tell clients where {listen} is"),
            "the relay listens on all addresses and was given no name",
            "give the name under which clients reach it with --host, or one address with --listen",
        ));
    }
    let mut names: Vec<Host> = host.into_iter().chain([host_of(listen.ip())]).collect();
    if listen.ip().is_loopback() {
        names.extend(Domain::loopback_names());
    }
    let first = names.remove(0);
    Ok(Domain::new(first, names, id, access.to_access()))
}

fn announce(
    address: &RelayAddress,
    sockets: &Sockets,
    json: bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let listen = sockets.tls.local_addr()?;
    let insecure = match &sockets.insecure {
        Some((tcp, _)) => Some(tcp.local_addr()?),
        None => None,
    };
    if json {
        let serving = Serving {
            address: address.expose_text(),
            listen: listen.to_string(),
            insecure_loopback: insecure.map(|address| address.to_string()),
            version: env!("CARGO_PKG_VERSION"),
        };
        writeln!(out, "{}", serde_json::to_string(&serving)?)?;
    } else {
        writeln!(
            out,
            "sipher-relay {} accepts connections on {listen}",
            env!("CARGO_PKG_VERSION")
        )?;
        writeln!(out, "  address for your users: {}", address.expose_text())?;
        if let Some(insecure) = insecure {
            writeln!(out, "  plain TCP and UDP for this machine: {insecure}")?;
        }
    }
    out.flush()
}

/// Completes when the process is told to end.
fn stop_signal() -> Result<impl Future<Output = ()>, Trouble> {
    // spec: relay-11
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| unexpected(&error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| unexpected(&error))?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

pub(crate) fn parse_socket(text: &str, flag: &str) -> Result<SocketAddr, Trouble> {
    text.parse().map_err(|_| {
        Trouble::new(
            Exit::Input,
            format!("\"{}\" is not an address and port", text.escape_default()),
            format!("{flag} takes an IP address and a port, such as 192.0.2.1:5061 or [2001:db8::1]:5061"),
            format!(
                "give {flag} 0.0.0.0:5061 for all addresses of this machine, or 127.0.0.1:0 to try it out"
            ),
        )
    })
}

/// The insecure port is for this machine alone (`spec/sip-checklist.md` S6).
// spec: frame-11
pub(crate) fn parse_loopback(text: &str) -> Result<SocketAddr, Trouble> {
    let address = parse_socket(text, "--insecure-loopback")?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(Trouble::new(
        Exit::Input,
        format!("{address} can be reached from other machines"),
        "without TLS a relay talks to its own machine only: 127.0.0.0/8 or ::1",
        "give --insecure-loopback 127.0.0.1:5060, or leave it out",
    ))
}

fn unexpected(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        Exit::Bug,
        "the relay could not start",
        error.to_string(),
        "report this with the line above",
    )
}
