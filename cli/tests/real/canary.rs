//! Planted names, texts, notes and statuses are found nowhere at the relay: not in its store, not in its log at
//! trace level, not inside TLS; neither as they are nor in hexadecimal nor in base64.

use std::path::Path;
use std::process::Command;

use crate::support::{Person, Relay, finish};

#[path = "../../src/trial/needle.rs"]
mod needle;
#[path = "../../src/trial/transcript.rs"]
mod transcript;

use needle::Needle;
use transcript::Transcript;

const INVITER: &str = "Planted Inviter Name";
const INVITEE: &str = "Planted Invitee Name";
const PETNAME: &str = "Planted Pet Name";
const FIRST: &str = "a planted text, the first of them";
const SECOND: &str = "a planted text\nover several lines\nwith an end";
const NOTE: &str = "a planted note";
const STATUS: &str = "\"away\"";

/// What must not be seen; one needle a line, since a leak may fold lines.
fn needles() -> Vec<Needle> {
    [INVITER, INVITEE, PETNAME, FIRST, NOTE, STATUS]
        .into_iter()
        .chain(SECOND.lines())
        .map(Needle::new)
        .collect()
}

/// Lets two people do everything through `sipher`; says where at the relay a needle was found.
fn leaks(sipher: &Path) -> Vec<String> {
    let mut relay = Relay::start();
    let account = |name: &'static str| {
        let person = Person::with_binary(name, sipher.to_owned());
        person.ok(&["init", "--relay", &relay.address, "--name", name]);
        person
    };
    let (inviter, invitee) = (account(INVITER), account(INVITEE));
    let invitation = inviter.ok(&["invite", "--for", PETNAME]);
    assert_eq!(
        invitee
            .run_with_input(&["accept", "-", "--as", INVITER], &invitation)
            .code,
        0
    );
    inviter.ok(&["read"]);
    invitee.ok(&["read"]);
    inviter.ok(&["status", "away", "--note", NOTE]);
    inviter.ok(&["grant", PETNAME, "presence=full"]);
    inviter.ok(&["send", PETNAME, FIRST]);
    invitee.run_with_input(&["send", INVITER, "-"], SECOND);
    // The relay's store is looked at twice: while messages wait, and after they were fetched.
    let waiting = found(&relay);
    assert_eq!(inviter.read_texts(), [SECOND]);
    assert_eq!(invitee.read_texts(), [FIRST]);
    assert_eq!(invitee.json(&["who"])[0]["note"], NOTE);
    inviter.ok(&["retract", PETNAME]);
    relay.kill();
    [waiting, found(&relay)].concat()
}

fn found(relay: &Relay) -> Vec<String> {
    let needles = needles();
    let mut places = Vec::new();
    for (path, octets) in relay.everything_on_disk() {
        for needle in needles.iter().filter(|needle| needle.is_in(&octets)) {
            places.push(format!("{:?} in {}", needle.text(), path.display()));
        }
    }
    let mut octets = 0;
    for path in relay.transcripts() {
        let transcript = Transcript::read(&path).unwrap();
        octets += transcript
            .streams()
            .map(|(_, _, stream)| stream.len())
            .sum::<usize>();
        places.extend(
            transcript
                .found(&needles)
                .iter()
                .map(|text| format!("{text:?} inside TLS")),
        );
    }
    assert!(
        octets > 10_000,
        "the transcript must hold what was said: {octets} octets"
    );
    places
}

// spec: relay-9
#[test]
fn the_relay_sees_no_name_no_text_no_note_and_no_status() {
    assert_eq!(
        leaks(Path::new(env!("CARGO_BIN_EXE_sipher"))),
        Vec::<String>::new()
    );
}

/// The test above can fail: a client that leaks is caught by it. It builds that client, which takes a minute, so run
/// it by `.ci/long canary`, as `.ci/run` does.
#[test]
#[ignore = "builds a client that leaks on purpose; see the comment"]
fn a_leaky_client_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let leaky = folder.path().join("sipher");
    build_leaky(&leaky);

    let places = leaks(&leaky);

    assert!(places.iter().any(|place| place.contains(FIRST)), "{places:?}");
}

/// Builds the client that leaks where everything else is built, so that its dependencies are built once, and puts it
/// aside. Then builds the honest one again: nobody shall find a leaky client where he looks for `sipher`.
fn build_leaky(aside: &Path) {
    build(&["--features", "leak-for-canary-test"]);
    std::fs::copy(env!("CARGO_BIN_EXE_sipher"), aside).unwrap();
    build(&[]);
}

fn build(features: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = finish(
        Command::new(env!("CARGO"))
            .args(["build", "--locked", "-p", "sipher-cli", "--bin", "sipher"])
            .args(features)
            .current_dir(root),
    );
    assert_eq!(built.code, 0, "{}", built.stderr);
}
