//! What wrong input gets: each error whole, standard output and standard error, with its exit code; and that
//! nothing is lost by any of them.

use std::fmt::Write as _;

use snapbox::{assert_data_eq, str};

use crate::support::{Person, Relay, Run, buddies};

mod invitation;
mod relay;
mod store;

/// What a person sees, with the parts that differ from run to run under fixed names.
fn seen(person: &Person, relays: &[&Relay], run: &Run) -> String {
    let mut text = String::new();
    for (stream, mark) in [(&run.stdout, ""), (&run.stderr, "! ")] {
        for line in stream.lines() {
            writeln!(text, "{mark}{line}").unwrap();
        }
    }
    writeln!(text, "exit {}", run.code).unwrap();
    text = text.replace(person.home().to_str().unwrap(), "HOME");
    for (relay, name) in relays.iter().zip(["RELAY", "OTHER"]) {
        text = text.replace(relay.listen(), name);
    }
    text
}

#[test]
fn there_is_no_account_yet() {
    let anna = Person::new("anna");
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["read"])),
        str![[r#"
! error: there is no account yet
!   nothing is in HOME/default
!   do:   make one: sipher init --relay ADDRESS --name NAME
exit 1

"#]]
    );
}

#[test]
fn there_is_an_account_already() {
    let relay = Relay::start();
    let anna = Person::with_account("anna", &relay);
    let words = anna.json(&["status"]);
    assert_data_eq!(
        seen(
            &anna,
            &[],
            &anna.run(&["init", "--relay", &relay.address, "--name", "anna"])
        ),
        str![[r#"
! error: there is an account already under the profile "default"
!   it is in HOME/default; nothing was changed
!   do:   use it, or make a second one beside it: sipher --profile OTHER init ...
exit 1

"#]]
    );
    assert_eq!(anna.json(&["status"]), words);
}

#[test]
fn the_relay_address_is_none() {
    let anna = Person::new("anna");
    assert_data_eq!(
        seen(
            &anna,
            &[],
            &anna.run(&["init", "--relay", "https://relay.example.org", "--name", "anna"])
        ),
        str![[r#"
! error: this is not the address of a relay
!   a relay's address begins with sipher-relay:
!   do:   copy it whole from whoever runs the relay: sipher-relay:HOST[:PORT]/KEY[/TOKEN]
exit 1

"#]]
    );
    assert_eq!(anna.run(&["read"]).code, 1, "no account was made");
}

#[test]
fn nobody_is_there_to_answer() {
    let relay = Relay::start();
    let anna = Person::new("anna");
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["init", "--relay", &relay.address])),
        str![[r#"
! error: "Name for yourself (only buddies whom you invite see it)" has to be answered, and standard input is no terminal
!   do:   give --name NAME
exit 2

"#]]
    );
    let anna = Person::with_account("anna", &relay);
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["accept"])),
        str![[r#"
! error: "Paste the invitation (sipher:...)" has to be answered, and standard input is no terminal
!   do:   give the invitation, or - and the invitation on standard input
exit 2

"#]]
    );
}

#[test]
fn the_buddy_is_unknown() {
    let relay = Relay::start();
    let anna = Person::with_account("anna", &relay);
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["send", "bob", "hello"])),
        str![[r#"
! error: you have no buddy "bob"
!   you have none yet
!   do:   invite somebody: sipher invite
exit 1

"#]]
    );

    let (anna, _bob) = buddies(&relay);
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["send", "bop", "hello"])),
        str![[r#"
! error: you have no buddy "bop"
!   you have: bob
!   do:   see all of them: sipher who
exit 1

"#]]
    );
    assert_eq!(anna.run(&["send", "BOB", "hello"]).code, 0, "case doesn't matter");
}

#[test]
fn the_text_is_empty_or_too_long() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);

    assert_data_eq!(
        seen(&bob, &[], &bob.run_with_input(&["send", "anna", "-"], "\n")),
        str![[r#"
! error: there is nothing to send
!   the text is empty
!   do:   give a text, or - and the text on standard input
exit 1

"#]]
    );
    let long = "x".repeat(70_000);
    assert_data_eq!(
        seen(&bob, &[], &bob.run_with_input(&["send", "anna", "-"], &long)),
        str![[r#"
! error: this text is too long for a message
!   a message has at most [..] octets; nothing was sent
!   do:   send it in parts
exit 1

"#]]
    );
    assert_eq!(
        bob.run_with_input(&["send", "anna", "-"], &"x".repeat(3 << 20))
            .code,
        1
    );
    assert_eq!(anna.read_texts(), Vec::<String>::new());
}

#[test]
fn the_right_is_unknown() {
    let relay = Relay::start();
    let (anna, _bob) = buddies(&relay);
    let refused = str![[r#"
! error: "presence=everything" is no right
!   there are: presence=none|reachable|status|full, receipts=none|delivered|read, message=yes|no
!   do:   for example: sipher grant BUDDY presence=status until=2h
exit 1

"#]];
    assert_data_eq!(
        seen(
            &anna,
            &[],
            &anna.run(&["grant", "bob", "message=yes", "presence=everything"])
        ),
        refused
    );
    assert_data_eq!(
        seen(
            &anna,
            &[],
            &anna.run(&["grant", "bob", "presence=full", "until=yesterday"])
        ),
        str![[r#"
! error: this is no time in the future
!   times are in UTC
!   do:   give 30m, 2h, 3d, 14:00, or a day like 2027-01-31
exit 1

"#]]
    );
}

#[test]
fn the_profile_has_no_name() {
    let anna = Person::new("anna");
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["--profile", "../anna", "read"])),
        str![[r#"
! error: this is no name of a profile
!   it may have 1 to 32 of a-z, 0-9, - and _
!   do:   choose another name for --profile
exit 1

"#]]
    );
}

#[test]
fn an_error_under_json_is_one_object() {
    let anna = Person::new("anna");

    let run = anna.run(&["--json", "read"]);

    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((error["exit"].as_i64(), run.code), (Some(1), 1));
    assert_eq!(error["error"], "there is no account yet");
    assert_eq!(run.stdout, "");
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    let anna = Person::new("anna");
    assert_eq!(anna.run(&["fly"]).code, 2);
    assert_eq!(anna.run(&["send"]).code, 2);
    assert_eq!(anna.run(&["--help"]).code, 0);
}

#[test]
fn a_command_line_that_makes_no_sense_is_one_object_under_json() {
    let anna = Person::new("anna");

    let run = anna.run(&["grant", "bob", "--presence", "full", "--json"]);

    assert_eq!(run.code, 2);
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["exit"], 2);
    assert_eq!(error["error"], "unexpected argument '--presence' found");
    assert_eq!(run.stdout, "");
}
