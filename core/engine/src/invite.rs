//! Invitations of ours: made, published, used or taken back. Spec: `spec/invitation.md`.

mod own;
mod standing;
mod uri;

pub(crate) use self::own::{Invitation, LIFETIME, Stage};
pub(crate) use self::standing::MAX_REMEMBERED;

pub use self::uri::{InvitationKind, InvitationUri, UriFault};

use minicbor::{Decode, Encode};
use sipher_wire::Time;

use crate::name::Name;

/// Names an invitation on this device.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(transparent)]
pub struct InvitationId(#[n(0)] pub(crate) u32);

impl InvitationId {
    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    pub(crate) const fn group(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// How far an invitation is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvitationStage {
    /// The relay doesn't have it yet, so it can't be used.
    Unpublished,
    /// It can be used.
    Open,
    /// It was used; its front door still stands, so that a second attempt is noticed.
    Used,
}

/// An invitation.
#[derive(Debug)]
#[non_exhaustive]
pub struct OwnInvitation<'a> {
    /// Its number.
    pub id: InvitationId,
    /// Whether anybody may use it, or one person.
    pub kind: InvitationKind,
    /// Whom it is for.
    pub for_name: Option<&'a Name>,
    /// How far it is.
    pub stage: InvitationStage,
    /// When it was made.
    pub made: Time,
    /// When it ends.
    pub until: Time,
}
