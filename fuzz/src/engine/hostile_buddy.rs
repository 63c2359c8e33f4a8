//! Promises of an account towards a buddy who lies: whatever items he seals, nothing panics, records stay readable, and
//! what he says of others is of no effect. Spec: `spec/content.md`.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_crypto::{Session, SizeClass, Tlv};
use sipher_engine::{Command, Presenting};

use super::fixture::ALICE;
use super::liar::Liar;
use super::lies::{answer, answer_honestly, hand_over};
use crate::dice::{Dice, edited};

/// Envelopes, each `items u8`, then of each item `kind u8` and its octets or edits of an honest one.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let Ok(mut mallory) = Session::from_bytes(&ALICE.mallory) else {
        return;
    };
    let mut liar = Liar::of_alice();
    liar.command(Command::Stay);
    answer_honestly(&mut liar);
    let mut envelopes = 0_u64;
    while !dice.is_empty() && envelopes < ENVELOPES {
        envelopes += 1;
        if let Some(envelope) = sealed(&mut mallory, &mut dice, envelopes) {
            hand_over(&mut liar, &mut Dice::of(&[]), envelope);
        }
        match dice.octet() % 4 {
            0 => answer_honestly(&mut liar),
            1 => answer(&mut liar, &mut dice),
            2 => liar.pass(u64::from(dice.octet())),
            _ => liar.command(Command::MarkRead { buddy: None }),
        }
    }
    let buddies = liar.account().buddies(liar.now).len();
    assert_eq!(buddies, 1, "a buddy made or removed one");
    liar.restart();
    liar.command(Command::Sync {
        presence: Presenting::Fetch,
    });
    answer_honestly(&mut liar);
}

fn sealed(mallory: &mut Session, dice: &mut Dice<'_>, number: u64) -> Option<Vec<u8>> {
    let mut items = Vec::new();
    for _ in 0..dice.octet() % 4 {
        let kind = dice.octet().max(Tlv::FIRST_KIND);
        let way = dice.octet();
        let honest = HONEST.iter().find(|(known, _)| *known == kind);
        let value = match honest {
            Some((_, honest)) if way.is_multiple_of(2) => edited(dice, honest),
            _ => dice.slice().to_vec(),
        };
        items.push((kind, value));
    }
    let tlvs: Vec<_> = items
        .iter()
        .filter_map(|(kind, value)| Tlv::new(*kind, value).ok())
        .collect();
    let rng = &mut ChaCha20Rng::seed_from_u64(number);
    mallory
        .encrypt(&tlvs, SizeClass::K1, rng)
        .ok()
        .map(sipher_crypto::Envelope::into_octets)
}

/// Items in their form, to be edited: text, hello, presence, rights, receipt.
const HONEST: [(u8, &[u8]); 5] = [
    (16, b"\xa3\x00\x50mmmmmmmmmmmmmmmm\x01\x1b\x00\x00\x01\xa3\x18\x5c\x50\x00\x02\x62hi"),
    (17, b"\xa2\x00\x67Mallory\x01\xa0"),
    (18, b"\xa2\x00\xa0\x01\x58\x44\x00\x00\x00\x01kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"),
    (19, b"\xa3\x00\xf5\x01\x03\x02\x02"),
    (20, b"\xa2\x00\x02\x01\x81\x50mmmmmmmmmmmmmmmm"),
];
/// Bounds the time of one input.
const ENVELOPES: u64 = 24;

#[cfg(test)]
mod tests {
    use sipher_crypto::Session;
    use sipher_engine::{Author, Command};

    use super::*;

    /// Texts of Mallory that Alice has.
    fn texts(liar: &Liar) -> usize {
        let account = liar.account();
        let buddy = account.buddies(liar.now)[0].id;
        let lines = account.history(liar.disk(), buddy, 0, 100).unwrap();
        lines.iter().filter(|line| line.author == Author::Buddy).count()
    }

    #[test]
    fn what_the_buddy_seals_reaches_the_account() {
        let mut mallory = Session::from_bytes(&ALICE.mallory).unwrap();
        let mut liar = Liar::of_alice();
        liar.command(Command::Stay);
        answer_honestly(&mut liar);
        let before = texts(&liar);
        let envelope = sealed(&mut mallory, &mut Dice::of(&[1, 16, 0, 0]), 1).unwrap();
        hand_over(&mut liar, &mut Dice::of(&[]), envelope);
        assert_eq!(texts(&liar), before + 1);
    }
}
