//! Every error that a person sees: what is wrong, why, and what to do about it (`spec/command-line.md`, errors).
//!
//! ```text
//! error: this invitation has been used already
//!   it was accepted at 14:01 today, not by this account
//!   do:   ask anna for a new one, and tell her that somebody used the old one
//! ```
//!
//! `advice/client.rs` and `advice/network.rs` say it for what the client library reports.

use std::fmt;

use serde::Serialize;
use serde::ser::SerializeMap as _;

use crate::exit::Exit;

mod client;
mod network;

/// An error with what to do about it.
#[derive(Debug)]
pub(crate) struct Advice {
    what: String,
    why: Vec<String>,
    act: Vec<String>,
    exit: Exit,
}

impl Advice {
    /// An error of this exit code. `what` is one line, without a full stop.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: Vec::new(),
            act: Vec::new(),
            exit,
        }
    }

    /// Something that the person gave is wrong.
    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::new(Exit::Input, what)
    }

    /// A question that nobody is there to answer.
    pub(crate) fn needs_answer(question: &str, flag: &str) -> Self {
        Self::new(
            Exit::Usage,
            format!("\"{question}\" has to be answered, and standard input is no terminal"),
        )
        .act(format!("give {flag}"))
    }

    /// Something that cannot happen did.
    pub(crate) fn bug(what: impl fmt::Display) -> Self {
        Self::new(Exit::Bug, "sipher did something that it never should")
            .why(what.to_string())
            .act("please report this line, with what you did; it holds nothing secret")
    }

    /// Adds a line that says why.
    pub(crate) fn why(mut self, line: impl Into<String>) -> Self {
        self.why.push(line.into());
        self
    }

    /// Adds a line that says what to do.
    pub(crate) fn act(mut self, line: impl Into<String>) -> Self {
        self.act.push(line.into());
        self
    }

    /// With which code the process ends.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        for line in &self.why {
            write!(f, "\n  {line}")?;
        }
        for line in &self.act {
            write!(f, "\n  do:   {line}")?;
        }
        Ok(())
    }
}

impl Serialize for Advice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("error", &self.what)?;
        map.serialize_entry("why", &self.why)?;
        map.serialize_entry("do", &self.act)?;
        map.serialize_entry("exit", &self.exit.code())?;
        map.end()
    }
}

impl From<std::io::Error> for Advice {
    fn from(error: std::io::Error) -> Self {
        Self::bug(format_args!(
            "an unexpected fault of the system: {}",
            error.kind()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let advice = Advice::input("this is no relay address")
            .why("it does not begin so")
            .act("copy it again");

        assert_eq!(
            advice.to_string(),
            "error: this is no relay address\n  it does not begin so\n  do:   copy it again"
        );
        assert_eq!(
            serde_json::to_string(&advice).unwrap(),
            r#"{"error":"this is no relay address","why":["it does not begin so"],"do":["copy it again"],"exit":1}"#
        );
    }
}
