//! What the README promises, a test a promise.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Person, Relay, buddies, finish, link, sipher, texts};

#[test]
fn try_tells_the_whole_story_and_ends_well() {
    let run = finish(Command::new(sipher()).arg("try").env_clear());

    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("3 of 3, in order, none twice"), "{run:?}");
    assert!(run.stdout.contains("0 names, 0 texts"), "{run:?}");
    assert!(run.stdout.contains("Everything worked in "), "{run:?}");
}

#[test]
fn try_can_show_every_byte_that_the_relay_saw() {
    let run = finish(Command::new(sipher()).args(["try", "--show-relay"]).env_clear());

    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("SIP/2.0 202 Accepted"), "{}", run.stdout);
    assert!(!run.stdout.contains("bytes of a text"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn try_that_is_interrupted_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut trying = Command::new(sipher())
        .args(["--json", "try"])
        .env_clear()
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(trying.stdout.take().unwrap()).lines();
    let relay: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let listen = relay["listen"].as_str().unwrap();
    assert!(TcpStream::connect(listen).is_ok());

    assert!(
        Command::new("kill")
            .args(["-INT", &trying.id().to_string()])
            .status()
            .unwrap()
            .success()
    );

    assert_eq!(trying.wait().unwrap().code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(TcpStream::connect(listen).is_err(), "its relay is gone, too");
}

#[test]
fn two_people_become_buddies_and_talk_both_ways() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);

    assert!(
        bob.ok(&["send", "anna", "Are you there?"])
            .starts_with("stored at ")
    );
    assert_eq!(anna.read_texts(), ["Are you there?"]);
    anna.ok(&["send", "bob", "Yes."]);
    assert_eq!(bob.read_texts(), ["Yes."]);
}

// spec: safety-2
#[test]
fn both_sides_see_the_same_words() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);

    let (hers, his) = (
        &anna.json(&["verify", "bob"])[0],
        &bob.json(&["verify", "anna"])[0],
    );

    assert_eq!(hers["words"], his["words"]);
    assert_eq!(hers["number"], his["number"]);
    assert_eq!(hers["words"].as_str().unwrap().split(' ').count(), 6);
    assert_eq!(hers["verified"], false);
    assert_eq!(anna.json(&["verify", "bob", "--confirm"])[0]["verified"], true);
}

#[test]
fn what_is_sent_to_somebody_offline_waits_for_him() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);

    for text in ["one", "two", "three"] {
        bob.ok(&["send", "anna", text]);
    }

    assert_eq!(anna.read_texts(), ["one", "two", "three"]);
    assert_eq!(anna.read_texts(), Vec::<String>::new(), "none is shown twice");
}

#[test]
fn a_text_arrives_as_it_was_sent() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    let long = "0123456789".repeat(1024);
    let sent = [
        "👋🏽 schön",
        "first line\nsecond line\n\nfourth",
        "\u{1b}[2J\u{7}",
        &long,
    ];

    for text in sent {
        let run = bob.run_with_input(&["send", "anna", "-"], text);
        assert_eq!(run.code, 0, "{run:?}");
    }

    assert_eq!(anna.read_texts(), sent);
}

#[test]
fn a_message_cannot_drive_the_terminal() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    bob.ok(&["send", "anna", "\u{1b}[2J\u{202e}gone"]);

    let shown = anna.ok(&["read"]);

    assert!(shown.contains("\\u{1b}[2J\\u{202e}gone"), "{shown:?}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_text_that_is_sent_before_the_answer_waits_for_it() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let invitation = anna.ok(&["invite", "--for", "bob"]);
    bob.run_with_input(&["accept", "-", "--as", "anna"], &invitation);

    let early = bob.run(&["send", "anna", "Hello already"]);
    assert_eq!(early.code, 3, "{early:?}");
    assert!(early.stdout.starts_with("queued at "), "{early:?}");

    anna.ok(&["read"]);
    bob.ok(&["read"]);
    assert_eq!(anna.read_texts(), ["Hello already"]);
}

#[test]
fn a_text_that_is_sent_while_the_relay_is_away_is_kept() {
    let mut relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    relay.kill();

    let away = bob.run(&["send", "anna", "Are you there?"]);
    assert_eq!(away.code, 3, "{away:?}");
    assert!(away.stdout.starts_with("queued at "), "{away:?}");

    relay.restart();
    bob.ok(&["read"]);
    assert_eq!(anna.read_texts(), ["Are you there?"]);
}

#[test]
fn what_a_relay_said_was_stored_survives_its_power_cut() {
    let mut relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    for text in ["one", "two", "three"] {
        bob.ok(&["send", "anna", text]);
    }

    relay.kill();
    relay.restart();

    assert_eq!(anna.read_texts(), ["one", "two", "three"]);
}

// spec: presence-14
#[test]
fn presence_is_for_whom_it_was_granted_until_it_is_retracted() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    let carla = Person::with_account("carla", &relay);
    link(&anna, &carla);
    let seen_by = |person: &Person| {
        person
            .json(&["who"])
            .into_iter()
            .find(|row| row["buddy"] == "anna")
            .unwrap()
    };
    assert_eq!(seen_by(&bob)["granted"], false);

    anna.ok(&["status", "away", "--note", "out for lunch", "--until", "2h"]);
    anna.ok(&["grant", "bob", "presence=full"]);
    anna.ok(&["grant", "carla", "presence=reachable"]);

    let (to_bob, to_carla) = (seen_by(&bob), seen_by(&carla));
    assert_eq!(
        (&to_bob["state"], &to_bob["note"]),
        (&Value::from("away"), &Value::from("out for lunch"))
    );
    assert_eq!(
        (&to_carla["reachable_only"], &to_carla["note"]),
        (&Value::from(true), &Value::Null)
    );

    anna.ok(&["retract", "bob", "presence"]);
    assert_eq!(seen_by(&bob)["known"], false, "{:?}", seen_by(&bob));
    assert_eq!(seen_by(&carla)["known"], true, "the others see what they saw");
}

#[test]
fn grants_say_who_may_what() {
    let relay = Relay::start();
    let (anna, _bob) = buddies(&relay);
    anna.ok(&["grant", "bob", "presence=status", "until=2h"]);

    let rights = &anna.json(&["grants", "bob"])[0];

    assert_eq!(rights["presence"]["value"], "status");
    assert!(rights["presence"]["until"].is_u64());
    assert_eq!(rights["message"]["value"], "yes");
}

#[test]
fn an_invitation_is_used_once() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let eve = Person::with_account("eve", &relay);
    let invitation = anna.ok(&["invite"]);
    assert_eq!(bob.run_with_input(&["accept", "-"], &invitation).code, 0);
    anna.ok(&["read"]);

    let second = eve.run_with_input(&["accept", "-"], &invitation);

    assert_eq!(second.code, 4, "{second:?}");
    assert_eq!(anna.json(&["who"]).len(), 1);
}

#[test]
fn invite_and_accept_can_wait_for_each_other() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let mut inviting = anna
        .command(&["--json", "invite", "--for", "bob", "--wait", "--timeout", "60"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(inviting.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();

    let accepted = bob.run_with_input(
        &[
            "--json",
            "accept",
            "-",
            "--as",
            "anna",
            "--wait",
            "--timeout",
            "60",
        ],
        first["invitation"].as_str().unwrap(),
    );

    assert_eq!(accepted.code, 0, "{accepted:?}");
    assert!(inviting.wait().unwrap().success());
    let linked: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&linked["buddy"], &linked["stage"]),
        (&Value::from("bob"), &Value::from("linked"))
    );
    let his: Value = serde_json::from_str(accepted.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(linked["words"], his["words"]);
}

#[cfg(unix)]
#[test]
fn tail_streams_what_comes_and_ends_when_told() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    bob.ok(&["send", "anna", "before"]);
    let mut tail = anna
        .command(&["tail"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next_text = || loop {
        let object: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if let Some(text) = texts(std::slice::from_ref(&object)).pop() {
            return text;
        }
    };

    assert_eq!(next_text(), "before");
    bob.ok(&["send", "anna", "while connected"]);
    assert_eq!(next_text(), "while connected");

    let pid = tail.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(tail.wait().unwrap().code(), Some(0));
    assert_eq!(
        anna.read_texts(),
        Vec::<String>::new(),
        "what tail showed is read"
    );
}

#[test]
fn tail_ends_when_nobody_reads_it() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    let mut tail = anna
        .command(&["tail"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(tail.stderr.take().unwrap())
        .lines()
        .next()
        .unwrap()
        .unwrap();
    assert!(said.starts_with("Writing what happens"), "{said}");
    drop(tail.stdout.take());

    bob.ok(&["send", "anna", "hello"]);

    assert_eq!(tail.wait().unwrap().code(), Some(0));
}

#[test]
fn a_passphrase_locks_the_account() {
    let relay = Relay::start();
    let anna = Person::new("anna");
    let file = anna.home().join("passphrase");
    std::fs::write(&file, "otter lamp\n").unwrap();
    let with_file = |args: &[&str]| finish(anna.command(args).env("SIPHER_PASSPHRASE_FILE", &file));
    let made = with_file(&["--json", "init", "--relay", &relay.address, "--name", "anna"]);
    assert_eq!(made.code, 0, "{made:?}");

    assert_eq!(with_file(&["read"]).code, 0);
    let locked = anna.run(&["read"]);

    assert_eq!(locked.code, 5, "{locked:?}");
    assert!(locked.stderr.contains("SIPHER_PASSPHRASE_FILE"), "{locked:?}");
}

#[test]
fn what_was_read_is_still_in_the_history() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    anna.ok(&["send", "bob", "first\nof two lines"]);
    bob.ok(&["send", "anna", "second"]);
    let before = anna.json(&["history", "bob"]);
    assert_eq!(texts(&before), ["first\nof two lines"], "history asks no relay");

    assert_eq!(anna.read_texts(), ["second"]);

    let kept = anna.json(&["history", "bob"]);
    assert_eq!(texts(&kept), ["first\nof two lines", "second"]);
    assert_eq!(kept[0]["from"], "me");
    assert_eq!(kept[1]["from"], "bob");
    assert_eq!(texts(&anna.json(&["history", "bob", "--last", "1"])), ["second"]);
    assert_eq!(texts(&anna.json(&["history", "bob", "--all"])).len(), 2);
    assert_eq!(anna.read_texts(), Vec::<String>::new());
}
