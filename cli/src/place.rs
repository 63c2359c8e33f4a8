//! Which account is meant, and how it is unlocked: `--home`, `SIPHER_HOME`, `--profile`, `SIPHER_PASSPHRASE_FILE`.

use std::io::Read as _;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use sipher_client::{Client, Home, Passphrase, Profile, ProfileName};
use zeroize::Zeroizing;

use crate::advice::Advice;
use crate::args::Global;
use crate::ask;
use crate::exit::Exit;

/// The account that the command line means; it need not exist.
///
/// # Errors
/// The profile's name is none, or there is no home folder to be found.
pub(crate) fn profile(global: &Global) -> Result<Profile, Advice> {
    let name = ProfileName::parse(&global.profile).ok_or_else(|| {
        Advice::input("this is no name of a profile")
            .why("it may have 1 to 32 of a-z, 0-9, - and _")
            .act("choose another name for --profile")
    })?;
    Ok(Home::at(home(global)?).profile(&name))
}

fn home(global: &Global) -> Result<PathBuf, Advice> {
    if let Some(home) = &global.home {
        return Ok(home.clone());
    }
    if let Some(home) = std::env::var_os("SIPHER_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    let folders = etcetera::choose_base_strategy().map_err(|_| {
        Advice::input("your home folder was not found")
            .why("the system names none for this user")
            .act("say where accounts are to be kept: --home DIR")
    })?;
    Ok(folders.data_dir().join("sipher"))
}

/// The passphrase of an existing account: none if it needs none, else from the file or a prompt.
///
/// # Errors
/// The account can't be read, or nobody is there to ask.
pub(crate) fn passphrase(profile: &Profile) -> Result<Passphrase, Advice> {
    if !Client::needs_passphrase(profile).map_err(|fault| Advice::from_open(&fault, profile))? {
        return Ok(Passphrase::none());
    }
    if let Some(passphrase) = from_file()? {
        return Ok(passphrase);
    }
    if !ask::is_possible() {
        return Err(
            Advice::new(Exit::Locked, "this account is locked with a passphrase")
                .why("standard input is no terminal, so you can't be asked for it")
                .act("put it into a file and name that file in SIPHER_PASSPHRASE_FILE"),
        );
    }
    ask::hidden("Passphrase", "SIPHER_PASSPHRASE_FILE").map(Passphrase::new)
}

/// The passphrase of a new account: from the file, or asked for twice; none where nobody can be asked.
///
/// # Errors
/// The file can't be read, or the two answers differ.
pub(crate) fn new_passphrase() -> Result<Passphrase, Advice> {
    if let Some(passphrase) = from_file()? {
        return Ok(passphrase);
    }
    if !ask::is_possible() {
        return Ok(Passphrase::none());
    }
    let question = "Passphrase for this machine (empty: only this user account protects it)";
    let first = ask::hidden(question, "SIPHER_PASSPHRASE_FILE")?;
    if !first.is_empty() && *ask::hidden("The same again", "SIPHER_PASSPHRASE_FILE")? != *first {
        return Err(Advice::input("the two passphrases differ").act("try again; nothing was made yet"));
    }
    Ok(Passphrase::new(first))
}

/// First line of the file that `SIPHER_PASSPHRASE_FILE` names.
fn from_file() -> Result<Option<Passphrase>, Advice> {
    let Some(path) = std::env::var_os("SIPHER_PASSPHRASE_FILE").filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let mut text = Zeroizing::new(String::new());
    let read =
        std::fs::File::open(&path).and_then(|file| file.take(MAX_PASSPHRASE).read_to_string(&mut text));
    if let Err(error) = read {
        return Err(Advice::input("the file with the passphrase cannot be read")
            .why(format!("{}: {}", path.to_string_lossy(), error.kind()))
            .act("correct SIPHER_PASSPHRASE_FILE, or unset it to be asked"));
    }
    Ok(Some(Passphrase::new(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))))
}

/// Octets of a passphrase's file that are read.
const MAX_PASSPHRASE: u64 = 4096;
