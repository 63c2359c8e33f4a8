//! Relays that are away or false.

use std::io::Write as _;
use std::process::Stdio;

use snapbox::{assert_data_eq, str};

use super::seen;
use crate::support::{Person, Relay, Run, buddies};

#[test]
fn the_relay_cannot_be_reached() {
    let mut relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    bob.ok(&["send", "anna", "before"]);
    relay.kill();

    let away = str![[r#"
! error: the relay RELAY can't be reached
!   the machine is there, but nothing accepts connections on this port: the relay is not running
!   do:   try again later, or ask whoever runs it; nothing is lost
! Nothing unread.
exit 3

"#]];
    assert_data_eq!(seen(&anna, &[&relay], &anna.run(&["read"])), away);
    assert_data_eq!(
        seen(&bob, &[&relay], &bob.run(&["send", "anna", "after"])),
        str![[r#"
queued at [..]
! error: the relay RELAY can't be reached
!   the machine is there, but nothing accepts connections on this port: the relay is not running
!   do:   try again later, or ask whoever runs it; nothing is lost
exit 3

"#]]
    );

    relay.restart();
    bob.ok(&["read"]);
    assert_eq!(anna.read_texts(), ["before", "after"]);
}

#[test]
fn the_relay_has_another_key_than_pinned() {
    let (relay, other) = (Relay::start(), Relay::start());
    let anna = Person::new("anna");
    let key = relay.address.rsplit('/').next().unwrap();
    let false_address = format!("sipher-relay:{}/{key}", other.listen());
    anna.ok(&["init", "--relay", &false_address, "--name", "anna"]);

    assert_data_eq!(
        seen(&anna, &[&other], &anna.run(&["invite"])),
        str![[r#"
! error: the relay RELAY has another key than its address says
!   expected [..]..., shown [..]...
!   somebody may stand between you and the relay, or it was set up anew; nothing was sent
!   do:   ask whoever runs the relay, over another way, which key it has
[..]
exit 4

"#]]
    );
}

#[test]
fn the_relay_has_no_address() {
    let relay = Relay::start();
    let anna = Person::new("anna");
    let key = relay.address.rsplit('/').next().unwrap();
    let nowhere = format!("sipher-relay:no-such-host.invalid/{key}");
    anna.ok(&["init", "--relay", &nowhere, "--name", "anna"]);

    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["invite"])),
        str![[r#"
! error: the relay no-such-host.invalid was not found
!   its host name has no address
!   do:   check your network, and the relay's address with whoever runs it
! The invitation is kept. The next command that reaches the relay shows it.
exit 3

"#]]
    );
}

#[test]
fn what_answers_is_no_relay() {
    let relay = Relay::start();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let anna = Person::new("anna");
    let key = relay.address.rsplit('/').next().unwrap();
    anna.ok(&[
        "init",
        "--relay",
        &format!("sipher-relay:{place}/{key}"),
        "--name",
        "anna",
    ]);
    let inviting = anna
        .command(&["invite"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    drop((connection, listener));

    let run = Run::from(inviting.wait_with_output().unwrap());

    let text = seen(&anna, &[], &run).replace(&place.to_string(), "PLACE");
    assert_data_eq!(
        text,
        str![[r#"
! error: what answers at PLACE is not the relay
!   it doesn't prove to hold the key that the relay's address names
!   do:   don't go on over this network; try another one, or ask whoever runs the relay
! The invitation is kept. The next command that reaches the relay shows it.
exit 4

"#]]
    );
}
