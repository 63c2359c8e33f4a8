//! Watches for a nonce that was used for two different plaintexts: property P2 of `spec/README.md`,
//! seen from the wire.
//!
//! Every envelope begins with its version and 24 random octets that go into its keys. Two envelopes with equal nonces
//! must be equal in every octet: the same one once more.

use std::collections::HashMap;

/// Two different envelopes under one nonce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Twice;

/// Every envelope that left a client.
#[derive(Debug, Default)]
pub struct Recorder {
    seen: HashMap<Vec<u8>, Vec<u8>>,
}

impl Recorder {
    /// Takes an item's body.
    ///
    /// # Errors
    /// [`Twice`] if another one had its nonce.
    pub fn record(&mut self, body: &[u8]) -> Result<(), Twice> {
        let nonce = body.get(..NONCE).unwrap_or(body);
        match self.seen.get(nonce) {
            Some(before) if before != body => Err(Twice),
            Some(_) => Ok(()),
            None => {
                self.seen.insert(nonce.to_vec(), body.to_vec());
                Ok(())
            }
        }
    }

    /// Different envelopes that left.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing left.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// Version and nonce. A first flight has its prekey id and ephemeral key there, which are as unique.
const NONCE: usize = 25;
