//! What a signature over a request covers, read alike from one that is written and one that arrived.

use super::name::Name;
use super::view::Request;
use super::write::Draft;
use alloc::vec::Vec;

/// A request's parts as octets.
pub trait Fields {
    /// The method as it is written.
    fn method_octets(&self) -> &[u8];
    /// The Request-URI as it is written.
    fn uri_octets(&self) -> &[u8];
    /// All values of a name in order, trimmed and unfolded.
    fn values_of(&self, name: Name) -> Vec<&[u8]>;
    /// The body.
    fn body_octets(&self) -> &[u8];
}

impl Fields for Request {
    fn method_octets(&self) -> &[u8] {
        self.head().method_octets()
    }

    fn uri_octets(&self) -> &[u8] {
        self.head().uri_octets()
    }

    fn values_of(&self, name: Name) -> Vec<&[u8]> {
        self.head().values(name).collect()
    }

    fn body_octets(&self) -> &[u8] {
        self.body()
    }
}

impl Fields for Draft {
    fn method_octets(&self) -> &[u8] {
        self.method().as_str().as_bytes()
    }

    fn uri_octets(&self) -> &[u8] {
        self.uri().as_bytes()
    }

    fn values_of(&self, name: Name) -> Vec<&[u8]> {
        self.values(name).map(str::as_bytes).collect()
    }

    fn body_octets(&self) -> &[u8] {
        self.body()
    }
}
