//! Promise: a stream is cut alike however it arrives, and no cut is over a limit. Spec: `spec/sip-checklist.md` F1, F2, F14.

use bytes::Bytes;
use sipher_wire::limits::{BODY_OCTETS, HEAD_FIELDS, HEAD_OCTETS, VALUE_OCTETS};
use sipher_wire::sip::{Cut, Cutter, Fault, Head, Name, Side, Whole, cut_whole};

use crate::dice::Dice;

/// `side u8, sizes of reads [u8; 4], the stream`.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let side = if dice.flip() { Side::Client } else { Side::Relay };
    let sizes: [u8; 4] = dice.array();
    let stream = dice.rest();

    let whole = run(side, core::iter::once(stream));
    assert_eq!(whole, run(side, ragged(stream, sizes)), "reads of ragged sizes");
    if stream.len() <= 4 * HEAD_OCTETS {
        assert_eq!(whole, run(side, stream.chunks(1)), "a drip of octets");
    }
    frame_agrees(stream, &whole);
}

/// What a cutter gave for a stream, and whether it waits for more.
#[derive(Debug, Eq, PartialEq)]
struct Run {
    cuts: Vec<Seen>,
    idle: bool,
}

#[derive(Debug, Eq, PartialEq)]
enum Seen {
    Message(Fields, Bytes),
    Ping,
    Pong,
    Broken(Fault, Fields),
}

type Fields = Vec<(Name, Vec<u8>)>;

fn run<'a>(side: Side, reads: impl Iterator<Item = &'a [u8]>) -> Run {
    let mut cutter = Cutter::new(side);
    let mut cuts = Vec::new();
    for read in reads {
        cutter.push(read);
        while let Some(cut) = cutter.next_cut() {
            cuts.push(seen(cut));
        }
    }
    let idle = cutter.is_idle();
    let broken = cuts.iter().position(|cut| matches!(cut, Seen::Broken(..)));
    assert!(
        broken.is_none_or(|at| at + 1 == cuts.len()),
        "a broken stream goes on"
    );
    Run { cuts, idle }
}

fn seen(cut: Cut) -> Seen {
    match cut {
        Cut::Message(message) => {
            assert!(message.body.len() <= BODY_OCTETS, "a body over the limit");
            assert!(
                message.head.octets().len() <= HEAD_OCTETS,
                "a head over the limit"
            );
            Seen::Message(bounded(&message.head), message.body)
        }
        Cut::Ping => Seen::Ping,
        Cut::Pong => Seen::Pong,
        Cut::Broken(broken) => Seen::Broken(broken.fault, bounded(&broken.head)),
    }
}

fn bounded(head: &Head) -> Fields {
    let fields: Fields = head
        .fields()
        .map(|(name, value)| (name, value.to_vec()))
        .collect();
    assert!(fields.len() <= HEAD_FIELDS, "too many fields");
    assert!(
        fields.iter().all(|(_, value)| value.len() <= VALUE_OCTETS),
        "a value over the limit"
    );
    fields
}

/// A message that is the whole stream is the same message in a frame.
fn frame_agrees(stream: &[u8], run: &Run) {
    if let ([Seen::Message(fields, body)], true) = (run.cuts.as_slice(), run.idle)
        && !stream.starts_with(b"\r\n")
        && let Some(Cut::Message(message)) = cut_whole(Whole::Frame, Bytes::copy_from_slice(stream))
    {
        assert_eq!((&bounded(&message.head), &message.body), (fields, body));
    }
}

/// Cuts a stream in reads whose sizes repeat.
fn ragged(stream: &[u8], sizes: [u8; 4]) -> impl Iterator<Item = &[u8]> {
    let mut rest = stream;
    let mut sizes = sizes.into_iter().cycle();
    core::iter::from_fn(move || {
        let size = usize::from(sizes.next().unwrap_or(0)).max(1);
        let (read, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!read.is_empty()).then_some(read)
    })
}
