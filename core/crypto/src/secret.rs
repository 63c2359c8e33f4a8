//! The types that hold key octets. Spec: conventions, "Secrets".
//!
//! Each is a boxed array, so that a move copies a pointer and not the key, wiped on drop, without `Clone`, `Copy`
//! or an order, and with a `Debug` that shows nothing. Octets leave through `expose_octets` only. What is *not*
//! here: keys that another crate's type holds ([`crate::SigningKey`], [`crate::DhSecret`]), which keep the same
//! rules in their own files.

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::ZeroizeOnDrop;

/// A second copy of a secret, for states that are changed on a copy and committed later.
pub(crate) trait Duplicate {
    /// Copies into a box of its own.
    fn duplicate(&self) -> Self;
}

macro_rules! secrets {
    ($( $(#[$doc:meta])* $vis:vis $name:ident[$len:literal]; )*) => { $(
        $(#[$doc])*
        #[derive(ZeroizeOnDrop)]
        $vis struct $name(Box<[u8; $len]>);

        impl $name {
            /// Takes a copy of octets that were stored, received or derived. The caller wipes his.
            $vis fn from_octets(octets: &[u8; $len]) -> Self {
                let mut copy = Box::new([0; $len]);
                copy.copy_from_slice(octets);
                Self(copy)
            }

            /// The octets themselves: for storing sealed, for sending sealed, and for computing.
            $vis fn expose_octets(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl Duplicate for $name {
            fn duplicate(&self) -> Self {
                Self::from_octets(&self.0)
            }
        }

        impl ConstantTimeEq for $name {
            // spec: secret-2
            fn ct_eq(&self, other: &Self) -> Choice {
                self.0.as_slice().ct_eq(other.0.as_slice())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}

/// Those that are drawn as well as derived.
macro_rules! random_secrets {
    ($( $(#[$doc:meta])* $vis:vis $name:ident[$len:literal]; )*) => {
        secrets! { $( $(#[$doc])* $vis $name[$len]; )* }
        $(
            impl $name {
                /// A new one from the caller's randomness.
                $vis fn random(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
                    let mut octets = Box::new([0; $len]);
                    rng.fill_bytes(octets.as_mut_slice());
                    Self(octets)
                }
            }
        )*
    };
}

random_secrets! {
    /// Key of the one authenticated encryption, where no narrower type exists.
    pub CaeadKey[32];
    /// Seed of an Ed25519 key: account, device, box owner or grant.
    pub SigningSeed[32];
    /// Seed of an ML-KEM-768 decapsulation key (`d` and `z` of FIPS 203). Expanded keys are never read.
    pub KemSeed[64];
    /// Shared secret of ML-KEM-768.
    pub KemSecret[32];
    /// What an invitation carries; everything else of it is derived from this.
    pub InvitationSecret[32];
    /// Key of an invitation's bundle.
    pub BundleKey[32];
    /// Pre-shared key that a handshake begins with.
    pub Psk[32];
    /// Secret of a link that outlives its ratchet. Further keys of the link are derived from it.
    pub LinkSecret[32];
    /// Random key of a local store.
    pub StoreSecret[32];
    /// Key of the vault.
    pub VaultKey[32];

    /// Chain key of one epoch of presence.
    pub(crate) PresenceChainKey[32];
    /// Header key of one epoch of presence.
    pub(crate) PresenceHeaderKey[32];
    /// Entropy of a recovery phrase.
    pub(crate) PhraseEntropy[16];
}

secrets! {
    /// X25519 result that was checked to be contributory.
    pub(crate) DhShared[32];
    /// Root of a ratchet.
    pub(crate) RootKey[32];
    /// Key of one chain.
    pub(crate) ChainKey[32];
    /// Key of one body.
    pub(crate) MessageKey[32];
    /// Key of the headers of one chain.
    pub(crate) HeaderKey[32];
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn debug_shows_no_octets() {
        let key = CaeadKey::from_octets(&[0xAB; 32]);
        assert_eq!(format!("{key:?}"), "CaeadKey(..)");
    }

    #[test]
    fn debug_of_whole_states_shows_no_octets() {
        let device = crate::fixture::device(2);
        let invitation = crate::fixture::invitation(&device, crate::BundleKind::OneTime);
        let (initiated, accepted) = crate::fixture::handshake();
        let shown = [
            format!(
                "{device:?} {invitation:?} {:?} {:?}",
                invitation.keys(),
                invitation.prekeys()
            ),
            format!("{:?} {:?} {:?}", initiated.link, initiated.waiting, accepted),
            format!(
                "{:?} {:?}",
                device.certificate(),
                crate::fixture::opened(&invitation, &device)
            ),
        ];
        let is_list_of_octets = |text: &str| text.contains('[') || text.contains("0x");
        assert!(shown.iter().all(|text| !is_list_of_octets(text)), "{shown:?}");
    }

    // spec: secret-2
    #[test]
    fn secrets_compare_by_value() {
        let one = Psk::from_octets(&[1; 32]);
        assert!(bool::from(one.ct_eq(&one.duplicate())));
        assert!(!bool::from(one.ct_eq(&Psk::from_octets(&[2; 32]))));
    }
}
