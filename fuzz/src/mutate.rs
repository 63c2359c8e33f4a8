//! A small seeded mutator, so that `cargo test` on stable can find things without libFuzzer.
//!
//! It changes a corpus entry as libFuzzer would, without its feedback: the corpora hold what coverage found.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Octets of an input at most: one whole message with the largest body fits.
const INPUT_OCTETS: usize = 96 * 1024;

/// What the formats here are made of; put in whole, since chance alone doesn't write them.
const WORDS: [&[u8]; 36] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b" SIP/2.0\r\n",
    b"SIP/2.0/TLS a.invalid;branch=z9hG4bK1",
    b"\r\nVia: ",
    b"\r\nv: ",
    b"\r\nTo: <sip:a@b>",
    b"\r\nFrom: <sip:a@b>;tag=1",
    b"\r\nCall-ID: x",
    b"\r\nCSeq: 1 MESSAGE",
    b"\r\nContact: <sip:a@b>",
    b"\r\nContent-Length: 0",
    b"\r\nl: 4",
    b"\r\nExpires: 0",
    b"\r\nEvent: sipher-cell",
    b"\r\nSubscription-State: active;expires=5",
    b"\r\nAuthorization: Sipher k=",
    b"REGISTER sip:h",
    b"SUBSCRIBE ",
    b"PUBLISH ",
    b"NOTIFY ",
    b";tag=",
    b"\"",
    b"\\\"",
    b"<sip:",
    b">",
    b",",
    b";a=\"b\"",
    b"%41",
    b"[::1]",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xc3\x28",
    b"sipher-relay:",
];

/// Makes inputs out of inputs, the same for the same seed.
#[derive(Debug)]
pub struct Mutator(ChaCha20Rng);

impl Mutator {
    /// A mutator of this seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// A new input: one of the corpus, changed in one to eight places.
    pub fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = self.one_of(corpus).cloned().unwrap_or_default();
        for _ in 0..=self.below(8) {
            let other = self.one_of(corpus).map_or(&[][..], Vec::as_slice);
            self.change(&mut octets, other);
        }
        octets.truncate(INPUT_OCTETS);
        octets
    }

    fn change(&mut self, octets: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(octets.len() + 1);
        match self.below(9) {
            0 => octets
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|o| *o ^= 1 << (at % 8)),
            1 => {
                let new = self.octet();
                octets.iter_mut().skip(at).take(1).for_each(|o| *o = new);
            }
            2 => octets
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|o| *o = o.wrapping_add(1)),
            3 => {
                let word = WORDS.get(self.below(WORDS.len())).copied().unwrap_or_default();
                octets.splice(at..at, word.iter().copied());
            }
            4 => {
                let end = (at + self.below(16)).min(octets.len());
                octets.drain(at..end);
            }
            5 => {
                let end = (at + self.below(64)).min(octets.len());
                let piece = octets.get(at..end).unwrap_or_default().to_vec();
                let to = self.below(octets.len() + 1);
                octets.splice(to..to, piece);
            }
            6 => octets.truncate(at),
            7 => {
                let new: Vec<_> = (0..self.below(8)).map(|_| self.octet()).collect();
                octets.splice(at..at, new);
            }
            _ => {
                let from = self.below(other.len() + 1);
                octets.truncate(at);
                octets.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
    }

    fn one_of<'a>(&mut self, corpus: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
        corpus.get(self.below(corpus.len()))
    }

    fn octet(&mut self) -> u8 {
        self.0.next_u32().to_le_bytes()[0]
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.next_u32())
            .unwrap_or(0)
            .checked_rem(limit)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_inputs_again() {
        let corpus = [b"one".to_vec(), b"two and more".to_vec()];
        let run = |seed| {
            let mut mutator = Mutator::new(seed);
            (0..50).map(|_| mutator.input(&corpus)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
