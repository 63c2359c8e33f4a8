//! The target of `sipher-relay`: a whole relay as a value, with several connections that say anything.

pub(crate) mod stream;

mod asking;
mod people;
mod world;
