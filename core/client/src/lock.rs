//! One process owns an account: a lock of the operating system that ends with the process.
//!
//! The file's text (a process id) only serves the message to a second process; it decides nothing.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

/// Held for as long as this process owns the account; the system frees it however the process ends.
#[derive(Debug)]
pub(crate) struct AccountLock {
    file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockFault {
    /// Another process holds it; its id, if it could be read.
    #[error("held by another process")]
    Held(Option<u32>),
    /// The file system refused.
    #[error("the lock file cannot be used")]
    Io(#[source] io::Error),
}

impl AccountLock {
    /// Takes the lock at `path` without waiting.
    // spec: store-10
    pub(crate) fn take(path: &Path) -> Result<Self, LockFault> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(LockFault::Io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockFault::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(LockFault::Io(error)),
        }
        let mut lock = Self { file };
        // A full disk must not keep anybody from reading his messages: the id is a courtesy.
        if let Err(error) = lock.write_holder() {
            tracing::debug!(kind = ?error.kind(), "the lock's holder could not be noted");
        }
        Ok(lock)
    }

    fn write_holder(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        write!(self.file, "{}", std::process::id())
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = AccountLock::take(&path).unwrap();

        let second = AccountLock::take(&path).unwrap_err();
        assert!(matches!(second, LockFault::Held(Some(pid)) if pid == std::process::id()));

        drop(first);
        AccountLock::take(&path).unwrap();
    }
}
