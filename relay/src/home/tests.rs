use super::*;

fn settings() -> Settings {
    Settings {
        host: None,
        access: StoredAccess::Public,
    }
}

fn create(directory: &Path) -> Home {
    Home::create(directory, settings(), Filesystems::Any).unwrap()
}

fn open(directory: &Path) -> Result<Home, Trouble> {
    Home::open(directory, Filesystems::Any)
}

#[test]
fn a_relay_is_the_same_when_it_is_opened_again() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("new/relay");
    let id = *create(&directory).identity.id();
    let again = open(&directory).unwrap();
    assert_eq!(*again.identity.id(), id);
    assert_eq!(again.settings, settings());
}

#[test]
fn a_relay_is_made_in_an_empty_directory_only() {
    let root = tempfile::tempdir().unwrap();
    assert!(Home::is_vacant(root.path()).unwrap());
    assert!(Home::is_vacant(&root.path().join("none")).unwrap());
    drop(create(root.path()));
    let trouble = Home::create(root.path(), settings(), Filesystems::Any).unwrap_err();
    assert_eq!(trouble.exit(), Exit::Input);
}

#[test]
fn a_second_process_is_told_who_has_the_relay() {
    let root = tempfile::tempdir().unwrap();
    let _held = create(root.path());
    let trouble = open(root.path()).unwrap_err();
    assert_eq!(trouble.exit(), Exit::Locked);
    assert!(
        trouble.to_string().contains(&std::process::id().to_string()),
        "{trouble}"
    );
}

// spec: relay-4
#[test]
fn an_identity_without_its_store_is_damage_and_never_an_empty_start() {
    let root = tempfile::tempdir().unwrap();
    drop(create(root.path()));
    std::fs::remove_dir_all(root.path().join(STORE)).unwrap();
    assert_eq!(open(root.path()).unwrap_err().exit(), Exit::Damaged);
    assert!(!root.path().join(STORE).exists());
}

#[test]
fn a_directory_without_an_identity_is_no_relay() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("letter.txt"), "dear").unwrap();
    assert_eq!(open(root.path()).unwrap_err().exit(), Exit::Input);
}

#[test]
fn a_damaged_identity_is_told_from_a_damaged_store() {
    let root = tempfile::tempdir().unwrap();
    drop(create(root.path()));
    std::fs::write(root.path().join(IDENTITY), "nonsense").unwrap();
    let trouble = open(root.path()).unwrap_err();
    assert_eq!(trouble.exit(), Exit::Damaged);
    assert!(trouble.to_string().contains("identity"));
}

// spec: relay-5
#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_a_relay_keeps() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("relay");
    drop(create(&directory));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for name in [IDENTITY, SETTINGS, LOCK] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
}
