//! Bytes to sealed bytes: identities, invitations, the handshake, the ratchet and the presence chain.
//!
//! Specified in `spec/handshake.md`, `spec/ratchet.md`, `spec/presence.md` and `spec/invitation.md`. Time and
//! randomness are arguments; there is no clock, no socket, no disk and no hidden randomness here, and nothing
//! that knows SIP. Every long-lived secret state has `to_bytes` and `from_bytes`: versioned, bounded and
//! canonical, meant to be stored sealed under a [`StoreKey`].
//!
//! What a peer can forge works on a copy: [`Session::decrypt`] takes `&self` and returns the next session, which
//! the caller stores in the same write as the effect of the message.
//!
//! ```
//! use rand_core::SeedableRng;
//! use sipher_crypto::handshake::{Initiator, Responder};
//! use sipher_crypto::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
//! # let now = Time::from_unix_seconds(1_800_000_000);
//! let lifetime = Lifetime { not_before: now, not_after: now.plus_seconds(3600) };
//! let alice = Device::create(&SigningKey::generate(&mut rng), 1, lifetime, &mut rng);
//! let bob = Device::create(&SigningKey::generate(&mut rng), 1, lifetime, &mut rng);
//!
//! // Bob invites: the cell holds a sealed bundle, the URI its secret and his pin.
//! let front_door = FrontDoor::new(b"where to".to_vec(), SigningSeed::random(&mut rng));
//! let offer = Offer {
//!     kind: BundleKind::OneTime,
//!     front_door: &front_door,
//!     profile: b"Bob",
//!     not_after: now.plus_seconds(3600),
//! };
//! let invitation = Invitation::create(&bob, InvitationSecret::random(&mut rng), &offer, &mut rng)?;
//! let value = invitation.seal_bundle(b"the cell", &mut rng)?;
//! let pin = bob.certificate().account().pin().short();
//!
//! // Alice accepts, Bob answers, Alice reads.
//! let keys = InvitationKeys::derive(invitation.expose_secret());
//! let bundle = UncheckedBundle::open(&keys.bundle, b"the cell", &value)?.check(&pin, now)?;
//! let made = Initiator::new(&alice, &bundle, &keys.psk).initiate(&[], &mut rng)?;
//! let responder = Responder::new(&bob, invitation.prekeys(), &keys.psk);
//! let mut session = responder.accept(&made.flight, now, &mut rng)?.session;
//! let envelope = session.encrypt(&[Tlv::new(16, b"hello")?], SizeClass::K1, &mut rng)?;
//! let opened = made.waiting.open_answer(envelope.as_octets(), now, &mut rng)?;
//! assert!(opened.body.items().any(|item| item.value() == b"hello"));
//! # Ok(())
//! # }
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod caead;
pub mod handshake;
pub mod kem;

mod bundle;
mod cipher;
mod device;
mod dh;
mod encoding;
#[cfg(test)]
mod fixture;
mod hash;
mod identity;
mod invitation;
mod kdf;
#[cfg(test)]
mod known_answers;
mod labels;
mod local_key;
mod padding;
mod phrase;
mod presence;
mod ratchet;
mod safety;
mod secret;
mod signature;
mod stretch;
mod time;
mod witness;

pub use bundle::{Bundle, BundleError, BundleKind, FrontDoor, PrekeyId, Suite, UncheckedBundle};
pub use device::{CertError, Device, DeviceCert, Lifetime};
pub use dh::{DhPublic, DhSecret, NonContributory};
pub use encoding::Malformed;
pub use identity::{AccountRecord, Pin, PinError, ShortPin};
pub use invitation::{Invitation, InvitationKeys, Offer, OfferTooLong, Prekeys};
pub use local_key::{StoreKey, UnlockError};
pub use padding::{Body, BodyError, SizeClass, Tlv};
pub use phrase::{Phrase, PhraseError, VaultKeys};
pub use presence::{
    Document, DocumentError, EpochKeys, PRESENCE_ENVELOPE_LEN, PresenceError, PresencePublisher,
    PresenceReader, PublishError, Seen,
};
pub use ratchet::{DecryptError, EncryptError, Envelope, ItemId, Opened, RolledBack, Session, item_id};
pub use safety::SafetyNumber;
pub use secret::{
    BundleKey, CaeadKey, InvitationSecret, LinkSecret, Psk, SigningSeed, StoreSecret, VaultKey,
};
pub use signature::{BadSignature, Purpose, Signature, SigningKey, VerifyingKey, WeakKey, WrongPurpose};
pub use stretch::{StretchParams, StretchParamsError};
pub use time::Time;
pub use witness::{Note, Unwitnessed, Witness};
