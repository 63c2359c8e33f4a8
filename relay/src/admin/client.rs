//! The commands that ask a running relay. Spec: `spec/operations.md`, the admin socket.

use super::socket::SOCKET;
use super::status::Status;
use crate::trouble::{Exit, Trouble};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A relay's answer: its first line, and what follows.
pub(crate) struct Answer {
    pub(crate) line: String,
    pub(crate) rest: BufReader<UnixStream>,
}

/// Asks the relay of a directory. `None` if none runs there.
///
/// # Errors
/// [`Trouble`] of the relay, or if it can't be asked.
pub(crate) fn try_ask(data: &Path, question: &str) -> Result<Option<Answer>, Trouble> {
    let path = data.join(SOCKET);
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(unreachable(&path, &error)),
    };
    let asked = writeln!(stream, "{question}");
    let mut rest = BufReader::new(stream);
    let mut line = String::new();
    asked
        .and_then(|()| (&mut rest).take(LINE_OCTETS).read_line(&mut line))
        .map_err(|error| unreachable(&path, &error))?;
    match Trouble::from_json(&line) {
        Some(trouble) => Err(trouble),
        None => Ok(Some(Answer { line, rest })),
    }
}

/// Asks the relay of a directory.
///
/// # Errors
/// [`Trouble`] if none runs there, too.
pub(crate) fn ask(data: &Path, question: &str) -> Result<Answer, Trouble> {
    try_ask(data, question)?.ok_or_else(|| {
        Trouble::new(
            Exit::Network,
            format!("no relay runs in {}", data.display()),
            format!("nothing answers at {}", data.join(SOCKET).display()),
            "start it with sipher-relay run, or give the directory of the one that runs with --data",
        )
    })
}

/// `sipher-relay status`.
///
/// # Errors
/// [`Trouble`] of [`ask`].
pub(crate) fn status(data: &Path, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let answer = ask(data, "status")?;
    let status: Status = serde_json::from_str(&answer.line).map_err(|_| {
        Trouble::new(
            Exit::Usage,
            "the relay's answer cannot be read",
            "it runs another version than this command",
            "restart the relay, so that both are the same version",
        )
    })?;
    let said = if json {
        write!(out, "{}", answer.line)
    } else {
        writeln!(out, "{status}")
    };
    said.map_err(|error| unprinted(&error))
}

/// `sipher-relay metrics`.
///
/// # Errors
/// [`Trouble`] of [`ask`].
pub(crate) fn metrics(data: &Path, out: &mut impl Write) -> Result<(), Trouble> {
    let mut answer = ask(data, "metrics")?;
    std::io::copy(&mut answer.rest, out)
        .map(drop)
        .map_err(|error| unprinted(&error))
}

/// `sipher-relay rotate tls`.
///
/// # Errors
/// [`Trouble`] of [`ask`].
pub(crate) fn rotate_tls(data: &Path, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    ask(data, "rotate tls")?;
    say(
        json,
        out,
        "A new certificate is in use; connections that are there keep theirs",
    )
}

/// `sipher-relay drain`: returns when the relay has ended.
///
/// # Errors
/// [`Trouble`] of [`ask`].
pub(crate) fn drain(data: &Path, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let mut answer = ask(data, "drain")?;
    // A connection that ends in whatever way says the same.
    drop(std::io::copy(&mut answer.rest, &mut std::io::sink()));
    say(json, out, "The relay has ended; clients were told to come back")
}

/// Says that something is done: a sentence, or an object that says no more than that.
pub(crate) fn say(json: bool, out: &mut impl Write, sentence: &str) -> Result<(), Trouble> {
    let line = if json { r#"{"done":true}"# } else { sentence };
    writeln!(out, "{line}").map_err(|error| unprinted(&error))
}

pub(crate) fn unprinted(error: &std::io::Error) -> Trouble {
    Trouble::new(
        Exit::Bug,
        "the result could not be printed",
        error.to_string(),
        "give it somewhere to go",
    )
}

fn unreachable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(
        Exit::Network,
        format!("{} cannot be asked", path.display()),
        error.to_string(),
        "run this as the relay's user; if that is so already, restart the relay",
    )
}

/// A status has about a KiB.
const LINE_OCTETS: u64 = 64 * 1024;
