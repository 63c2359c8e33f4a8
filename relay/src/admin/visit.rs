//! A connection to a relay from outside, as a client has it: TLS under the pinned key, requests, answers.
//! For `sipher-relay check` alone; it has no timers but the socket's.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, PeerIncompatible,
    RootCertStore, SignatureScheme, StreamOwned,
};
use sipher_wire::sip::{Cut, Cutter, Draft, Origin, Request, Response, Side, Transport, Verdict, check};
use sipher_wire::{Binding, RelayId, Time};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// A visit to a relay.
#[derive(Debug)]
pub(super) struct Visit {
    stream: StreamOwned<ClientConnection, TcpStream>,
    cutter: Cutter,
    got: VecDeque<Verdict>,
    verifier: Arc<Pinned>,
    /// Where this client says that it is.
    pub(super) origin: Origin,
    /// What its proofs are bound to.
    pub(super) binding: Binding,
}

/// Why a connection over TCP is no visit.
#[derive(Debug, thiserror::Error)]
pub(super) enum VisitFault {
    /// TLS didn't come about.
    #[error(transparent)]
    Tls(#[from] Error),
    /// The network failed, or nothing came in time.
    #[error(transparent)]
    Network(#[from] std::io::Error),
}

impl Visit {
    /// Begins TLS over a connection, with a relay that has this key.
    ///
    /// # Errors
    /// [`VisitFault`]
    pub(super) fn begin(mut tcp: TcpStream, pin: RelayId, origin: Origin) -> Result<Self, VisitFault> {
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Pinned {
            pin,
            provider: Arc::clone(&provider),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(config), relay_name()?)?;
        while client.is_handshaking() {
            // The fault of TLS itself says more than the error of reading that carries it.
            client.complete_io(&mut tcp).map_err(|error| {
                match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
                    Some(fault) => VisitFault::Tls(fault.clone()),
                    None => VisitFault::Network(error),
                }
            })?;
        }
        let binding = client.export_keying_material([0; 32], b"EXPORTER-sipher-1", None)?;
        Ok(Self {
            stream: StreamOwned::new(client, tcp),
            cutter: Cutter::new(Side::Client),
            got: VecDeque::new(),
            verifier,
            origin,
            binding: Binding::from_octets(binding),
        })
    }

    /// How the keys were agreed on.
    pub(super) fn key_exchange(&self) -> String {
        let group = self.stream.conn.negotiated_key_exchange_group();
        group.map_or_else(String::new, |group| format!("{:?}", group.name()))
    }

    /// Whether the relay's certificate is good at a time.
    pub(super) fn is_certified_at(&self, time: Time) -> bool {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs()));
        match (self.stream.conn.peer_certificates(), relay_name()) {
            (Some([leaf, chain @ ..]), Ok(name)) => self
                .verifier
                .verify_server_cert(leaf, chain, &name, &[], at)
                .is_ok(),
            _ => false,
        }
    }

    /// Sends a request, and gives the response to it. What else comes waits.
    ///
    /// # Errors
    /// If the connection ends or nothing comes.
    pub(super) fn ask(&mut self, draft: &Draft) -> std::io::Result<Response> {
        self.write(&draft.write())?;
        self.first(|verdict| match verdict {
            Verdict::Response(response) => Ok(response),
            other => Err(other),
        })
    }

    /// The next request of the relay.
    ///
    /// # Errors
    /// As [`Visit::ask`].
    pub(super) fn request(&mut self) -> std::io::Result<Request> {
        self.first(|verdict| match verdict {
            Verdict::Request(request) => Ok(request),
            other => Err(other),
        })
    }

    /// Sends octets.
    ///
    /// # Errors
    /// If the connection has ended.
    pub(super) fn write(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)?;
        self.stream.flush()
    }

    fn first<T>(&mut self, wanted: impl Fn(Verdict) -> Result<T, Verdict>) -> std::io::Result<T> {
        let mut others = VecDeque::new();
        loop {
            while let Some(verdict) = self.got.pop_front() {
                match wanted(verdict) {
                    Ok(found) => {
                        others.append(&mut self.got);
                        self.got = others;
                        return Ok(found);
                    }
                    Err(other) => others.push_back(other),
                }
            }
            if others.len() > OTHERS {
                return Err(ErrorKind::InvalidData.into());
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 4096];
        let len = self.stream.read(&mut buffer)?;
        if len == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.cutter.push(buffer.get(..len).unwrap_or_default());
        while let Some(cut) = self.cutter.next_cut() {
            if let Cut::Message(message) = cut {
                self.got.push_back(check(message));
            }
        }
        Ok(())
    }
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
            return Err(CertificateError::UnknownIssuer.into());
        };
        let mut roots = RootCertStore::empty();
        roots.add(identity.clone())?;
        let key: Option<[u8; 32]> = roots.roots.first().and_then(|root| {
            let key = root.subject_public_key_info.strip_prefix(ED25519_SPKI)?;
            key.try_into().ok()
        });
        if key.is_none_or(|key| RelayId::of(&key) != self.pin) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| Error::from(CertificateError::BadEncoding))?
            .verify_server_cert(leaf, &[], name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Where a client of a check says that it is.
pub(super) fn origin(rng: &mut impl rand_core::CryptoRng) -> Origin {
    Origin::random(Transport::Tls, rng)
}

/// The name in every relay's certificate.
fn relay_name() -> Result<ServerName<'static>, Error> {
    ServerName::try_from("relay.sipher.invalid").map_err(|_| Error::General("a name".into()))
}

/// What comes before the key of an Ed25519 key's SubjectPublicKeyInfo (RFC 8410 §4).
const ED25519_SPKI: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A relay that is well sends nothing else while it is asked.
const OTHERS: usize = 16;
