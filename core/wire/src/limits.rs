//! Every bound of the wire in one place, each with its reason. Spec: `spec/wire.md`, limits.
//!
//! A bound is checked before memory is taken for what it bounds.

use core::time::Duration;

/// Start line and header fields together, in octets. Our own heads have at most 800.
pub const HEAD_OCTETS: usize = 16 * 1024;
/// Header fields in one message.
pub const HEAD_FIELDS: usize = 100;
/// One header value: two of them must fit a head.
pub const VALUE_OCTETS: usize = 8 * 1024;
/// A body: the largest envelope (64 KiB) and room for what a package puts beside it.
pub const BODY_OCTETS: usize = 68 * 1024;
/// A method's name; the longest that is registered has nine octets.
pub const METHOD_OCTETS: usize = 64;
/// A Request-URI or the URI in a name-addr.
pub const URI_OCTETS: usize = 1024;
/// Parameters of one header value or URI.
pub const PARAMETERS: usize = 32;
/// Via values of one request, counted over lists: a request of ours has one, proxies add a few.
pub const VIAS: usize = 16;
/// Contacts of one message: ours have one, and each takes far more memory parsed than written.
pub const CONTACTS: usize = 16;
/// A host name, RFC 1035 §2.3.4.
pub const HOST_OCTETS: usize = 253;
/// A label of a host name, RFC 1035 §2.3.4.
pub const LABEL_OCTETS: usize = 63;
/// A Call-ID: ours has 22, others put a host behind theirs.
pub const CALL_ID_OCTETS: usize = 256;
/// A branch or tag that we keep.
pub const TAG_OCTETS: usize = 128;
/// An entity tag: ours has 22.
pub const ETAG_OCTETS: usize = 64;
/// A token that opens boxes at a relay that isn't public.
pub const OPENING_TOKEN_OCTETS: usize = 64;
/// A relay's address as a person gives it: scheme, host, port, key, token and their separators.
pub const ADDRESS_OCTETS: usize = 400;
/// Operations in one grants body: one buddy needs three.
pub const GRANT_OPS: usize = 64;
/// The largest CSeq, RFC 3261 §8.1.1.5.
pub const CSEQ_MAX: u32 = 0x7fff_ffff;

/// Server transactions open on one stream; more than a client may have in flight.
pub const SERVER_TRANSACTIONS: usize = 256;
/// Server transactions remembered on one datagram socket, where each stays for 32 s: 512 requests a second.
pub const DATAGRAM_TRANSACTIONS: usize = 16_384;
/// Client transactions open on one connection.
pub const CLIENT_TRANSACTIONS: usize = 1024;
/// Deliveries open on one flow, `spec/sip-checklist.md` M6.
pub const OPEN_DELIVERIES: usize = 16;
/// Pings without a message between them that a relay answers before it calls the peer broken.
pub const PINGS_IN_A_ROW: u32 = 10_000;

/// RFC 3261 T1, the estimate of a round trip.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261 T2, the longest interval between retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 timers F and J on datagrams, and RFC 6665 timer N: 64 times T1.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(32);
/// A pong must come within this, RFC 5626 §4.4.1.
pub const PONG_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest wait between attempts to connect, RFC 5626 §4.5.
pub const RECONNECT_MAX: Duration = Duration::from_mins(30);
/// The base of the wait between attempts to connect, RFC 5626 §4.5.
pub const RECONNECT_BASE: Duration = Duration::from_secs(30);
/// At most one NOTIFY of a cell a watcher in this time, `spec/sip-checklist.md` E8.
pub const NOTIFY_INTERVAL: Duration = Duration::from_secs(1);
