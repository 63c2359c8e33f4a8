//! The only file that prints. Data goes to standard output, talk and errors to standard error.
//!
//! Whatever a buddy or a relay had a hand in is escaped first, so that a message or a name can't drive
//! the terminal: control characters, and the marks that reorder text for the reader's eye.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::advice::Advice;

/// In which form results are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Standard output and standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    /// Writes in `format` from now on.
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether lines for people are wanted.
    pub(crate) fn is_text(self) -> bool {
        self.format == Format::Text
    }

    /// Whether a person may be looking at standard output.
    pub(crate) fn is_terminal(self) -> bool {
        self.is_text() && io::stdout().is_terminal()
    }

    /// One result: `text` for people (may have several lines), or `json`.
    pub(crate) fn result(self, text: &str, json: &impl Serialize) {
        match self.format {
            Format::Text => out(text),
            Format::Json => json_line(json),
        }
    }

    /// One line for people only.
    #[cfg(feature = "try")]
    pub(crate) fn text(self, text: &str) {
        if self.is_text() {
            out(text);
        }
    }

    /// Something that happened by the way, on standard error: results are only what was asked for.
    pub(crate) fn notice(self, text: &str, json: &impl Serialize) {
        match self.format {
            Format::Text => err(text),
            Format::Json => match serde_json::to_string(json) {
                Ok(line) => err(&line),
                Err(_) => err(text),
            },
        }
    }

    /// A remark on standard error; silent under `--json`.
    pub(crate) fn talk(self, text: &str) {
        if self.is_text() {
            err(text);
        }
    }

    /// An error, in the form of `spec/command-line.md`; an object on standard error under `--json`.
    pub(crate) fn error(self, advice: &Advice) {
        match self.format {
            Format::Text => err(&advice.to_string()),
            Format::Json => match serde_json::to_string(advice) {
                Ok(line) => err(&line),
                Err(_) => err(&advice.to_string()),
            },
        }
    }
}

/// One JSON object on a line of its own, whatever the format.
pub(crate) fn json_line(json: &impl Serialize) {
    match serde_json::to_string(json) {
        Ok(line) => out(&line),
        Err(error) => err(&format!("error: a result could not be written as JSON ({error})")),
    }
}

/// A question, without a line break, on standard error: standard output is for data.
pub(crate) fn prompt(question: &str) -> io::Result<()> {
    let mut to = io::stderr().lock();
    write!(to, "{question}: ")?;
    to.flush()
}

/// Text of others, made harmless: line breaks and tabs stay, all other control characters are shown as `\u{..}`.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    escape(text, |c| c != '\n' && c != '\t' && drives_terminals(c))
}

/// A name or note of others on one line: line breaks are escaped too.
pub(crate) fn escaped_line(text: &str) -> Cow<'_, str> {
    escape(text, drives_terminals)
}

fn escape(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bad(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Control characters and the marks that change the direction of what follows (Unicode UAX #9).
fn drives_terminals(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the reader of standard output went away (`sipher tail | head`): there is nobody left to write for.
pub(crate) fn has_lost_its_reader() -> bool {
    READER_LOST.load(Ordering::Relaxed)
}

fn out(text: &str) {
    if line(&mut io::stdout().lock(), text).is_err() {
        READER_LOST.store(true, Ordering::Relaxed);
    }
}

fn err(text: &str) {
    // Where standard error is closed there is nobody to tell that it is.
    drop(line(&mut io::stderr().lock(), text));
}

fn line(to: &mut impl io::Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

/// Set once and never cleared.
static READER_LOST: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_drive_the_terminal() {
        assert_eq!(
            escaped("\u{1b}[2Jhi\r\n\tthere\u{7}"),
            "\\u{1b}[2Jhi\\u{d}\n\tthere\\u{7}"
        );
        assert_eq!(escaped("\u{202e}txt.exe"), "\\u{202e}txt.exe");
        assert_eq!(escaped("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(escaped_line("bob\nerror: no"), "bob\\u{a}error: no");
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        assert!(matches!(escaped("schön 👋🏽 日本語\n"), Cow::Borrowed(_)));
    }
}
