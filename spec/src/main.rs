//! `sipher-spec vectors --regenerate | --check`: writes `spec/vectors/` from fixed seeds, or compares.
//!
//! Nothing here draws randomness or reads a clock, so two runs write the same bytes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sipher_spec::vectors::{Fault, render, topics};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["vectors", "--regenerate"] => regenerate(),
        ["vectors", "--check"] => check(),
        _ => {
            say("usage: sipher-spec vectors --regenerate | --check");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&format!("error: {fault}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes every file anew.
fn regenerate() -> Result<(), Fault> {
    for topic in topics() {
        let text = render(&topic)?;
        let path = path_of(topic.name);
        std::fs::write(&path, text).map_err(|error| Fault::new(format!("{}: {error}", path.display())))?;
        say(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Compares every file with what would be written.
fn check() -> Result<(), Fault> {
    for topic in topics() {
        let path = path_of(topic.name);
        let there = std::fs::read_to_string(&path)
            .map_err(|error| Fault::new(format!("{}: {error}", path.display())))?;
        if there != render(&topic)? {
            return Err(Fault::new(format!(
                "{} differs from what the code makes",
                path.display()
            )));
        }
    }
    say("all vectors are what the code makes");
    Ok(())
}

fn path_of(topic: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(format!("{topic}.json"))
}

#[expect(
    clippy::print_stderr,
    reason = "this program talks to the developer who runs it"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
