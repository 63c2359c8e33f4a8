//! Watching intermediate values, for test vectors and for other implementations that search their mistake.
//!
//! Danger is in the name: each `…_witnessed` entry shows **secrets** to its witness. The plain entries pass
//! [`Unwitnessed`], which forgets them.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Transcript hash `h` after mixing the named thing.
    Hash(&'static str),
    /// Chaining key `ck` after the named mix.
    ChainingKey(&'static str),
    /// Key `k` of the named mix.
    Key(&'static str),
    /// A named sealed box or public value as it goes out.
    Octets(&'static str),
    /// Root key of the ratchet after a step.
    Root,
    /// Chain key after a step of root or chain.
    Chain,
    /// Next header key after a step of the root.
    NextHeader,
    /// Key of one body.
    Message,
}

/// Somebody who watches.
pub trait Witness {
    /// Called in the order of computation. `octets` may be secret.
    fn saw(&mut self, note: Note, octets: &[u8]);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwitnessed;

impl Witness for Unwitnessed {
    fn saw(&mut self, _: Note, _: &[u8]) {}
}
