//! A relay's store, whichever engine keeps it. Spec: `spec/relay.md`, the data directory.
//!
//! The engine is chosen when a store is made and recorded in its directory. It never changes by itself.

use super::{Batch, FjallStore, Key, Prefix, SledStore, Store, StoreFault, Visit, format};
use bytes::Bytes;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// What keeps a store.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Engine {
    #[default]
    /// sled 0.34 with a sync of our own.
    Sled,
    /// fjall 3.
    Fjall,
}

impl Engine {
    /// Its name on the command line and in the directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Fjall => "fjall",
        }
    }

    /// The engine with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sled, Self::Fjall]
            .into_iter()
            .find(|engine| engine.name() == text)
    }
}

/// A store on one of the engines.
#[derive(Debug)]
#[non_exhaustive]
pub enum DiskStore {
    /// On sled.
    Sled(SledStore),
    /// On fjall.
    Fjall(FjallStore),
}

impl DiskStore {
    /// Makes a new store in a directory that holds none.
    ///
    /// # Errors
    /// [`StoreFault::Disk`]; with [`ErrorKind::AlreadyExists`] if something is there.
    pub fn create(directory: &Path, engine: Engine) -> Result<Self, StoreFault> {
        let store = match engine {
            Engine::Sled => Self::Sled(SledStore::create(directory)?),
            Engine::Fjall => Self::Fjall(FjallStore::create(&directory.join(FJALL))?),
        };
        // Written last: what was not finished is not a store.
        File::create_new(directory.join(RECORD))
            .and_then(|mut file| {
                file.write_all(engine.name().as_bytes())?;
                file.sync_all()
            })
            .map_err(StoreFault::Disk)?;
        format::settle(directory)?;
        Ok(store)
    }

    /// Opens the store of a directory, whatever keeps it. It never starts an empty one.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn open(directory: &Path) -> Result<Self, StoreFault> {
        match engine_of(directory)? {
            Engine::Sled => SledStore::open(directory).map(Self::Sled),
            Engine::Fjall => FjallStore::open(&directory.join(FJALL)).map(Self::Fjall),
        }
    }

    /// What keeps it.
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sled(_) => Engine::Sled,
            Self::Fjall(_) => Engine::Fjall,
        }
    }
}

impl Store for DiskStore {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        match self {
            Self::Sled(store) => store.get(key),
            Self::Fjall(store) => store.get(key),
        }
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        match self {
            Self::Sled(store) => store.scan(prefix, after, visit),
            Self::Fjall(store) => store.scan(prefix, after, visit),
        }
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        match self {
            Self::Sled(store) => store.apply(batch),
            Self::Fjall(store) => store.apply(batch),
        }
    }

    fn sync(&self) -> Result<(), StoreFault> {
        match self {
            Self::Sled(store) => store.sync(),
            Self::Fjall(store) => store.sync(),
        }
    }
}

/// The engine of a directory. One without a record is older than records: sled keeps it, or nothing does.
fn engine_of(directory: &Path) -> Result<Engine, StoreFault> {
    match std::fs::read_to_string(directory.join(RECORD)) {
        Ok(name) => Engine::parse(&name).ok_or(StoreFault::Format),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Engine::Sled),
        Err(error) => Err(StoreFault::Disk(error)),
    }
}

/// The file that names the engine.
const RECORD: &str = "engine";
/// Where fjall's files are, so that it finds none that it doesn't know.
const FJALL: &str = "fjall";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_opened_by_the_engine_that_made_it() {
        for engine in [Engine::Sled, Engine::Fjall] {
            let root = tempfile::tempdir().unwrap();
            drop(DiskStore::create(root.path(), engine).unwrap());
            assert_eq!(DiskStore::open(root.path()).unwrap().engine(), engine);
        }
    }

    #[test]
    fn a_store_from_before_engines_had_names_is_sleds() {
        let root = tempfile::tempdir().unwrap();
        drop(SledStore::create(root.path()).unwrap());
        assert_eq!(DiskStore::open(root.path()).unwrap().engine(), Engine::Sled);
    }

    #[test]
    fn an_engine_that_is_not_known_is_a_newer_format() {
        let root = tempfile::tempdir().unwrap();
        drop(SledStore::create(root.path()).unwrap());
        std::fs::write(root.path().join(RECORD), "other").unwrap();
        assert!(matches!(DiskStore::open(root.path()), Err(StoreFault::Format)));
    }

    #[test]
    fn an_empty_directory_is_damage() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(DiskStore::open(root.path()), Err(StoreFault::Damaged)));
    }
}
