//! TLS 1.3 and nothing older: no tickets, no resumption, no early data. Spec: `spec/relay.md`, TLS.
//!
//! A ticket would tie connections together that must look unrelated; early data can be replayed.

use crate::clock;
use crate::identity::{BrokenIdentity, Identity, LEAF_USE};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig};
use sipher_wire::Time;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A relay's TLS.
#[derive(Debug)]
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
}

/// The certificate in use, and the key that makes the next one.
#[derive(Debug)]
struct Current {
    provider: Arc<CryptoProvider>,
    identity: Identity,
    chain: RwLock<Arc<CertifiedKey>>,
}

/// TLS can't be set up: a fault of this program, never of its operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    /// No certificate could be made.
    #[error(transparent)]
    Certificate(#[from] BrokenIdentity),
    /// The provider doesn't have what is asked of it.
    #[error("the TLS provider has no TLS 1.3")]
    Provider(#[from] Error),
}

impl Tls {
    /// TLS under a fresh certificate.
    pub(crate) fn new(identity: Identity) -> Result<Self, TlsFault> {
        let provider = provider();
        let chain = RwLock::new(Arc::new(identity.certify(clock::now(), &provider)?));
        let current = Arc::new(Current {
            provider: Arc::clone(&provider),
            identity,
            chain,
        });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        // spec: tls-5
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            config: Arc::new(config),
            current,
        })
    }

    /// What accepts connections.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// What makes a new certificate on request.
    pub(crate) fn renewal(&self) -> Renewal {
        Renewal(Arc::clone(&self.current))
    }

    /// Makes a new certificate whenever the one in use has served its time.
    #[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
    pub(crate) fn keep_fresh(&self) -> impl Future<Output = ()> + use<> {
        let current = Arc::clone(&self.current);
        async move {
            let mut made = clock::now();
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if clock::now().since(made) < LEAF_USE {
                    continue;
                }
                made = clock::now();
                if current.renew(made).is_err() {
                    tracing::error!("no new certificate could be made; the old one is used on");
                }
            }
        }
    }
}

/// Makes new certificates for a relay that serves; connections that are there keep theirs.
#[derive(Clone, Debug)]
pub(crate) struct Renewal(Arc<Current>);

impl Renewal {
    /// Makes one.
    ///
    /// # Errors
    /// [`BrokenIdentity`] if none can be made; then the old one is used on.
    pub(crate) fn renew(&self) -> Result<(), BrokenIdentity> {
        self.0.renew(clock::now())
    }
}

impl Current {
    fn renew(&self, now: Time) -> Result<(), BrokenIdentity> {
        let chain = self.identity.certify(now, &self.provider)?;
        *self.chain.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(chain);
        Ok(())
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.chain.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// What the proofs of this connection are bound to.
pub(crate) fn binding(stream: &TlsStream<TcpStream>) -> Option<[u8; 32]> {
    stream
        .get_ref()
        .1
        // spec: tls-6
        .export_keying_material([0; 32], b"EXPORTER-sipher-1", None)
        .ok()
}

/// X25519MLKEM768 first: what is recorded today stays closed to tomorrow's quantum computer.
// spec: tls-1
// spec: tls-5
fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519];
    Arc::new(provider)
}

/// How often the age of the certificate is looked at.
const LOOK_EVERY: Duration = Duration::from_hours(24);
