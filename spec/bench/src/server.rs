//! The servers as processes that end with the bench.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that runs, in a directory of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The host in SIP URIs.
    pub(crate) host: String,
}

impl Server {
    /// A relay with an empty store that everybody may open boxes at.
    pub(crate) fn relay(program: &Path, directory: &Path, more: &[String]) -> Result<Self> {
        let mut child = Command::new(program)
            .args([
                "run",
                "--json",
                "--public",
                "--log",
                "off",
                "--listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(directory)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        let said: serde_json::Value = serde_json::from_str(&first_line(&mut child)?)?;
        let address: SocketAddr = said
            .get("listen")
            .and_then(|listen| listen.as_str())
            .context("an address")?
            .parse()?;
        Ok(Self {
            child,
            host: address.ip().to_string(),
            address,
        })
    }

    /// The null server.
    pub(crate) fn null(directory: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["null", "--file"])
            .arg(directory.join("null"))
            .stdout(Stdio::piped())
            .spawn()?;
        let address = first_line(&mut child)?.trim().parse()?;
        Ok(Self {
            child,
            address,
            host: "null.invalid".into(),
        })
    }

    /// Kamailio with msilo on SQLite in WAL mode, over plain TCP.
    pub(crate) fn kamailio(directory: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let database = directory.join("msilo.db");
        for schema in ["standard", "msilo"] {
            let file = format!("/usr/share/kamailio/db_sqlite/{schema}-create.sql");
            let made = Command::new("sqlite3")
                .arg(&database)
                .arg(format!(".read {file}"))
                .status();
            ensure!(
                made.is_ok_and(|status| status.success()),
                "sqlite3 must read {file}"
            );
        }
        let config = directory.join("kamailio.cfg");
        let text = include_str!("kamailio.cfg")
            .replace("@ADDRESS@", &address.to_string())
            .replace("@DATABASE@", &database.display().to_string());
        std::fs::write(&config, text)?;
        let child = Command::new("kamailio")
            .args(["-DD", "-E", "-m", "256", "-M", "16", "-f"])
            .arg(&config)
            .arg("-Y")
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(directory.join("kamailio.log"))?)
            .spawn()
            .context("kamailio must be installed")?;
        Ok(Self {
            child,
            address,
            host: "127.0.0.1".into(),
        })
    }

    /// The process that all others of the server come from.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Kamailio ends its workers when it is asked to, not when it is killed.
        let pid = self.pid().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        drop(self.child.wait());
    }
}

fn first_line(child: &mut Child) -> Result<String> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("an output")?).read_line(&mut line)?;
    ensure!(!line.is_empty(), "the server ended before it served");
    Ok(line)
}

/// The relay beside this program.
pub(crate) fn default_relay() -> PathBuf {
    let beside = std::env::current_exe().map(|path| path.with_file_name("sipher-relay"));
    beside.unwrap_or_else(|_| PathBuf::from("sipher-relay"))
}
