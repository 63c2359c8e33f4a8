//! Root steps. Spec: ratchet, "Keys".

use crate::secret::{ChainKey, DhShared, HeaderKey, KemSecret, RootKey};
use crate::witness::{Note, Witness};
use crate::{kdf, labels};

/// An epoch's secret that goes into a root step.
pub(super) struct Mixed {
    pub(super) epoch: u32,
    pub(super) secret: KemSecret,
}

/// What a root step yields.
pub(super) struct Step {
    pub(super) root: RootKey,
    pub(super) chain: ChainKey,
    pub(super) next_header: HeaderKey,
}

/// `HKDF(salt = rk, ikm = dh || pq, info = "sipher/1 rk" || u32(pq_mix), 96)`.
pub(super) fn step(
    root: &RootKey,
    shared: &DhShared,
    mixed: Option<&Mixed>,
    witness: &mut dyn Witness,
) -> Step {
    let mixed_secret = mixed.map_or(&[][..], |mixed| mixed.secret.expose_octets());
    let epoch = mixed.map_or(NOTHING_MIXED, |mixed| mixed.epoch).to_be_bytes();
    let keys = kdf::derive::<3>(
        root.expose_octets(),
        &[shared.expose_octets(), mixed_secret],
        &[labels::ROOT, &epoch],
    );
    let [root, chain, next_header] = &*keys;
    witness.saw(Note::Root, root);
    witness.saw(Note::Chain, chain);
    witness.saw(Note::NextHeader, next_header);
    Step {
        root: RootKey::from_octets(root),
        chain: ChainKey::from_octets(chain),
        next_header: HeaderKey::from_octets(next_header),
    }
}

/// `pq_mix` of a chain whose root step mixed no epoch.
pub(super) const NOTHING_MIXED: u32 = 0;
