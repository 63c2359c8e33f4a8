//! What is on the network between a client and a relay: SIP octets, box ids, grants and proofs.
//! Spec: `spec/wire.md`.
//!
//! It holds no clock, socket, disk or hidden randomness, no body is ever opened here, and nothing of
//! `sipher-crypto` is known. Relay and client share every machine below [`flow`].
//!
//! ```
//! use sipher_wire::sip::{Cut, Cutter, Side, Verdict, check};
//!
//! let mut cutter = Cutter::new(Side::Relay);
//! cutter.push(b"OPTIONS sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\r\n");
//! cutter.push(b"From: <sip:anonymous@anonymous.invalid>;tag=1\r\nTo: <sip:relay.example>\r\n");
//! cutter.push(b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
//! let Some(Cut::Message(message)) = cutter.next_cut() else { unreachable!("a whole message") };
//! let Verdict::Request(request) = check(message) else { unreachable!("a good request") };
//! assert_eq!(request.cseq(), 1);
//! ```
#![no_std]

extern crate alloc;

mod address;
mod auth;
mod base32;
mod box_id;
mod event;
pub mod flow;
mod grant;
mod host;
pub mod limits;
mod nonce;
pub mod sip;
mod time;

pub use crate::address::{AddressFault, RelayAddress, RelayId};
pub use crate::auth::{
    Binding, Credentials, OpeningToken, OwnerKey, ProofKey, Signature, Unproven, own_input, use_input,
};
pub use crate::box_id::{BoxId, BoxKind};
pub use crate::event::{ETag, EndReason, Event, Package, SubscriptionState};
pub use crate::grant::{Allowance, Grant, GrantId, GrantKey, GrantOp, GrantOps, Right, Treatment};
pub use crate::host::Host;
pub use crate::nonce::{Nonce, NonceProof, RelayNameAndKey, own_nonce_input, use_nonce_input};
pub use crate::time::Time;

/// Content type of every envelope and cell value: opaque octets.
pub const ENVELOPE_TYPE: &str = "application/vnd.sipher.envelope";
/// Content type of the body that manages grants, see [`GrantOps`].
pub const GRANTS_TYPE: &str = "application/vnd.sipher.grants";
/// Port of a relay whose address names none. RFC 3261 §19.1.2 (SIP over TLS).
pub const DEFAULT_PORT: u16 = 5061;
