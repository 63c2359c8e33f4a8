//! Accounts that can't be opened or written.

use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, str};

use super::seen;
use crate::support::{Person, Relay, buddies, finish, sipher};

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
    let filling = "y".repeat(60_000);

    let mut blocks = std::fs::metadata(bob.account().join("account.redb"))
        .unwrap()
        .len()
        / 512;
    let mut run = limited(&bob, blocks, &format!("send anna {blocks}-{filling}"));
    while run.code == 0 && blocks > 0 {
        // The store may have had room for it inside its file.
        blocks = blocks * 7 / 8;
        run = limited(&bob, blocks, &format!("send anna {blocks}-{filling}"));
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
    let texts = anna.read_texts();
    let refused = format!("{blocks}-");
    assert!(
        !texts.iter().any(|text| text.starts_with(&refused)),
        "what was not kept has not left either"
    );
    assert_eq!(
        (texts.first().unwrap().as_str(), texts.last().unwrap().as_str()),
        ("before", "after")
    );
}
