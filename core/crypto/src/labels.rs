//! Every label of a hash, a key derivation or a signature, once. Spec: conventions, "Labels".
//!
//! All are ASCII and begin with `sipher/1 `. None is a prefix of another *within one construction*: where a
//! label is followed by data, the construction fixes the length of what follows or ends the label with a zero.

/// CAEAD: commitment and encryption key from key, nonce and associated data.
pub(crate) const CAEAD: &[u8] = b"sipher/1 caead";

/// Start of every signature's input; followed by purpose, a zero octet and the content.
pub(crate) const SIGN: &[u8] = b"sipher/1 sign ";

/// Pin of an account record.
pub(crate) const ACCOUNT: &[u8] = b"sipher/1 account";
/// Safety number of two account records.
pub(crate) const SAFETY: &[u8] = b"sipher/1 safety";
/// Six words of a finished handshake; followed by the link's secret.
pub(crate) const WORDS: &[u8] = b"sipher/1 words";

/// Key of an invitation's bundle.
pub(crate) const INVITE_BUNDLE: &[u8] = b"sipher/1 invite bundle";
/// Seed of the grant to read an invitation's cell.
pub(crate) const INVITE_READ: &[u8] = b"sipher/1 invite read";
/// Pre-shared key of an invitation's handshake.
pub(crate) const INVITE_PSK: &[u8] = b"sipher/1 invite psk";

/// Name of the handshake; its hash is the first transcript hash and chaining key.
pub(crate) const HANDSHAKE_NAME: &[u8] = b"sipher/1 link X25519+ML-KEM-768 ChaChaPoly SHA-256";
/// A mix of the handshake; followed by the mix's name, a zero octet and the transcript hash.
pub(crate) const HANDSHAKE_MIX: &[u8] = b"sipher/1 hs ";
/// What a finished handshake yields; followed by the transcript hash.
pub(crate) const LINK: &[u8] = b"sipher/1 link";

/// Root step of the ratchet; followed by the mixed epoch.
pub(crate) const ROOT: &[u8] = b"sipher/1 rk";
/// Chain step of the ratchet.
pub(crate) const CHAIN: &[u8] = b"sipher/1 ck";

/// Chain step of presence; followed by epoch and index.
pub(crate) const PRESENCE: &[u8] = b"sipher/1 presence";

/// Salt of the recovery phrase; followed by the relay's name.
pub(crate) const VAULT_SALT: &[u8] = b"sipher/1 vault";
/// Owner seed of the vault's cell.
pub(crate) const VAULT_OWNER: &[u8] = b"sipher/1 vault owner";
/// Seed of the grant to read the vault's cell.
pub(crate) const VAULT_READ: &[u8] = b"sipher/1 vault read";
/// Key of the vault.
pub(crate) const VAULT_KEY: &[u8] = b"sipher/1 vault key";
/// Seed of the account key.
pub(crate) const VAULT_ACCOUNT: &[u8] = b"sipher/1 vault account";

/// Key of the local store's records.
pub(crate) const STORE_RECORD: &[u8] = b"sipher/1 store record";
/// Key of the local store's index names.
pub(crate) const STORE_INDEX: &[u8] = b"sipher/1 store index";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_used_by_one_construction_only() {
        let all = [
            CAEAD,
            SIGN,
            ACCOUNT,
            SAFETY,
            WORDS,
            INVITE_BUNDLE,
            INVITE_READ,
            INVITE_PSK,
            HANDSHAKE_NAME,
            HANDSHAKE_MIX,
            LINK,
            ROOT,
            CHAIN,
            PRESENCE,
            VAULT_SALT,
            VAULT_OWNER,
            VAULT_READ,
            VAULT_KEY,
            VAULT_ACCOUNT,
            STORE_RECORD,
            STORE_INDEX,
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.starts_with(b"sipher/1 ") && one.is_ascii());
            assert!(all.iter().skip(at + 1).all(|other| other != one));
        }
    }
}
