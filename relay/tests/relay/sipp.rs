//! SIPp at the insecure port, over TCP and UDP: an independent SIP stack sees what the RFCs promise.
//!
//! `apt install sip-tester`. Without it nothing is tested here, which is a failure where `CI=true`.

use crate::support::program::{Place, Program};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Every scenario in `tests/sipp`.
fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    found.sort();
    assert!(found.len() >= 10);
    found
}

fn is_there() -> bool {
    let there = Command::new("sipp")
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    assert!(
        there || std::env::var("CI").as_deref() != Ok("true"),
        "install SIPp: apt install sip-tester"
    );
    there
}

fn run(program: &Program, scenario: &Path, transport: &str, place: &Place) {
    let target = program.insecure.unwrap();
    let output = Command::new("sipp")
        .arg(target.to_string())
        .args("-i 127.0.0.1 -m 5 -r 50 -l 5 -nostdin -timeout 20 -max_socket 50 -t".split(' '))
        .arg(transport)
        .args(["-trace_err", "-error_file"])
        .arg(place.path("sipp-errors"))
        .arg("-sf")
        .arg(scenario)
        .env("TERM", "dumb")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let errors = std::fs::read_to_string(place.path("sipp-errors")).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} over {transport}: {said}\n{errors}",
        scenario.display()
    );
}

#[test]
fn sipp_gets_what_the_rfcs_say_over_tcp_and_udp() {
    if !is_there() {
        return;
    }
    let place = Place::new();
    let mut program = place.run_with(&["--public", "--insecure-loopback", "127.0.0.1:0"]);
    for scenario in scenarios() {
        // A malformed request ends its stream, so SIPp uses one for each call there.
        run(&program, &scenario, "tn", &place);
        run(&program, &scenario, "u1", &place);
    }
    assert!(program.is_running());
}
