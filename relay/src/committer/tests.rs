use super::*;
use crate::store::{Key, MemoryStore, Prefix, Visit};
use bytes::Bytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

/// A store that counts its syncs, waits in them for a permission, and fails when told.
#[derive(Debug)]
struct Watched {
    inner: MemoryStore,
    syncs: AtomicUsize,
    go: Mutex<Receiver<Sync>>,
}

#[derive(Debug)]
enum Sync {
    Works,
    Fails,
    Panics,
}

impl Store for Watched {
    fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreFault> {
        self.inner.get(key)
    }

    fn scan(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreFault> {
        self.inner.scan(prefix, after, visit)
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreFault> {
        self.inner.apply(batch)
    }

    fn sync(&self) -> Result<(), StoreFault> {
        match self.go.lock().unwrap().recv() {
            Ok(Sync::Works) => {
                self.syncs.fetch_add(1, Ordering::SeqCst);
                self.inner.sync()
            }
            Ok(Sync::Fails) => Err(StoreFault::Disk(std::io::Error::other("no"))),
            Ok(Sync::Panics) | Err(_) => panic!("as sled does"),
        }
    }
}

struct Bench {
    commits: Commits,
    go: Sender<Sync>,
    done: Receiver<Ticket>,
    failed: Receiver<StoreFault>,
    store: Arc<Watched>,
    thread: JoinHandle<()>,
}

fn bench() -> Bench {
    let (go, wait) = channel();
    let store = Arc::new(Watched {
        inner: MemoryStore::new(),
        syncs: AtomicUsize::new(0),
        go: Mutex::new(wait),
    });
    let (commits, committer) = Committer::new(Arc::clone(&store));
    let (done_to, done) = channel();
    let (failed_to, failed) = channel();
    let thread = committer
        .start(
            move |t| done_to.send(t).unwrap(),
            move |f| failed_to.send(f).unwrap(),
        )
        .unwrap();
    Bench {
        commits,
        go,
        done,
        failed,
        store,
        thread,
    }
}

fn batch(octets: usize) -> Batch {
    let mut batch = Batch::new();
    batch.put(Key::format(), Bytes::from(vec![0; octets]));
    batch
}

#[test]
fn nothing_is_done_before_its_sync() {
    let bench = bench();
    assert!(bench.commits.send(Ticket(1), batch(1)));
    assert!(bench.done.try_recv().is_err());
    bench.go.send(Sync::Works).unwrap();
    assert_eq!(bench.done.recv().unwrap(), Ticket(1));
    assert_eq!(bench.store.syncs.load(Ordering::SeqCst), 1);
}

#[test]
fn what_waits_shares_one_sync_up_to_64_operations() {
    let bench = bench();
    bench.commits.send(Ticket(1), batch(1));
    for ticket in 2..=100 {
        bench.commits.send(Ticket(ticket), batch(1));
    }
    for _ in 0..3 {
        bench.go.send(Sync::Works).unwrap();
    }
    let mut last = Ticket(0);
    while last < Ticket(100) {
        last = bench.done.recv().unwrap();
    }
    assert!(bench.store.syncs.load(Ordering::SeqCst) <= 3);
}

#[test]
fn a_group_ends_at_its_octets() {
    let bench = bench();
    for ticket in 1..=3 {
        bench.commits.send(Ticket(ticket), batch(GROUP_OCTETS));
    }
    for ticket in 1..=3 {
        bench.go.send(Sync::Works).unwrap();
        assert_eq!(bench.done.recv().unwrap(), Ticket(ticket));
    }
}

// spec: relay-2
// spec: msg-2
#[test]
fn after_a_fault_nothing_is_ever_done_again() {
    for fault in [Sync::Fails, Sync::Panics] {
        let bench = bench();
        bench.commits.send(Ticket(1), batch(1));
        bench.go.send(fault).unwrap();
        bench.failed.recv().unwrap();
        bench.thread.join().unwrap();
        assert!(!bench.commits.send(Ticket(2), batch(1)));
        assert!(bench.done.try_recv().is_err());
    }
}
