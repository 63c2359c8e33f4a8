//! Bytes to sealed bytes: identities, invitations, the handshake, the ratchet and the presence chain.
//!
//! Specified in `spec/handshake.md`, `spec/ratchet.md`, `spec/presence.md` and `spec/invitation.md`. Time and
//! randomness are arguments; there is no clock, no socket, no disk and no hidden randomness here, and nothing
//! that knows SIP. Every long-lived secret state has `to_bytes` and `from_bytes`: versioned, bounded and
//! canonical, meant to be stored sealed under a [`StoreKey`].
//!
//! What a peer can forge works on a copy: [`Session::decrypt`] takes `&self` and returns the next session, which
//! the caller stores in the same write as the effect of the message.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod caead;
pub mod handshake;
pub mod kem;

mod bundle;
mod device;
mod dh;
mod encoding;
mod hash;
mod identity;
mod invitation;
mod kdf;
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
