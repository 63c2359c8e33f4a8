//! The committed inputs: a folder a target under `fuzz/corpus`, a file an input.
//!
//! Files named `find-…` once made a target panic and stay for good; the others are written by the program
//! `seeds` or were kept by libFuzzer for what they reach.

use std::fs;
use std::io;
use std::path::PathBuf;

/// Where a target's inputs are.
pub fn folder(target: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "corpus", target].iter().collect()
}

/// A target's inputs with their files' names, in the order of the names.
///
/// # Errors
/// The folder can't be read.
pub fn inputs(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder(target))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        inputs.push((name, fs::read(entry.path())?));
    }
    inputs.sort();
    Ok(inputs)
}
