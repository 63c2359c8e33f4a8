//! The key of a local store: wrapped under a passphrase, sealing records. Spec: account-store.
//!
//! The store key is random and stays when the passphrase changes. Where records lie is the disk's business: it
//! hands in the record's place as associated data, so that a record moved to another place doesn't open.

use alloc::vec::Vec;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::caead::{self, DidNotOpen, Nonce};
use crate::encoding::{Malformed, Reader, Writer};
use crate::secret::{CaeadKey, StoreSecret};
use crate::stretch::{SALT_LEN, StretchParams, StretchParamsError};
use crate::{kdf, labels};

/// Opens and seals everything that a local store holds.
pub struct StoreKey {
    secret: StoreSecret,
    records: CaeadKey,
    index: CaeadKey,
}

impl StoreKey {
    /// Octets of a wrapped key.
    pub const WRAPPED_LEN: usize = HEADER_LEN + Nonce::LEN + STORE_SECRET_LEN + caead::OVERHEAD;
    /// Octets of an index name.
    pub const INDEX_NAME_LEN: usize = 16;
    /// Octets that sealing adds to a record.
    pub const RECORD_OVERHEAD: usize = Nonce::LEN + caead::OVERHEAD;

    /// A new key.
    // spec: store-2
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::new(StoreSecret::random(rng))
    }

    /// The key of a secret that is kept elsewhere, as in a system's keyring.
    pub fn new(secret: StoreSecret) -> Self {
        let derive = |label| kdf::expand::<1>(secret.expose_octets(), &[label]);
        let [records] = &*derive(labels::STORE_RECORD);
        let [index] = &*derive(labels::STORE_INDEX);
        let (records, index) = (CaeadKey::from_octets(records), CaeadKey::from_octets(index));
        Self {
            secret,
            records,
            index,
        }
    }

    /// The secret, to be kept in a system's keyring.
    pub const fn expose_secret(&self) -> &StoreSecret {
        &self.secret
    }

    /// Wraps it under a passphrase: `version, memory, passes, lanes, salt, nonce, sealed key`. An empty passphrase
    /// is allowed and protects nothing.
    ///
    /// # Errors
    /// [`StretchParamsError::NoMemory`].
    pub fn wrap(
        &self,
        passphrase: &[u8],
        params: StretchParams,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, StretchParamsError> {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let nonce = Nonce::random(rng);
        let mut header = Writer::with_capacity(HEADER_LEN);
        header
            .octet(VERSION)
            .u32(params.memory_kib())
            .u32(params.passes())
            .u32(params.lanes())
            .put(&salt);
        let header = header.finish();
        let key = params.stretch(passphrase, &salt)?;
        let sealed = caead::seal_under(&key, Some(&nonce), &[&header], self.secret.expose_octets());
        Ok([header.as_slice(), nonce.as_octets(), &sealed].concat())
    }

    /// Unwraps what [`Self::wrap`] made.
    ///
    /// # Errors
    /// [`UnlockError`]. Damage inside the sealed part can't be told from a wrong passphrase.
    pub fn unwrap_with(wrapped: &[u8], passphrase: &[u8]) -> Result<Self, UnlockError> {
        let (header, sealed) = wrapped
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(UnlockError::Damaged)?;
        let mut reader = Reader::new(header);
        if reader.octet()? != VERSION {
            return Err(UnlockError::Damaged);
        }
        let params = StretchParams::new(reader.u32()?, reader.u32()?, reader.u32()?)?;
        let salt = reader.array()?;
        let (nonce, sealed) = sealed.split_first_chunk().ok_or(UnlockError::Damaged)?;
        if sealed.len() != STORE_SECRET_LEN + caead::OVERHEAD {
            return Err(UnlockError::Damaged);
        }
        let key = params.stretch(passphrase, salt)?;
        let secret = caead::open_under(&key, Some(&Nonce::from_octets(*nonce)), &[header], sealed)
            .map_err(|DidNotOpen| UnlockError::WrongPassphrase)?;
        let secret = secret.as_slice().try_into().map_err(|_| UnlockError::Damaged)?;
        Ok(Self::new(StoreSecret::from_octets(secret)))
    }

    /// Seals a record for its place: `nonce || sealed`.
    pub fn seal_record(&self, place: &[u8], record: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Vec<u8> {
        let nonce = Nonce::random(rng);
        let sealed = caead::seal(&self.records, Some(&nonce), &[place], record);
        [nonce.as_octets().as_slice(), &sealed].concat()
    }

    /// Opens a record at its place.
    ///
    /// # Errors
    /// [`DidNotOpen`]: damaged, moved, or of another store.
    pub fn open_record(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DidNotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk().ok_or(DidNotOpen)?;
        caead::open(&self.records, Some(&Nonce::from_octets(*nonce)), &[place], sealed)
    }

    /// What a name looks like in an index that the disk may show: `HMAC(kind || name)[..16]`.
    pub fn index_name(&self, kind: u8, name: &[u8]) -> [u8; Self::INDEX_NAME_LEN] {
        #[expect(
            clippy::expect_used,
            clippy::missing_panics_doc,
            reason = "HMAC takes keys of any length"
        )]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.index.expose_octets())
            .expect("HMAC takes keys of any length");
        mac.update(&[kind]);
        mac.update(name);
        let mut index_name = [0; Self::INDEX_NAME_LEN];
        for (to, from) in index_name.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        index_name
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(..)")
    }
}

/// Why a wrapped key didn't unwrap.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnlockError {
    /// Not what [`StoreKey::wrap`] makes.
    #[error("the wrapped key is damaged")]
    Damaged,
    /// Parameters outside floor and ceiling: somebody changed them.
    #[error("the wrapped key asks for an unreasonable amount of work")]
    OutOfBounds,
    /// The machine has less memory than the parameters ask for.
    #[error("not enough memory to unlock")]
    NoMemory,
    /// Another passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
}

impl From<Malformed> for UnlockError {
    fn from(_: Malformed) -> Self {
        Self::Damaged
    }
}

impl From<StretchParamsError> for UnlockError {
    fn from(error: StretchParamsError) -> Self {
        match error {
            StretchParamsError::OutOfBounds => Self::OutOfBounds,
            StretchParamsError::NoMemory => Self::NoMemory,
        }
    }
}

const VERSION: u8 = 1;
const STORE_SECRET_LEN: usize = 32;
/// Version, three parameters, salt.
const HEADER_LEN: usize = 1 + 3 * 4 + SALT_LEN;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use subtle::ConstantTimeEq;

    use super::*;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([4; 32])
    }

    // spec: store-2
    #[test]
    fn a_wrapped_key_opens_with_its_passphrase_only() {
        let key = StoreKey::generate(&mut rng());
        let wrapped = key
            .wrap(b"correct horse", StretchParams::FLOOR, &mut rng())
            .unwrap();
        assert_eq!(wrapped.len(), StoreKey::WRAPPED_LEN);
        let again = StoreKey::unwrap_with(&wrapped, b"correct horse").unwrap();
        assert!(bool::from(key.secret.ct_eq(&again.secret)));
        assert_eq!(
            StoreKey::unwrap_with(&wrapped, b"wrong").err(),
            Some(UnlockError::WrongPassphrase)
        );
        assert_eq!(
            StoreKey::unwrap_with(&wrapped[1..], b"").err(),
            Some(UnlockError::Damaged)
        );
        assert_eq!(
            StoreKey::unwrap_with(&wrapped[..90], b"").err(),
            Some(UnlockError::Damaged)
        );
    }

    #[test]
    fn parameters_in_the_file_are_bounded_and_authenticated() {
        let key = StoreKey::generate(&mut rng());
        let mut wrapped = key.wrap(b"p", StretchParams::FLOOR, &mut rng()).unwrap();
        wrapped[8] = 3;
        assert_eq!(
            StoreKey::unwrap_with(&wrapped, b"p").err(),
            Some(UnlockError::WrongPassphrase)
        );
        wrapped[8] = 1;
        assert_eq!(
            StoreKey::unwrap_with(&wrapped, b"p").err(),
            Some(UnlockError::OutOfBounds)
        );
        wrapped[1] = 0xff;
        assert_eq!(
            StoreKey::unwrap_with(&wrapped, b"p").err(),
            Some(UnlockError::OutOfBounds)
        );
    }

    #[test]
    fn a_record_opens_at_its_place_only() {
        let key = StoreKey::generate(&mut rng());
        let sealed = key.seal_record(b"place", b"record", &mut rng());
        assert_eq!(sealed.len(), b"record".len() + StoreKey::RECORD_OVERHEAD);
        assert_eq!(key.open_record(b"place", &sealed).unwrap().as_slice(), b"record");
        assert!(key.open_record(b"other", &sealed).is_err());
        assert!(key.open_record(b"place", &sealed[1..]).is_err());
        assert!(key.open_record(b"place", b"").is_err());
        let mut other = ChaCha20Rng::from_seed([5; 32]);
        assert!(
            StoreKey::generate(&mut other)
                .open_record(b"place", &sealed)
                .is_err()
        );
    }

    #[test]
    fn index_names_depend_on_kind_and_name() {
        let key = StoreKey::generate(&mut rng());
        assert_eq!(key.index_name(1, b"bob"), key.index_name(1, b"bob"));
        assert_ne!(key.index_name(1, b"bob"), key.index_name(2, b"bob"));
        assert_ne!(key.index_name(1, b"bob"), key.index_name(1, b"bo"));
    }
}
