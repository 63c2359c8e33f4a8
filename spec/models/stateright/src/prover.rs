//! Runs Verifpal, a program of its own that is never linked, and reads its verdict.
//!
//! It decides nothing: what is expected stands in the models. A run has a time limit, because the search has none.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::verdict::Verdict;

/// The version whose verdicts the models state.
pub const VERSION: &str = "1.6.7";

/// How to get it.
pub const INSTALL: &str = "cargo install verifpal --version 1.6.7 --locked --ignore-rust-version";

/// Why there is no verdict.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The program is not there or does not start.
    #[error("verifpal does not start")]
    Missing(#[source] std::io::Error),
    /// It is there in another version.
    #[error("verifpal {0} is installed, the models were checked with {VERSION}")]
    OtherVersion(String),
    /// It was stopped at the time limit.
    #[error("no verdict in {} s", .0.as_secs())]
    TooLong(Duration),
    /// It ended without a verdict.
    #[error("no verdict, its last line was: {0}")]
    NoVerdict(String),
}

/// Whether the right version is installed.
///
/// # Errors
/// [`Fault::Missing`] or [`Fault::OtherVersion`].
pub fn find() -> Result<(), Fault> {
    let output = Command::new("verifpal")
        .arg("--version")
        .output()
        .map_err(Fault::Missing)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(1).unwrap_or("of an unknown version");
    if version == VERSION {
        Ok(())
    } else {
        Err(Fault::OtherVersion(version.to_owned()))
    }
}

/// Asks for the verdict on `model` with so many concurrent sessions.
///
/// # Errors
/// A [`Fault`] if there is none within `limit`.
pub fn ask(model: &Path, sessions: u8, limit: Duration) -> Result<Verdict, Fault> {
    let mut child = Command::new("verifpal")
        .args([
            "verify",
            "--result-code",
            "--quiet",
            "--color",
            "never",
            "--sessions",
        ])
        .arg(sessions.to_string())
        .arg(model)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Fault::Missing)?;
    let output = read_within(&mut child, limit);
    if output.is_none() {
        // It may have ended by itself just now; waiting is right in both cases.
        child.kill().map_err(Fault::Missing)?;
    }
    child.wait().map_err(Fault::Missing)?;
    let output = output.ok_or(Fault::TooLong(limit))?;
    let last = output.lines().last().unwrap_or_default().trim().to_owned();
    Verdict::parse(&last).ok_or(Fault::NoVerdict(last))
}

/// All that the child writes, or nothing if it is not done in time.
fn read_within(child: &mut Child, limit: Duration) -> Option<String> {
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    #[expect(
        clippy::disallowed_methods,
        reason = "this file drives an outside program: its pipe needs a reader"
    )]
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        // Octets that are no text, or a broken pipe: there is no verdict, and the caller says so.
        let text = stdout.read_to_string(&mut text).map(|_| text).unwrap_or_default();
        sender.send(text)
    });
    let text = receiver.recv_timeout(limit).ok();
    if text.is_some() {
        // It has sent, so it is over; what the thread returns says nothing more.
        drop(reader.join());
    }
    text
}
