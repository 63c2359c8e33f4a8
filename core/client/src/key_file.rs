//! The file that holds the store's key, wrapped under the passphrase (`spec/account-store.md`: Argon2id, 64 MiB, 3 passes).
//!
//! `"sipher key\n" ‖ version u8 ‖ passphrase u8 ‖ wrapped key ‖ SHA-256 of all before`. The hash protects against
//! nobody; it tells damage from a wrong passphrase, which the wrapping alone cannot. The file is written once and
//! whole, before the account appears.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use sipher_crypto::{StoreKey, StretchParams, UnlockError};

use crate::client::Passphrase;
use crate::home::create_private_file;

/// What can be wrong with a key file, or with what was typed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    /// Missing, cut or altered.
    #[error("the key file is damaged or missing")]
    Damaged,
    /// A newer version of sipher wrote it.
    #[error("the key file was written by a newer version")]
    Newer,
    /// Another passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The machine lacks the memory for the stretching.
    #[error("not enough memory")]
    Memory,
    /// The file system.
    #[error("the key file cannot be read or written")]
    Io(#[source] io::Error),
}

/// Makes a new store key and keeps it in a new file at `path`, durably.
pub(crate) fn create(
    path: &Path,
    passphrase: &Passphrase,
    rng: &mut impl CryptoRng,
) -> Result<StoreKey, KeyFault> {
    let key = StoreKey::generate(rng);
    // Without a passphrase there is nothing to guess, so that work would cost the owner only.
    let params = if passphrase.is_none() {
        StretchParams::FLOOR
    } else {
        StretchParams::STORE
    };
    let wrapped = key
        .wrap(passphrase.expose_octets(), params, rng)
        .map_err(|_| KeyFault::Memory)?;
    let mut octets = [
        MAGIC,
        &[VERSION, u8::from(!passphrase.is_none())],
        wrapped.as_slice(),
    ]
    .concat();
    octets.extend_from_slice(&Sha256::digest(&octets));
    write(path, &octets).map_err(KeyFault::Io)?;
    Ok(key)
}

/// Opens the store key in the file at `path`.
pub(crate) fn open(path: &Path, passphrase: &Passphrase) -> Result<StoreKey, KeyFault> {
    let octets = read(path)?;
    let (_, wrapped) = contents(&octets)?;
    StoreKey::unwrap_with(wrapped, passphrase.expose_octets()).map_err(|error| match error {
        UnlockError::WrongPassphrase => KeyFault::WrongPassphrase,
        UnlockError::NoMemory => KeyFault::Memory,
        _ => KeyFault::Damaged,
    })
}

/// Whether the file at `path` says that a passphrase is needed.
pub(crate) fn needs_passphrase(path: &Path) -> Result<bool, KeyFault> {
    Ok(contents(&read(path)?)?.0)
}

/// Whether a passphrase is needed, and the wrapped key.
// spec: store-3
fn contents(octets: &[u8]) -> Result<(bool, &[u8]), KeyFault> {
    let (rest, hash) = octets.split_last_chunk::<32>().ok_or(KeyFault::Damaged)?;
    if Sha256::digest(rest).as_slice() != hash {
        return Err(KeyFault::Damaged);
    }
    match rest.strip_prefix(MAGIC) {
        Some([VERSION, passphrase @ (0 | 1), wrapped @ ..]) => Ok((*passphrase == 1, wrapped)),
        Some([version, ..]) if *version != VERSION => Err(KeyFault::Newer),
        _ => Err(KeyFault::Damaged),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KeyFault> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFault::Damaged,
        _ => KeyFault::Io(error),
    })?;
    let mut octets = Vec::new();
    file.take(LIMIT).read_to_end(&mut octets).map_err(KeyFault::Io)?;
    Ok(octets)
}

fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = create_private_file(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

const MAGIC: &[u8] = b"sipher key\n";
const VERSION: u8 = 1;

/// Octets of a file that is looked at: more than any version has.
const LIMIT: u64 = 4096;

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::random;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned()))
    }

    // spec: store-3
    #[test]
    fn a_wrong_passphrase_is_told_apart_from_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &passphrase("lamp"), &mut random::system()).unwrap();

        assert!(needs_passphrase(&path).unwrap());
        assert!(open(&path, &passphrase("lamp")).is_ok());
        assert!(matches!(
            open(&path, &passphrase("lamb")),
            Err(KeyFault::WrongPassphrase)
        ));
    }

    #[test]
    fn every_altered_octet_counts_as_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &Passphrase::none(), &mut random::system()).unwrap();
        let good = std::fs::read(&path).unwrap();
        assert!(!needs_passphrase(&path).unwrap());

        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, bad).unwrap();
            assert!(
                matches!(open(&path, &Passphrase::none()), Err(KeyFault::Damaged)),
                "octet {at}"
            );
        }
        for len in 0..good.len() {
            std::fs::write(&path, &good[..len]).unwrap();
            assert!(
                matches!(open(&path, &Passphrase::none()), Err(KeyFault::Damaged)),
                "cut at {len}"
            );
        }
        assert!(matches!(
            open(&folder.path().join("none"), &Passphrase::none()),
            Err(KeyFault::Damaged)
        ));
    }
}
