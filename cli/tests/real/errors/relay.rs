//! Relays that are away or false.

use snapbox::{assert_data_eq, str};

use super::seen;
use crate::support::{Person, Relay, buddies};

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
