//! Connections of the generator, with TLS or without, and what speaks on them.

use anyhow::{Result, ensure};
use bytes::{Bytes, BytesMut};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A stream of octets.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One connection.
pub(crate) struct Line {
    pub(crate) stream: Box<dyn Stream>,
    /// What proofs are bound to; zeros without TLS.
    pub(crate) binding: [u8; 32],
    /// Our own address, for a Contact.
    pub(crate) here: SocketAddr,
}

/// What sends requests on a line and knows their answers.
pub(crate) trait Sender: Send {
    /// The next request.
    fn request(&mut self) -> Bytes;
    /// Takes what was read, and tells how many requests were answered.
    ///
    /// # Errors
    /// If an answer is a refusal.
    fn answers(&mut self, octets: &[u8]) -> Result<usize>;
}

/// What receives on a line.
pub(crate) trait Reader: Send {
    /// Takes what was read, writes acknowledgements, and tells how many items came.
    ///
    /// # Errors
    /// If what came is a refusal.
    fn items(&mut self, octets: &[u8], replies: &mut BytesMut) -> Result<usize>;
}

impl Line {
    /// A TLS connection that believes every certificate: the server is what is measured.
    pub(crate) async fn tls(to: SocketAddr, config: &Arc<ClientConfig>) -> Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let here = tcp.local_addr()?;
        let name = ServerName::try_from("relay.sipher.invalid")?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await?;
        let binding = stream
            .get_ref()
            .1
            .export_keying_material([0; 32], b"EXPORTER-sipher-1", None)?;
        Ok(Self {
            stream: Box::new(stream),
            binding,
            here,
        })
    }

    /// A plain connection.
    pub(crate) async fn tcp(to: SocketAddr) -> Result<Self> {
        let tcp = TcpStream::connect(to).await?;
        tcp.set_nodelay(true)?;
        let here = tcp.local_addr()?;
        Ok(Self {
            stream: Box::new(tcp),
            binding: [0; 32],
            here,
        })
    }

    /// Sends octets and waits for the one answer to them.
    pub(crate) async fn ask(&mut self, octets: &[u8], sender: &mut dyn Sender) -> Result<()> {
        self.write(octets).await?;
        let mut buffer = BytesMut::new();
        loop {
            self.read(&mut buffer).await?;
            if sender.answers(&buffer)? > 0 {
                return Ok(());
            }
            buffer.clear();
        }
    }

    /// Keeps this many requests on their way until told to stop; then waits for the answers.
    pub(crate) async fn send_on(
        mut self,
        mut sender: Box<dyn Sender>,
        window: usize,
        answered: Arc<AtomicU64>,
        stop: Arc<AtomicBool>,
    ) -> Result<()> {
        let mut waiting = 0;
        let mut buffer = BytesMut::new();
        loop {
            let mut out = BytesMut::new();
            while waiting < window && !stop.load(Ordering::Relaxed) {
                out.extend_from_slice(&sender.request());
                waiting += 1;
            }
            if waiting == 0 {
                return Ok(());
            }
            self.write(&out).await?;
            buffer.clear();
            self.read(&mut buffer).await?;
            let count = sender.answers(&buffer)?;
            waiting -= count;
            answered.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    /// Receives until it is dropped.
    pub(crate) async fn receive(
        mut self,
        mut reader: Box<dyn Reader>,
        received: Arc<AtomicU64>,
    ) -> Result<()> {
        let mut buffer = BytesMut::new();
        let mut replies = BytesMut::new();
        loop {
            let count = reader.items(&buffer, &mut replies)?;
            received.fetch_add(count as u64, Ordering::Relaxed);
            self.write(&replies).await?;
            replies.clear();
            buffer.clear();
            self.read(&mut buffer).await?;
        }
    }

    /// Writes octets.
    pub(crate) async fn write(&mut self, octets: &[u8]) -> Result<()> {
        if !octets.is_empty() {
            self.stream.write_all(octets).await?;
            self.stream.flush().await?;
        }
        Ok(())
    }

    async fn read(&mut self, into: &mut BytesMut) -> Result<()> {
        into.reserve(16 * 1024);
        ensure!(
            self.stream.read_buf(into).await? > 0,
            "the server closed a connection"
        );
        Ok(())
    }
}

/// TLS 1.3 as the relay's clients speak it, without the check of the certificate.
pub(crate) fn config() -> Result<Arc<ClientConfig>> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768];
    let provider = Arc::new(provider);
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Takes every server.
#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
