//! A relay and people, each through the real binaries, on loopback and in temporary folders.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The `sipher` of this build.
pub(crate) fn sipher() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sipher"))
}

/// The `sipher-relay` of this build, which cargo puts beside `sipher`.
pub(crate) fn sipher_relay() -> PathBuf {
    let path = sipher().with_file_name("sipher-relay");
    assert!(
        path.exists(),
        "{} is missing. run: cargo test --workspace",
        path.display()
    );
    path
}

/// A running relay; killed when dropped.
pub(crate) struct Relay {
    process: Child,
    folder: TempDir,
    start: usize,
    pub(crate) address: String,
    listen: String,
}

impl Relay {
    /// A public relay on a free port.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, address, listen) = run_relay(folder.path(), "127.0.0.1:0", 1);
        Self {
            process,
            folder,
            start: 1,
            address,
            listen,
        }
    }

    /// Ends it without warning.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, after [`Relay::kill`], on the same port and store.
    pub(crate) fn restart(&mut self) {
        self.start += 1;
        let (process, address, listen) = run_relay(self.folder.path(), &self.listen, self.start);
        assert_eq!(address, self.address, "a restart changes no address");
        (self.process, self.listen) = (process, listen);
    }

    /// Host and port.
    pub(crate) fn listen(&self) -> &str {
        &self.listen
    }

    /// Everything that it wrote to disk: store, log and transcripts, as (name, octets).
    pub(crate) fn everything_on_disk(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        files
    }

    /// The transcripts of all its starts.
    pub(crate) fn transcripts(&self) -> Vec<PathBuf> {
        (1..=self.start)
            .map(|start| self.folder.path().join(format!("transcript-{start}.jsonl")))
            .collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.is_file() {
            // A socket, the operator's way in, holds nothing.
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}

fn run_relay(folder: &Path, listen: &str, start: usize) -> (Child, String, String) {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("relay.log"))
        .unwrap();
    let mut process = Command::new(sipher_relay())
        .args([
            "run", "--json", "--public", "--log", "trace", "--listen", listen, "--data",
        ])
        .arg(folder.join("data"))
        .arg("--transcript")
        .arg(folder.join(format!("transcript-{start}.jsonl")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let Ok(greeting) = serde_json::from_str::<serde_json::Value>(&line) else {
        let log = std::fs::read_to_string(folder.join("relay.log")).unwrap();
        panic!("the relay did not start: {line}{log}");
    };
    let text = |name: &str| greeting[name].as_str().unwrap().to_owned();
    (process, text("address"), text("listen"))
}

/// A person with a machine of his own.
pub(crate) struct Person {
    home: TempDir,
    binary: PathBuf,
    pub(crate) name: &'static str,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Person {
    /// Somebody without an account.
    pub(crate) fn new(name: &'static str) -> Self {
        Self::with_binary(name, sipher().to_owned())
    }

    /// The same, with another build of `sipher`.
    pub(crate) fn with_binary(name: &'static str, binary: PathBuf) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            binary,
            name,
        }
    }

    /// Somebody with an account at `relay` and no passphrase.
    pub(crate) fn with_account(name: &'static str, relay: &Relay) -> Self {
        let person = Self::new(name);
        person.ok(&["init", "--relay", &relay.address, "--name", name]);
        person
    }

    /// His home folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// His account's folder.
    pub(crate) fn account(&self) -> PathBuf {
        self.home().join("default")
    }

    /// A command that isn't started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .env_clear()
            .env("SIPHER_HOME", self.home())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        finish(&mut self.command(args))
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Run {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that refuses its input may end before it read all of it.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        Run::from(child.wait_with_output().unwrap())
    }

    /// Runs a command that has to succeed; its standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{} {args:?}: {run:?}", self.name);
        run.stdout
    }

    /// Runs a command with `--json` that has to succeed; its objects.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<serde_json::Value> {
        let mut all = vec!["--json"];
        all.extend_from_slice(args);
        objects(&self.ok(&all))
    }

    /// Texts that `read` shows now, in its order.
    pub(crate) fn read_texts(&self) -> Vec<String> {
        texts(&self.json(&["read"]))
    }
}

/// The objects of JSON lines.
pub(crate) fn objects(lines: &str) -> Vec<serde_json::Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The texts among what `read` or `tail` wrote.
pub(crate) fn texts(objects: &[serde_json::Value]) -> Vec<String> {
    objects
        .iter()
        .filter_map(|object| Some(object.get("text")?.as_str()?.to_owned()))
        .collect()
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    Run::from(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap(),
    )
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Two people who have become buddies: the inviter, then the invitee.
pub(crate) fn buddies(relay: &Relay) -> (Person, Person) {
    let (anna, bob) = (
        Person::with_account("anna", relay),
        Person::with_account("bob", relay),
    );
    link(&anna, &bob);
    (anna, bob)
}

/// Makes two people buddies, each under the other's own name.
pub(crate) fn link(inviter: &Person, invitee: &Person) {
    let invitation = inviter.ok(&["invite", "--for", invitee.name]);
    let accepted = invitee.run_with_input(&["accept", "-", "--as", inviter.name], &invitation);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    inviter.ok(&["read"]);
    invitee.ok(&["read"]);
}
