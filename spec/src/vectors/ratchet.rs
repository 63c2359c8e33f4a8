//! Vectors of the ratchet: conversations with every intermediate value. Spec: ratchet.

mod recorder;
mod signs;

use sipher_crypto::{Body, SizeClass};

use self::recorder::Recorder;
use super::conversation::{Conversation, Happened, Scene};
use super::parties::{Items, Trace, items, opened_items};
use super::script::{Script, Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "ratchet",
    about: "ratchet.md. op talk: a handshake (scene, as in handshake.json) and steps -> what each step came to, with a trace. \
            A step is send (by I or R, items, min_size, random), deliver (to I or R, message: the number of the send, \
            random), save and go_back (of I or R: the state is copied, and set back to the copy). random is what is drawn, \
            in this order: at a send the new ratchet secret (32) if a chain begins, then N (24); at a delivery the offer's \
            seed (64) if the header names an epoch, then m of Encaps (32) if the last chunk of an ek came. op last: the same \
            steps and then one envelope for `to`; classes refused, replay, peer-rolled-back. signs: how often the peer was seen \
            to have gone back, with what opened nevertheless.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    let scene = Scene::read(&input.get_object("scene")?);
    let (mut conversation, start) = scene.begin()?;
    let mut done = Vec::new();
    for (at, step) in input.get_list("steps")?.iter().enumerate() {
        let place = format!("step {at}");
        let mut script = Script::of(&[&random(step)?]);
        let happened = take(&mut conversation, step, &mut script).map_err(|fault| fault.at(&place))?;
        script.finish().map_err(|fault| fault.at(&place))?;
        done.push(output_of(&happened).into_value());
    }
    match op {
        "talk" => Ok(Outcome::Done(
            Fields::new().object("start", start).value("steps", done.into()),
        )),
        "last" => {
            let mut script = Script::of(&[&random(input)?]);
            let envelope = input.get_octets("envelope")?;
            Ok(
                match conversation.deliver(input.get_text("to")?, &envelope, &mut script)? {
                    Happened::Opened(body, trace, signs) => {
                        script.finish()?;
                        Outcome::Done(opened(&body, &trace, signs))
                    }
                    Happened::Failed(class) => Outcome::Refused(class),
                    Happened::Sent(..) | Happened::Nothing => {
                        return Err(Fault::new("nothing was delivered"));
                    }
                },
            )
        }
        _ => Err(unknown(op)),
    }
}

fn random(fields: &Fields) -> Result<Vec<u8>, Fault> {
    if fields.has("random") {
        fields.get_octets("random")
    } else {
        Ok(Vec::new())
    }
}

/// Takes one step.
fn take(
    conversation: &mut Conversation,
    step: &Fields,
    rng: &mut impl rand_core::CryptoRng,
) -> Result<Happened, Fault> {
    match step.get_text("do")? {
        "send" => {
            let items = Items::of(step, "items")?;
            let size = usize::try_from(step.get_number("min_size")?).unwrap_or(0);
            let class = SizeClass::of_envelope(size).ok_or_else(|| Fault::new("min_size is no size"))?;
            conversation.send(step.get_text("by")?, &items.tlvs()?, class, rng)
        }
        "deliver" => {
            let at = usize::try_from(step.get_number("message")?).unwrap_or(usize::MAX);
            let envelope = conversation.sent(at)?;
            conversation.deliver(step.get_text("to")?, &envelope, rng)
        }
        "save" => conversation.save(step.get_text("by")?),
        "go_back" => conversation.go_back(step.get_text("by")?),
        other => Err(unknown(other)),
    }
}

fn output_of(happened: &Happened) -> Fields {
    match happened {
        Happened::Sent(envelope, trace) => Fields::new()
            .octets("envelope", envelope.as_octets())
            .octets("item_id", envelope.item_id().as_octets())
            .value("trace", trace.to_value()),
        Happened::Opened(body, trace, signs) => opened(body, trace, *signs).text("result", "ok"),
        Happened::Failed(class) => Fields::new().text("result", *class),
        Happened::Nothing => Fields::new(),
    }
}

fn opened(body: &Body, trace: &Trace, signs: u32) -> Fields {
    let fields = Fields::new()
        .value("items", opened_items(body))
        .value("trace", trace.to_value());
    if signs == 0 {
        fields
    } else {
        fields.number("signs", signs.into())
    }
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("ratchet");
    long_talk(maker, &mut seeded)?;
    loss_and_order(maker, &mut seeded)?;
    sizes(maker, &mut seeded)?;
    went_back(maker, &mut seeded)?;
    spoiled(maker, &mut seeded)?;
    bounds(maker, &mut seeded)?;
    signs::make(maker, &mut seeded)
}

/// Forty messages, ten changes of speaker, two epochs of the PQ exchange and more.
// spec: link-8
fn long_talk(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    for round in 0..10_u8 {
        let by = if round % 2 == 0 { "R" } else { "I" };
        for number in 0..4_u8 {
            talk.exchange(by, format!("round {round}, message {number}").as_bytes())?;
        }
    }
    // spec: ratchet-5
    if talk.conversation.epoch() < 3 {
        return Err(Fault::new("too few epochs in forty messages"));
    }
    maker
        .ok(
            "forty messages in order, with two epochs mixed",
            "talk",
            talk.talk(),
        )
        .map(|_| ())
}

/// Messages that overtake each other, are lost, repeated, and come from chains that ended.
fn loss_and_order(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    for number in 0..5_u8 {
        talk.send("R", &[b'a' + number], 1024)?;
    }
    for (message, class) in [(3, "ok"), (0, "ok"), (3, "replay"), (4, "ok"), (0, "replay")] {
        talk.wanted("I", message, class)?;
    }
    for number in 0..3_u8 {
        talk.send("I", &[b'k' + number], 1024)?;
    }
    talk.wanted("R", 7, "ok")?;
    talk.exchange("R", b"a new chain while two are on their way")?;
    for (to, message, class) in [
        ("I", 1, "ok"),
        ("R", 5, "ok"),
        ("I", 2, "ok"),
        ("R", 6, "ok"),
        ("I", 1, "replay"),
        ("R", 7, "replay"),
    ] {
        talk.wanted(to, message, class)?;
    }
    maker.ok(
        "out of order, over the ends of chains, and repeated",
        "talk",
        talk.talk(),
    )?;

    let mut crossing = Recorder::begin(seeded)?;
    crossing.exchange("R", b"first")?;
    crossing.exchange("I", b"second")?;
    for _ in 0..3 {
        let at = crossing.conversation.count();
        crossing.send("R", b"crosses", 1024)?;
        crossing.send("I", b"crosses too", 1024)?;
        crossing.wanted("I", at, "ok")?;
        crossing.wanted("R", at + 1, "ok")?;
    }
    maker
        .ok("both send before either receives", "talk", crossing.talk())
        .map(|_| ())
}

/// Every size, exact fits, an empty message and items that others don't know.
// spec: ratchet-2
fn sizes(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    for (comment, len, size) in [
        ("the longest text in 1 KiB", 852, 1024),
        ("an octet more", 853, 1024),
        ("the longest in 4 KiB", 3924, 1024),
        ("a short text in 4 KiB", 5, 4096),
        ("the longest text beside half an encapsulation key", 251, 1024),
        ("the longest text beside half a ciphertext", 299, 1024),
        // spec: pq-1
        ("an octet more, and no chunk", 300, 1024),
    ] {
        let mut talk = Recorder::begin(seeded)?;
        talk.send("R", &vec![0x61; len], size)?;
        talk.wanted("I", 0, "ok")?;
        talk.send("I", &vec![0x62; len], size)?;
        talk.wanted("R", 1, "ok")?;
        maker.ok(comment, "talk", talk.talk())?;
    }
    let mut talk = Recorder::begin(seeded)?;
    let list = [
        (200, b"unknown to everybody".as_slice()),
        (16, b""),
        (255, &[0; 20]),
    ];
    let step = Fields::new()
        .text("do", "send")
        .text("by", "R")
        .value("items", items(&list))
        .number("min_size", 1024);
    talk.step(step)?;
    talk.wanted("I", 0, "ok")?;
    let step = Fields::new()
        .text("do", "send")
        .text("by", "I")
        .value("items", items(&[]))
        .number("min_size", 1024);
    talk.step(step)?;
    talk.wanted("R", 1, "ok")?;
    maker
        .ok("several items, and none", "talk", talk.talk())
        .map(|_| ())
}

/// A side whose state is set back uses numbers twice; no keystream repeats, and the other side says so.
// spec: ratchet-14
fn went_back(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.exchange("I", b"two")?;
    talk.state("save", "I")?;
    talk.exchange("I", b"three")?;
    talk.state("go_back", "I")?;
    let envelope = talk.send("I", b"another three", 1024)?;
    maker.refused(
        "a peer whose state was set back",
        "last",
        "peer-rolled-back",
        talk.last("R", envelope.as_octets()),
    )
}

/// Hostile envelopes after a few honest ones.
fn spoiled(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut talk = Recorder::begin(seeded)?;
    talk.exchange("R", b"one")?;
    talk.exchange("I", b"two")?;
    let kept = talk.conversation.sent(1)?;
    let mut other = Recorder::begin(seeded)?;
    let foreign = other.send("R", b"another link", 1024)?;
    let next = talk.send("I", b"three", 1024)?;
    let next = next.as_octets();
    talk.steps.pop();
    // spec: ratchet-13
    maker.refused("repeated", "last", "replay", talk.last("R", &kept))?;
    maker.refused("back to its sender", "last", "refused", talk.last("I", &kept))?;
    maker.refused(
        "of another link",
        "last",
        "refused",
        talk.last("I", foreign.as_octets()),
    )?;
    let mixed = replaced(next, 1, kept.get(1..121).unwrap_or_default());
    maker.refused(
        "the header of an older envelope before a new body",
        "last",
        "replay",
        talk.last("R", &mixed),
    )?;
    for (comment, envelope) in [
        ("another version", flipped(next, 0, 2)),
        ("first octet of N", flipped(next, 1, 1)),
        ("last octet of N", flipped(next, 24, 0x80)),
        ("commitment of the header", flipped(next, 25, 1)),
        ("sealed header", flipped(next, 60, 1)),
        ("tag of the header", flipped(next, 120, 1)),
        ("commitment of the body", flipped(next, 121, 1)),
        ("sealed body", flipped(next, 500, 1)),
        ("tag of the body", flipped(next, 1023, 1)),
        (
            "the body of an older envelope",
            replaced(next, 121, kept.get(121..).unwrap_or_default()),
        ),
        ("an octet cut off", cut(next, 1)),
        ("an octet too many", longer(next, &[0])),
        ("padded to the next size", longer(next, &[0; 3072])),
        ("empty", vec![]),
        ("zeros", vec![0; 1024]),
        ("noise", replaced(&seeded.octets(1024), 0, &[1])),
        ("noise of 4 KiB", replaced(&seeded.octets(4096), 0, &[1])),
    ] {
        maker.refused(comment, "last", "refused", talk.last("R", &envelope))?;
    }
    Ok(())
}

/// A gap of 1,000 is passed over, a gap of 1,001 is not.
// spec: ratchet-7
fn bounds(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    for (gap, class) in [(1000_usize, "ok"), (1001, "refused")] {
        let mut talk = Recorder::begin(seeded)?;
        for _ in 0..=gap {
            talk.step(
                Fields::new()
                    .text("do", "send")
                    .text("by", "R")
                    .value("items", items(&[]))
                    .number("min_size", 1024),
            )?;
        }
        let (mut conversation, _) = Scene::read(&talk.scene).begin()?;
        let last = talk.conversation.sent(gap)?;
        let input = Fields::new()
            .object("scene", talk.scene.clone())
            .value("steps", serde_json::Value::Array(Vec::new()))
            .text("to", "I")
            .octets("envelope", &last);
        let comment = format!("the first that comes is number {gap} of its chain");
        if class == "ok" {
            let mut drawn = Seeded::named("bounds");
            conversation.deliver("I", &last, &mut drawn)?;
            maker.ok(&comment, "last", input.octets("random", drawn.drawn()))?;
        } else {
            maker.refused(&comment, "last", class, input)?;
        }
    }
    Ok(())
}
