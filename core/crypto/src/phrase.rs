//! The recovery phrase and what it yields. Spec: account-store, "Phrase".
//!
//! Twelve words of the English list of BIP-39, its checksum included: 128 bits, generated, never chosen. The
//! vault itself isn't here.

use alloc::string::String;
use core::fmt;

use bip39::{Language, Mnemonic};
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::hash::sha256_prefix;
use crate::secret::{PhraseEntropy, SigningSeed, VaultKey};
use crate::stretch::{StretchParams, StretchParamsError};
use crate::{kdf, labels};

/// Twelve words from which an account can be restored.
pub struct Phrase(PhraseEntropy);

impl Phrase {
    /// Words of a phrase.
    pub const WORDS: usize = 12;

    /// A new one.
    // spec: phrase-1
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(PhraseEntropy::random(rng))
    }

    /// Reads what a person typed: any case, any blanks between words.
    ///
    /// # Errors
    /// [`PhraseError`], which says the place of a wrong word but never the word.
    pub fn parse(typed: &str) -> Result<Self, PhraseError> {
        let mut words = Zeroizing::new(String::with_capacity(MAX_TEXT_LEN));
        let mut count = 0;
        for word in typed.split_whitespace() {
            count += 1;
            if count > Self::WORDS {
                return Err(PhraseError::Count);
            }
            append_lowercase(&mut words, word).ok_or(PhraseError::UnknownWord { place: count })?;
        }
        if count != Self::WORDS {
            return Err(PhraseError::Count);
        }
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &words).map_err(|_| PhraseError::Checksum)?;
        let (mut octets, _) = mnemonic.to_entropy_array();
        let phrase = octets.first_chunk().map(PhraseEntropy::from_octets).map(Self);
        octets.zeroize();
        phrase.ok_or(PhraseError::Count)
    }

    /// The words, in lower case with a blank between two: what is shown once, and what is stretched.
    ///
    /// # Errors
    /// [`PhraseError::Count`]: can't happen.
    pub fn expose_words(&self) -> Result<Zeroizing<String>, PhraseError> {
        let mnemonic = Mnemonic::from_entropy_in(Language::English, self.0.expose_octets())
            .map_err(|_| PhraseError::Count)?;
        let mut words = Zeroizing::new(String::with_capacity(MAX_TEXT_LEN));
        for word in mnemonic.words() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
        Ok(words)
    }

    /// Stretches it for one relay: `Argon2id(words, salt = H("sipher/1 vault" || relay name)[..16])`. Takes up to
    /// a few seconds with [`StretchParams::VAULT`], which is what everybody uses.
    ///
    /// # Errors
    /// [`PhraseError::NoMemory`].
    pub fn vault_keys(&self, relay_name: &str, params: StretchParams) -> Result<VaultKeys, PhraseError> {
        let salt = sha256_prefix(&[labels::VAULT_SALT, relay_name.as_bytes()]);
        let stretched = params.stretch(self.expose_words()?.as_bytes(), &salt)?;
        let derive = |label| kdf::derive::<1>(&[], &[stretched.as_slice()], &[label]);
        let [owner] = &*derive(labels::VAULT_OWNER);
        let [read_grant] = &*derive(labels::VAULT_READ);
        let [key] = &*derive(labels::VAULT_KEY);
        let [account] = &*derive(labels::VAULT_ACCOUNT);
        Ok(VaultKeys {
            owner: SigningSeed::from_octets(owner),
            read_grant: SigningSeed::from_octets(read_grant),
            key: VaultKey::from_octets(key),
            account: SigningSeed::from_octets(account),
        })
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(..)")
    }
}

/// What a phrase yields for one relay.
#[derive(Debug)]
#[non_exhaustive]
pub struct VaultKeys {
    /// Owner seed of the vault's cell.
    pub owner: SigningSeed,
    /// Seed of the grant to read the vault's cell.
    pub read_grant: SigningSeed,
    /// Key of the vault.
    pub key: VaultKey,
    /// Seed of the account key.
    pub account: SigningSeed,
}

/// What is wrong with a phrase.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhraseError {
    /// Not twelve words.
    #[error("a recovery phrase has twelve words")]
    Count,
    /// A word that isn't in the list.
    #[error("word {place} is not in the list")]
    UnknownWord {
        /// Its place, counted from 1.
        place: usize,
    },
    /// All words are in the list, but together they are no phrase: one is wrong, or two are swapped.
    #[error("the words do not fit together")]
    Checksum,
    /// The machine has less memory than stretching takes.
    #[error("not enough memory")]
    NoMemory,
}

impl From<StretchParamsError> for PhraseError {
    fn from(_: StretchParamsError) -> Self {
        Self::NoMemory
    }
}

/// Appends a word of the list, `None` if it isn't one.
fn append_lowercase(words: &mut String, word: &str) -> Option<()> {
    if word.len() > MAX_WORD_LEN {
        return None;
    }
    let lower = Zeroizing::new(word.to_ascii_lowercase());
    Language::English.find_word(&lower)?;
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(&lower);
    Some(())
}

/// The list's longest word.
const MAX_WORD_LEN: usize = 8;
/// Twelve of those and the blanks between: the text never moves in memory.
const MAX_TEXT_LEN: usize = Phrase::WORDS * (MAX_WORD_LEN + 1);

#[cfg(test)]
mod tests {
    use subtle::ConstantTimeEq;

    use super::*;

    /// The first test vector of BIP-39.
    const ZERO: &str =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    #[test]
    fn words_are_those_of_bip_39() {
        let phrase = Phrase(PhraseEntropy::from_octets(&[0; 16]));
        assert_eq!(phrase.expose_words().unwrap().as_str(), ZERO);
    }

    #[test]
    fn a_typed_phrase_reads_back_in_any_case_and_spacing() {
        let typed = ZERO.to_uppercase().replace(' ', "\n  ");
        let phrase = Phrase::parse(&typed).unwrap();
        assert!(bool::from(phrase.0.ct_eq(&PhraseEntropy::from_octets(&[0; 16]))));
    }

    #[test]
    fn a_wrong_phrase_says_what_is_wrong() {
        let refusal = |typed: &str| Phrase::parse(typed).err().unwrap();
        assert_eq!(refusal(""), PhraseError::Count);
        assert_eq!(refusal(&ZERO.replacen("abandon", "", 1)), PhraseError::Count);
        assert_eq!(refusal(&[ZERO, " about"].concat()), PhraseError::Count);
        assert_eq!(
            refusal(&ZERO.replacen("abandon", "abandonn", 1)),
            PhraseError::UnknownWord { place: 1 }
        );
        assert_eq!(refusal(&ZERO.replace("about", "abandon")), PhraseError::Checksum);
        assert_eq!(
            refusal(&ZERO.replace("about", "äbout")),
            PhraseError::UnknownWord { place: 12 }
        );
    }

    #[test]
    fn keys_depend_on_phrase_and_relay_and_differ_among_each_other() {
        let phrase = Phrase::parse(ZERO).unwrap();
        let one = phrase.vault_keys("relay.example", StretchParams::FLOOR).unwrap();
        let two = phrase.vault_keys("relay.test", StretchParams::FLOOR).unwrap();
        assert!(!bool::from(one.account.ct_eq(&two.account)));
        assert!(!bool::from(one.account.ct_eq(&one.owner)));
        assert!(!bool::from(one.read_grant.ct_eq(&one.owner)));
    }
}
