//! What the tests share: keys, requests, and two ways to a relay.

pub(crate) mod bench;
pub(crate) mod people;
