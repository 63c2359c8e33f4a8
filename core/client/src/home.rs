//! Where an account lives on this machine: a folder a profile, readable by its owner only.
//!
//! `HOME/PROFILE/` holds the sealed store and its key file, `HOME/PROFILE.lock` is held while a
//! process owns the account. The lock stands beside the folder and not in it, so that a new account
//! can be made in `PROFILE.new` and appear by one rename: an account is there completely or not at all.
//! Nothing here reads or writes what is in the files.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The folder that holds the profiles of one person on one machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home in `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// One profile of this home.
    pub fn profile(&self, name: &ProfileName) -> Profile {
        Profile {
            home: self.root.clone(),
            name: name.clone(),
        }
    }

    /// Names of the profiles that hold an account, sorted. Empty when the home does not exist.
    pub fn profiles(&self) -> Vec<ProfileName> {
        let Ok(entries) = fs::read_dir(&self.root) else {
            return Vec::new();
        };
        let mut names: Vec<ProfileName> = entries
            .filter_map(|entry| ProfileName::parse(entry.ok()?.file_name().to_str()?))
            .filter(|name| self.profile(name).has_account())
            .collect();
        names.sort();
        names
    }
}

/// Name of a profile: 1 to 32 of `a-z`, `0-9`, `-` and `_`, so that it is a file name everywhere.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ProfileName(String);

impl ProfileName {
    /// Reads a name; `None` when it breaks the rule above.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=32).contains(&text.len());
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The files of one account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    home: PathBuf,
    name: ProfileName,
}

impl Profile {
    /// Its name.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.home.join(self.name.as_str())
    }

    /// The sealed store.
    pub fn store(&self) -> PathBuf {
        self.folder().join(STORE)
    }

    /// The file that holds the store's key, wrapped under the passphrase.
    pub fn key_file(&self) -> PathBuf {
        self.folder().join(KEY_FILE)
    }

    /// Held by the one process that owns the account.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.home.join(format!("{}.lock", self.name))
    }

    /// Whether an account was made here, even if its files are damaged or missing now.
    pub fn has_account(&self) -> bool {
        self.folder().is_dir()
    }

    /// Makes the home folder, for its owner only.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn create_home(&self) -> io::Result<()> {
        create_private_folder(&self.home)
    }

    /// An empty folder in which a new account is prepared. What an interrupted attempt left is removed.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn nursery(&self) -> io::Result<Nursery> {
        let folder = self.home.join(format!("{}.new", self.name));
        match fs::remove_dir_all(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        create_private_folder(&folder)?;
        Ok(Nursery {
            folder,
            home: self.home.clone(),
            target: self.folder(),
        })
    }
}

/// An account in the making, invisible until [`Nursery::settle`].
#[derive(Debug)]
pub(crate) struct Nursery {
    folder: PathBuf,
    home: PathBuf,
    target: PathBuf,
}

impl Nursery {
    /// Where the store is to be written.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join(STORE)
    }

    /// Where the key file is to be written.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.join(KEY_FILE)
    }

    /// Makes the prepared account visible under its name, durably. Its files must be closed.
    ///
    /// # Errors
    /// The file system's; then no account exists.
    // spec: store-9
    pub(crate) fn settle(self) -> io::Result<()> {
        sync_folder(&self.folder)?;
        fs::rename(&self.folder, &self.target)?;
        sync_folder(&self.home)
    }
}

/// Makes `folder` and its parents; `folder` itself is readable by its owner only.
// spec: store-8
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes names in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Opens a new file that only its owner may read; refuses one that exists.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const STORE: &str = "account.redb";
const KEY_FILE: &str = "account.key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_name_is_a_plain_file_name() {
        for good in ["a", "default", "work-2", "x_y"] {
            assert!(ProfileName::parse(good).is_some(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "A", "a b", "ä", "a.lock", &"a".repeat(33)] {
            assert!(ProfileName::parse(bad).is_none(), "{bad}");
        }
    }

    // spec: store-9
    #[test]
    fn an_account_appears_by_one_rename() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("deep/home"));
        let profile = home.profile(&ProfileName::default());
        profile.create_home().unwrap();

        let nursery = profile.nursery().unwrap();
        create_private_file(&nursery.store()).unwrap();
        assert!(!profile.has_account());
        assert!(home.profiles().is_empty());
        nursery.settle().unwrap();

        assert!(profile.store().exists());
        assert_eq!(home.profiles(), [ProfileName::default()]);
    }

    #[test]
    fn an_interrupted_attempt_is_cleared_away() {
        let root = tempfile::tempdir().unwrap();
        let profile = Home::at(root.path()).profile(&ProfileName::default());
        let nursery = profile.nursery().unwrap();
        create_private_file(&nursery.store()).unwrap();

        let again = profile.nursery().unwrap();

        assert!(!again.store().exists());
    }

    // spec: store-8
    #[cfg(unix)]
    #[test]
    fn folders_and_files_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"));
        let profile = home.profile(&ProfileName::default());
        profile.create_home().unwrap();
        let nursery = profile.nursery().unwrap();
        create_private_file(&nursery.key_file()).unwrap();
        nursery.settle().unwrap();

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.path()), 0o700);
        assert_eq!(mode(&profile.folder()), 0o700);
        assert_eq!(mode(&profile.key_file()), 0o600);
    }
}
