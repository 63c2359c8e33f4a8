//! `kill -9` again and again: what was answered is there, whole, and once.
//!
//! Twenty kills by default; `SIPHER_KILLS=200 cargo test -p sipher-relay --test relay kills` is the long run.
//! A kill keeps the kernel's pages, so this tests logic; that sync comes before the answer is tested at the
//! committer.

use crate::support::line::Line;
use crate::support::people::{Holder, Owner, fresh};
use crate::support::program::{Place, Program};
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sipher_wire::sip::{Name, Status, Verdict};
use sipher_wire::{GrantOp, Right};
use std::collections::HashSet;
use std::time::Duration;

/// What was sent and what came, by id.
#[derive(Default)]
struct Ledger {
    accepted: HashSet<Vec<u8>>,
    kept: HashSet<Vec<u8>>,
}

#[test]
fn no_accepted_item_is_lost_or_doubled_over_many_kills() {
    survive_kills("sled");
}

#[test]
fn no_accepted_item_is_lost_or_doubled_over_many_kills_on_fjall() {
    survive_kills("fjall");
}

fn survive_kills(engine: &str) {
    let run = ["--public", "--store", engine];
    let kills: u32 = std::env::var("SIPHER_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20);
    let place = Place::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut ledger = Ledger::default();
    {
        let program = place.run_with(&run);
        let mut here = Line::open(&program);
        let draft = owner.manage(
            &here.seat,
            &fresh(&mut here.rng),
            vec![GrantOp::Add(holder.grant(Right::Write))],
        );
        assert_eq!(here.ask(&draft).status(), Status::OK);
    }
    for _ in 0..kills {
        let mut program = place.run_with(&run);
        let wait = Duration::from_millis(u64::from(rng.next_u32() % 150));
        cycle(&mut program, &owner, &holder, wait, &mut ledger);
    }
    let program = place.run_with(&run);
    drain(&program, &owner, &mut ledger);
    let lost = ledger.accepted.difference(&ledger.kept).count();
    assert_eq!(lost, 0, "of {} accepted", ledger.accepted.len());
    assert!(ledger.accepted.len() > usize::try_from(kills).unwrap());
}

/// One sender and one reader at work, until the relay is killed under them.
fn cycle(program: &mut Program, owner: &Owner, holder: &Holder, wait: Duration, ledger: &mut Ledger) {
    let mut sender = Line::open(program);
    let mut reader = Line::open(program);
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            let mut accepted = HashSet::new();
            loop {
                let exchange = fresh(&mut sender.rng);
                let id = exchange.call_id.as_str().as_bytes().to_vec();
                let body = Bytes::from([&id[..], &[0x5a; 1000]].concat());
                let draft = holder.message(&sender.seat, &owner.id, &exchange, body);
                if sender.try_send(&draft).is_err() {
                    return accepted;
                }
                match sender.next() {
                    Ok(Verdict::Response(answer)) if answer.status() == Status::ACCEPTED => {
                        accepted.insert(id)
                    }
                    _ => return accepted,
                };
            }
        });
        let reading = scope.spawn(move || read_until_the_end(&mut reader, owner));
        let (_hold, wake) = std::sync::mpsc::channel::<()>();
        assert!(
            wake.recv_timeout(wait).is_err(),
            "nobody wakes it: the time runs out"
        );
        program.kill();
        ledger.accepted.extend(sending.join().unwrap());
        ledger.kept.extend(reading.join().unwrap());
    });
}

/// Keeps every second item that comes, so that some always wait.
fn read_until_the_end(reader: &mut Line, owner: &Owner) -> HashSet<Vec<u8>> {
    let mut kept = HashSet::new();
    let draft = owner.register(&reader.seat, &fresh(&mut reader.rng), 3600);
    if reader.try_send(&draft).is_err() {
        return kept;
    }
    let mut count = 0_u32;
    while let Ok(got) = reader.next() {
        let Verdict::Request(item) = got else { continue };
        assert_whole(item.body(), item.call_id());
        count += 1;
        if count.is_multiple_of(2) {
            kept.insert(item.call_id().to_vec());
            let tag = sipher_wire::sip::Tag::random(&mut reader.rng);
            let octets = sipher_wire::sip::Reply::to(&item, Status::OK, &tag).write();
            if reader.try_octets(&octets).is_err() {
                break;
            }
        }
    }
    kept
}

/// Takes all that waits; each item once.
fn drain(program: &Program, owner: &Owner, ledger: &mut Ledger) {
    let mut here = Line::open(program);
    let draft = owner.register(&here.seat, &fresh(&mut here.rng), 3600);
    here.send(&draft);
    let mut seen = HashSet::new();
    let mut since_query = 0;
    loop {
        match here.next().unwrap() {
            Verdict::Request(item) => {
                since_query += 1;
                assert_whole(item.body(), item.call_id());
                assert!(
                    seen.insert(item.call_id().to_vec()),
                    "one drain brings nothing twice"
                );
                here.reply(&item, Status::OK);
            }
            Verdict::Response(response)
                if response.head().value(Name::Require).is_none() && since_query == 0 =>
            {
                break;
            }
            Verdict::Response(_) => {
                since_query = 0;
                let query = owner.query(&here.seat, &fresh(&mut here.rng));
                here.send(&query);
            }
            other => panic!("{other:?}"),
        }
    }
    ledger.kept.extend(seen);
}

fn assert_whole(body: &[u8], id: &[u8]) {
    assert!(body.starts_with(id) && body[id.len()..] == [0x5a; 1000]);
}
