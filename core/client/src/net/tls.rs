//! TLS 1.3 to a relay: dialing, the pinned verifier, and the channel binding that proofs are bound to.
//!
//! No session resumption and no early data: a ticket would tie connections together that must look unrelated,
//! and early data can be replayed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error};
use sipher_wire::{Host, RelayAddress, RelayId};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::NetFault;
use super::verifier::{OtherIdentity, PinnedRelay, RELAY_NAME};

/// A connection whose far side proved to be the pinned relay.
#[derive(Debug)]
pub(crate) struct Dialed {
    /// The octets' way.
    pub(crate) stream: TlsStream<TcpStream>,
    /// What proofs on this connection are bound to (RFC 9266 style exporter).
    pub(crate) binding: [u8; 32],
}

/// Connects to the relay that `address` names, and to no other.
///
/// # Errors
/// [`NetFault`]; all of it is over within [`DIAL_LIMIT`] twice.
pub(crate) async fn dial(address: &RelayAddress) -> Result<Dialed, NetFault> {
    let tcp = timeout(DIAL_LIMIT, connect(address))
        .await
        .map_err(|_| NetFault::TimedOut)??;
    // Requests and acknowledgements are small and each is waited for.
    tcp.set_nodelay(true).map_err(|_| NetFault::Closed)?;
    let connector = TlsConnector::from(Arc::new(config(address.id)?));
    let name = ServerName::try_from(RELAY_NAME).map_err(|_| NetFault::Tls)?;
    let stream = timeout(DIAL_LIMIT, connector.connect(name, tcp))
        .await
        .map_err(|_| NetFault::TimedOut)?
        .map_err(|error| tls_fault(&error, address.id))?;
    let binding = stream
        .get_ref()
        .1
        .export_keying_material([0; 32], BINDING_LABEL, None)
        .map_err(|_| NetFault::Tls)?;
    Ok(Dialed { stream, binding })
}

async fn connect(address: &RelayAddress) -> Result<TcpStream, NetFault> {
    // A name that isn't found and a machine that isn't there ask for different things of the person.
    let addresses: Vec<SocketAddr> = match &address.host {
        Host::Name(name) => {
            let found = lookup_host((name.as_str(), address.port)).await;
            found.map_err(|_| NetFault::NameNotFound)?.collect()
        }
        Host::V4(ip) => vec![SocketAddr::from((*ip, address.port))],
        Host::V6(ip) => vec![SocketAddr::from((*ip, address.port))],
    };
    if addresses.is_empty() {
        return Err(NetFault::NameNotFound);
    }
    TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => NetFault::Refused,
            io::ErrorKind::TimedOut => NetFault::TimedOut,
            _ => NetFault::Unreachable,
        })
}

fn config(pin: RelayId) -> Result<ClientConfig, NetFault> {
    let provider = provider();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| NetFault::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedRelay::new(pin, provider)))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Ok(config)
}

/// X25519MLKEM768 first: what is recorded today stays closed to tomorrow's quantum computer.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519];
    Arc::new(provider)
}

fn tls_fault(error: &io::Error, pin: RelayId) -> NetFault {
    let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return NetFault::Closed;
    };
    match fault {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            match other.0.downcast_ref::<OtherIdentity>() {
                Some(identity) => NetFault::WrongKey {
                    expected: pin,
                    shown: identity.shown,
                },
                None => NetFault::Tls,
            }
        }
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => NetFault::CertificateTime,
        _ => NetFault::Tls,
    }
}

/// What a person waits at most for a name and a connection, and again for the handshake.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

/// Label of the TLS exporter that owner's and grant proofs are bound to.
const BINDING_LABEL: &[u8] = b"EXPORTER-sipher-1";

#[cfg(test)]
mod tests;
