//! How a peer who was set back to an older state shows himself, in each place. Spec: ratchet, "Receiving".

use super::super::script::Seeded;
use super::super::{Fault, Maker};
use super::recorder::Recorder;

/// Each case of ratchet-10 that is no forgery.
// spec: ratchet-10
pub(super) fn make(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    forks(maker, seeded)?;
    past_the_end(maker, seeded)?;
    smaller_pn(maker, seeded)
}

/// A chain that is begun a second time with another ratchet secret: none of its messages opens.
fn forks(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.state("save", "I")?;
    talk.exchange("I", b"two")?;
    talk.state("go_back", "I")?;
    for class in ["peer-rolled-back", "replay"] {
        if class == "peer-rolled-back" {
            talk.send("I", b"another two, by a new secret", 1024)?;
        }
        talk.wanted("R", 2, class)?;
    }
    maker.ok(
        "a fork by a new secret, and the same envelope again",
        "talk",
        talk.talk(),
    )?;
    let envelope = talk.send("I", b"and on", 1024)?;
    maker.refused(
        "a later message of the fork",
        "last",
        "peer-rolled-back",
        talk.last("R", envelope.as_octets()),
    )?;

    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.state("save", "I")?;
    talk.send("I", b"missing", 1024)?;
    talk.exchange("I", b"two")?;
    talk.exchange("R", b"three")?;
    talk.exchange("I", b"four")?;
    talk.state("go_back", "I")?;
    let envelope = talk.send("I", b"instead of what is missing", 1024)?;
    maker.refused(
        "a fork of an older chain, with a number that is still missing",
        "last",
        "peer-rolled-back",
        talk.last("R", envelope.as_octets()),
    )
}

/// A number that an ended chain never had.
fn past_the_end(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.exchange("I", b"two")?;
    talk.state("save", "I")?;
    talk.exchange("R", b"three")?;
    talk.exchange("I", b"four")?;
    talk.state("go_back", "I")?;
    let envelope = talk.send("I", b"past the end", 1024)?;
    maker.refused(
        "a number past the end of a chain that ended",
        "last",
        "peer-rolled-back",
        talk.last("R", envelope.as_octets()),
    )
}

/// A new chain that says less of the one before than was received: counted, and read.
fn smaller_pn(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.exchange("I", b"two")?;
    talk.state("save", "I")?;
    talk.exchange("I", b"three")?;
    talk.exchange("I", b"four")?;
    talk.state("go_back", "I")?;
    talk.exchange("R", b"five")?;
    talk.exchange("I", b"six, after one message and not three")?;
    talk.exchange("R", b"seven")?;
    talk.exchange("I", b"eight")?;
    maker
        .ok(
            "a chain whose pn is less than what was received",
            "talk",
            talk.talk(),
        )
        .map(|_| ())
}
