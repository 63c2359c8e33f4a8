//! The directory of a relay: its identity, its settings, its store, and the lock that keeps others out.
//! Spec: `spec/relay.md`, the data directory.
//!
//! ```text
//! DIR/lock           held while a process has the relay; holds its process id
//! DIR/relay.json     name and rule for new boxes
//! DIR/relay.toml     what else the operator has set; may be missing
//! DIR/store/         what the relay promised to keep
//! DIR/identity.key   the identity key; written last: with it the directory is a relay
//! ```

mod config;
mod filesystem;
mod settings;

pub(crate) use self::config::Config;
pub use self::settings::{Settings, StoredAccess};

use self::config::{CONFIG, CONFIG_TEXT};
use crate::identity::Identity;
use crate::store::{DiskStore, Engine, StoreFault};
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
    pub store: DiskStore,
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
        Self::create_on(directory, settings, filesystems, Engine::default())
    }

    /// As [`Home::create`], with a store that is kept by this engine.
    ///
    /// # Errors
    /// As [`Home::create`].
    pub fn create_on(
        directory: &Path,
        settings: Settings,
        filesystems: Filesystems,
        engine: Engine,
    ) -> Result<Self, Trouble> {
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
        write_private(&directory.join(CONFIG), CONFIG_TEXT.as_bytes()).map_err(written)?;
        let store = DiskStore::create(&directory.join(STORE), engine)
            .map_err(|fault| store_trouble(directory, &fault))?;
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
        let text = read_private(&path, KEY_FILE_OCTETS).map_err(|error| match error.kind() {
            ErrorKind::NotFound => no_relay(directory),
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
            DiskStore::open(&directory.join(STORE)).map_err(|fault| store_trouble(directory, &fault))?;
        Ok(Self {
            identity,
            settings,
            store,
            lock,
        })
    }

    /// The files of a relay's directory that a backup takes beside the store: those that are there.
    ///
    /// # Errors
    /// [`Trouble`] if one can't be read.
    pub(crate) fn kept_files(directory: &Path) -> Result<Vec<(&'static str, Zeroizing<String>)>, Trouble> {
        let mut kept = Vec::new();
        for name in KEPT_FILES {
            let path = directory.join(name);
            match read_private(&path, KEPT_FILE_OCTETS) {
                Ok(text) => kept.push((name, text)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(disk(&path, "cannot be read", &error)),
            }
        }
        Ok(kept)
    }

    /// Puts a store into the directory of a relay that has none: `fill` writes it. Until all is there the
    /// relay has none.
    ///
    /// # Errors
    /// [`Trouble`] if there is no relay or it has a store, the disk refuses, or from `fill`.
    pub(crate) fn refill(
        directory: &Path,
        fill: impl FnOnce(&DiskStore) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let (store, new) = (directory.join(STORE), directory.join(NEW_STORE));
        if !directory.join(IDENTITY).exists() {
            return Err(no_relay(directory));
        }
        let _lock = lock(directory)?;
        if store.exists() {
            return Err(Trouble::new(
                Exit::Input,
                format!("{} is there already", store.display()),
                "a store is only imported where none is, so that nothing is written over",
                "move that directory away first, and keep it until the relay runs again",
            ));
        }
        let failed = |error: io::Error| disk(&new, "cannot be written", &error);
        match std::fs::remove_dir_all(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let filling =
            DiskStore::create(&new, Engine::default()).map_err(|fault| store_trouble(directory, &fault))?;
        fill(&filling)?;
        drop(filling);
        std::fs::rename(&new, &store)
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(failed)
    }

    /// Makes a relay in a directory that doesn't exist or is empty from what a backup holds: `fill` writes
    /// its store and gives its files. Until all is there the directory is no relay's.
    ///
    /// # Errors
    /// [`Trouble`] if there is something already, the disk refuses, or from `fill`.
    pub(crate) fn restore(
        directory: &Path,
        filesystems: Filesystems,
        fill: impl FnOnce(&DiskStore) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>, Trouble>,
    ) -> Result<(), Trouble> {
        if !Self::is_vacant(directory)? {
            return Err(Trouble::new(
                Exit::Input,
                format!("{} is not empty", directory.display()),
                "a backup is only restored into an empty directory, so that nothing is written over",
                "give another directory with --data, or move the one that is there away",
            ));
        }
        make_private(directory).map_err(|error| disk(directory, "cannot be made", &error))?;
        filesystem::check(directory, filesystems)?;
        let _lock = lock(directory)?;
        let store = DiskStore::create(&directory.join(STORE), Engine::default())
            .map_err(|fault| store_trouble(directory, &fault))?;
        let mut files = fill(&store)?;
        // The identity comes last: with it the directory is a relay.
        files.sort_by_key(|(name, _)| name == IDENTITY);
        for (name, octets) in files {
            if let Some(name) = KEPT_FILES.into_iter().find(|kept| *kept == name) {
                write_private(&directory.join(name), &octets)
                    .map_err(|error| disk(directory, "cannot be written to", &error))?;
            }
        }
        Ok(())
    }

    /// Goes on only if this engine keeps the store.
    ///
    /// # Errors
    /// [`Trouble`] if another one does.
    pub fn kept_by(self, engine: Engine) -> Result<Self, Trouble> {
        let (kept, wanted) = (self.store.engine().name(), engine.name());
        if kept == wanted {
            return Ok(self);
        }
        Err(Trouble::new(
            Exit::Input,
            format!("the store of this relay is kept by {kept}, not by {wanted}"),
            "the engine is chosen when a relay is made, and nothing of the other one was touched",
            format!("leave --store out or give --store {kept}; --store {wanted} is for a new relay"),
        ))
    }

    /// What the relay is made of, to be used while the lock is held.
    pub fn into_parts(self) -> (Identity, DiskStore, Lock) {
        (self.identity, self.store, self.lock)
    }
}

fn no_relay(directory: &Path) -> Trouble {
    Trouble::new(
        Exit::Input,
        format!("{} is not a relay's directory", directory.display()),
        "it isn't empty, and no identity key is in it",
        "give the relay's directory with --data, or an empty one to make a new relay",
    )
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

fn read_private(path: &Path, bound: u16) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(usize::from(bound) + 1));
    File::open(path)?
        .take(u64::from(bound) + 1)
        .read_to_string(&mut text)?;
    if text.len() > usize::from(bound) {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

fn set_mode(options: &mut std::fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

const LOCK: &str = "lock";
const SETTINGS: &str = "relay.json";
const STORE: &str = "store";
const NEW_STORE: &str = "store.new";
const IDENTITY: &str = "identity.key";
/// What makes a store the store of this relay.
const KEPT_FILES: [&str; 3] = [SETTINGS, CONFIG, IDENTITY];
/// An Ed25519 key in PEM has about 240 octets.
const KEY_FILE_OCTETS: u16 = 4096;
/// Settings with many words about them.
const KEPT_FILE_OCTETS: u16 = u16::MAX;

#[cfg(test)]
mod tests;
