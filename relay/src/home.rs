//! The directory of a relay: its identity, its settings, its store, and the lock that keeps others out.
//! Spec: `spec/relay.md`, the data directory.
//!
//! ```text
//! DIR/lock           held while a process has the relay; holds its process id
//! DIR/relay.json     name and rule for new boxes
//! DIR/store/         what the relay promised to keep
//! DIR/identity.key   the identity key; written last: with it the directory is a relay
//! ```

mod filesystem;
mod settings;

pub use self::settings::{Settings, StoredAccess};

use crate::identity::Identity;
use crate::store::{SledStore, StoreFault};
use crate::trouble::{Exit, Trouble};
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A relay's directory, locked.
#[derive(Debug)]
pub struct Home {
    /// What makes the relay itself.
    pub identity: Identity,
    /// How it was made.
    pub settings: Settings,
    /// What it keeps.
    pub store: SledStore,
    lock: Lock,
}

/// Keeps other processes out as long as it lives.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "it is held, and let go when it's dropped")] File);

/// Whether a file system that may lose data is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Filesystems {
    /// Only those that keep what was synced.
    Safe,
    /// Any.
    Any,
}

impl Home {
    /// Whether nothing is there yet: no directory, or an empty one.
    ///
    /// # Errors
    /// [`Trouble`] if it can't be looked at, or isn't a directory.
    pub fn is_vacant(directory: &Path) -> Result<bool, Trouble> {
        match std::fs::read_dir(directory) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(disk(directory, "cannot be read", &error)),
        }
    }

    /// Makes a relay in a directory that doesn't exist or is empty.
    ///
    /// # Errors
    /// [`Trouble`] if there is something already, or the disk refuses.
    pub fn create(directory: &Path, settings: Settings, filesystems: Filesystems) -> Result<Self, Trouble> {
        if !Self::is_vacant(directory)? {
            return Err(Trouble::new(
                Exit::Input,
                format!("{} is not empty", directory.display()),
                "a relay is only made in an empty directory, so that nothing is written over",
                "give another directory with --data, or run the relay that is there",
            ));
        }
        make_private(directory).map_err(|error| disk(directory, "cannot be made", &error))?;
        filesystem::check(directory, filesystems)?;
        let lock = lock(directory)?;
        let written = |error: io::Error| disk(directory, "cannot be written to", &error);
        write_private(&directory.join(SETTINGS), settings.to_json().as_bytes()).map_err(written)?;
        let store =
            SledStore::create(&directory.join(STORE)).map_err(|fault| store_trouble(directory, &fault))?;
        let identity = Identity::generate().map_err(|fault| {
            Trouble::new(
                Exit::Bug,
                "an identity key could not be made",
                fault.to_string(),
                "report this",
            )
        })?;
        write_private(&directory.join(IDENTITY), identity.expose_pem().as_bytes()).map_err(written)?;
        Ok(Self {
            identity,
            settings,
            store,
            lock,
        })
    }

    /// Opens the relay of a directory.
    ///
    /// # Errors
    /// [`Trouble`] if there is none, another process has it, or it is damaged.
    pub fn open(directory: &Path, filesystems: Filesystems) -> Result<Self, Trouble> {
        let path = directory.join(IDENTITY);
        let text = read_private(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Trouble::new(
                Exit::Input,
                format!("{} is not a relay's directory", directory.display()),
                "it isn't empty, and no identity key is in it",
                "give the relay's directory with --data, or an empty one to make a new relay",
            ),
            _ => disk(&path, "cannot be read", &error),
        })?;
        filesystem::check(directory, filesystems)?;
        let lock = lock(directory)?;
        let identity = Identity::from_pem(&text).map_err(|fault| {
            let why = format!("{}: {fault}", path.display());
            Trouble::new(
                Exit::Damaged,
                "the identity key is damaged",
                why,
                "put the copy of identity.key back",
            )
        })?;
        let settings = Settings::read(&directory.join(SETTINGS))?;
        let store =
            SledStore::open(&directory.join(STORE)).map_err(|fault| store_trouble(directory, &fault))?;
        Ok(Self {
            identity,
            settings,
            store,
            lock,
        })
    }

    /// What the relay is made of, to be used while the lock is held.
    pub fn into_parts(self) -> (Identity, SledStore, Lock) {
        (self.identity, self.store, self.lock)
    }
}

/// Takes the directory for this process.
fn lock(directory: &Path) -> Result<Lock, Trouble> {
    let path = directory.join(LOCK);
    let failed = |error: io::Error| disk(&path, "cannot be written to", &error);
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    set_mode(&mut options);
    let mut file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(locked(directory, &mut file)),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(Lock(file))
}

fn locked(directory: &Path, file: &mut File) -> Trouble {
    let mut pid = String::new();
    let known = file
        .read_to_string(&mut pid)
        .is_ok_and(|len| len > 0 && pid.bytes().all(|c| c.is_ascii_digit()));
    let who = if known {
        format!("process {pid}")
    } else {
        "another process".into()
    };
    Trouble::new(
        Exit::Locked,
        format!("the relay in {} is running already", directory.display()),
        format!("{who} has it open"),
        "stop that process first; two relays must not share a directory",
    )
}

/// What an operator does about a store that can't be opened.
pub(crate) fn store_trouble(directory: &Path, fault: &StoreFault) -> Trouble {
    let store = directory.join(STORE);
    match fault {
        StoreFault::Locked => Trouble::new(
            Exit::Locked,
            format!("the store in {} is open in another process", store.display()),
            "a store has one process at a time",
            "stop that process first",
        ),
        StoreFault::Format => Trouble::new(
            Exit::Damaged,
            format!("the store in {} has an unknown format", store.display()),
            "a newer sipher-relay wrote it; nothing was changed",
            "run that version or a newer one",
        ),
        StoreFault::Disk(error) => disk(&store, "cannot be read or written", error),
        StoreFault::Damaged => Trouble::new(
            Exit::Damaged,
            format!("the store in {} is missing or damaged", store.display()),
            "what waited in it may be lost; the files are kept as they are, and the relay never starts empty by itself",
            "restore the directory from a backup; or, to give up what waited, move store away and make a new relay \
             with the same identity.key",
        ),
    }
}

/// The disk refused.
pub(crate) fn disk(path: &Path, what: &str, error: &io::Error) -> Trouble {
    let (exit, remedy) = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
            Exit::Input,
            "let this user read and write it, or give another place",
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => (
            Exit::Damaged,
            "free some space or raise the limit, then start again: what was accepted is safe",
        ),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => (Exit::Input, "give a directory"),
        _ => (Exit::Damaged, "look at the disk and at the system's log"),
    };
    Trouble::new(
        exit,
        format!("{} {what}", path.display()),
        error.to_string(),
        remedy,
    )
}

/// Makes a directory that only its user can enter, and whatever is above it.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Writes a file that only its user can read: whole or not at all.
// spec: relay-5
fn write_private(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut new = PathBuf::from(path);
    new.set_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    set_mode(&mut options);
    let mut file = options.open(&new)?;
    file.write_all(octets)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn read_private(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_OCTETS));
    File::open(path)?
        .take(KEY_FILE_OCTETS as u64)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn set_mode(options: &mut std::fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

const LOCK: &str = "lock";
const SETTINGS: &str = "relay.json";
const STORE: &str = "store";
const IDENTITY: &str = "identity.key";
/// An Ed25519 key in PEM has about 240 octets.
const KEY_FILE_OCTETS: usize = 4096;

#[cfg(test)]
mod tests;
