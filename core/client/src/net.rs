//! The only files of the client that touch the network: TLS 1.3 to a relay whose identity key is pinned.
//!
//! [`flow`] carries octets between one connection and the driver, [`tls`] and [`verifier`] decide whether
//! the far side is the relay that the address names. Nothing here knows SIP.

pub(crate) mod flow;
pub(crate) mod tls;
pub(crate) mod verifier;

use sipher_wire::RelayId;

/// Why there is no connection to a relay, in the terms of somebody who has to do something about it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NetFault {
    /// The relay's host name has no address.
    #[error("the relay's host name was not found")]
    NameNotFound,
    /// The machine is there, and nothing listens on the port.
    #[error("the connection was refused")]
    Refused,
    /// No way to the machine: no network, no route.
    #[error("the network does not reach the relay")]
    Unreachable,
    /// Nothing came back in time.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// Something answered, but not by TLS 1.3 as a relay speaks it.
    #[error("what answers there does not speak TLS 1.3 as a relay does")]
    Tls,
    /// The certificate's time is not now: a clock is wrong, or the relay was not restarted for long.
    #[error("the relay's certificate is not valid at this time")]
    CertificateTime,
    /// A relay answered, with another identity key than the address pins.
    #[error("the relay has another key than the address pins")]
    WrongKey {
        /// What the address says.
        expected: RelayId,
        /// What answered.
        shown: RelayId,
    },
    /// The connection was there and ended.
    #[error("the relay closed the connection")]
    Closed,
}
