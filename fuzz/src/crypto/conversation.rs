//! Promise: over a network that drops, repeats, reorders and changes, each message opens once or not at all, nothing
//! is lost that a bound doesn't allow, and the PQ epochs of both sides stay within one. Spec: ratchet; property P3 of `spec/README.md`.

use std::collections::BTreeSet;

use sipher_crypto::{DecryptError, Session, SizeClass, Time, Tlv};

use super::fixture::{KIND, LIVE, NOW, rng, session};
use crate::dice::Dice;

/// A sequence of steps, one or a few octets each.
pub(crate) fn target(data: &[u8]) {
    let mut net = Net::new();
    let mut dice = Dice::of(data);
    let mut steps = 0;
    while !dice.is_empty() && steps < STEPS {
        net.step(&mut dice);
        steps += 1;
    }
    net.settle();
}

/// Both sides, and all that ever left.
struct Net {
    sides: [Side; 2],
    sent: Vec<Sent>,
    now: Time,
    /// Somebody went back to an older state: then a message may be lost, but nothing may panic.
    rolled_back: bool,
}

struct Side {
    session: Session,
    stored: Vec<u8>,
    /// The model: number of the own chain, of the newest chain of the peer, and whose turn it is.
    chain: u32,
    newest: u32,
    turn: bool,
    opened: BTreeSet<usize>,
}

struct Sent {
    by: usize,
    chain: u32,
    octets: Vec<u8>,
    text: Vec<u8>,
}

impl Net {
    fn new() -> Self {
        let side = |state: &[u8]| Side {
            session: session(state),
            stored: state.to_vec(),
            chain: 100,
            newest: 100,
            turn: false,
            opened: BTreeSet::new(),
        };
        let mut sides = [side(&LIVE.alice), side(&LIVE.bob)];
        // Alice began a chain that Bob hasn't heard of; it is his turn once he does.
        let [alice, _] = &mut sides;
        alice.chain += 1;
        Self {
            sides,
            sent: Vec::new(),
            now: NOW,
            rolled_back: false,
        }
    }

    fn step(&mut self, dice: &mut Dice<'_>) {
        let choice = dice.octet();
        let by = usize::from(choice & 1);
        match choice >> 1 & 7 {
            0 | 1 => self.send(by, dice),
            2 | 3 => {
                let which = dice.place(self.sent.len());
                self.deliver(which);
            }
            4 => self.deliver_newest(by),
            5 => self.deliver_changed(dice),
            6 => self.store(by),
            _ if choice >= ROLL_BACK => self.roll_back(by),
            _ => self.now = self.now.plus_seconds(u64::from(dice.octet()) * 10),
        }
        self.epochs_are_near();
    }

    fn send(&mut self, by: usize, dice: &mut Dice<'_>) {
        let text = dice.slice().to_vec();
        let class = if dice.octet() == 0xff {
            SizeClass::K4
        } else {
            SizeClass::K1
        };
        let number = u64::try_from(self.sent.len()).unwrap_or(0);
        let (Some(side), Ok(item)) = (self.sides.get_mut(by), Tlv::new(KIND, &text)) else {
            return;
        };
        let sealed = side.session.encrypt(&[item], class, &mut rng(1_000_000 + number));
        assert!(sealed.is_ok(), "a session that lives can't send");
        let Ok(envelope) = sealed else { return };
        if core::mem::take(&mut side.turn) {
            side.chain += 1;
        }
        self.sent.push(Sent {
            by,
            chain: side.chain,
            octets: envelope.into_octets(),
            text,
        });
    }

    fn deliver_newest(&mut self, by: usize) {
        if let Some(which) = self.sent.iter().rposition(|sent| sent.by == by) {
            self.deliver(which);
        }
    }

    fn deliver(&mut self, which: usize) {
        let Some(sent) = self.sent.get(which) else { return };
        let Some(side) = self.sides.get_mut(1 - sent.by) else {
            return;
        };
        let outcome = side.session.decrypt(&sent.octets, self.now, &mut rng(1));
        let is_new = !side.opened.contains(&which);
        let is_within_reach = side.newest.saturating_sub(sent.chain) <= OLD_CHAINS;
        match outcome {
            Ok(opened) => {
                assert!(is_new || self.rolled_back, "a message opened twice");
                let texts: Vec<_> = opened.body.items().map(|item| item.value().to_vec()).collect();
                assert_eq!(texts, core::slice::from_ref(&sent.text), "another text");
                side.session = opened.next;
                side.opened.insert(which);
                if sent.chain > side.newest {
                    side.newest = sent.chain;
                    side.turn = true;
                }
            }
            Err(DecryptError::PeerRolledBack(seen)) => {
                assert!(self.rolled_back, "an honest peer looks rolled back");
                side.session = seen.next;
            }
            Err(DecryptError::Replay) => assert!(!is_new || self.rolled_back, "a new message is a replay"),
            Err(_) => assert!(
                !is_new || !is_within_reach || self.rolled_back,
                "a genuine message is refused"
            ),
        }
    }

    fn deliver_changed(&mut self, dice: &mut Dice<'_>) {
        let which = dice.place(self.sent.len());
        let Some(sent) = self.sent.get(which) else { return };
        let Some(side) = self.sides.get(1 - sent.by) else {
            return;
        };
        let mut octets = sent.octets.clone();
        let (at, bit) = (dice.place(octets.len()), dice.octet() % 8);
        if let Some(octet) = octets.get_mut(at) {
            *octet ^= 1 << bit;
        }
        let outcome = side.session.decrypt(&octets, self.now, &mut rng(1));
        assert!(
            matches!(outcome, Err(DecryptError::Refused | DecryptError::Replay)) || self.rolled_back,
            "a changed message isn't refused"
        );
    }

    fn store(&mut self, by: usize) {
        let Some(side) = self.sides.get_mut(by) else {
            return;
        };
        side.stored = side.session.to_bytes().to_vec();
        side.session = session(&side.stored);
    }

    fn roll_back(&mut self, by: usize) {
        let Some(side) = self.sides.get_mut(by) else {
            return;
        };
        side.session = session(&side.stored);
        self.rolled_back = true;
    }

    fn epochs_are_near(&self) {
        let [alice, bob] = &self.sides;
        assert!(
            alice.session.epoch().abs_diff(bob.session.epoch()) <= 1 || self.rolled_back,
            "PQ epochs drift apart"
        );
    }

    /// All that was ever sent arrives at last.
    fn settle(&mut self) {
        for which in 0..self.sent.len() {
            self.deliver(which);
        }
        self.epochs_are_near();
    }
}

/// Bounds the time of one input.
const STEPS: u32 = 160;
/// Chains behind the newest that still open.
const OLD_CHAINS: u32 = 8;
/// Choices from here on restore an older state: rare, since afterwards little can be asserted.
const ROLL_BACK: u8 = 0xfe;
