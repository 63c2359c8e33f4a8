use std::path::PathBuf;

use super::*;
use crate::random;

/// A store whose key survives reopening.
struct Fixture {
    folder: tempfile::TempDir,
    secret: [u8; 32],
}

impl Fixture {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            secret: [7; 32],
        }
    }

    fn key(&self) -> StoreKey {
        StoreKey::new(sipher_crypto::StoreSecret::from_octets(&self.secret))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn create(&self, first: &Batch) -> Disk {
        Disk::create(&self.path(), self.key(), first, &mut random::system()).unwrap()
    }

    fn open(&self) -> Result<Disk, DiskFault> {
        Disk::open(&self.path(), self.key())
    }
}

fn batch(ops: impl IntoIterator<Item = Op>) -> Batch {
    ops.into_iter().collect()
}

fn put(kind: Kind, group: &[u8], seq: u64, value: &[u8]) -> Op {
    Op::Put(Key::new(kind, group, seq), Zeroizing::new(value.to_vec()))
}

// spec: store-4
#[test]
fn what_was_committed_is_there_after_reopening() {
    let fixture = Fixture::new();
    let mut disk = fixture.create(&batch([put(Kind::Account, b"", 0, b"account")]));
    let second = [
        put(Kind::Buddy, b"bob", 0, b"bob"),
        put(Kind::History, b"bob", 3, &vec![9; 70_000]),
    ];
    disk.commit(&batch(second), &mut random::system()).unwrap();
    disk.commit(
        &batch([Op::Delete(Key::single(Kind::Buddy, b"bob"))]),
        &mut random::system(),
    )
    .unwrap();
    drop(disk);

    let disk = fixture.open().unwrap();

    assert_eq!(
        disk.get(&Key::single(Kind::Account, b""))
            .unwrap()
            .unwrap()
            .as_slice(),
        b"account"
    );
    assert_eq!(disk.get(&Key::single(Kind::Buddy, b"bob")).unwrap(), None);
    assert_eq!(
        disk.get(&Key::new(Kind::History, b"bob", 3))
            .unwrap()
            .unwrap()
            .as_slice(),
        vec![9; 70_000]
    );
}

#[test]
fn a_scan_goes_through_one_group_in_order_or_through_all() {
    let fixture = Fixture::new();
    let lines = (1..=20)
        .rev()
        .map(|seq| put(Kind::History, b"bob", seq, &[u8::try_from(seq).unwrap()]));
    let others = [
        put(Kind::History, b"anna", 7, b"a"),
        put(Kind::Outbox, b"bob", 1, b"o"),
    ];
    let disk = fixture.create(&batch(lines.chain(others)));

    let some = disk.scan(Kind::History, Some(b"bob"), 5, 3).unwrap();
    assert_eq!(
        some.iter()
            .map(|(seq, value)| (*seq, value[0]))
            .collect::<Vec<_>>(),
        [(5, 5), (6, 6), (7, 7)]
    );
    assert_eq!(disk.scan(Kind::History, None, 0, 100).unwrap().len(), 21);
    assert_eq!(disk.scan(Kind::History, None, 7, 100).unwrap().len(), 15);
    assert_eq!(disk.scan(Kind::History, Some(b"nobody"), 0, 100).unwrap(), []);
}

#[test]
fn neither_names_nor_values_are_readable_in_the_file() {
    let fixture = Fixture::new();
    drop(fixture.create(&batch([put(
        Kind::History,
        b"a-planted-group",
        1,
        b"a-planted-value",
    )])));

    let file = std::fs::read(fixture.path()).unwrap();

    for planted in [&b"a-planted-group"[..], b"a-planted-value"] {
        assert!(!file.windows(planted.len()).any(|window| window == planted));
    }
}

#[test]
fn another_key_opens_nothing() {
    let fixture = Fixture::new();
    drop(fixture.create(&batch([put(Kind::Account, b"", 0, b"account")])));

    let other = Fixture {
        secret: [8; 32],
        ..fixture
    };

    assert!(matches!(other.open(), Err(DiskFault::Damaged)));
}

// spec: store-5
#[test]
fn a_record_that_was_put_in_the_place_of_another_is_damage() {
    let fixture = Fixture::new();
    let disk = fixture.create(&batch([
        put(Kind::Buddy, b"a", 0, b"a"),
        put(Kind::Buddy, b"b", 0, b"b"),
    ]));
    let (a, b) = (
        disk.hidden(Kind::Buddy, b"a", 0),
        disk.hidden(Kind::Buddy, b"b", 0),
    );
    let moved = disk.read_sealed(&a).unwrap().unwrap();
    disk.apply(&[(b, Some(moved))]).unwrap();

    assert_eq!(
        disk.get(&Key::single(Kind::Buddy, b"b")),
        Err(StoreFault::Damaged)
    );
    assert!(matches!(disk.explain(StoreFault::Damaged), DiskFault::Damaged));
}

// spec: store-6
#[test]
fn a_record_of_a_later_state_is_damage() {
    let fixture = Fixture::new();
    let mut disk = fixture.create(&batch([put(Kind::Buddy, b"a", 0, b"old")]));
    let old_head = disk.read_sealed(&DiskKey::head()).unwrap().unwrap();
    disk.commit(&batch([put(Kind::Buddy, b"a", 0, b"new")]), &mut random::system())
        .unwrap();
    disk.apply(&[(DiskKey::head(), Some(old_head))]).unwrap();
    drop(disk);

    let disk = fixture.open().unwrap();

    assert_eq!(
        disk.get(&Key::single(Kind::Buddy, b"a")),
        Err(StoreFault::Damaged)
    );
}

// spec: store-7
#[test]
fn a_damaged_file_is_refused_or_harmless_and_left_as_it_is() {
    let fixture = Fixture::new();
    let records = (0..40).map(|seq| put(Kind::History, b"bob", seq, &[3; 900]));
    drop(fixture.create(&batch(records)));
    let good = std::fs::read(fixture.path()).unwrap();

    let mut refused = 0;
    for at in (0..good.len()).step_by(good.len() / 97) {
        let mut bad = good.clone();
        let end = good.len().min(at + 64);
        bad[at..end].fill(0xaa);
        std::fs::write(fixture.path(), &bad).unwrap();
        match fixture.open() {
            // Pages that hold nothing may be overwritten: then every record is still there.
            Ok(disk) => assert_eq!(
                disk.scan(Kind::History, Some(b"bob"), 0, 100).unwrap().len(),
                40,
                "at {at}"
            ),
            Err(DiskFault::Damaged | DiskFault::Newer) => {
                refused += 1;
                assert!(
                    std::fs::read(fixture.path()).unwrap() == bad,
                    "left as it is, at {at}"
                );
            }
            Err(other) => panic!("{other:?} at {at}"),
        }
    }
    assert!(refused > 5, "{refused}");
}

#[test]
fn a_cut_file_is_refused() {
    let fixture = Fixture::new();
    drop(fixture.create(&batch([put(Kind::Account, b"", 0, &[1; 9_000])])));
    let good = std::fs::read(fixture.path()).unwrap();

    for len in [0, 1, 100, 4096, good.len() / 2] {
        std::fs::write(fixture.path(), &good[..len]).unwrap();
        assert!(
            matches!(fixture.open(), Err(DiskFault::Damaged | DiskFault::Newer)),
            "cut at {len}"
        );
        assert_eq!(
            std::fs::read(fixture.path()).unwrap(),
            good[..len],
            "left as it is"
        );
    }
}

#[test]
fn a_missing_file_is_damage_and_none_is_made() {
    let fixture = Fixture::new();

    assert!(matches!(fixture.open(), Err(DiskFault::Damaged)));
    assert!(!fixture.path().exists());
}

#[test]
fn a_store_is_opened_once() {
    let fixture = Fixture::new();
    let _disk = fixture.create(&batch([]));

    assert!(matches!(fixture.open(), Err(DiskFault::InUse)));
}
