//! What the relay saw of the story: how much, and that none of it was a name or a text.

use serde_json::json;

use super::needle::Needle;
use super::story::Evidence;
use super::transcript::{Direction, Seen, Transcript, messages};
use crate::advice::Advice;
use crate::output::{Output, escaped};

/// What must not be in the relay's transcript.
pub(crate) struct Secrets {
    /// Names of people.
    pub(crate) names: Vec<String>,
    /// Texts and notes.
    pub(crate) texts: Vec<String>,
}

/// Counts what the relay saw, and fails if it saw a name or a text.
pub(crate) fn tell(evidence: &Evidence, show_relay: bool, output: Output) -> Result<(), Advice> {
    let read = evidence
        .transcripts
        .iter()
        .map(|path| Transcript::read(path))
        .collect::<Result<Vec<_>, _>>();
    let seen =
        read.map_err(|error| Advice::bug(format_args!("the relay's transcript can't be read: {error}")))?;
    if show_relay {
        for (start, transcript) in seen.iter().enumerate() {
            show(start + 1, transcript, output);
        }
    }
    let names = found(&seen, &evidence.secrets.names);
    let texts = found(&seen, &evidence.secrets.texts);
    if !names.is_empty() || !texts.is_empty() {
        let what = [names, texts].concat().join(", ");
        return Err(Advice::bug(format_args!(
            "the relay saw what it must not: {what}"
        )));
    }
    let (mut requests, mut grants) = (0, 0);
    let mut bodies = std::collections::BTreeMap::<usize, usize>::new();
    for counts in seen.iter().map(Transcript::counts) {
        requests += counts.requests;
        grants += counts.grants;
        for (size, count) in counts.bodies {
            *bodies.entry(size).or_default() += count;
        }
    }
    if requests == 0 {
        return Err(Advice::bug("the relay's transcript is empty"));
    }
    let sizes: Vec<String> = bodies
        .iter()
        .map(|(size, count)| format!("{count} of {} octets", thousands(*size)))
        .collect();
    let hint = if show_relay {
        ""
    } else {
        "          (look yourself: --show-relay)"
    };
    let text = format!(
        "  the relay saw: {requests} requests ({grants} of them changes of grants), opaque bodies: {}, 0 names, 0 texts{hint}",
        sizes.join(", ")
    );
    output.result(&text, &json!({ "step": "saw", "held": true, "requests": requests, "grants": grants, "bodies": bodies, "names": 0, "texts": 0 }));
    Ok(())
}

/// A number with a comma before each three digits.
fn thousands(number: usize) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{},{:03}", thousands(number / 1_000), number % 1_000)
    }
}

fn found(seen: &[Transcript], secrets: &[String]) -> Vec<String> {
    let needles: Vec<Needle> = secrets.iter().map(|text| Needle::new(text)).collect();
    seen.iter()
        .flat_map(|transcript| transcript.found(&needles))
        .map(str::to_owned)
        .collect()
}

fn show(start: usize, transcript: &Transcript, output: Output) {
    for (conn, direction, stream) in transcript.streams() {
        let arrow = if direction == Direction::In {
            "to the relay"
        } else {
            "from the relay"
        };
        output.text(&format!(
            "\n-- start {start}, connection {conn}, {arrow}: {} octets",
            stream.len()
        ));
        for message in messages(stream) {
            show_message(message, output);
        }
    }
    output.text("");
}

fn show_message(seen: Seen<'_>, output: Output) {
    for line in seen.head.lines() {
        output.text(&format!("   {}", escaped(line)));
    }
    if !seen.body.is_empty() {
        output.text(&format!(
            "   [{} octets that the relay can't read]",
            seen.body.len()
        ));
        for (row, octets) in seen.body.chunks(OCTETS_A_LINE).enumerate() {
            let hex: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            output.text(&format!("   {:05x}  {}", row * OCTETS_A_LINE, hex.join("")));
        }
    }
    output.text("");
}

/// Octets of a body on a line of `--show-relay`.
const OCTETS_A_LINE: usize = 32;
