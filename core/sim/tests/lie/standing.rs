//! Standing addresses: anybody may ask, and only the person lets in.

use std::time::Duration;

use sipher_engine::{
    Answer, AskId, BuddyId, Command, InvitationKind, Kind, LinkStage, MessageState, Refusal, StandingChange,
};
use sipher_sim::{Faults, Person, World};

use crate::support::{buddy, linked, read, send, sync, texts};

fn stand(world: &mut World, person: Person, change: StandingChange) -> String {
    match world.call(person, Command::Stand(change)) {
        Some(Ok(Answer::Invited(invited))) => invited.uri.expose_text().to_string(),
        other => panic!("no address: {other:?}"),
    }
}

fn try_ask(world: &mut World, person: Person, uri: &str, text: &str) -> Option<Result<Answer, Refusal>> {
    let (uri, text) = (uri.to_owned().into(), text.to_owned());
    world.call(
        person,
        Command::Ask {
            uri,
            as_name: None,
            text,
        },
    )
}

fn ask(world: &mut World, person: Person, uri: &str, text: &str) -> BuddyId {
    match try_ask(world, person, uri, text) {
        Some(Ok(Answer::Accepted { buddy, stage, .. })) => {
            assert_eq!(stage, LinkStage::Waiting);
            buddy
        }
        other => panic!("not asked: {other:?}"),
    }
}

fn asks(world: &World, person: Person) -> Vec<(AskId, String)> {
    let account = world.nodes[person].account();
    account
        .asks()
        .map(|ask| (ask.id, ask.text.unwrap_or("").to_owned()))
        .collect()
}

fn admit(world: &mut World, person: Person, ask: AskId) -> BuddyId {
    match world.call(person, Command::Admit { ask, as_name: None }) {
        Some(Ok(Answer::Accepted {
            buddy,
            stage: LinkStage::Linked,
            ..
        })) => buddy,
        other => panic!("not admitted: {other:?}"),
    }
}

fn stage(world: &World, person: Person) -> LinkStage {
    let account = world.nodes[person].account();
    account.buddy(buddy(world, person), world.now).unwrap().stage
}

#[test]
fn who_asks_and_is_admitted_is_a_buddy_like_any_other() {
    let mut world = World::new(900, Faults::default());
    let (anna, bob, carl) = (world.add("anna"), world.add("bob"), world.add("carl"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    ask(&mut world, bob, &uri, "I am Bob from the choir.");
    ask(&mut world, carl, &uri, "Hello");

    sync(&mut world, anna);
    let waiting = asks(&world, anna);
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].1, "I am Bob from the choir.");
    assert!(world.nodes[anna].account().buddies(world.now).is_empty());
    sync(&mut world, bob);
    assert_eq!(stage(&world, bob), LinkStage::Waiting);

    let words = world.nodes[anna].account().asks().next().unwrap().words();
    let admitted = admit(&mut world, anna, waiting[0].0);
    sync(&mut world, bob);
    assert_eq!(stage(&world, bob), LinkStage::Linked);
    let his = world.nodes[bob]
        .account()
        .buddy(buddy(&world, bob), world.now)
        .unwrap()
        .words();
    assert_eq!(his, words);
    assert_eq!(texts(&world, anna), ["I am Bob from the choir."]);
    assert_eq!(buddy(&world, anna), admitted);
    send(&mut world, bob, "Thank you");
    send(&mut world, anna, "Welcome");
    assert_eq!(read(&mut world, anna), ["Thank you"]);
    assert_eq!(read(&mut world, bob), ["Welcome"]);
    assert_eq!(asks(&world, anna).len(), 1);
    assert!(world.nodes.iter().all(|node| node.alarms.is_empty()));
}

#[test]
fn the_text_of_an_ask_is_a_line_of_the_asker() {
    let mut world = World::new(901, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    ask(&mut world, bob, &uri, "It is me");
    let account = world.nodes[bob].account();
    let lines = account
        .history(world.nodes[bob].disk(), buddy(&world, bob), 0, 10)
        .unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].text, "It is me");
    assert_eq!(lines[0].author, sipher_engine::Author::Us(MessageState::Stored));
}

// spec: stand-6
#[test]
fn who_is_declined_is_not_told() {
    let mut world = World::new(902, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    ask(&mut world, bob, &uri, "Let me in");
    sync(&mut world, anna);
    let id = asks(&world, anna)[0].0;

    world.call(anna, Command::Decline(id)).unwrap().unwrap();
    sync(&mut world, anna);
    sync(&mut world, bob);

    assert_eq!(stage(&world, bob), LinkStage::Waiting);
    assert!(asks(&world, anna).is_empty());
    assert_eq!(world.nodes[anna].disk().count(Kind::Ask), 0);
    let again = world.call(
        anna,
        Command::Admit {
            ask: id,
            as_name: None,
        },
    );
    assert!(matches!(again, Some(Err(Refusal::UnknownAsk))), "{again:?}");
}

// spec: stand-5
#[test]
fn another_address_ends_the_old_one_and_leaves_links_and_asks() {
    let mut world = World::new(903, Faults::default());
    let (anna, bob) = linked(&mut world);
    let (carl, dora) = (world.add("carl"), world.add("dora"));
    let old = stand(&mut world, anna, StandingChange::Show);
    assert_eq!(stand(&mut world, anna, StandingChange::Show), old);
    ask(&mut world, carl, &old, "before");
    sync(&mut world, anna);

    let new = stand(&mut world, anna, StandingChange::Rotate);
    sync(&mut world, anna);

    assert_ne!(new, old);
    let late = try_ask(&mut world, dora, &old, "after");
    assert!(matches!(late, Some(Err(Refusal::InvitationGone))), "{late:?}");
    ask(&mut world, dora, &new, "after");
    sync(&mut world, anna);
    let waiting = asks(&world, anna);
    assert_eq!(waiting.len(), 2);
    admit(&mut world, anna, waiting[0].0);
    send(&mut world, bob, "still here");
    assert_eq!(read(&mut world, anna), ["still here"]);

    world
        .call(anna, Command::Stand(StandingChange::End))
        .unwrap()
        .unwrap();
    assert!(
        world.nodes[anna]
            .account()
            .invitations()
            .iter()
            .all(|own| own.kind == InvitationKind::OneTime)
    );
    assert_eq!(world.nodes[anna].disk().count(Kind::Met), 0);
}

// spec: stand-1
// spec: stand-2
#[test]
fn prekeys_are_renewed_each_week_and_late_flights_still_open() {
    let mut world = World::new(904, Faults::default());
    let (anna, bob, carl) = (world.add("anna"), world.add("bob"), world.add("carl"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    ask(&mut world, bob, &uri, "in the first week");
    for _ in 0..2 {
        world.now = world.now + Duration::from_hours(7 * 24 - 1);
        sync(&mut world, anna);
    }
    assert_eq!(asks(&world, anna).len(), 1);
    assert_eq!(world.nodes[anna].disk().count(Kind::Met), 1);

    // The address is the same, its bundle is new.
    assert_eq!(stand(&mut world, anna, StandingChange::Show), uri);
    ask(&mut world, carl, &uri, "weeks later");
    sync(&mut world, anna);
    assert!(asks(&world, anna).iter().any(|(_, text)| text == "weeks later"));

    world.now = world.now + Duration::from_hours(40 * 24);
    sync(&mut world, anna);
    sync(&mut world, anna);
    assert!(asks(&world, anna).is_empty(), "who asked waits no more");
    let left = world.nodes[anna].disk().count(Kind::Met);
    assert!(left <= 1, "what was begun with wiped halves is forgotten: {left}");
}

// spec: stand-3
// spec: stand-4
#[test]
fn a_flood_of_asks_is_bounded_and_pushes_nobody_out() {
    let mut world = World::new(906, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    ask(&mut world, bob, &uri, "the first");
    sync(&mut world, anna);
    let mallory = world.add("mallory");
    let mut refused = 0;
    for round in 0..270 {
        // A new account each time, as somebody who floods would make.
        let other = if round == 0 { mallory } else { world.add("m") };
        let answer = try_ask(&mut world, other, &uri, "let me in");
        if !matches!(
            answer,
            Some(Ok(Answer::Accepted {
                stage: LinkStage::Waiting,
                ..
            }))
        ) {
            refused += 1;
        }
    }
    sync(&mut world, anna);
    assert!(refused >= 14, "{refused}");
    let waiting = asks(&world, anna);
    assert!(waiting.len() <= 256);
    assert_eq!(waiting[0].1, "the first");
}

#[test]
fn a_text_that_fits_no_ask_is_refused_before_anything_is_asked() {
    let mut world = World::new(907, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = stand(&mut world, anna, StandingChange::Show);
    let long = try_ask(&mut world, bob, &uri, &"x".repeat(501));
    assert!(matches!(long, Some(Err(Refusal::AskTooLong { .. }))), "{long:?}");
    let wide = try_ask(&mut world, bob, &uri, &"🙂".repeat(300));
    assert!(matches!(wide, Some(Err(Refusal::AskTooLong { .. }))), "{wide:?}");
    ask(&mut world, bob, &uri, &"x".repeat(500));
}
