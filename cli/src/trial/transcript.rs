//! What a relay saw and wrote, from the transcript that it keeps for auditors (`sipher-relay run --transcript`).
//!
//! One record a line: `{"t":…,"conn":…,"dir":"in"|"out","octets":"base64"}`, the octets as they were inside TLS.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use serde::Deserialize;

use super::needle::Needle;

/// The octets of every connection, each direction in order.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    streams: BTreeMap<(u64, Direction), Vec<u8>>,
}

/// From the relay's point of view.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// It read them.
    In,
    /// It wrote them.
    Out,
}

#[derive(Deserialize)]
struct Record {
    conn: u64,
    dir: Direction,
    octets: String,
}

/// Requests and bodies that went through a relay.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Requests that it got.
    pub(crate) requests: usize,
    /// Bodies of either direction that it can't read, by their size in octets.
    pub(crate) bodies: BTreeMap<usize, usize>,
    /// Bodies that it has to read: changes of who may write to or read from a box.
    pub(crate) grants: usize,
}

/// One SIP message of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// Start line and header fields.
    pub(crate) head: &'a str,
    /// Octets that the relay cannot read.
    pub(crate) body: &'a [u8],
}

impl Transcript {
    /// Reads a transcript. A last line that was cut by a crash is left out.
    ///
    /// # Errors
    /// The file can't be read, or a whole line isn't a record.
    pub(crate) fn read(path: &Path) -> Result<Self, std::io::Error> {
        let text = fs::read_to_string(path)?;
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut transcript = Self::default();
        for line in whole.lines() {
            let record: Record = serde_json::from_str(line)?;
            let octets = BASE64
                .decode(record.octets.as_bytes())
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            transcript
                .streams
                .entry((record.conn, record.dir))
                .or_default()
                .extend_from_slice(&octets);
        }
        Ok(transcript)
    }

    /// Which of `needles` occur anywhere.
    pub(crate) fn found<'a>(&self, needles: &'a [Needle]) -> Vec<&'a str> {
        needles
            .iter()
            .filter(|needle| self.streams.values().any(|stream| needle.is_in(stream)))
            .map(Needle::text)
            .collect()
    }

    /// Counts requests and bodies.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for ((_, direction), stream) in &self.streams {
            for seen in messages(stream) {
                if *direction == Direction::In && !seen.head.starts_with("SIP/2.0 ") {
                    counts.requests += 1;
                }
                if field(seen.head, "content-type", "c").is_some_and(|kind| kind.ends_with(".grants")) {
                    counts.grants += 1;
                } else if !seen.body.is_empty() {
                    *counts.bodies.entry(seen.body.len()).or_default() += 1;
                }
            }
        }
        counts
    }

    /// Every stream, in the order of its connection.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (u64, Direction, &[u8])> {
        self.streams
            .iter()
            .map(|((conn, direction), stream)| (*conn, *direction, stream.as_slice()))
    }
}

/// Cuts a stream into messages; keep-alives are skipped, and so is what doesn't end.
pub(crate) fn messages(stream: &[u8]) -> impl Iterator<Item = Seen<'_>> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        }
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, after) = rest.split_at_checked(end + 4)?;
        let head = std::str::from_utf8(head).ok()?;
        let (body, after) = after.split_at_checked(content_length(head)?)?;
        rest = after;
        Some(Seen {
            head: head.trim_end(),
            body,
        })
    })
}

fn content_length(head: &str) -> Option<usize> {
    field(head, "content-length", "l")?.parse().ok()
}

/// The value of a header field, by its name or its compact name.
fn field<'a>(head: &'a str, long: &str, compact: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        (name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(compact)).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn transcript(lines: &[(&str, &[u8])]) -> Transcript {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transcript");
        let mut text = String::new();
        for (dir, octets) in lines {
            let octets = BASE64.encode(octets);
            writeln!(
                text,
                "{{\"t\":1,\"conn\":7,\"dir\":\"{dir}\",\"octets\":\"{octets}\"}}"
            )
            .unwrap();
        }
        text.push_str("{\"t\":1,\"conn\":7,\"di");
        fs::write(&path, text).unwrap();
        Transcript::read(&path).unwrap()
    }

    #[test]
    fn requests_and_bodies_are_counted_however_they_were_cut() {
        let seen = transcript(&[
            ("in", b"MESSAGE sip:a@b SIP/2.0\r\nContent-Le"),
            ("out", b"SIP/2.0 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
            (
                "in",
                b"ngth: 4\r\n\r\nbody\r\n\r\nOPTIONS sip:b SIP/2.0\r\nl: 0\r\n\r\n",
            ),
        ]);

        assert_eq!(
            seen.counts(),
            Counts {
                requests: 2,
                bodies: BTreeMap::from([(4, 1)]),
                grants: 0
            }
        );
    }

    #[test]
    fn a_text_that_was_cut_between_two_records_is_found() {
        let seen = transcript(&[("in", b"MESSAGE Are you"), ("in", b" there?")]);
        let needles = [Needle::new("Are you there?"), Needle::new("something else")];

        assert_eq!(seen.found(&needles), ["Are you there?"]);
    }
}
