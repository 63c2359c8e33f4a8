//! The relay of `sipher try`: the real one, in a process of its own, so that it can be killed like a machine.
//!
//! It holds a pipe from its parent and ends when that breaks, so that nothing is left however the parent ended.

use std::ffi::OsString;
use std::io::{self, BufReader, Read as _};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;

/// A running relay. Killed when it is dropped.
#[derive(Debug)]
pub(crate) struct RelayChild {
    process: Child,
    folder: PathBuf,
    /// Which start this is, from 1: each has a transcript of its own.
    start: usize,
    greeting: Greeting,
}

/// First line of `sipher-relay run --json`.
#[derive(Clone, Debug, Deserialize)]
struct Greeting {
    address: String,
    listen: String,
}

impl RelayChild {
    /// Starts a relay on a free port of this machine, with its store and transcript in `folder`.
    ///
    /// # Errors
    /// It could not be started, or does not accept connections within [`START_LIMIT`].
    pub(crate) fn start(folder: &Path) -> io::Result<Self> {
        Self::start_at(folder, "127.0.0.1:0", 1)
    }

    /// Ends it without warning, as a power cut would, and starts it again on the same port and store.
    ///
    /// # Errors
    /// As [`RelayChild::start`].
    pub(crate) fn kill_and_restart(&mut self) -> io::Result<()> {
        end(&mut self.process);
        *self = Self::start_at(&self.folder, &self.greeting.listen, self.start + 1)?;
        Ok(())
    }

    /// The address that accounts use.
    pub(crate) fn address(&self) -> &str {
        &self.greeting.address
    }

    /// Host and port.
    pub(crate) fn listen(&self) -> &str {
        &self.greeting.listen
    }

    /// Where it noted every octet that it saw, a file for each start.
    pub(crate) fn transcripts(&self) -> Vec<PathBuf> {
        (1..=self.start)
            .map(|start| transcript_in(&self.folder, start))
            .collect()
    }

    fn start_at(folder: &Path, listen: &str, start: usize) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([
                "relay-child",
                "--",
                "run",
                "--json",
                "--public",
                "--listen",
                listen,
                "--data",
            ])
            .arg(folder.join("data"))
            .arg("--transcript")
            .arg(transcript_in(folder, start))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        match greeting(&mut process) {
            Ok(greeting) => Ok(Self {
                process,
                folder: folder.to_owned(),
                start,
                greeting,
            }),
            Err(error) => {
                end(&mut process);
                Err(error)
            }
        }
    }
}

impl Drop for RelayChild {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends a process for certain and takes its exit code, so that nothing of it stays.
fn end(process: &mut Child) {
    if process.kill().and_then(|()| process.wait()).is_err() {
        // It had ended by itself and was waited for: just what is wanted.
    }
}

/// The child's side: the relay of `sipher-relay`, until the parent is gone.
#[expect(
    clippy::disallowed_methods,
    reason = "a watcher of the parent that ends with the process"
)]
pub(crate) fn relay_child(args: Vec<OsString>) -> ExitCode {
    std::thread::spawn(|| {
        // Nothing ever comes; what counts is that the pipe ends.
        drop(io::stdin().lock().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    sipher_relay::cli_main(iter::once(OsString::from("sipher-relay")).chain(args))
}

/// Waits for the relay's first line. Both pipes are read to their end by threads of their own, so that
/// the relay never blocks on a full one.
#[expect(
    clippy::disallowed_methods,
    reason = "two readers of a child's pipes, which end with it"
)]
fn greeting(process: &mut Child) -> io::Result<Greeting> {
    let (tell, told) = mpsc::channel::<String>();
    if let Some(pipe) = process.stdout.take() {
        let tell = tell.clone();
        std::thread::spawn(move || forward(BufReader::new(pipe), &tell));
    }
    let complaint = process.stderr.take().map(|pipe| {
        let (tell, told) = mpsc::channel::<String>();
        std::thread::spawn(move || forward(BufReader::new(pipe), &tell));
        told
    });
    drop(tell);
    if let Ok(line) = told.recv_timeout(START_LIMIT) {
        return serde_json::from_str(&line).map_err(io::Error::other);
    }
    let said = complaint.and_then(|told| told.recv_timeout(Duration::from_millis(200)).ok());
    Err(io::Error::other(
        said.unwrap_or_else(|| "the relay said nothing".to_owned()),
    ))
}

fn forward(lines: impl io::BufRead, tell: &mpsc::Sender<String>) {
    for line in lines.lines().map_while(Result::ok) {
        // Nobody listens after the first line; reading goes on all the same.
        drop(tell.send(line));
    }
}

fn transcript_in(folder: &Path, start: usize) -> PathBuf {
    folder.join(format!("transcript-{start}.jsonl"))
}

/// A relay that needs longer to start on an empty store is stuck.
const START_LIMIT: Duration = Duration::from_secs(10);
