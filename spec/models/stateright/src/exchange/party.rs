//! One side of the post-quantum exchange: what it keeps, and what it does at each step.

use super::Flaw;

/// One of the two devices.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// Made the invitation, speaks first, begins in `Answer(1)`.
    Responder,
    /// Accepted it; epoch 1 is its own.
    Initiator,
}

/// Which secret: the epoch, and the ciphertext that it was taken from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Secret {
    pub(super) epoch: u8,
    pub(super) ciphertext: u8,
}

/// What decapsulation gives for a ciphertext that nobody made.
const REJECTED: u8 = u8::MAX;

/// Where a side stands in the exchange. The names are those of `spec/ratchet.md`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// Has a key pair, sends the encapsulation key, collects the ciphertext.
    Offer {
        /// The epoch in flight.
        epoch: u8,
        /// For each piece, the ciphertext that it came from.
        pieces: [Option<u8>; 2],
    },
    /// Has the secret, and mixes it at its next chain.
    Ready(Secret),
    /// Collects the encapsulation key.
    Collect {
        /// The epoch in flight.
        epoch: u8,
        /// Which pieces are there.
        pieces: [bool; 2],
    },
    /// Has the secret, sends the ciphertext, waits for the chain that names the epoch.
    Answer(Secret),
}

impl Stage {
    pub(super) fn epoch(self) -> u8 {
        match self {
            Self::Offer { epoch, .. } | Self::Collect { epoch, .. } => epoch,
            Self::Ready(secret) | Self::Answer(secret) => secret.epoch,
        }
    }
}

/// A piece on its way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Piece {
    /// Of an encapsulation key: epoch, number.
    Key(u8, usize),
    /// Of a ciphertext: the secret behind it, number.
    Ciphertext(Secret, usize),
}

/// Everything that one side keeps.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Party {
    /// The secret mixed into each chain so far, oldest first: its length is the number of chains that this side knows.
    pub(super) root: Vec<Option<Secret>>,
    pub(super) stage: Stage,
    /// Number of the next piece to send.
    next: usize,
    /// What it has opened: a bit a message, chain by chain.
    pub(super) opened: u32,
}

/// Who sends chain number `chain`.
pub(super) fn sender(chain: usize) -> Side {
    if chain.is_multiple_of(2) {
        Side::Responder
    } else {
        Side::Initiator
    }
}

impl Party {
    pub(super) fn new(stage: Stage) -> Self {
        Self {
            root: Vec::new(),
            stage,
            next: 0,
            opened: 0,
        }
    }

    /// The chain that `side` would send in: its own newest one, or a new one if the other side has answered since.
    pub(super) fn chain_to_send(&self, side: Side) -> Option<usize> {
        let known = self.root.len();
        match known.checked_sub(1) {
            Some(newest) if sender(newest) == side => Some(newest),
            _ if sender(known) == side => Some(known),
            _ => None,
        }
    }

    /// The sending half of a DH step: what is mixed into the new chain.
    pub(super) fn step_to_send(&mut self, flaw: Flaw) {
        let mixed = match self.stage {
            Stage::Ready(secret) => {
                self.enter(Stage::Collect {
                    epoch: secret.epoch.saturating_add(1),
                    pieces: [false; 2],
                });
                Some(secret)
            }
            Stage::Answer(secret) if flaw == Flaw::AnswererMixes => {
                self.enter(Stage::Offer {
                    epoch: secret.epoch.saturating_add(1),
                    pieces: [None; 2],
                });
                Some(secret)
            }
            _ => None,
        };
        self.root.push(mixed);
    }

    /// The receiving half: `false` if the header must be refused.
    pub(super) fn step_to_receive(&mut self, named: u8) -> bool {
        let mixed = match (named, self.stage) {
            (0, _) => None,
            (epoch, Stage::Answer(secret)) if secret.epoch == epoch => {
                self.enter(Stage::Offer {
                    epoch: epoch.saturating_add(1),
                    pieces: [None; 2],
                });
                Some(secret)
            }
            _ => return false,
        };
        self.root.push(mixed);
        true
    }

    /// The piece that goes with the next message.
    pub(super) fn take_piece(&mut self, flaw: Flaw) -> Option<Piece> {
        let number = self.next;
        let piece = match self.stage {
            Stage::Offer { epoch, .. } => Piece::Key(epoch, number),
            Stage::Answer(secret) => Piece::Ciphertext(secret, number),
            Stage::Ready(_) | Stage::Collect { .. } => return None,
        };
        if let (Stage::Answer(secret), Flaw::EncapsulatesAnew) = (self.stage, flaw) {
            self.stage = Stage::Answer(Secret {
                ciphertext: secret.ciphertext.saturating_add(1),
                ..secret
            });
        }
        self.next = 1_usize.saturating_sub(number);
        Some(piece)
    }

    pub(super) fn take_in(&mut self, piece: Piece, flaw: Flaw) {
        match (self.stage, piece) {
            (Stage::Offer { epoch, mut pieces }, Piece::Ciphertext(secret, number))
                if secret.epoch == epoch =>
            {
                if let Some(place) = pieces.get_mut(number) {
                    *place = Some(secret.ciphertext);
                }
                let whole = match pieces {
                    [Some(first), Some(second)] if first == second => Some(first),
                    [Some(_), Some(_)] => Some(REJECTED),
                    _ if flaw == Flaw::MixesEarly => Some(REJECTED),
                    _ => None,
                };
                match whole {
                    Some(ciphertext) => self.enter(Stage::Ready(Secret { epoch, ciphertext })),
                    None => self.stage = Stage::Offer { epoch, pieces },
                }
            }
            (Stage::Collect { epoch, mut pieces }, Piece::Key(offered, number)) if offered == epoch => {
                if let Some(place) = pieces.get_mut(number) {
                    *place = true;
                }
                match pieces {
                    [true, true] => self.enter(Stage::Answer(Secret { epoch, ciphertext: 0 })),
                    _ => self.stage = Stage::Collect { epoch, pieces },
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.next = 0;
    }
}
