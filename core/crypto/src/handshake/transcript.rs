//! Transcript hash and chaining key of a handshake. Spec: handshake, "Transcript".

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::Start;
use super::link::{Link, LinkId};
use crate::bundle::Suite;
use crate::caead::{self, DidNotOpen};
use crate::device::DeviceCert;
use crate::hash::sha256;
use crate::secret::{CaeadKey, HeaderKey, LinkSecret, Psk, RootKey};
use crate::witness::{Note, Witness};
use crate::{kdf, labels};

/// Everything said so far (`h`) and every secret mixed so far (`ck`).
pub(super) struct Transcript<'w> {
    hash: [u8; 32],
    chaining: Zeroizing<[u8; 32]>,
    witness: &'w mut dyn Witness,
}

impl<'w> Transcript<'w> {
    /// What both sides begin with: name, signed bundle, chosen suite, pre-shared key.
    pub(super) fn begin(bundle: &[u8], suite: Suite, psk: &Psk, witness: &'w mut dyn Witness) -> Self {
        let hash = sha256(&[labels::HANDSHAKE_NAME]);
        witness.saw(Note::Hash("name"), &hash);
        let mut transcript = Self {
            hash,
            chaining: Zeroizing::new(hash),
            witness,
        };
        transcript.mix_hash("bundle", bundle);
        transcript.mix_hash("suite", &[suite.number()]);
        transcript.mix_key("psk", psk.expose_octets());
        transcript
    }

    /// `h = H(h || u32(len x) || x)`.
    pub(super) fn mix_hash(&mut self, name: &'static str, said: &[u8]) {
        // Nothing that is mixed comes near 4 GiB; a saturated length would only make both sides disagree.
        let len = u32::try_from(said.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.hash = sha256(&[&self.hash, &len, said]);
        self.witness.saw(Note::Hash(name), &self.hash);
    }

    /// `(ck, k) = HKDF(salt = ck, ikm = s, info = "sipher/1 hs " || label || 0x00 || h, 64)`.
    pub(super) fn mix_key(&mut self, label: &'static str, secret: &[u8; 32]) -> CaeadKey {
        let info: [&[u8]; 4] = [labels::HANDSHAKE_MIX, label.as_bytes(), &[0], &self.hash];
        let keys = kdf::derive::<2>(self.chaining.as_slice(), &[secret], &info);
        let [chaining, key] = &*keys;
        self.chaining = Zeroizing::new(*chaining);
        self.witness.saw(Note::ChainingKey(label), chaining);
        self.witness.saw(Note::Key(label), key);
        CaeadKey::from_octets(key)
    }

    /// Seals under a key that seals once, with the transcript as associated data, and mixes the box in.
    pub(super) fn seal(&mut self, name: &'static str, key: &CaeadKey, plaintext: &[u8]) -> Vec<u8> {
        // spec: seal-4
        let sealed = caead::seal(key, None, &[&self.hash], plaintext);
        self.witness.saw(Note::Octets(name), &sealed);
        self.mix_hash(name, &sealed);
        sealed
    }

    /// Opens what [`Self::seal`] made at the same point of the same transcript.
    pub(super) fn open(
        &mut self,
        name: &'static str,
        key: &CaeadKey,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DidNotOpen> {
        self.witness.saw(Note::Octets(name), sealed);
        let opened = caead::open(key, None, &[&self.hash], sealed)?;
        self.mix_hash(name, sealed);
        Ok(opened)
    }

    /// The link and what its ratchet begins with.
    pub(super) fn finish(self, peer: &DeviceCert) -> (Link, Start) {
        let okm = kdf::derive::<6>(self.chaining.as_slice(), &[], &[labels::LINK, &self.hash]);
        let [root, responder_header, initiator_next_header, secret, relink, id] = &*okm;
        let id = LinkId::first_of(id);
        self.witness.saw(Note::Key("SK"), root);
        self.witness.saw(Note::Key("HK(R->I)"), responder_header);
        self.witness.saw(Note::Key("NHK(I->R)"), initiator_next_header);
        self.witness.saw(Note::Key("link_secret"), secret);
        self.witness.saw(Note::Key("relink_psk"), relink);
        self.witness.saw(Note::Octets("link_id"), id.as_octets());
        let link = Link::new(
            id,
            LinkSecret::from_octets(secret),
            Psk::from_octets(relink),
            peer,
        );
        let start = Start {
            root: RootKey::from_octets(root),
            responder_header: HeaderKey::from_octets(responder_header),
            initiator_next_header: HeaderKey::from_octets(initiator_next_header),
        };
        (link, start)
    }
}
