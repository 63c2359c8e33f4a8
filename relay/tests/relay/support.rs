//! What the tests share: keys, requests, and two ways to a relay.

pub(crate) mod bench;
pub(crate) mod line;
pub(crate) mod people;
pub(crate) mod program;
