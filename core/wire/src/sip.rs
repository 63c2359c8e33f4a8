//! SIP as octets and as values: cutting, viewing, checking, writing. Spec: `spec/wire.md`; RFC 3261.
//!
//! Octets from the network are read by this module's own scanner alone: [`Cutter`] finds the borders of
//! messages, [`Head`] their fields, [`check()`] their faults. The SIP crate writes heads, in one private
//! module; it never sees a body, nor anything of the network.

mod check;
mod exchange;
mod fields;
mod frame;
pub(crate) mod grammar;
mod head;
mod method;
mod name;
mod name_addr;
mod reply;
mod rsip_bridge;
mod status;
mod uri;
mod via;
mod view;
mod write;

pub use self::check::{After, Refusal, Verdict, check, check_broken};
pub use self::exchange::{Branch, CallId, Exchange, Origin, Tag, Transport};
pub use self::fields::Fields;
pub use self::frame::{Broken, Cut, Cutter, Fault, Message, Side, Whole, cut_whole};
pub use self::grammar::Params;
pub use self::head::{Head, StartLine};
pub use self::method::Method;
pub use self::name::Name;
pub use self::name_addr::NameAddr;
pub use self::reply::Reply;
pub use self::status::Status;
pub use self::uri::{SipUri, Target};
pub use self::via::Via;
pub use self::view::{Contacts, Request, Response};
pub use self::write::{BoxAt, Dialog, Draft, Lifetime, Notice, Publication, Subscription};
