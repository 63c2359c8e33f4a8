//! The key by which clients know a relay, and the certificates that it signs. Spec: `spec/relay.md`, identity.
//!
//! The identity key is all that lasts. At each start, and each month, it signs a new key for TLS; neither
//! certificate is kept, and neither says anything of where the relay is.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use sipher_wire::{RelayId, Time};
use std::time::Duration;
use zeroize::Zeroizing;

/// A relay's long-lived Ed25519 key.
pub struct Identity {
    key: KeyPair,
    id: RelayId,
}

/// The identity key can't be read, or a certificate can't be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the identity key is not an Ed25519 key in PKCS#8 PEM")]
pub struct BrokenIdentity;

impl Identity {
    /// A fresh identity.
    ///
    /// # Errors
    /// [`BrokenIdentity`] if the system gives no randomness.
    pub fn generate() -> Result<Self, BrokenIdentity> {
        Self::with_key(KeyPair::generate_for(&PKCS_ED25519).map_err(|_| BrokenIdentity)?)
    }

    /// The identity of a PEM text.
    ///
    /// # Errors
    /// [`BrokenIdentity`] if it isn't one.
    pub fn from_pem(text: &str) -> Result<Self, BrokenIdentity> {
        Self::with_key(
            KeyPair::from_pkcs8_pem_and_sign_algo(text, &PKCS_ED25519).map_err(|_| BrokenIdentity)?,
        )
    }

    /// The key as PEM, for its file.
    pub fn expose_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.serialize_pem())
    }

    /// What clients pin.
    pub const fn id(&self) -> &RelayId {
        &self.id
    }

    /// A new key for TLS with the chain `[leaf, identity]`, good from a day before `now` for 90 days.
    ///
    /// # Errors
    /// [`BrokenIdentity`] if a certificate can't be made.
    // spec: relay-6
    pub fn certify(&self, now: Time, provider: &CryptoProvider) -> Result<CertifiedKey, BrokenIdentity> {
        let mut authority = named(AUTHORITY_NAME);
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.not_before = date_time_ymd(2020, 1, 1);
        authority.not_after = date_time_ymd(2200, 1, 1);
        let root = authority.self_signed(&self.key).map_err(|_| BrokenIdentity)?;

        let mut params = named(LEAF_NAME);
        params.subject_alt_names = CertificateParams::new([LEAF_NAME.to_owned()])
            .map_err(|_| BrokenIdentity)?
            .subject_alt_names;
        let since_1970 = Duration::from_secs(now.as_secs());
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970.saturating_sub(CLOCK_TOLERANCE);
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970.saturating_add(LEAF_LIFETIME);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|_| BrokenIdentity)?;
        let issuer = Issuer::from_params(&authority, &self.key);
        let leaf = params.signed_by(&key, &issuer).map_err(|_| BrokenIdentity)?;

        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signer = provider
            .key_provider
            .load_private_key(der)
            .map_err(|_| BrokenIdentity)?;
        Ok(CertifiedKey::new(
            vec![leaf.der().clone(), root.der().clone()],
            signer,
        ))
    }

    fn with_key(key: KeyPair) -> Result<Self, BrokenIdentity> {
        let public: [u8; 32] = key.public_key_raw().try_into().map_err(|_| BrokenIdentity)?;
        Ok(Self {
            id: RelayId::of(&public),
            key,
        })
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// The same for all relays, so that a certificate names none.
const AUTHORITY_NAME: &str = "sipher relay identity";
/// The name in every relay's certificate, which clients ask for instead of a host.
const LEAF_NAME: &str = "relay.sipher.invalid";
/// Clients' clocks may be behind by this.
const CLOCK_TOLERANCE: Duration = Duration::from_hours(24);
/// How long a leaf is good.
const LEAF_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// How long a leaf is used: what is left must be 30 days.
pub const LEAF_USE: Duration = Duration::from_hours(60 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_the_same_after_it_was_written_and_read() {
        let identity = Identity::generate().unwrap();
        let again = Identity::from_pem(&identity.expose_pem()).unwrap();
        assert_eq!(identity.id(), again.id());
    }

    #[test]
    fn what_is_no_ed25519_key_is_refused() {
        let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        assert_eq!(
            Identity::from_pem(&other.serialize_pem()).unwrap_err(),
            BrokenIdentity
        );
        assert_eq!(Identity::from_pem("").unwrap_err(), BrokenIdentity);
    }

    // spec: relay-6
    #[test]
    fn each_certificate_has_a_key_of_its_own_and_the_identity_behind_it() {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let identity = Identity::generate().unwrap();
        let now = Time::from_secs(1_790_000_000);
        let first = identity.certify(now, &provider).unwrap();
        let second = identity.certify(now, &provider).unwrap();
        assert_eq!((first.cert.len(), second.cert.len()), (2, 2));
        assert_ne!(first.cert[0], second.cert[0]);
        assert!(first.keys_match().is_ok());
    }

    #[test]
    fn debug_shows_no_key() {
        let identity = Identity::generate().unwrap();
        assert!(!format!("{identity:?}").contains("PRIVATE"));
    }
}
