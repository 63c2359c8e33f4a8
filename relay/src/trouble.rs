//! What goes wrong for an operator, in the form of every sipher error: what, why, what to do.
//!
//! ```text
//! error: the port 127.0.0.1:5061 is taken
//!   another program listens there
//!   do:   stop that program, or give another port with --listen
//! ```

use serde::{Deserialize, Serialize};
use std::fmt;

/// How the process ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// What a person gave is wrong.
    Input = 1,
    /// The command line can't be read.
    Usage = 2,
    /// The network or a port.
    Network = 3,
    /// Another process has it.
    Locked = 5,
    /// What is on the disk is damaged, or the disk refuses.
    Damaged = 6,
    /// A fault of this program.
    Bug = 70,
}

/// An error that an operator reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trouble {
    exit: Exit,
    what: String,
    why: String,
    remedy: String,
}

#[derive(Deserialize, Serialize)]
struct Written {
    error: String,
    why: String,
    #[serde(rename = "do")]
    remedy: String,
    exit: u8,
}

impl Exit {
    const ALL: [Self; 6] = [
        Self::Input,
        Self::Usage,
        Self::Network,
        Self::Locked,
        Self::Damaged,
        Self::Bug,
    ];
}

impl Trouble {
    /// An error in three lines, none of which ends with a full stop.
    pub fn new(
        exit: Exit,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            exit,
            what: what.into(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }

    /// How the process ends.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What is wrong, in a line.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The error as one JSON object.
    pub fn to_json(&self) -> String {
        let written = Written {
            error: self.what.clone(),
            why: self.why.clone(),
            remedy: self.remedy.clone(),
            exit: self.exit as u8,
        };
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// An error as [`Trouble::to_json`] wrote it, in another process.
    pub fn from_json(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let exit = Exit::ALL.into_iter().find(|exit| *exit as u8 == written.exit)?;
        Some(Self::new(exit, written.error, written.why, written.remedy))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  {}\n  do:   {}", self.what, self.why, self.remedy)
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let trouble = Trouble::new(Exit::Input, "it is wrong", "because", "this");
        assert_eq!(trouble.to_string(), "error: it is wrong\n  because\n  do:   this");
        assert_eq!(
            trouble.to_json(),
            r#"{"error":"it is wrong","why":"because","do":"this","exit":1}"#
        );
        assert_eq!(Trouble::from_json(&trouble.to_json()), Some(trouble));
        assert_eq!(Trouble::from_json("{}"), None);
    }
}
