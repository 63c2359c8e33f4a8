//! What an operator does with the real program: status, metrics, backups, stores, the end.

use crate::support::line::Line;
use crate::support::people::{Holder, Owner, envelope, fresh};
use crate::support::program::{Place, Program, failure, finish, text};
use sipher_wire::sip::Status;
use sipher_wire::{GrantOp, Right};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// A queue with one grant to write, and this many items that wait in it.
fn fill(program: &Program, items: u8) -> (Owner, Holder) {
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let mut here = Line::open(program);
    let draft = owner.manage(
        &here.seat,
        &fresh(&mut here.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    assert_eq!(here.ask(&draft).status(), Status::OK);
    send(program, &owner, &holder, 0..items);
    (owner, holder)
}

fn send(program: &Program, owner: &Owner, holder: &Holder, marks: std::ops::Range<u8>) {
    let mut sender = Line::open(program);
    for mark in marks {
        let exchange = fresh(&mut sender.rng);
        let draft = holder.message(&sender.seat, &owner.id, &exchange, envelope(mark));
        assert_eq!(sender.ask(&draft).status(), Status::ACCEPTED);
    }
}

/// The items that wait for an owner, by their marks, in order. None is kept.
fn waiting(program: &Program, owner: &Owner, count: usize) -> Vec<u8> {
    let mut here = Line::open(program);
    let draft = owner.register(&here.seat, &fresh(&mut here.rng), 3600);
    here.send(&draft);
    let mut marks = Vec::new();
    while marks.len() < count {
        if let sipher_wire::sip::Verdict::Request(item) = here.next().unwrap() {
            marks.push(item.body()[0]);
            here.reply(&item, Status::OK);
        }
    }
    marks
}

fn out(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn status(data: &Path) -> serde_json::Value {
    let said = out(&finish(&["status", "--json", "--data", text(data)]));
    serde_json::from_str(&said).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn status_says_what_the_relay_holds_and_did() {
    let place = Place::new();
    let program = place.run();
    let (owner, _) = fill(&program, 3);
    let mut stranger = Line::open(&program);
    let exchange = fresh(&mut stranger.rng);
    let draft = Holder::new(9).message(&stranger.seat, &owner.id, &exchange, envelope(0));
    assert_eq!(stranger.ask(&draft).status(), Status::NOT_FOUND);

    let said = status(&place.data());

    assert_eq!(said["boxes"], 1);
    assert_eq!(said["grants"], 1);
    assert_eq!(said["items"], 3);
    assert_eq!(said["accepted"], 3);
    assert_eq!(said["refused"]["refused"], 1);
    assert!(said["connections"].as_u64().unwrap() >= 1);
    assert!(said["octets"].as_u64().unwrap() > 3 * 1024);
    assert!(said["disk_left"].as_u64().unwrap() > 0);
    assert!(said["flushes"].as_u64().unwrap() >= 4);
    let text = out(&finish(&["status", "--data", text(&place.data())]));
    assert!(text.contains("3 items") && text.contains("1 refused"), "{text}");
}

// spec: metrics-1
#[test]
fn metrics_have_no_label_that_comes_from_a_peer() {
    let place = Place::new();
    let program = place.run();
    let (owner, _) = fill(&program, 2);
    let said = out(&finish(&["metrics", "--data", text(&place.data())]));
    assert!(said.contains("sipher_relay_waiting_items 2\n"), "{said}");
    assert!(
        said.contains("sipher_relay_answers_total{answer=\"accepted\"} 2\n"),
        "{said}"
    );
    assert!(
        !said.contains(owner.id.as_str()) && !said.contains("127.0.0.1"),
        "{said}"
    );
}

// spec: admin-1
#[test]
fn the_admin_socket_is_for_the_relays_user_alone() {
    let place = Place::new();
    let mut program = place.run();
    status(&place.data());
    assert_eq!(mode(&place.data().join("admin.sock")), 0o600);
    // A killed relay leaves its socket behind; the next one takes its place.
    program.kill();
    let (code, said) = failure(&["status", "--data", text(&place.data())]);
    assert_eq!(code, 3);
    assert!(said.contains("no relay runs in"), "{said}");
    let _program = place.run();
    status(&place.data());
}

// spec: backup-1
// spec: backup-2
#[test]
fn a_backup_of_a_running_relay_is_restored_with_identity_boxes_and_items() {
    let place = Place::new();
    let program = place.run();
    let (owner, holder) = fill(&program, 5);
    let file = place.path("copy");
    out(&finish(&["backup", text(&file), "--data", text(&place.data())]));
    assert_eq!(mode(&file), 0o600);
    send(&program, &owner, &holder, 5..7);
    let found = out(&finish(&["backup", "--verify", text(&file), "--json"]));
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["items"], &found["damaged"]), (&5.into(), &0.into()));

    let elsewhere = Place::new();
    let data = elsewhere.data();
    let line = [
        "restore",
        text(&file),
        "--force-filesystem",
        "--data",
        text(&data),
    ];
    out(&finish(&line));
    let again = elsewhere.run();

    assert_eq!(again.address.id, program.address.id);
    assert_eq!(waiting(&again, &owner, 5), [0, 1, 2, 3, 4]);
    let (code, said) = failure(&line);
    assert_eq!(code, 1);
    assert!(said.contains("is not empty"), "{said}");
}

#[test]
fn a_backup_is_made_of_a_stopped_relay_too_and_never_over_an_older_one() {
    let place = Place::new();
    let mut program = place.run();
    fill(&program, 2);
    assert_eq!(program.terminate().0, Some(0));
    let (data, file) = (place.data(), place.path("copy"));
    let line = ["backup", text(&file), "--data", text(&data)];
    out(&finish(&line));
    let (code, said) = failure(&line);
    assert_eq!(code, 1);
    assert!(said.contains("is there already"), "{said}");
}

// spec: archive-1
// spec: archive-3
#[test]
fn a_damaged_or_cut_backup_is_refused_before_anything_is_made() {
    let place = Place::new();
    let program = place.run();
    fill(&program, 2);
    let file = place.path("copy");
    out(&finish(&["backup", text(&file), "--data", text(&place.data())]));
    let whole = std::fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let elsewhere = place.path("elsewhere");
    for (octets, code) in [
        (&changed[..], 6),
        (&whole[..whole.len() - 10], 6),
        (b"something else", 1),
    ] {
        std::fs::write(&file, octets).unwrap();
        let line = [
            "restore",
            text(&file),
            "--force-filesystem",
            "--data",
            text(&elsewhere),
        ];
        let (ended, said) = failure(&line);
        assert_eq!(ended, code, "{said}");
        assert!(said.contains("cannot be used"), "{said}");
        assert!(!elsewhere.exists());
    }
    let (code, said) = failure(&["backup", "--verify", text(&place.path("nowhere"))]);
    assert_eq!(code, 1, "{said}");
}

#[test]
fn a_store_is_exported_checked_and_imported_where_none_is() {
    let place = Place::new();
    let mut program = place.run();
    let (owner, _) = fill(&program, 4);
    let (data, file) = (place.data(), place.path("rows"));
    let export = ["store", "export", text(&file), "--data", text(&data)];
    assert_eq!(failure(&export).0, 5, "a relay that runs has its store");
    assert_eq!(program.terminate().0, Some(0));
    out(&finish(&export));
    let found = out(&finish(&["store", "check", "--json", "--data", text(&data)]));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&found).unwrap()["items"],
        4
    );

    let import = ["store", "import", text(&file), "--data", text(&data)];
    let (code, said) = failure(&import);
    assert_eq!(code, 1);
    assert!(said.contains("is there already"), "{said}");
    std::fs::rename(data.join("store"), place.path("old")).unwrap();
    out(&finish(&import));

    assert_eq!(waiting(&place.run(), &owner, 4), [0, 1, 2, 3]);
    let (code, said) = failure(&["restore", text(&file), "--data", text(&place.path("new"))]);
    assert_eq!(code, 1);
    assert!(said.contains("no identity key"), "{said}");
}

#[test]
fn rotating_tls_drops_nobody_and_keeps_the_identity() {
    let place = Place::new();
    let program = place.run();
    let mut before = Line::open(&program);
    let leaf = |line: &Line| line.tls().peer_certificates().unwrap()[0].clone();
    out(&finish(&["rotate", "tls", "--data", text(&place.data())]));
    let after = Line::open(&program);
    assert_ne!(leaf(&before), leaf(&after));
    let query = Owner::of_queue(1).query(&before.seat, &fresh(&mut before.rng));
    assert_eq!(before.ask(&query).status(), Status::OK);
}

#[test]
fn drain_returns_when_the_relay_has_ended_by_itself() {
    let place = Place::new();
    let mut program = place.run();
    out(&finish(&["drain", "--data", text(&place.data())]));
    assert_eq!(program.wait(), Some(0));
    let output = finish(&["drain", "--json", "--data", text(&place.data())]);
    assert_eq!(output.status.code(), Some(3));
    let said: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(said["exit"], 3);
}

// spec: settings-1
#[test]
fn a_file_with_a_wrong_line_is_refused_with_that_line() {
    let place = Place::new();
    let file = place.path("relay.toml");
    std::fs::write(&file, "public = true\nlisten = \"here\"\n").unwrap();
    let (data, named) = (place.data(), ["--config", text(&file)]);
    let (code, said) = failure(&[&["run", "--data", text(&data)], &named[..]].concat());
    assert_eq!(code, 1);
    assert!(
        said.contains("relay.toml, line 2: \"here\" is not an address"),
        "{said}"
    );
    assert!(!data.exists());
}

#[test]
fn the_command_line_counts_over_the_file_that_init_wrote() {
    let place = Place::new();
    let data = place.data();
    out(&finish(&["init", "--force-filesystem", "--data", text(&data)]));
    let file = std::fs::read_to_string(data.join("relay.toml")).unwrap();
    assert!(file.contains("\nlisten = \"[::]:5061\"\n"), "{file}");
    let program = place.run_with(&[]);
    assert_ne!(program.listen.port(), 5061);
}

// spec: settings-2
#[test]
fn at_sighup_settings_are_read_again_and_a_wrong_file_changes_nothing() {
    let place = Place::new();
    out(&finish(&[
        "init",
        "--force-filesystem",
        "--data",
        text(&place.data()),
    ]));
    let program = place.run_with(&[]);
    let file = place.data().join("relay.toml");
    let mut mark = 0;
    let mut opens = || {
        mark += 1;
        let owner = Owner::of_queue(mark);
        let mut here = Line::open(&program);
        let draft = owner.register(&here.seat, &fresh(&mut here.rng), 3600);
        here.ask(&draft).status() == Status::OK
    };
    assert!(!opens());
    for (text, line, may_open) in [
        ("public = true", "the settings were read again", true),
        ("public = 1", "line 1", true),
        ("", "the settings were read again", false),
    ] {
        std::fs::write(&file, text).unwrap();
        let before = place.log().matches(line).count();
        program.signal("-HUP");
        place.wait_for_log(|log| log.matches(line).count() > before);
        assert_eq!(opens(), may_open, "{text}");
    }
}

// spec: service-1
// spec: service-2
#[test]
fn the_service_manager_hears_of_the_start_and_of_test_writes_that_are_durable() {
    let place = Place::new();
    let path = place.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = || {
        let mut octets = [0; 256];
        let len = manager.recv(&mut octets).unwrap();
        String::from_utf8(octets[..len].to_vec()).unwrap()
    };
    let mut program = place.run_under(&[("NOTIFY_SOCKET", text(&path)), ("WATCHDOG_USEC", "600000")]);
    assert_eq!(heard().trim(), "READY=1");
    let before = status(&place.data())["flushes"].as_u64().unwrap();
    for _ in 0..3 {
        assert_eq!(heard().trim(), "WATCHDOG=1");
    }
    assert!(status(&place.data())["flushes"].as_u64().unwrap() >= before + 2);
    assert_eq!(program.terminate().0, Some(0));
    let mut last = heard();
    while last.trim() == "WATCHDOG=1" {
        last = heard();
    }
    assert_eq!(last.trim(), "STOPPING=1");
}

#[test]
fn the_unit_leaves_a_relay_little_that_it_could_do_to_the_machine() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/sipher-relay.service");
    let looked = std::process::Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "--no-pager", unit])
        .output();
    // Only where the tool is.
    let Ok(looked) = looked else { return };
    let said = String::from_utf8_lossy(&looked.stdout);
    assert!(looked.status.success(), "{said}");
}

// spec: check-1
#[test]
fn a_check_from_outside_uses_the_relay_and_leaves_nothing_behind() {
    let place = Place::new();
    let program = place.run_with(&["--token", "hush"]);
    let address = program.address.expose_text();
    let said = out(&finish(&["check", &address]));
    for step in [
        "is reached",
        "X25519MLKEM768",
        "OPTIONS",
        "opens a box",
        "durably",
        "same item",
        "removed",
    ] {
        assert!(said.contains(step), "{step} in {said}");
    }
    assert!(said.lines().all(|line| line.starts_with("✓ ")), "{said}");
    let held = status(&place.data());
    assert_eq!(
        (&held["boxes"], &held["items"], &held["grants"]),
        (&0.into(), &0.into(), &0.into())
    );
    out(&finish(&["check", "--json", "--local", text(&place.data())]));
}

#[test]
fn a_check_names_the_step_that_fails_and_what_to_do() {
    let place = Place::new();
    let mut program = place.run_with(&["--token", "hush"]);
    let (code, said) = failure(&["check", &program.address.without_token().expose_text()]);
    assert_eq!(code, 3);
    assert!(
        said.contains("opening a box was refused") && said.contains("with its token"),
        "{said}"
    );

    let other = Place::new().run().address.id;
    let mut wrong = program.address.clone();
    wrong.id = other;
    let (code, said) = failure(&["check", &wrong.expose_text()]);
    assert_eq!(code, 3);
    assert!(said.contains("is not the relay that the address names"), "{said}");

    program.terminate();
    let (code, said) = failure(&["check", &program.address.expose_text()]);
    assert_eq!(code, 3);
    assert!(said.contains("is not reached"), "{said}");
    assert_eq!(failure(&["check", "nonsense"]).0, 1);
    assert_eq!(failure(&["check", "--local", text(&place.data())]).0, 3);
}
