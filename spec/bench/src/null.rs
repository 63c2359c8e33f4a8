//! The null server, the bound of what can be reached: tokio and rustls, one file, group commit by
//! `fdatasync`, and nothing else. It checks nothing and trusts everybody.

use crate::frame::Frame;
use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

type Line = mpsc::UnboundedSender<Bytes>;

/// What connections share.
struct Null {
    readers: Mutex<HashMap<u16, Line>>,
    /// Where the items of each box lie in the file.
    backlog: Mutex<HashMap<u16, Vec<(u64, usize)>>>,
    commits: threads::Sender<Commit>,
    file: File,
}

/// A record for the file, and who waits for it.
struct Commit {
    record: Bytes,
    keep_for: Option<u16>,
    asker: Option<Line>,
}

/// Serves until it is killed. The first line of its output is its address.
pub(crate) async fn serve(path: &Path, out: &mut impl Write) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let file = File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(path)?;
    let (commits, waiting) = threads::channel();
    let null = Arc::new(Null {
        readers: Mutex::default(),
        backlog: Mutex::default(),
        commits,
        file: file.try_clone()?,
    });
    let committing = Arc::clone(&null);
    std::thread::Builder::new().spawn(move || committing.commit(file, &waiting))?;
    let acceptor = TlsAcceptor::from(Arc::new(config()?));
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (null, acceptor) = (Arc::clone(&null), acceptor.clone());
        #[expect(clippy::disallowed_methods, reason = "a driver starts its tasks")]
        drop(tokio::spawn(
            async move { null.connection(stream, acceptor).await },
        ));
    }
}

impl Null {
    async fn connection(&self, stream: TcpStream, acceptor: TlsAcceptor) -> Result<()> {
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = tokio::io::split(acceptor.accept(stream).await?);
        let (line, mut lines) = mpsc::unbounded_channel::<Bytes>();
        let writing = async {
            while let Some(first) = lines.recv().await {
                let mut joined = BytesMut::from(first);
                while joined.len() < 16 * 1024
                    && let Ok(next) = lines.try_recv()
                {
                    joined.extend_from_slice(&next);
                }
                writer.write_all(&joined).await?;
                writer.flush().await?;
            }
            anyhow::Ok(())
        };
        let reading = async {
            let mut buffer = BytesMut::new();
            loop {
                buffer.reserve(16 * 1024);
                if reader.read_buf(&mut buffer).await? == 0 {
                    return anyhow::Ok(());
                }
                while let Some((frame, whole)) = Frame::cut(&mut buffer) {
                    self.take(frame, whole, &line)?;
                }
                if buffer.is_empty() {
                    // Nothing is kept for a connection that is idle.
                    buffer = BytesMut::new();
                }
            }
        };
        tokio::select! {
            ended = writing => ended,
            ended = reading => ended,
        }
    }

    fn take(&self, frame: Frame, whole: Bytes, line: &Line) -> Result<()> {
        match frame {
            Frame::Hello(who) => self.hello(who, line)?,
            Frame::Send(who) => {
                let reader = lock(&self.readers).get(&who).cloned();
                if let Some(reader) = &reader {
                    drop(reader.send(Frame::Item(who).octets()));
                }
                self.commits.send(Commit {
                    record: whole,
                    keep_for: reader.is_none().then_some(who),
                    asker: Some(line.clone()),
                })?;
            }
            Frame::Ack(_) => self.commits.send(Commit {
                record: Bytes::from_static(&[0; 16]),
                keep_for: None,
                asker: None,
            })?,
            Frame::Change => {
                for reader in lock(&self.readers).values() {
                    drop(reader.send(whole.clone()));
                }
                drop(line.send(Frame::Answer.octets()));
            }
            Frame::Answer | Frame::Item(_) => {}
        }
        Ok(())
    }

    fn hello(&self, who: u16, line: &Line) -> Result<()> {
        lock(&self.readers).insert(who, line.clone());
        drop(line.send(Frame::Answer.octets()));
        for (offset, len) in lock(&self.backlog).remove(&who).unwrap_or_default() {
            let mut record = vec![0; len];
            self.file.read_exact_at(&mut record, offset)?;
            drop(record);
            drop(line.send(Frame::Item(who).octets()));
        }
        Ok(())
    }

    fn commit(&self, mut file: File, waiting: &threads::Receiver<Commit>) -> Result<()> {
        let mut at = 0_u64;
        while let Ok(first) = waiting.recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            let joined: Vec<u8> = group
                .iter()
                .flat_map(|commit| commit.record.iter().copied())
                .collect();
            file.write_all(&joined)?;
            file.sync_data()?;
            let mut backlog = lock(&self.backlog);
            for commit in group {
                let len = commit.record.len();
                if let Some(who) = commit.keep_for {
                    backlog.entry(who).or_default().push((at, len));
                }
                at += len as u64;
                if let Some(asker) = commit.asker {
                    drop(asker.send(Frame::Answer.octets()));
                }
            }
        }
        Ok(())
    }
}

fn config() -> Result<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["null.invalid".to_owned()])?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key)
        .context("a certificate of the null server")?;
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records of one sync at most.
const GROUP: usize = 512;
