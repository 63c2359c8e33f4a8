//! One kind of server under test: how its senders, readers and watchers speak.

use crate::frame::Frame;
use crate::kamailio::{User, Users};
use crate::line::{Line, Reader, Sender};
use crate::people::{Holder, Owner};
use crate::server::Server;
use crate::sip::Scanner;
use anyhow::{Result, bail};
use bytes::{Bytes, BytesMut};
use rustls::ClientConfig;
use std::path::Path;
use std::sync::Arc;

/// The servers of a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// sipher-relay over TLS.
    Relay,
    /// The bound: the same octets, the same syncs, no work; over TLS.
    Null,
    /// Kamailio with msilo on SQLite, over TCP.
    Kamailio,
}

/// A server with the means to speak to it.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    tls: Arc<ClientConfig>,
}

impl Subject {
    /// Starts a server in an empty directory.
    pub(crate) fn start(kind: Kind, relay: (&Path, &[String]), directory: &Path) -> Result<Self> {
        let server = match kind {
            Kind::Relay => Server::relay(relay.0, &directory.join("relay"), relay.1)?,
            Kind::Null => Server::null(directory)?,
            Kind::Kamailio => Server::kamailio(directory)?,
        };
        Ok(Self {
            kind,
            server,
            tls: crate::line::config()?,
        })
    }

    /// Waits until connections are taken.
    pub(crate) async fn wait_until_it_serves(&self) -> Result<()> {
        for _ in 0..100 {
            if self.line().await.is_ok() {
                return Ok(());
            }
            #[expect(clippy::disallowed_methods, reason = "Kamailio doesn't say when it is ready")]
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        bail!("the server doesn't accept connections")
    }

    /// A connection.
    pub(crate) async fn line(&self) -> Result<Line> {
        match self.kind {
            Kind::Kamailio => Line::tcp(self.server.address).await,
            Kind::Relay | Kind::Null => Line::tls(self.server.address, &self.tls).await,
        }
    }

    /// Opens boxes, each with a grant to write for [`Subject::sender`].
    pub(crate) async fn open_boxes(&self, boxes: std::ops::Range<u16>) -> Result<()> {
        if self.kind != Kind::Relay {
            return Ok(());
        }
        let mut line = self.line().await?;
        for number in boxes {
            let mut owner = Owner::new(number, &line, &self.server.host)?;
            let request = owner.manage();
            line.ask(&request, &mut Answers::default()).await?;
        }
        Ok(())
    }

    /// What sends to these boxes in turn.
    pub(crate) fn sender(&self, line: &Line, boxes: std::ops::Range<u16>) -> Result<Box<dyn Sender>> {
        Ok(match self.kind {
            Kind::Relay => Box::new(Holder::new(boxes, line, &self.server.host)?),
            Kind::Null => Box::new(Frames {
                to: boxes.clone(),
                next: boxes,
                buffer: BytesMut::new(),
            }),
            Kind::Kamailio => Box::new(Users::new(boxes, line)),
        })
    }

    /// What owns a box and receives from it, and its first request.
    pub(crate) fn reader(&self, line: &Line, number: u16) -> Result<(Bytes, Box<dyn Reader>)> {
        Ok(match self.kind {
            Kind::Relay => {
                let request = Owner::new(number, line, &self.server.host)?.register();
                (request, Box::new(SipReader::default()))
            }
            Kind::Null => (Frame::Hello(number).octets(), Box::new(FrameReader::default())),
            Kind::Kamailio => (User::new(number, line).register(), Box::new(SipReader::default())),
        })
    }
}

/// Counts answers that say yes.
#[derive(Debug, Default)]
pub(crate) struct Answers(Scanner);

impl Answers {
    /// Counts them.
    pub(crate) fn count(&mut self, octets: &[u8]) -> Result<usize> {
        self.0.push(octets);
        let mut count = 0;
        while let Some(heard) = self.0.cut() {
            match heard.status() {
                Some(200..=299) => count += 1,
                Some(100..=199) | None => {}
                Some(status) => bail!("a request was refused: {status}"),
            }
        }
        Ok(count)
    }
}

impl Sender for Answers {
    fn request(&mut self) -> Bytes {
        Bytes::new()
    }

    fn answers(&mut self, octets: &[u8]) -> Result<usize> {
        self.count(octets)
    }
}

/// An owner who takes what comes.
#[derive(Debug, Default)]
struct SipReader(Scanner);

impl Reader for SipReader {
    fn items(&mut self, octets: &[u8], replies: &mut BytesMut) -> Result<usize> {
        self.0.push(octets);
        let mut count = 0;
        while let Some(heard) = self.0.cut() {
            match heard.status() {
                None => {
                    heard.acknowledge(replies);
                    count += 1;
                }
                Some(status @ 300..) => bail!("a reader was refused: {status}"),
                Some(_) => {}
            }
        }
        Ok(count)
    }
}

/// Sends frames.
#[derive(Debug)]
struct Frames {
    to: std::ops::Range<u16>,
    next: std::ops::Range<u16>,
    buffer: BytesMut,
}

impl Sender for Frames {
    fn request(&mut self) -> Bytes {
        let who = self.next.next().unwrap_or_else(|| {
            self.next = self.to.clone();
            self.next.next().unwrap_or_default()
        });
        Frame::Send(who).octets()
    }

    fn answers(&mut self, octets: &[u8]) -> Result<usize> {
        self.buffer.extend_from_slice(octets);
        let mut count = 0;
        while let Some((frame, _)) = Frame::cut(&mut self.buffer) {
            count += usize::from(frame == Frame::Answer);
        }
        Ok(count)
    }
}

/// Receives frames.
#[derive(Debug, Default)]
struct FrameReader(BytesMut);

impl Reader for FrameReader {
    fn items(&mut self, octets: &[u8], replies: &mut BytesMut) -> Result<usize> {
        self.0.extend_from_slice(octets);
        let mut count = 0;
        while let Some((frame, _)) = Frame::cut(&mut self.0) {
            if let Frame::Item(who) = frame {
                replies.extend_from_slice(&Frame::Ack(who).octets());
                count += 1;
            }
        }
        Ok(count)
    }
}
