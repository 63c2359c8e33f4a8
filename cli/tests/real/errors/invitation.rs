//! Invitations that can't be used.

use snapbox::{assert_data_eq, str};

use super::seen;
use crate::support::{Person, Relay};

#[test]
fn the_invitation_is_malformed_cut_or_mistyped() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let good = anna.ok(&["invite"]);
    let good = good.trim();
    let accept = |text: &str| seen(&bob, &[], &bob.run_with_input(&["accept", "-"], text));

    assert_data_eq!(
        accept("hello"),
        str![[r#"
! error: this is not an invitation
!   an invitation begins with SIPHER:
!   do:   copy it again, whole: it is one line that begins with SIPHER:
exit 1

"#]]
    );
    assert_data_eq!(
        accept(&relay.address),
        str![[r#"
! error: this is the address of a relay, not an invitation
!   a relay's address makes an account: sipher init --relay ADDRESS --name NAME
!   do:   ask your buddy for an invitation: sipher invite
exit 1

"#]]
    );
    assert_data_eq!(
        accept(&good[..good.len() - 9]),
        str![[r#"
! error: this invitation is cut short
!   9 characters are missing at the end
!   do:   copy it again, whole: it is one line that begins with SIPHER:
exit 1

"#]]
    );
    let (start, end) = good.split_at(good.len() - 20);
    let mistyped = format!(
        "{start}{}{}",
        if end.starts_with('A') { 'B' } else { 'A' },
        &end[1..]
    );
    assert_data_eq!(
        accept(&mistyped),
        str![[r#"
! error: this invitation is mistyped
!   at least one character of it is wrong
!   do:   copy it again, whole: it is one line that begins with SIPHER:
exit 1

"#]]
    );
    assert_data_eq!(
        accept(&format!("{start}#{}", &end[1..])),
        str![[r##"
! error: this invitation is damaged
!   no invitation has the character "#"
!   do:   copy it again, whole: it is one line that begins with SIPHER:
exit 1

"##]]
    );
    assert_eq!(
        bob.run_with_input(&["accept", "-"], good).code,
        0,
        "the right one still works"
    );
}

#[test]
fn the_invitation_was_used() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let eve = Person::with_account("eve", &relay);
    let invitation = anna.ok(&["invite"]);
    assert_eq!(bob.run_with_input(&["accept", "-"], &invitation).code, 0);
    anna.ok(&["read"]);

    assert_data_eq!(
        seen(&eve, &[], &eve.run_with_input(&["accept", "-"], &invitation)),
        str![[r#"
! error: this invitation has been used already, has expired, or was mistyped
!   its relay has nothing under it, and can't know why
!   do:   ask for a new one; if only you should have had it, say that somebody else may have used it
exit 4

"#]]
    );
}

#[test]
fn the_invitation_is_ones_own() {
    let relay = Relay::start();
    let anna = Person::with_account("anna", &relay);
    let invitation = anna.ok(&["invite"]);

    assert_data_eq!(
        seen(&anna, &[], &anna.run_with_input(&["accept", "-"], &invitation)),
        str![[r#"
! error: this invitation is your own
!   you can't become your own buddy
!   do:   give it to whom you want to invite
exit 1

"#]]
    );
}

#[test]
fn an_invitation_on_the_command_line_works_and_is_warned_of() {
    let relay = Relay::start();
    let (anna, bob) = (
        Person::with_account("anna", &relay),
        Person::with_account("bob", &relay),
    );
    let invitation = anna.ok(&["invite"]);

    let run = bob.run(&["accept", invitation.trim(), "--as", "anna"]);

    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr
            .starts_with("warning: other users of this machine can see"),
        "{run:?}"
    );
}
