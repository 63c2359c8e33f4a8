//! The commands that make, look at and bring back copies of a relay. Spec: `spec/operations.md`.
//!
//! A file appears under its name when it is whole and on the disk, and not before. An archive is read to its
//! end and found whole before anything is made from it.

use super::archive::{ArchiveFault, Entry, Reader};
use super::backup::{BackupFault, write as write_backup};
use super::client::{self, unprinted};
use super::observed::Observed;
use super::status::size;
use super::survey::{Counts, Survey};
use crate::args;
use crate::home::{Filesystems, Home, disk, store_trouble};
use crate::init::filesystems;
use crate::store::{Batch, DiskStore, Key, Op, Sort, Store, StoreFault};
use crate::trouble::{Exit, Trouble};
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What was found, as one JSON object.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    counts: Counts,
    damaged: u64,
    strays: u64,
}

/// Files of a relay's directory, as an archive gives them.
type Files = Vec<(String, Zeroizing<Vec<u8>>)>;

/// `sipher-relay backup`.
///
/// # Errors
/// [`Trouble`] if the file can't be made, or read.
pub(crate) fn backup(backup: &args::Backup, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let Some(data) = &backup.data else {
        return verify(&backup.file, json, out);
    };
    make(&backup.file, |file| match client::try_ask(data, "backup")? {
        Some(mut answer) => std::io::copy(&mut answer.rest, file)
            .map(drop)
            .map_err(|error| disk(&backup.file, "cannot be written", &error)),
        None => write_stopped(data, &Home::kept_files(data)?, file),
    })?;
    let octets = std::fs::metadata(&backup.file).map_or(0, |about| about.len());
    let sentence = format!(
        "{} is a backup of {}. It holds the identity key: keep it like a password",
        backup.file.display(),
        size(octets)
    );
    client::say(json, out, &sentence)
}

/// `sipher-relay restore`.
///
/// # Errors
/// [`Trouble`] if the archive isn't whole, or the directory is used.
pub(crate) fn restore(restore: &args::Restore, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    restore_into(&restore.file, &restore.data, filesystems(&restore.disk))?;
    let sentence = format!(
        "A relay is restored in {}. Never run it beside the one that it was copied from",
        restore.data.display()
    );
    client::say(json, out, &sentence)
}

/// `sipher-relay store`.
///
/// # Errors
/// [`Trouble`] if the relay runs, or its store or the file is damaged.
pub(crate) fn store(store: &args::Store, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    match store {
        args::Store::Check(at) => {
            let home = Home::open(&at.data, Filesystems::Any)?;
            report(&at.data, &home.store, json, out)
        }
        args::Store::Export(copy) => {
            make(&copy.file, |file| write_stopped(&copy.data, &[], file))?;
            client::say(json, out, &format!("All rows are in {}", copy.file.display()))
        }
        args::Store::Import(copy) => {
            read(&copy.file, &mut |_| Ok(()))?;
            Home::refill(&copy.data, |store| fill(&copy.file, store).map(drop))?;
            let sentence = format!("The store of {} holds all rows of the file", copy.data.display());
            client::say(json, out, &sentence)
        }
    }
}

/// Restores a backup beside itself and looks at every row of it.
fn verify(path: &Path, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".verify");
    let beside = PathBuf::from(beside);
    restore_into(path, &beside, Filesystems::Any)?;
    let reported =
        Home::open(&beside, Filesystems::Any).and_then(|home| report(path, &home.store, json, out));
    let removed = std::fs::remove_dir_all(&beside);
    reported?;
    removed.map_err(|error| disk(&beside, "cannot be removed", &error))
}

// spec: backup-2
fn restore_into(path: &Path, data: &Path, filesystems: Filesystems) -> Result<(), Trouble> {
    let files = read(path, &mut |_| Ok(()))?;
    if !files.iter().any(|(name, _)| name == "identity.key") {
        return Err(Trouble::new(
            Exit::Input,
            format!("{} is not a backup", path.display()),
            "it has rows of a store, but no identity key: it comes from store export",
            "use sipher-relay store import, in the directory of a relay that has no store",
        ));
    }
    Home::restore(data, filesystems, |store| fill(path, store))
}

/// Says what a store holds, and whether all of it makes sense.
fn report(place: &Path, store: &DiskStore, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let survey = Survey::of(store).map_err(|fault| store_trouble(place, &fault))?;
    let Survey {
        counts,
        damaged,
        strays,
    } = survey;
    let said = if json {
        let found = Found {
            counts,
            damaged,
            strays,
        };
        writeln!(out, "{}", serde_json::to_string(&found).unwrap_or_default())
    } else {
        writeln!(
            out,
            "{}: {} boxes, {} grants, {} items, {} values, {}",
            place.display(),
            counts.boxes,
            counts.grants,
            counts.items,
            counts.values,
            size(counts.octets)
        )
    };
    said.map_err(|error| unprinted(&error))?;
    if survey.is_sound() {
        return Ok(());
    }
    Err(Trouble::new(
        Exit::Damaged,
        format!("{damaged} rows cannot be read, {strays} belong to no box"),
        "this program did not write them so: look at the disk and its memory",
        "restore a backup; the other rows are good",
    ))
}

/// Copies a relay that doesn't run; its lock keeps it so.
fn write_stopped(data: &Path, files: &super::backup::Files, file: &mut File) -> Result<(), Trouble> {
    let home = Home::open(data, Filesystems::Any)?;
    let (_, store, _lock) = home.into_parts();
    let store = Observed::new(store, Arc::default());
    write_backup(&store, files, BufWriter::new(file)).map_err(|fault| match fault {
        BackupFault::Store(fault) => store_trouble(data, &fault),
        fault => Trouble::new(
            Exit::Damaged,
            "the copy could not be written",
            fault.to_string(),
            "look at the disk that it was to be written to",
        ),
    })
}

/// Makes a file: whole, synced and found to be an archive, or not at all.
fn make(path: &Path, write: impl FnOnce(&mut File) -> Result<(), Trouble>) -> Result<(), Trouble> {
    if path.exists() {
        return Err(Trouble::new(
            Exit::Input,
            format!("{} is there already", path.display()),
            "an older copy is never written over",
            "give another name, or remove that file",
        ));
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let failed = |error: std::io::Error| disk(path, "cannot be written", &error);
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new).map_err(failed)?;
    let made = write(&mut file)
        .and_then(|()| file.sync_all().map_err(failed))
        .and_then(|()| read(&new, &mut |_| Ok(())).map(drop))
        .and_then(|()| std::fs::rename(&new, path).map_err(failed));
    if made.is_err() {
        drop(std::fs::remove_file(&new));
    }
    made
}

/// Writes the rows of an archive into an empty store, and gives its files.
fn fill(path: &Path, store: &DiskStore) -> Result<Files, Trouble> {
    let mut batch = Batch::new();
    let mut octets = 0;
    let files = read(path, &mut |op| {
        octets += op.len_octets();
        match op {
            Op::Put(key, value) => batch.put(key, value),
            Op::Delete(key) => batch.delete(key),
        }
        if octets < BATCH_OCTETS && batch.ops().len() < BATCH_OPS {
            return Ok(());
        }
        octets = 0;
        store.apply(&std::mem::take(&mut batch))
    })?;
    store
        .apply(&batch)
        .and_then(|()| store.sync())
        .map_err(|fault| store_trouble(path, &fault))?;
    Ok(files)
}

/// Reads an archive to its end.
// spec: archive-3
fn read(path: &Path, change: &mut dyn FnMut(Op) -> Result<(), StoreFault>) -> Result<Files, Trouble> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Trouble::new(
            Exit::Input,
            format!("{} is not there", path.display()),
            "no such file",
            "give the name of a file that sipher-relay backup or store export made",
        ),
        _ => disk(path, "cannot be read", &error),
    })?;
    let mut files = Files::new();
    let mut reader = Reader::begin(BufReader::new(file)).map_err(|fault| unread(path, &fault))?;
    while let Some(entry) = reader.next().map_err(|fault| unread(path, &fault))? {
        match entry {
            Entry::File(name, octets) => files.push((name, Zeroizing::new(octets.into()))),
            Entry::Change(op) => {
                if !is_ours(op.key()) {
                    return Err(unread(path, &ArchiveFault::Damaged));
                }
                change(op).map_err(|fault| store_trouble(path, &fault))?;
            }
        }
        if files.len() > FILES {
            return Err(unread(path, &ArchiveFault::Damaged));
        }
    }
    Ok(files)
}

/// Rows that an archive may bring: not those of the engine.
fn is_ours(key: &Key) -> bool {
    !matches!(Key::sort_of(key.as_octets()), None | Some(Sort::Meta))
}

fn unread(path: &Path, fault: &ArchiveFault) -> Trouble {
    let (exit, remedy) = match fault {
        ArchiveFault::Disk(error) => return disk(path, "cannot be read", error),
        ArchiveFault::Foreign => (
            Exit::Input,
            "give a file that sipher-relay backup or store export made",
        ),
        ArchiveFault::Cut | ArchiveFault::Damaged => (
            Exit::Damaged,
            "take an older copy; nothing was made from this one",
        ),
    };
    Trouble::new(
        exit,
        format!("{} cannot be used", path.display()),
        fault.to_string(),
        remedy,
    )
}

/// Octets that are written to a store at once.
const BATCH_OCTETS: usize = 1024 * 1024;
/// Changes that are written to a store at once.
const BATCH_OPS: usize = 1024;
/// A relay has fewer files beside its store.
const FILES: usize = 8;
