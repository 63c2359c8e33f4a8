//! Randomness by script: what the code draws is written in the vector, so that others need no generator of ours.

use core::convert::Infallible;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};

use super::Fault;

/// Gives scripted octets in order; what is drawn beyond them is counted as a fault.
pub(crate) struct Script {
    octets: Vec<u8>,
    at: usize,
    is_short: bool,
}

impl Script {
    /// A script of these parts.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        Self {
            octets: parts.concat(),
            at: 0,
            is_short: false,
        }
    }

    /// Whether exactly the script was drawn.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        if self.is_short {
            return Err(Fault::new("more randomness was drawn than the vector has"));
        }
        if self.at != self.octets.len() {
            return Err(Fault::new(format!(
                "{} octets of randomness were not drawn",
                self.octets.len() - self.at
            )));
        }
        Ok(())
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_be_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_be_bytes(octets))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for octet in to {
            match self.octets.get(self.at) {
                Some(next) => *octet = *next,
                None => self.is_short = true,
            }
            self.at += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}

/// Seeded octets for the inputs of vectors; it remembers what was drawn.
pub(crate) struct Seeded {
    rng: ChaCha20Rng,
    drawn: Vec<u8>,
}

impl Seeded {
    /// The generator of a name.
    pub(crate) fn named(name: &str) -> Self {
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Self::from_seed(seed)
    }

    /// The generator of a seed.
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        Self {
            rng: ChaCha20Rng::from_seed(seed),
            drawn: Vec::new(),
        }
    }

    /// The next `N` octets.
    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        self.fill_bytes(&mut octets);
        octets
    }

    /// The next `len` octets.
    pub(crate) fn octets(&mut self, len: usize) -> Vec<u8> {
        let mut octets = vec![0; len];
        self.fill_bytes(&mut octets);
        octets
    }

    /// What was drawn since the last [`Self::forget_drawn`].
    pub(crate) fn drawn(&self) -> &[u8] {
        &self.drawn
    }

    /// Begins to remember anew.
    pub(crate) fn forget_drawn(&mut self) {
        self.drawn.clear();
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(to);
        self.drawn.extend_from_slice(to);
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

/// A copy with these octets changed by XOR.
pub(crate) fn flipped(octets: &[u8], at: usize, mask: u8) -> Vec<u8> {
    let mut changed = octets.to_vec();
    if let Some(octet) = changed.get_mut(at) {
        *octet ^= mask;
    }
    changed
}

/// A copy without its last octets.
pub(crate) fn cut(octets: &[u8], by: usize) -> Vec<u8> {
    octets
        .get(..octets.len().saturating_sub(by))
        .unwrap_or_default()
        .to_vec()
}

/// A copy with octets behind.
pub(crate) fn longer(octets: &[u8], tail: &[u8]) -> Vec<u8> {
    [octets, tail].concat()
}

/// A copy with the octets from `at` on replaced by others of the same length.
pub(crate) fn replaced(octets: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut changed = octets.to_vec();
    for (to, from) in changed.iter_mut().skip(at).zip(with) {
        *to = *from;
    }
    changed
}
