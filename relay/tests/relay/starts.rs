//! Starting a relay: what is made, what is said, and every way in which it can't start.

use crate::support::line::Line;
use crate::support::people::{Owner, fresh};
use crate::support::program::{Place, failure, finish, text};
use sipher_wire::sip::{Draft, Status};
use sipher_wire::{OpeningToken, RelayAddress};
use std::net::TcpListener;

fn init(place: &Place, more: &[&str]) -> serde_json::Value {
    let data = place.data();
    let args = [
        &["init", "--json", "--force-filesystem", "--data", text(&data)],
        more,
    ]
    .concat();
    let output = finish(&args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `run` says of a directory in which it can't start.
fn refused(place: &Place, more: &[&str]) -> (i32, String) {
    let data = place.data();
    failure(&[&["run", "--force-filesystem", "--data", text(&data)], more].concat())
}

const HERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn init_makes_what_run_then_uses() {
    let place = Place::new();
    let made = init(&place, &["--host", "Relay.Example", "--token"]);
    let address = RelayAddress::parse(made["address"].as_str().unwrap()).unwrap();
    assert_eq!(address.host.to_string(), "relay.example");
    let token = OpeningToken::parse(made["token"].as_str().unwrap()).unwrap();
    assert_eq!(address.token.as_ref(), Some(&token));

    let program = place.run_with(&[]);
    assert_eq!(program.address.id, address.id);
    assert_eq!(program.address.host, address.host);
    assert_eq!(program.address.token, None, "only its hash was kept");
    let kept = std::fs::read_to_string(place.data().join("relay.json")).unwrap();
    assert!(!kept.contains(token.expose_text()));
}

#[test]
fn a_relay_that_is_not_public_opens_boxes_for_its_token_alone() {
    let place = Place::new();
    let program = place.run_with(&["--token", "hush-hush"]);
    assert_eq!(program.address.token, OpeningToken::parse("hush-hush"));
    let owner = Owner::of_queue(1);
    let mut line = Line::open(&program);
    let draft = owner.query(&line.seat, &fresh(&mut line.rng));
    assert_eq!(line.ask(&draft).status(), Status::FORBIDDEN);
    let at = owner.at(&line.seat.host);
    let draft = Draft::register_query(&line.seat.origin, at, &fresh(&mut line.rng));
    let proof = owner
        .proof(&line.seat)
        .opening(program.address.token.clone().unwrap());
    assert_eq!(line.ask(&draft.authorized(&proof)).status(), Status::OK);
}

#[test]
fn a_relay_that_makes_itself_says_its_token_once() {
    let place = Place::new();
    let program = place.run_with(&[]);
    assert!(program.address.token.is_some());
    let id = program.address.id;
    drop(program);
    let program = place.run_with(&[]);
    assert_eq!(program.address.token, None);
    assert_eq!(program.address.id, id);
}

#[test]
fn a_relay_is_not_made_over_something() {
    let place = Place::new();
    init(&place, &["--public"]);
    let data = place.data();
    let (code, said) = failure(&["init", "--data", text(&data), "--force-filesystem"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("is not empty") && said.contains("\n  do:   "),
        "{said}"
    );
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, said) = refused(&place, &["--listen", &address]);
    assert_eq!(code, 3);
    let expected = format!(
        "error: the port {address} is taken\n  another program listens there\n  do:   stop that program, or give \
         another port (0 takes a free one)"
    );
    assert_eq!(said, expected);
}

#[test]
fn an_address_that_is_malformed_or_not_ours_is_said_so() {
    for (listen, code, part) in [
        ("localhost", 1, "\"localhost\" is not an address and port"),
        ("127.0.0.1", 1, "is not an address and port"),
        ("127.0.0.1:99999", 1, "is not an address and port"),
        ("192.0.2.77:0", 3, "is not an address of this machine"),
        ("0.0.0.0:0", 1, "--host"),
    ] {
        let (found, said) = refused(&Place::new(), &["--listen", listen]);
        assert_eq!(found, code, "{listen}: {said}");
        assert!(said.contains(part), "{listen}: {said}");
    }
}

// spec: frame-11
#[test]
fn s6_an_insecure_port_outside_loopback_is_refused() {
    for address in ["0.0.0.0:5060", "192.0.2.1:5060", "[::]:5060", "[2001:db8::1]:0"] {
        let (code, said) = refused(
            &Place::new(),
            &[&HERE[..], &["--insecure-loopback", address]].concat(),
        );
        assert_eq!(code, 1);
        assert!(said.contains("can be reached from other machines"), "{said}");
    }
}

#[test]
fn a_second_relay_in_the_same_directory_is_told_about_the_first() {
    let place = Place::new();
    let program = place.run();
    let (code, said) = refused(&place, &HERE);
    assert_eq!(code, 5);
    assert!(
        said.contains(&format!("process {} has it open", program.pid())),
        "{said}"
    );
}

#[test]
fn a_missing_or_damaged_store_is_never_an_empty_start() {
    for damage in ["missing", "no file", "garbage"] {
        let place = Place::new();
        init(&place, &["--public"]);
        let store = place.data().join("store");
        match damage {
            "missing" => std::fs::remove_dir_all(&store).unwrap(),
            "no file" => std::fs::remove_file(store.join("db")).unwrap(),
            _ => std::fs::write(store.join("db"), vec![0xa5; 20_000]).unwrap(),
        }
        let (code, said) = refused(&place, &HERE);
        assert_eq!(code, 6, "{damage}: {said}");
        assert!(said.contains("is missing or damaged"), "{damage}: {said}");
        assert!(
            said.contains("restore the directory from a backup"),
            "{damage}: {said}"
        );
    }
}

#[test]
fn a_directory_that_is_something_else_is_left_alone() {
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    std::fs::write(place.data().join("diary.txt"), "dear").unwrap();
    let (code, said) = refused(&place, &HERE);
    assert_eq!(code, 1);
    assert!(said.contains("is not a relay's directory"), "{said}");
    assert_eq!(std::fs::read_dir(place.data()).unwrap().count(), 1);

    let file = Place::new();
    std::fs::write(file.data(), "a file").unwrap();
    assert_eq!(refused(&file, &HERE).0, 1);
}

#[test]
fn a_disk_that_may_lose_what_was_promised_is_refused_unless_forced() {
    let is_tmpfs =
        std::fs::read_to_string("/proc/mounts").is_ok_and(|text| text.contains(" /dev/shm tmpfs "));
    if !is_tmpfs {
        return;
    }
    let root = tempfile::tempdir_in("/dev/shm").unwrap();
    let data = root.path().join("relay");
    let (code, said) = failure(&[&["run", "--public", "--data", text(&data)], &HERE[..]].concat());
    assert_eq!(code, 1);
    assert!(
        said.contains("is on tmpfs") && said.contains("--force-filesystem"),
        "{said}"
    );
}

#[test]
fn tokens_and_hosts_that_cannot_be_are_said_so_without_repeating_a_secret() {
    let place = Place::new();
    let (code, said) = refused(&place, &[&HERE[..], &["--token", "not a token"]].concat());
    assert_eq!(code, 1);
    assert!(
        said.contains("cannot be a token") && !said.contains("not a token"),
        "{said}"
    );
    let (code, said) = refused(&place, &[&HERE[..], &["--host", "under_score"]].concat());
    assert_eq!(code, 1);
    assert!(said.contains("\"under_score\" is not a host name"), "{said}");
    assert!(!place.data().exists());
}

#[test]
fn under_json_an_error_is_one_object_too() {
    let place = Place::new();
    let data = place.data();
    let output = finish(&["--json", "run", "--data", text(&data), "--listen", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    let said: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!(said["exit"], 1);
    assert!(said["do"].as_str().unwrap().contains("--listen"));
}

#[test]
fn a_command_line_that_cannot_be_read_ends_with_2_and_help_with_0() {
    assert_eq!(finish(&["run"]).status.code(), Some(2));
    assert_eq!(finish(&["fly"]).status.code(), Some(2));
    assert_eq!(finish(&["--help"]).status.code(), Some(0));
    assert_eq!(finish(&["--version"]).status.code(), Some(0));
}
