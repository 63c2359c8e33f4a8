//! What every story begins with.

use sipher_engine::{Answer, Author, BuddyId, Command, Lifetime, Name, Presenting, Wait};
use sipher_sim::{Person, World};

/// An invitation of somebody.
pub(crate) fn invite(world: &mut World, person: Person, for_name: Option<&str>) -> String {
    let for_name = for_name.map(|name| Name::parse(name).unwrap());
    match world.call(person, Command::Invite { for_name }) {
        Some(Ok(Answer::Invited(invited))) => invited.uri.expose_text().to_string(),
        other => panic!("no invitation: {other:?}"),
    }
}

/// Uses an invitation.
pub(crate) fn accept(world: &mut World, person: Person, uri: &str) -> BuddyId {
    match world.call(
        person,
        Command::Accept {
            uri: uri.to_owned().into(),
            as_name: None,
        },
    ) {
        Some(Ok(Answer::Accepted { buddy, .. })) => buddy,
        other => panic!("not accepted: {other:?}"),
    }
}

/// Anna and Bob, linked.
pub(crate) fn linked(world: &mut World) -> (Person, Person) {
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = invite(world, anna, None);
    accept(world, bob, &uri);
    sync(world, anna);
    sync(world, bob);
    (anna, bob)
}

/// The only, or first, buddy of somebody.
pub(crate) fn buddy(world: &World, person: Person) -> BuddyId {
    world.nodes[person]
        .account()
        .buddies(world.now)
        .first()
        .expect("a buddy")
        .id
}

/// Fetches and sends all that waits.
pub(crate) fn sync(world: &mut World, person: Person) {
    let answer = world.call(
        person,
        Command::Sync {
            presence: Presenting::Skip,
        },
    );
    assert!(
        matches!(answer, Some(Ok(Answer::Synced(ref report))) if report.is_complete()),
        "{answer:?}"
    );
}

/// Sends one text to the only buddy, up to the relay's disk.
pub(crate) fn send(world: &mut World, person: Person, text: &str) {
    let to = buddy(world, person);
    let command = Command::Send {
        to,
        texts: vec![text.into()],
        lifetime: Lifetime::Month,
        wait: Wait::Stored,
    };
    match world.call(person, command) {
        Some(Ok(Answer::Sent { trouble: None, .. })) => {}
        other => panic!("not sent: {other:?}"),
    }
}

/// Fetches, and takes what is unread.
pub(crate) fn read(world: &mut World, person: Person) -> Vec<String> {
    sync(world, person);
    match world.call(person, Command::MarkRead { buddy: None }) {
        Some(Ok(Answer::Unread(unread))) => unread.lines.into_iter().map(|(_, line)| line.text).collect(),
        other => panic!("nothing to read: {other:?}"),
    }
}

/// All texts that somebody got from his first buddy.
pub(crate) fn texts(world: &World, person: Person) -> Vec<String> {
    let account = world.nodes[person].account();
    let lines = account
        .history(world.nodes[person].disk(), buddy(world, person), 0, 1_000_000)
        .unwrap();
    lines
        .into_iter()
        .filter(|line| line.author == Author::Buddy)
        .map(|line| line.text)
        .collect()
}
