//! The real program in a directory of its own.

use sipher_wire::RelayAddress;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A directory for a relay, and for what is beside it.
pub(crate) struct Place {
    root: TempDir,
}

/// A relay that runs; it's killed when it's dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: RelayAddress,
    pub(crate) listen: SocketAddr,
    pub(crate) insecure: Option<SocketAddr>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("relay")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Starts a public relay on free ports.
    pub(crate) fn run(&self) -> Program {
        self.run_with(&["--public"])
    }

    pub(crate) fn run_with(&self, more: &[&str]) -> Program {
        self.start(command(), more)
    }

    /// Starts a public relay with these variables in its environment.
    pub(crate) fn run_under(&self, variables: &[(&str, &str)]) -> Program {
        let mut command = command();
        command.envs(variables.iter().copied());
        self.start(command, &["--public"])
    }

    /// Starts a public relay whose files can't grow over this many octets, as on a full disk.
    pub(crate) fn run_limited(&self, octets: u32) -> Program {
        let mut shell = Command::new("bash");
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", octets / 1024);
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_sipher-relay")]);
        self.start(shell, &["--public"])
    }

    fn start(&self, mut command: Command, more: &[&str]) -> Program {
        let data = self.data();
        let mut args = vec![
            "run",
            "--json",
            "--force-filesystem",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ];
        args.push(data.to_str().unwrap());
        args.extend(more);
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("errors"))
            .unwrap();
        let mut child = command
            .args(args)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("no first line: {line:?}"));
        let socket = |name: &str| said[name].as_str().map(|text| text.parse().unwrap());
        Program {
            child,
            address: RelayAddress::parse(said["address"].as_str().unwrap()).unwrap(),
            listen: socket("listen").unwrap(),
            insecure: socket("insecure_loopback"),
        }
    }

    /// Waits until the log is as it should be, at most ten seconds.
    #[expect(clippy::disallowed_methods, reason = "a file tells nobody that it has grown")]
    pub(crate) fn wait_for_log(&self, is_so: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.log()) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that the relays here logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("errors")).unwrap_or_default()
    }
}

impl Program {
    /// Takes the power away.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end. Gives its exit code and how long it took.
    #[expect(
        clippy::disallowed_methods,
        reason = "the time that it takes is what is tested"
    )]
    pub(crate) fn terminate(&mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        (status.code(), begun.elapsed())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until it ends by itself. Gives its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

/// The program.
pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sipher-relay"))
}

/// Runs the program to its end, which must come by itself.
pub(crate) fn finish(args: &[&str]) -> Output {
    let mut child = command()
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = Vec::new();
    let mut err = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_end(&mut err).unwrap();
    Output {
        status: child.wait().unwrap(),
        stdout: out,
        stderr: err,
    }
}

/// How the program ended, and what it said about it without log lines.
pub(crate) fn failure(args: &[&str]) -> (i32, String) {
    let output = finish(args);
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("error:"))
        .collect();
    (output.status.code().unwrap(), lines.join("\n"))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
