//! The real program over TLS: a queue's whole life, TLS itself, the end on request, what it logs and records.

use crate::support::line::{Line, config};
use crate::support::people::{Holder, Owner, envelope, fresh};
use crate::support::program::{Place, Program, text};
use bytes::Bytes;
use rustls::{HandshakeKind, NamedGroup, ProtocolVersion};
use sipher_wire::sip::{Exchange, Name, Status, Verdict};
use sipher_wire::{EndReason, GrantOp, Right, SubscriptionState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Opens a queue with one grant to write.
fn open_queue(here: &mut Line, owner: &Owner, holder: &Holder) {
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut here.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    assert_eq!(here.ask(&draft).status(), Status::OK);
}

fn send(line: &mut Line, holder: &Holder, owner: &Owner, body: Bytes) -> Status {
    let draft = holder.message(&line.seat, &owner.id, &fresh(&mut line.rng), body);
    line.ask(&draft).status()
}

/// Registers, keeps what comes, and goes on until a query says that nothing waits. Gives the first octets.
fn drain(program: &Program, owner: &Owner) -> Vec<u8> {
    let mut here = Line::open(program);
    let draft = owner.register(&here.seat, &fresh(&mut here.rng), 3600);
    here.send(&draft);
    let mut kept = Vec::new();
    let mut since_query = 0;
    loop {
        match here.next().unwrap() {
            Verdict::Request(item) => {
                since_query += 1;
                kept.push(item.body()[0]);
                here.reply(&item, Status::OK);
            }
            Verdict::Response(response) => {
                assert_eq!(response.status(), Status::OK);
                let is_query = response.head().value(Name::Require).is_none();
                if is_query && since_query == 0 {
                    return kept;
                }
                since_query = 0;
                let query = owner.query(&here.seat, &fresh(&mut here.rng));
                here.send(&query);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_accepted_is_there_after_a_kill_and_gone_once_it_was_kept() {
    let place = Place::new();
    let mut program = place.run();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (mut here, mut sender) = (Line::open(&program), Line::open(&program));
    open_queue(&mut here, &owner, &holder);
    for mark in 0..50 {
        assert_eq!(
            send(&mut sender, &holder, &owner, envelope(mark)),
            Status::ACCEPTED
        );
    }

    program.kill();
    let mut program = place.run();

    assert_eq!(drain(&program, &owner), (0..50).collect::<Vec<_>>());
    assert_eq!(program.terminate().0, Some(0));
    let program = place.run();
    assert!(drain(&program, &owner).is_empty());
}

// spec: tls-1
// spec: tls-5
#[test]
fn the_handshake_is_tls_13_and_post_quantum_and_never_resumed() {
    let place = Place::new();
    let program = place.run();
    let mut client = config(program.address.id);
    client.enable_early_data = true;
    let client = Arc::new(client);
    for _ in 0..2 {
        let mut line = Line::open_with(&program, Arc::clone(&client)).unwrap();
        let draft = Owner::of_queue(1).query(&line.seat, &fresh(&mut line.rng));
        assert_eq!(line.ask(&draft).status(), Status::OK);
        let tls = line.tls();
        assert_eq!(tls.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(
            tls.negotiated_key_exchange_group().unwrap().name(),
            NamedGroup::X25519MLKEM768
        );
        assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(tls.tls13_tickets_received(), 0);
        assert!(!tls.is_early_data_accepted());
    }
}

// spec: relay-11
#[test]
fn on_sigterm_watchers_are_told_to_come_back_and_the_program_ends_soon() {
    let place = Place::new();
    let mut program = place.run();
    let (owner, holder) = (Owner::of_cell(1), Holder::new(2));
    let (mut here, mut watcher) = (Line::open(&program), Line::open(&program));
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut here.rng),
        vec![GrantOp::Add(holder.grant(Right::Read))],
    );
    here.ask(&draft);
    let draft = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut watcher.rng), 3600);
    assert_eq!(watcher.ask(&draft).status(), Status::OK);
    let first = watcher.request();
    watcher.reply(&first, Status::OK);

    let (code, took) = program.terminate();

    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let last = watcher.request();
    assert_eq!(
        last.subscription_state(),
        Some(SubscriptionState::ended(EndReason::Deactivated))
    );
    assert!(watcher.next().is_err());
}

#[test]
fn a_value_reaches_its_watchers_and_a_deleted_grant_ends_that() {
    let place = Place::new();
    let program = place.run();
    let (owner, holder) = (Owner::of_cell(1), Holder::new(2));
    let (mut here, mut watcher) = (Line::open(&program), Line::open(&program));
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut here.rng),
        vec![GrantOp::Add(holder.grant(Right::Read))],
    );
    here.ask(&draft);
    let draft = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut watcher.rng), 3600);
    watcher.ask(&draft);
    let first = watcher.request();
    watcher.reply(&first, Status::OK);

    let draft = owner.publish(&here.seat, &fresh(&mut here.rng), None, 3600, Some(envelope(7)));
    assert_eq!(here.ask(&draft).status(), Status::OK);
    let told = watcher.request();
    assert_eq!(told.body()[0], 7);
    watcher.reply(&told, Status::OK);

    let draft = owner.manage(
        &here.seat,
        &fresh(&mut here.rng),
        vec![GrantOp::Delete(holder.key())],
    );
    assert_eq!(here.ask(&draft).status(), Status::OK);
    let last = watcher.request();
    assert_eq!(
        last.subscription_state(),
        Some(SubscriptionState::ended(EndReason::NoResource))
    );
    let draft = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut watcher.rng), 0);
    assert_eq!(watcher.ask(&draft).status(), Status::NOT_FOUND);
}

#[test]
fn after_the_200_of_a_deletion_nothing_was_written_to_the_watcher() {
    let place = Place::new();
    let program = place.run();
    let mut here = Line::open(&program);
    for round in 0..40 {
        let (owner, holder) = (Owner::of_cell(round), Holder::new(2));
        let mut watcher = Line::open(&program);
        let draft = owner.manage(
            &here.seat,
            &fresh(&mut here.rng),
            vec![GrantOp::Add(holder.grant(Right::Read))],
        );
        here.ask(&draft);
        let draft = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut watcher.rng), 3600);
        watcher.ask(&draft);
        let first = watcher.request();
        watcher.reply(&first, Status::OK);

        // A change, the deletion and another change in one write: the second change must reach nobody.
        let mut octets = Vec::new();
        for draft in [
            owner.publish(&here.seat, &fresh(&mut here.rng), None, 3600, Some(envelope(1))),
            owner.manage(
                &here.seat,
                &fresh(&mut here.rng),
                vec![GrantOp::Delete(holder.key())],
            ),
            owner.publish(&here.seat, &fresh(&mut here.rng), None, 3600, Some(envelope(2))),
        ] {
            octets.extend_from_slice(&draft.write());
        }
        here.octets(&octets);
        for _ in 0..3 {
            assert_eq!(here.response().status(), Status::OK);
        }
        let probe = holder.subscribe(&watcher.seat, &owner.id, &fresh(&mut watcher.rng), 0);
        watcher.send(&probe);
        let mut ended = false;
        loop {
            match watcher.next().unwrap() {
                Verdict::Request(notify) => {
                    assert!(!ended && notify.body().first() != Some(&2), "round {round}");
                    ended = matches!(
                        notify.subscription_state(),
                        Some(SubscriptionState::Terminated { .. })
                    );
                }
                Verdict::Response(answer) => {
                    assert_eq!(answer.status(), Status::NOT_FOUND);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(ended);
    }
}

// spec: relay-8
#[test]
fn a_reader_who_stops_reading_costs_nobody_else_anything() {
    let place = Place::new();
    let program = place.run();
    let (owner, other, holder) = (Owner::of_queue(1), Owner::of_queue(2), Holder::new(3));
    let (mut stuck, mut sender) = (Line::open(&program), Line::open(&program));
    open_queue(&mut stuck, &owner, &holder);
    open_queue(&mut stuck, &other, &holder);
    let draft = owner.register(&stuck.seat, &fresh(&mut stuck.rng), 3600);
    assert_eq!(stuck.ask(&draft).status(), Status::OK);
    let large = Bytes::from(vec![1; 64 * 1024]);
    for _ in 0..150 {
        assert_eq!(
            send(&mut sender, &holder, &owner, large.clone()),
            Status::ACCEPTED
        );
    }
    assert_eq!(send(&mut sender, &holder, &other, envelope(5)), Status::ACCEPTED);
    assert_eq!(drain(&program, &other), [5]);
    assert_eq!(drain(&program, &owner).len(), 150);
    let blobs = place.data().join("store/blobs");
    assert_eq!(
        std::fs::read_dir(blobs).unwrap().count(),
        0,
        "the largest items stay in the file that is synced"
    );
}

// spec: relay-2
#[test]
fn a_disk_that_is_full_ends_the_relay_and_nothing_that_was_accepted_is_lost() {
    let place = Place::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let mut program = place.run_limited(2 * 1024 * 1024);
    let (mut here, mut sender) = (Line::open(&program), Line::open(&program));
    open_queue(&mut here, &owner, &holder);
    let mut accepted = 0;
    loop {
        let body = Bytes::from(vec![accepted; 64 * 1024]);
        let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut sender.rng), body);
        if sender.try_send(&draft).is_err() {
            break;
        }
        match sender.next() {
            Ok(Verdict::Response(answer)) if answer.status() == Status::ACCEPTED => accepted += 1,
            Ok(other) => panic!("neither accepted nor silence: {other:?}"),
            Err(_) => break,
        }
    }
    assert!(accepted > 0);
    assert_eq!(program.wait(), Some(6), "{}", place.log());
    assert!(place.log().contains("free some space"), "{}", place.log());

    let program = place.run();
    assert_eq!(drain(&program, &owner), (0..accepted).collect::<Vec<_>>());
}

// spec: relay-9
// spec: proof-4
#[test]
fn neither_log_nor_errors_name_peers_boxes_or_keys_at_any_level() {
    let place = Place::new();
    let mut program = place.run_with(&["--public", "--log", "trace"]);
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (mut here, mut sender) = (Line::open(&program), Line::open(&program));
    open_queue(&mut here, &owner, &holder);
    let exchange = fresh(&mut sender.rng);
    let draft = holder.message(
        &sender.seat,
        &owner.id,
        &exchange,
        Bytes::from_static(b"canary body"),
    );
    assert_eq!(sender.ask(&draft).status(), Status::ACCEPTED);
    sender.octets(b"NONSENSE\r\n\r\n");
    program.terminate();
    let proof = draft.values(Name::Authorization).next().unwrap();
    let (_, signature) = proof.split_once(",s=").expect("a whole proof");
    let raw = data_encoding::BASE64URL_NOPAD
        .decode(signature.as_bytes())
        .unwrap();
    for file in files_below(&place.data()) {
        let octets = std::fs::read(&file).unwrap();
        for needle in [signature.as_bytes(), &raw] {
            let is_there = octets.windows(needle.len()).any(|window| window == needle);
            assert!(!is_there, "a proof is in {}", file.display());
        }
    }

    let log = place.log();
    assert!(log.contains("accepting connections"), "{log}");
    let id = owner.id.to_string();
    for secret in [
        id.get(..8).unwrap(),
        "127.0.0.1",
        "canary",
        exchange.call_id.as_str(),
        "MESSAGE",
        "1024",
        signature,
        "Authorization",
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// Every file of a folder and of those in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    // Not the socket of the relay's operations.
    files.retain(|path| path.is_file());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}

#[test]
fn a_transcript_has_every_octet_that_was_seen_or_written() {
    let place = Place::new();
    let path = place.path("transcript");
    let mut program = place.run_with(&["--public", "--transcript", text(&path)]);
    let mut here = Line::open(&program);
    let owner = Owner::of_queue(1);
    let exchange: Exchange = fresh(&mut here.rng);
    let draft = owner.query(&here.seat, &exchange);
    assert_eq!(here.ask(&draft).status(), Status::OK);
    program.terminate();

    let lines = std::fs::read_to_string(path).unwrap();
    let mut octets = [Vec::new(), Vec::new()];
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let decoded = data_encoding::BASE64
            .decode(line["octets"].as_str().unwrap().as_bytes())
            .unwrap();
        octets[usize::from(line["dir"] == "out")].extend(decoded);
    }
    assert_eq!(octets[0], draft.write());
    assert!(octets[1].starts_with(b"SIP/2.0 200 OK\r\n"));
    assert!(octets[1].ends_with(b"\r\n\r\n"));
}
