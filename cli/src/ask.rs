//! Questions to the person. Asked only when standard input is a terminal; else the answer is an error
//! that names the flag which would have answered.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use crate::advice::Advice;

/// Whether somebody is there to be asked.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// One line of text. `flag` says what would have answered.
///
/// # Errors
/// Nobody is there, or the terminal was closed.
pub(crate) fn line(question: &str, flag: &str) -> Result<String, Advice> {
    if !is_possible() {
        return Err(Advice::needs_answer(question, flag));
    }
    prompt(question)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .take(MAX_LINE)
        .read_line(&mut answer)
        .map_err(|_| Advice::needs_answer(question, flag))?;
    Ok(answer.trim().to_owned())
}

/// One line that isn't shown while it is typed.
///
/// # Errors
/// Nobody is there, or the terminal was closed.
pub(crate) fn hidden(question: &str, flag: &str) -> Result<Zeroizing<String>, Advice> {
    if !is_possible() {
        return Err(Advice::needs_answer(question, flag));
    }
    rpassword::prompt_password(format!("{question}: "))
        .map(Zeroizing::new)
        .map_err(|_| Advice::needs_answer(question, flag))
}

/// All of standard input, at most `limit` octets; `None` when it is longer.
///
/// # Errors
/// It is not text, or could not be read.
pub(crate) fn stdin_text(limit: u64) -> Result<Option<Zeroizing<String>>, Advice> {
    let mut octets = Zeroizing::new(Vec::new());
    io::stdin()
        .lock()
        .take(limit.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|_| {
            Advice::input("standard input could not be read").act("give the text as an argument instead")
        })?;
    if u64::try_from(octets.len()).is_ok_and(|len| len > limit) {
        return Ok(None);
    }
    match std::str::from_utf8(&octets) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(_) => Err(Advice::input("standard input is not text")
            .why("only UTF-8 text can be sent this way")
            .act("convert it first, for example with iconv")),
    }
}

fn prompt(question: &str) -> Result<(), Advice> {
    crate::output::prompt(question).map_err(|_| Advice::needs_answer(question, "a terminal"))
}

/// Octets of one answer: far more than any address or invitation has.
const MAX_LINE: u64 = 4096;
