//! The operator's file of settings, `relay.toml`. Spec: `spec/operations.md`, settings.
//!
//! Every key is optional, and what the command line says counts over it. A file that says something wrong is
//! refused whole, with its line.

use super::disk;
use crate::args;
use crate::init::parse_host;
use crate::run::{parse_loopback, parse_socket};
use crate::trouble::{Exit, Trouble};
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::Spanned;
use tracing::level_filters::LevelFilter;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Whether everybody may open boxes; the one key that a running relay takes anew.
    pub(crate) public: Option<bool>,
    listen: Option<String>,
    insecure_loopback: Option<String>,
    host: Option<String>,
    transcript: Option<PathBuf>,
    log: Option<LevelFilter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    listen: Option<Spanned<String>>,
    insecure_loopback: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    public: Option<bool>,
    transcript: Option<PathBuf>,
    log: Option<Spanned<String>>,
}

impl Config {
    /// Reads the file of a relay: the one that was named, else the one in its directory, if it's there.
    ///
    /// # Errors
    /// [`Trouble`] if it can't be read, or says something wrong.
    pub(crate) fn of(data: &Path, named: Option<&Path>) -> Result<Self, Trouble> {
        let path = named.map_or_else(|| data.join(CONFIG), Path::to_path_buf);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(disk(&path, "cannot be read", &error)),
        }
    }

    /// The command line, filled up with what the file says.
    pub(crate) fn complete(self, run: &args::Run) -> args::Run {
        let args::RunAccess { public, token } = &run.access;
        args::Run {
            data: run.data.clone(),
            config: run.config.clone(),
            listen: run.listen.clone().or(self.listen),
            insecure_loopback: run.insecure_loopback.clone().or(self.insecure_loopback),
            host: run.host.clone().or(self.host),
            access: args::RunAccess {
                public: *public || (token.is_none() && self.public == Some(true)),
                token: token.clone(),
            },
            store: run.store,
            transcript: run.transcript.clone().or(self.transcript),
            log: run.log.or(self.log),
            disk: args::Disk {
                force_filesystem: run.disk.force_filesystem,
            },
        }
    }

    // spec: settings-1
    fn parse(path: &Path, text: &str) -> Result<Self, Trouble> {
        let wrong = |at: Option<usize>, what: &str| refused(path, text, at, what);
        let written: Written = toml::from_str(text)
            .map_err(|error| wrong(error.span().map(|span| span.start), error.message()))?;
        let checked = |value: Option<Spanned<String>>, check: &dyn Fn(&str) -> Result<(), Trouble>| {
            let Some(value) = value else { return Ok(None) };
            match check(value.get_ref()) {
                Ok(()) => Ok(Some(value.into_inner())),
                Err(trouble) => Err(wrong(Some(value.span().start), trouble.what())),
            }
        };
        let log = match written.log {
            None => None,
            Some(level) => Some(level.get_ref().parse().map_err(|_| {
                wrong(
                    Some(level.span().start),
                    "log is off, error, warn, info, debug or trace",
                )
            })?),
        };
        Ok(Self {
            public: written.public,
            listen: checked(written.listen, &|text| parse_socket(text, "listen").map(drop))?,
            insecure_loopback: checked(written.insecure_loopback, &|text| parse_loopback(text).map(drop))?,
            host: checked(written.host, &|text| parse_host(text).map(drop))?,
            transcript: written.transcript,
            log,
        })
    }
}

fn refused(path: &Path, text: &str, at: Option<usize>, what: &str) -> Trouble {
    let line = at.map_or_else(String::new, |at| {
        let before = text.get(..at).unwrap_or(text);
        format!(", line {}", before.matches('\n').count() + 1)
    });
    Trouble::new(
        Exit::Input,
        format!(
            "{}{line}: {}",
            path.display(),
            what.lines().next().unwrap_or_default()
        ),
        "the file is used as a whole or not at all",
        "correct that line, or begin it with # to leave it out",
    )
}

/// The file's name in the relay's directory.
pub(crate) const CONFIG: &str = "relay.toml";

/// The file that a new relay gets.
pub(crate) const CONFIG_TEXT: &str = r#"# Settings of this relay. Each key is optional; what the command line says counts over it.
# SIGHUP lets a running relay read `public` anew and take a new certificate; the other keys count from the next start.

# Address and port for TLS. Port 0 takes a free one.
listen = "[::]:5061"

# Name under which clients reach the relay, if it isn't the one that `init --host` was given.
# host = "relay.example.org"

# Whether everybody may open boxes. Without it those may who the relay was made for: everybody, or who has its token.
# public = true

# Plain TCP and UDP for this machine alone, for tests.
# insecure-loopback = "127.0.0.1:5060"

# How much is logged: off, error, warn, info, debug or trace. At no level are addresses, boxes or sizes logged.
# log = "info"

# Every decrypted SIP octet goes to this file, for auditors. Never leave it on.
# transcript = "/var/lib/sipher-relay/transcript"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Config::parse(Path::new("relay.toml"), text)
            .unwrap_err()
            .to_string()
    }

    // spec: settings-1
    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, line, word) in [
            ("public = true\nlisen = \"x\"\n", 2, "lisen"),
            ("\n\npublic = 3\n", 3, "boolean"),
            ("host = \"a b\"\n", 1, "is not a host name"),
            ("# x\nlisten = \"here\"\n", 2, "is not an address and port"),
            ("insecure-loopback = \"192.0.2.1:1\"", 1, "from other machines"),
            ("log = \"loud\"", 1, "log is off"),
            ("public = yes", 1, ""),
        ] {
            let said = said(text);
            assert!(
                said.contains(&format!("line {line}: ")) && said.contains(word),
                "{said}"
            );
        }
    }

    #[test]
    fn the_file_of_a_new_relay_reads_also_with_every_key_in_use() {
        Config::parse(Path::new("x"), CONFIG_TEXT).unwrap();
        let used: String = CONFIG_TEXT
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(key) if key.contains(" = ") => key,
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let config = Config::parse(Path::new("x"), &used).unwrap();
        assert_eq!(config.listen.as_deref(), Some("[::]:5061"));
        assert_eq!((config.public, config.log), (Some(true), Some(LevelFilter::INFO)));
        assert!(config.host.is_some() && config.insecure_loopback.is_some() && config.transcript.is_some());
    }
}
