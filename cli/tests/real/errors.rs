//! What wrong input gets: each error whole, standard output and standard error, with its exit code; and that
//! nothing is lost by any of them.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, str};

use crate::support::{Person, Relay, Run, buddies, finish, sipher};

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
! An account is a key on this machine: nobody gives it to you, and nobody can take it away.
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
! An account is a key on this machine: nobody gives it to you, and nobody can take it away.
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
fn the_passphrase_is_wrong() {
    let relay = Relay::start();
    let anna = Person::new("anna");
    let file = anna.home().join("passphrase");
    let with = |passphrase: &str, args: &[&str]| {
        std::fs::write(&file, passphrase).unwrap();
        finish(anna.command(args).env("SIPHER_PASSPHRASE_FILE", &file))
    };
    assert_eq!(
        with(
            "otter lamp",
            &["init", "--relay", &relay.address, "--name", "anna"]
        )
        .code,
        0
    );

    assert_data_eq!(
        seen(&anna, &[], &with("otter lamb", &["read"])),
        str![[r#"
! error: the passphrase is wrong
!   it doesn't open this account; nothing was changed
!   do:   try again; capitals and blanks count
exit 5

"#]]
    );
    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["read"])),
        str![[r#"
! error: this account is locked with a passphrase
!   standard input is no terminal, so you can't be asked for it
!   do:   put it into a file and name that file in SIPHER_PASSPHRASE_FILE
exit 5

"#]]
    );
    assert_eq!(with("otter lamp\n", &["read"]).code, 0);
}

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

// spec: store-10
#[cfg(unix)]
#[test]
fn another_process_owns_the_account() {
    use std::io::{BufRead as _, BufReader};
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    bob.ok(&["send", "anna", "hello"]);
    let mut tail = anna
        .command(&["tail"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert!(
        lines.next().unwrap().unwrap().contains("hello"),
        "tail owns the account from here on"
    );

    let run = anna.run(&["read"]);
    tail.kill().unwrap();
    tail.wait().unwrap();

    assert_data_eq!(
        seen(&anna, &[], &run).replace(&tail.id().to_string(), "PID"),
        str![[r#"
! error: the account is in use by another sipher process (pid PID)
!   one process at a time owns an account; nothing was changed
!   do:   wait until it ends, or end it
exit 5

"#]]
    );
    assert_eq!(anna.run(&["read"]).code, 0, "the lock ends with its process");
}

#[test]
fn the_store_is_damaged() {
    let relay = Relay::start();
    let anna = Person::with_account("anna", &relay);
    let store = anna.account().join("account.redb");
    let mut octets = std::fs::read(&store).unwrap();
    let len = octets.len();
    octets[..len / 2].fill(0x55);
    std::fs::write(&store, &octets).unwrap();

    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["read"])),
        str![[r#"
! error: the account's store is damaged
!   HOME/default/account.redb is not what was written there; it is left as it is
!   do:   keep the file, and put the folder back from a backup if you have one
!   do:   else make a new account beside it: sipher --profile OTHER init ...
exit 6

"#]]
    );
    assert!(
        std::fs::read(&store).unwrap() == octets,
        "the file is left as it is"
    );

    std::fs::remove_file(&store).unwrap();
    assert_eq!(anna.run(&["read"]).code, 6, "a missing store is no new account");
    assert!(!store.exists());
}

#[test]
fn the_key_file_is_damaged() {
    let relay = Relay::start();
    let anna = Person::with_account("anna", &relay);
    let file = anna.account().join("account.key");
    let octets = std::fs::read(&file).unwrap();
    std::fs::write(&file, &octets[..octets.len() - 1]).unwrap();

    assert_data_eq!(
        seen(&anna, &[], &anna.run(&["read"])),
        str![[r#"
! error: the key file of the account is damaged or missing
!   HOME/default/account.key is not what was written there
!   do:   put it back from a backup; without it nobody can open the account's store
exit 6

"#]]
    );

    std::fs::write(&file, &octets).unwrap();
    assert_eq!(anna.run(&["read"]).code, 0);
}

/// A limit on the size of files is the full disk that needs no rights: writes beyond it fail, and nothing else.
#[cfg(unix)]
#[test]
fn the_disk_is_full() {
    let relay = Relay::start();
    let (anna, bob) = buddies(&relay);
    let limited = |person: &Person, blocks: u64, args: &str| {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} {args}",
            sipher().display()
        );
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script])
            .env_clear()
            .env("SIPHER_HOME", person.home())
            .stdin(Stdio::null());
        finish(&mut shell)
    };
    bob.ok(&["send", "anna", "before"]);
    let text = "y".repeat(60_000);

    let mut blocks = std::fs::metadata(bob.account().join("account.redb"))
        .unwrap()
        .len()
        / 512;
    let mut run = limited(&bob, blocks, &format!("send anna {text}"));
    while run.code == 0 && blocks > 0 {
        // The store may have had room for it inside its file.
        blocks -= 1;
        run = limited(&bob, blocks, &format!("send anna {text}"));
    }
    assert_data_eq!(
        seen(&bob, &[], &run),
        str![[r#"
! error: the disk is full
!   nothing could be added to HOME/default; what was there is safe
!   do:   make room and repeat the command
exit 6

"#]]
    );

    bob.ok(&["send", "anna", "after"]);
    let texts: Vec<String> = anna
        .read_texts()
        .into_iter()
        .filter(|text| text.len() < 100)
        .collect();
    assert_eq!(texts, ["before", "after"]);
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
