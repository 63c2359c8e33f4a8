//! Vectors of the presence chain. Spec: presence.

mod forged;

use serde_json::Value;
use sipher_crypto::{
    Document, EpochKeys, PresenceError, PresencePublisher, PresenceReader, PublishError, Time,
};

use super::parties::{NOW, time};
use super::script::{Script, Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "presence",
    about: "presence.md. op publish: cell, pck, phk (of epoch 1) and steps -> keys and envelopes. A step is publish \
            (published, valid_until, rights, content, nonce), repeated `times`, of which the last envelope is given; or rekey \
            (pck, phk of the next epoch). op open: cell, keys (epoch, pck, phk), then for each of events either announce (keys) \
            or open (envelope) -> the document of the last one; classes refused, unchanged, older, contradiction, too-far. \
            op document: dates, content -> whether it may be published; classes too-long, dates.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "publish" => publish(input),
        "open" => open(input),
        "document" => Ok(match document(input)? {
            Ok(_) => Outcome::Done(Fields::new()),
            Err(class) => Outcome::Refused(class),
        }),
        _ => Err(unknown(op)),
    }
}

fn document(fields: &Fields) -> Result<Result<Document, &'static str>, Fault> {
    use sipher_crypto::DocumentError as E;
    let (published, until) = (time(fields, "published")?, time(fields, "valid_until")?);
    match Document::new(
        published,
        until,
        fields.get_array("rights")?,
        &fields.get_octets("content")?,
    ) {
        Ok(document) => Ok(Ok(document)),
        Err(E::TooLong) => Ok(Err("too-long")),
        Err(E::Dates) => Ok(Err("dates")),
        Err(_) => Err(Fault::new("an error without a class")),
    }
}

fn publish(input: &Fields) -> Result<Outcome, Fault> {
    let cell = input.get_text("cell")?.as_bytes();
    let mut script = Script::of(&[&input.get_octets("pck")?, &input.get_octets("phk")?]);
    let now = Time::from_unix_seconds(NOW);
    let begun = PresencePublisher::begin(cell, now, &mut script);
    let (mut publisher, keys) = begun.map_err(|error| Fault::new(error.to_string()))?;
    script.finish()?;
    let mut output = vec![Fields::new().octets("keys", &keys.expose_octets()).into_value()];
    for step in input.get_list("steps")? {
        match take(&mut publisher, &step)? {
            Ok(fields) => output.push(fields.into_value()),
            Err(class) => return Ok(Outcome::Refused(class)),
        }
    }
    Ok(Outcome::Done(Fields::new().value("steps", Value::Array(output))))
}

fn take(publisher: &mut PresencePublisher, step: &Fields) -> Result<Result<Fields, &'static str>, Fault> {
    if step.get_text("do")? == "rekey" {
        let mut script = Script::of(&[&step.get_octets("pck")?, &step.get_octets("phk")?]);
        let keys = publisher.rekey(Time::from_unix_seconds(NOW), &mut script);
        let keys = keys.map_err(|error| Fault::new(error.to_string()))?;
        script.finish()?;
        return Ok(Ok(Fields::new().octets("keys", &keys.expose_octets())));
    }
    let document = document(step)?.map_err(Fault::new)?;
    let mut envelope = Vec::new();
    for _ in 0..step.get_number("times")? {
        let mut script = Script::of(&[&step.get_octets("nonce")?]);
        envelope = match publisher.publish(&document, &mut script) {
            Ok(envelope) => envelope,
            Err(PublishError::Exhausted) => return Ok(Err("exhausted")),
            Err(error) => return Err(Fault::new(error.to_string())),
        };
        script.finish()?;
    }
    Ok(Ok(Fields::new().octets("envelope", &envelope)))
}

fn open(input: &Fields) -> Result<Outcome, Fault> {
    let bad = |_| Fault::new("the reader's keys are out of order");
    let keys = EpochKeys::from_octets(&input.get_octets("keys")?).map_err(bad)?;
    let mut reader = PresenceReader::begin(input.get_text("cell")?.as_bytes(), keys).map_err(bad)?;
    let mut last = Outcome::Refused("nothing");
    for event in input.get_list("events")? {
        if event.has("announce") {
            let keys = EpochKeys::from_octets(&event.get_octets("announce")?).map_err(bad)?;
            reader.announce(keys).map_err(bad)?;
            continue;
        }
        last = match reader.open(&event.get_octets("open")?) {
            Ok(seen) => {
                reader = seen.next;
                let document = &seen.document;
                let output = Fields::new()
                    .number("published", document.published().as_unix_seconds())
                    .number("valid_until", document.valid_until().as_unix_seconds())
                    .octets("rights", document.rights())
                    .octets("content", document.content());
                Outcome::Done(output)
            }
            Err(PresenceError::Refused) => Outcome::Refused("refused"),
            Err(PresenceError::Unchanged) => Outcome::Refused("unchanged"),
            Err(PresenceError::Older) => Outcome::Refused("older"),
            Err(PresenceError::Contradiction) => Outcome::Refused("contradiction"),
            Err(PresenceError::TooFar) => Outcome::Refused("too-far"),
            Err(_) => return Err(Fault::new("an error without a class")),
        };
    }
    Ok(last)
}

const CELL: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";
const OTHER_CELL: &str = "k7q3mzx2ahb5w4tcyd6eolrn2a";

/// A publisher's keys and envelopes in order.
struct Published {
    keys: Vec<Vec<u8>>,
    envelopes: Vec<Vec<u8>>,
}

impl Published {
    fn read(output: &Fields) -> Result<Self, Fault> {
        let mut published = Self {
            keys: Vec::new(),
            envelopes: Vec::new(),
        };
        for step in output.get_list("steps")? {
            if step.has("keys") {
                published.keys.push(step.get_octets("keys")?);
            } else {
                published.envelopes.push(step.get_octets("envelope")?);
            }
        }
        Ok(published)
    }

    fn key(&self, at: usize) -> &[u8] {
        self.keys.get(at).map_or(&[], Vec::as_slice)
    }

    fn envelope(&self, at: usize) -> &[u8] {
        self.envelopes.get(at).map_or(&[], Vec::as_slice)
    }

    /// A reader who got the first keys, and then these.
    fn reading(&self, events: &[Event<'_>]) -> Fields {
        let write = |event: &Event<'_>| match event {
            Event::Announce(keys) => Fields::new().octets("announce", keys).into_value(),
            Event::Open(envelope) => Fields::new().octets("open", envelope).into_value(),
        };
        let events = events.iter().map(write).collect();
        Fields::new()
            .text("cell", CELL)
            .octets("keys", self.key(0))
            .value("events", Value::Array(events))
    }
}

enum Event<'a> {
    Announce(&'a [u8]),
    Open(&'a [u8]),
}

fn step(seeded: &mut Seeded, content: &[u8], times: u64) -> Value {
    Fields::new()
        .text("do", "publish")
        .number("published", NOW)
        .number("valid_until", NOW + 3600)
        .octets("rights", &seeded.array::<8>())
        .octets("content", content)
        .octets("nonce", &seeded.array::<24>())
        .number("times", times)
        .into_value()
}

fn rekey(seeded: &mut Seeded) -> Value {
    let fields = Fields::new()
        .text("do", "rekey")
        .octets("pck", &seeded.array::<32>());
    fields.octets("phk", &seeded.array::<32>()).into_value()
}

fn beginning(seeded: &mut Seeded, steps: Vec<Value>) -> Fields {
    Fields::new()
        .text("cell", CELL)
        .octets("pck", &seeded.array::<32>())
        .octets("phk", &seeded.array::<32>())
        .value("steps", Value::Array(steps))
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("presence");
    let steps = vec![
        step(&mut seeded, b"first", 1),
        step(&mut seeded, b"second", 1),
        step(&mut seeded, b"after a gap of 999", 1000),
        rekey(&mut seeded),
        step(&mut seeded, b"second epoch", 1),
        step(&mut seeded, &[0x5a; 861], 1),
        rekey(&mut seeded),
        step(&mut seeded, b"", 1),
        step(&mut seeded, b"last of the third epoch", 4095),
    ];
    let input = beginning(&mut seeded, steps);
    let published = Published::read(&maker.ok("three epochs with gaps", "publish", input)?)?;
    let exhausted = vec![step(&mut seeded, b"", 4097)];
    let input = beginning(&mut seeded, exhausted);
    maker.refused("an update over 4,096 in one epoch", "publish", "exhausted", input)?;
    documents(maker)?;
    readings(maker, &published)?;
    refusals(maker, &published)?;
    spoiled(maker, &mut seeded, &published)?;
    forged::make(maker, &mut seeded, &published)
}

fn documents(maker: &mut Maker) -> Result<(), Fault> {
    let document = |content: usize, until: u64| {
        Fields::new()
            .number("published", NOW)
            .number("valid_until", until)
            .octets("rights", &[0; 8])
            .octets("content", &vec![1; content])
    };
    maker.ok("the longest content", "document", document(861, NOW))?;
    maker.refused("an octet more", "document", "too-long", document(862, NOW))?;
    maker.refused(
        "it ends before it begins",
        "document",
        "dates",
        document(0, NOW - 1),
    )
}

fn readings(maker: &mut Maker, published: &Published) -> Result<(), Fault> {
    use Event::{Announce, Open};
    let (second, third) = (published.key(1), published.key(2));
    let at = |at: usize| Open(published.envelope(at));
    for (comment, events) in [
        ("the first", vec![at(0)]),
        ("the second, the first was missed", vec![at(1)]),
        ("a gap of 999", vec![at(0), at(1), at(2)]),
        ("1,001 were missed", vec![at(2)]),
        ("the next epoch", vec![at(0), Announce(second), at(3)]),
        (
            "the old epoch goes on after an announcement",
            vec![Announce(second), at(1)],
        ),
        // spec: presence-1
        ("the longest document", vec![Announce(second), at(4)]),
        (
            "an epoch was skipped",
            vec![at(0), Announce(second), Announce(third), at(5)],
        ),
        (
            "the last update of an epoch",
            vec![Announce(second), at(3), Announce(third), at(6)],
        ),
        ("a good one after a refused one", vec![at(1), at(0), at(2)]),
    ] {
        maker.ok(comment, "open", published.reading(&events))?;
    }
    Ok(())
}

// spec: presence-8
fn refusals(maker: &mut Maker, published: &Published) -> Result<(), Fault> {
    use Event::{Announce, Open};
    let (second, third) = (published.key(1), published.key(2));
    let at = |at: usize| Open(published.envelope(at));
    for (comment, class, events) in [
        ("the same again", "unchanged", vec![at(0), at(0)]),
        ("the one before", "older", vec![at(1), at(0)]),
        ("an older one after a gap", "older", vec![at(2), at(1)]),
        ("an epoch that was not announced", "refused", vec![at(3)]),
        (
            "the old epoch after the new one began",
            "refused",
            vec![at(0), Announce(second), at(3), at(2)],
        ),
        (
            "an epoch that a later announcement replaced",
            "refused",
            vec![Announce(second), Announce(third), at(3)],
        ),
        (
            "the third epoch when only the second was announced",
            "refused",
            vec![Announce(second), at(5)],
        ),
    ] {
        maker.refused(comment, "open", class, published.reading(&events))?;
    }
    Ok(())
}

fn spoiled(maker: &mut Maker, seeded: &mut Seeded, published: &Published) -> Result<(), Fault> {
    let good = published.envelope(0);
    let input = published.reading(&[Event::Open(good)]).text("cell", OTHER_CELL);
    maker.refused("in another cell", "open", "refused", input)?;
    let input = published
        .reading(&[Event::Open(good)])
        .octets("keys", &flipped(published.key(0), 67, 1));
    maker.refused("another header key", "open", "refused", input)?;
    let input = published
        .reading(&[Event::Open(good)])
        .octets("keys", &flipped(published.key(0), 4, 1));
    maker.refused("another chain key", "open", "refused", input)?;
    let other = published.envelope(1);
    for (comment, envelope) in [
        ("another version", flipped(good, 0, 2)),
        ("one bit of N", flipped(good, 1, 1)),
        ("commitment of the header", flipped(good, 25, 1)),
        ("sealed header", flipped(good, 60, 1)),
        ("tag of the header", flipped(good, 88, 1)),
        ("commitment of the document", flipped(good, 89, 1)),
        ("sealed document", flipped(good, 500, 1)),
        ("tag of the document", flipped(good, 1023, 1)),
        (
            "another document behind this header",
            replaced(good, 89, other.get(89..).unwrap_or_default()),
        ),
        ("an octet cut off", cut(good, 1)),
        ("an octet too many", longer(good, &[0])),
        ("empty", vec![]),
        ("noise", replaced(&seeded.octets(1024), 0, &[1])),
    ] {
        maker.refused(
            comment,
            "open",
            "refused",
            published.reading(&[Event::Open(&envelope)]),
        )?;
    }
    let behind = flipped(good, 1023, 1);
    let input = published.reading(&[Event::Open(good), Event::Open(&behind)]);
    maker.refused(
        "another document behind the header that was seen",
        "open",
        "refused",
        input,
    )
}
