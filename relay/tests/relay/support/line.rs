//! A client's connection to the real program: TLS with the relay's key pinned, or plain TCP.

use super::people::Seat;
use super::program::Program;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};
use sipher_wire::sip::{
    Cut, Cutter, Draft, Origin, Reply, Request, Response, Side, Status, Tag, Transport, Verdict, check,
};
use sipher_wire::{Binding, RelayId};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A connection whose reads end after ten seconds.
pub(crate) struct Line {
    stream: StreamOwned<ClientConnection, TcpStream>,
    cutter: Cutter,
    got: VecDeque<Verdict>,
    pub(crate) seat: Seat,
    pub(crate) rng: ChaCha20Rng,
}

/// A line with nothing to read any more.
#[derive(Debug)]
pub(crate) struct Ended;

static LINES: AtomicU64 = AtomicU64::new(0);

impl Line {
    pub(crate) fn open(program: &Program) -> Self {
        Self::try_open(program).expect("the relay accepts connections")
    }

    pub(crate) fn try_open(program: &Program) -> std::io::Result<Self> {
        Self::open_with(program, Arc::new(config(program.address.id)))
    }

    /// A connection of a client who may remember earlier ones.
    pub(crate) fn open_with(program: &Program, config: Arc<ClientConfig>) -> std::io::Result<Self> {
        let seed = LINES.fetch_add(1, Ordering::Relaxed) + (u64::from(std::process::id()) << 32);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let tcp = TcpStream::connect(program.listen)?;
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("relay.sipher.invalid").unwrap();
        let client = ClientConnection::new(config, name).unwrap();
        let mut stream = StreamOwned::new(client, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let binding = stream
            .conn
            .export_keying_material([0; 32], b"EXPORTER-sipher-1", None)
            .unwrap();
        let origin = Origin::random(Transport::Tls, &mut rng);
        let seat = Seat {
            origin,
            binding: Some(Binding::from_octets(binding)),
            host: program.address.host.clone(),
        };
        Ok(Self {
            stream,
            cutter: Cutter::new(Side::Client),
            got: VecDeque::new(),
            seat,
            rng,
        })
    }

    pub(crate) fn tls(&self) -> &ClientConnection {
        &self.stream.conn
    }

    pub(crate) fn send(&mut self, draft: &Draft) {
        self.try_send(draft).unwrap();
    }

    pub(crate) fn try_send(&mut self, draft: &Draft) -> std::io::Result<()> {
        self.try_octets(&draft.write())
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.try_octets(octets).unwrap();
    }

    pub(crate) fn try_octets(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)?;
        self.stream.flush()
    }

    /// What comes next.
    pub(crate) fn next(&mut self) -> Result<Verdict, Ended> {
        loop {
            if let Some(got) = self.got.pop_front() {
                return Ok(got);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return Err(Ended),
                Ok(len) => self.cutter.push(&buffer[..len]),
            }
            while let Some(cut) = self.cutter.next_cut() {
                if let Cut::Message(message) = cut {
                    self.got.push_back(check(message));
                }
            }
        }
    }

    pub(crate) fn response(&mut self) -> Response {
        match self.next().unwrap() {
            Verdict::Response(response) => response,
            other => panic!("a response, not {other:?}"),
        }
    }

    pub(crate) fn request(&mut self) -> Request {
        match self.next().unwrap() {
            Verdict::Request(request) => request,
            other => panic!("a request, not {other:?}"),
        }
    }

    pub(crate) fn ask(&mut self, draft: &Draft) -> Response {
        self.send(draft);
        self.response()
    }

    pub(crate) fn reply(&mut self, request: &Request, status: Status) {
        let octets = Reply::to(request, status, &Tag::random(&mut self.rng)).write();
        self.octets(&octets);
    }
}

/// A client of this relay, with all that a client may remember.
pub(crate) fn config(pin: RelayId) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { pin, provider }))
        .with_no_client_auth()
}

/// Takes one relay: the second certificate holds the pinned key, and signed the first.
#[derive(Debug)]
struct Pinned {
    pin: RelayId,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let [identity] = chain else {
            panic!("the chain is leaf and identity")
        };
        let mut roots = RootCertStore::empty();
        roots.add(identity.clone())?;
        let spki = roots.roots[0].subject_public_key_info.to_vec();
        let key: [u8; 32] = spki[spki.len() - 32..].try_into().unwrap();
        assert_eq!(RelayId::of(&key), self.pin);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        verifier
            .build()
            .unwrap()
            .verify_server_cert(leaf, &[], name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        panic!("the relay speaks TLS 1.3 alone")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
