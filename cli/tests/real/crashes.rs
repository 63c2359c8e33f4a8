//! SIGKILL of relay and client at random moments: no accepted message is lost, none is shown twice, and their order
//! stays.
//!
//! `SIPHER_KILLS` says how many kills (20 by default; the long run is 200), `SIPHER_SEED` repeats a run.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Person, Relay, buddies, finish};

/// Small, and enough to choose moments (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a random moment is what this test is about"
)]
fn let_pass(dice: &mut Dice) {
    std::thread::sleep(Duration::from_millis(dice.below(MOMENTS)));
}

/// Starts a command, kills it after a random time if it still runs; whether it ended well by itself.
fn killed(person: &Person, args: &[&str], dice: &mut Dice) -> bool {
    let mut child = person
        .command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let_pass(dice);
    child.kill().unwrap();
    child.wait().unwrap().success()
}

/// Sends while the relay is killed at a random moment; whether it was said to be stored.
fn sent_while_the_relay_dies(bob: &Person, text: &str, relay: &mut Relay, dice: &mut Dice) -> bool {
    let child = bob
        .command(&["send", "anna", text])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let_pass(dice);
    relay.kill();
    let stored = child.wait_with_output().unwrap().status.success();
    relay.restart();
    stored
}

// spec: message-2
#[test]
fn no_accepted_message_is_lost_and_none_is_shown_twice_whoever_is_killed() {
    let (kills, seed) = (number("SIPHER_KILLS", 20), number("SIPHER_SEED", 1));
    let mut dice = Dice(seed);
    let mut relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    let mut accepted = BTreeSet::new();
    let mut shown = Vec::new();

    for round in 0..kills {
        let text = format!("message {round:05}");
        let stored = match dice.below(4) {
            0 => killed(&bob, &["send", "anna", &text], &mut dice),
            1 => sent_while_the_relay_dies(&bob, &text, &mut relay, &mut dice),
            2 => {
                let stored = finish(&mut bob.command(&["send", "anna", &text])).code == 0;
                // `who` fetches and keeps messages, and shows none.
                killed(&anna, &["who"], &mut dice);
                stored
            }
            _ => {
                let stored = finish(&mut bob.command(&["send", "anna", &text])).code == 0;
                relay.kill();
                relay.restart();
                stored
            }
        };
        if stored {
            accepted.insert(text);
        }
        if dice.below(5) == 0 {
            shown.extend(anna.read_texts());
        }
    }
    bob.ok(&["read"]);
    shown.extend(anna.read_texts());

    let once: BTreeSet<String> = shown.iter().cloned().collect();
    assert_eq!(
        once.len(),
        shown.len(),
        "seed {seed}: none is shown twice: {shown:?}"
    );
    let lost: Vec<_> = accepted.difference(&once).collect();
    assert!(
        lost.is_empty(),
        "seed {seed}: lost {lost:?} of {}",
        accepted.len()
    );
    assert!(shown.is_sorted(), "seed {seed}: out of order: {shown:?}");
    assert!(
        accepted.len() as u64 * 3 > kills,
        "seed {seed}: too few were accepted to mean anything: {}",
        accepted.len()
    );
}

/// Longest time before a kill: a command on a loaded machine takes about so long.
const MOMENTS: u64 = 400;
