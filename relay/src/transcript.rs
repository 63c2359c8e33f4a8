//! A record of every SIP octet that the relay sees or writes, for auditors. Off unless asked for.
//! Spec: `spec/relay.md`, transcript.
//!
//! One JSON object a line: `{"t":milliseconds,"conn":number,"dir":"in"|"out","octets":"base64"}`. It holds
//! what the relay can read and no address of a peer; it's the proof of what the relay can't read.

use crate::mailbox::ConnId;
use data_encoding::BASE64;
use serde::Serialize;
use sipher_wire::Time;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A transcript in a file.
#[derive(Debug)]
pub struct Transcript(Mutex<File>);

/// Which way octets went.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the relay.
    In,
    /// From the relay.
    Out,
}

#[derive(Serialize)]
struct Line {
    t: u64,
    conn: u64,
    dir: Direction,
    octets: String,
}

impl Transcript {
    /// Opens the file; lines are added to those that are there.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }

    /// Adds one line.
    ///
    /// # Errors
    /// What the disk says; an incomplete transcript proves nothing, so the relay stops then.
    pub fn record(&self, now: Time, conn: ConnId, dir: Direction, octets: &[u8]) -> std::io::Result<()> {
        let line = Line {
            t: now.as_millis(),
            conn: conn.0,
            dir,
            octets: BASE64.encode(octets),
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_is_one_line_of_json() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("transcript");
        let transcript = Transcript::open(&path).unwrap();
        transcript
            .record(Time::from_millis(7), ConnId(3), Direction::In, b"\r\n\0")
            .unwrap();
        transcript
            .record(Time::from_millis(8), ConnId(3), Direction::Out, b"")
            .unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], r#"{"t":7,"conn":3,"dir":"in","octets":"DQoA"}"#);
        assert_eq!(lines[1], r#"{"t":8,"conn":3,"dir":"out","octets":""}"#);
    }
}
