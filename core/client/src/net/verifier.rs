//! Is this the relay that the address names? The chain must be `[leaf, identity certificate]`, the identity
//! certificate must hold exactly the pinned Ed25519 key, and the leaf must be signed by it and valid now.
//!
//! No public certificate authority is asked, so nobody else can vouch for a false relay. Which name the relay
//! has doesn't matter either: every relay's leaf bears [`RELAY_NAME`], so that no host name leaves in the clear.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use sipher_wire::RelayId;

/// Accepts one relay: the one with the pinned identity key.
#[derive(Debug)]
pub(crate) struct PinnedRelay {
    pin: RelayId,
    provider: Arc<CryptoProvider>,
}

/// Another identity key than the pinned one, on its way through rustls' error type.
#[derive(Debug, thiserror::Error)]
#[error("another identity key than the pinned one")]
pub(crate) struct OtherIdentity {
    /// What answered.
    pub(crate) shown: RelayId,
}

impl PinnedRelay {
    /// Accepts the relay whose identity key has this id.
    pub(crate) fn new(pin: RelayId, provider: Arc<CryptoProvider>) -> Self {
        Self { pin, provider }
    }
}

impl ServerCertVerifier for PinnedRelay {
    // spec: tls-2
    // spec: tls-3
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
        let key = roots
            .roots
            .first()
            .and_then(|root| ed25519_key(&root.subject_public_key_info));
        let Some(key) = key else {
            return Err(CertificateError::BadEncoding.into());
        };
        let shown = RelayId::of(key);
        if shown != self.pin {
            // spec: client-1
            return Err(CertificateError::Other(OtherError(Arc::new(OtherIdentity { shown }))).into());
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| Error::from(CertificateError::BadEncoding))?
            .verify_server_cert(leaf, &[], name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
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
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The key in a SubjectPublicKeyInfo's contents, if it is Ed25519 (RFC 8410 section 4: no parameters).
fn ed25519_key(spki: &[u8]) -> Option<&[u8; 32]> {
    spki.strip_prefix(ED25519_SPKI)?.try_into().ok()
}

/// The name in every relay's leaf certificate, and all that TLS says of it in the clear.
// spec: tls-4
pub(crate) const RELAY_NAME: &str = "relay.sipher.invalid";

/// `SEQUENCE { OID 1.3.101.112 } BIT STRING (33 octets, no unused bits)`.
const ED25519_SPKI: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
