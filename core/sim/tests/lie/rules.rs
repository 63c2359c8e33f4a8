//! What the pages demand of a client, seen in what it asks for, when, and in what is left on its disk.

use std::time::Duration;

use sipher_crypto::{InvitationKeys, UncheckedBundle};
use sipher_engine::{
    Author, Class, Command, InvitationUri, Kind, MessageState, Pace, PresenceLevel, PresenceView, Presenting,
    RightChange, WithdrawnRight,
};
use sipher_sim::{Faults, Person, RelayNode, World};
use sipher_wire::sip::{Message, Name};
use sipher_wire::{OpeningToken, Time};

use crate::support::{accept, buddy, invite, linked, read, send, sync, texts};

/// Requests of somebody with this method and event, with their place among all requests.
fn asked<'a>(
    world: &'a World,
    person: Person,
    method: &'static [u8],
    event: &'static [u8],
) -> impl Iterator<Item = (usize, &'a Message)> {
    let all = world.requests.iter().enumerate();
    all.filter(move |(_, (own, ..))| *own == person)
        .map(|(at, (.., message))| (at, message))
        .filter(move |(_, message)| {
            message.head.method_octets() == method
                && message.head.value(Name::Event).unwrap_or_default() == event
        })
}

fn sent_by(world: &World, person: Person) -> usize {
    asked(world, person, b"MESSAGE", b"").count()
}

fn grant(world: &mut World, person: Person, right: RightChange) {
    let buddy = buddy(world, person);
    let command = Command::Grant {
        buddy,
        right,
        until: None,
    };
    world.call(person, command).unwrap().unwrap();
}

fn retract(world: &mut World, person: Person, right: WithdrawnRight) {
    let buddy = buddy(world, person);
    world
        .call(person, Command::Retract { buddy, right })
        .unwrap()
        .unwrap();
}

fn fetch(world: &mut World, person: Person) {
    sync(world, person);
    let command = Command::Sync {
        presence: Presenting::Fetch,
    };
    world.call(person, command).unwrap().unwrap();
}

// spec: presence-5
#[test]
fn no_document_holds_longer_than_a_day_whatever_span_was_asked_for() {
    let mut world = World::new(41, Faults::default());
    let pace = Pace {
        fan_out: Duration::ZERO,
        freshness: Duration::from_hours(1000),
        ..Pace::default()
    };
    let (anna, bob) = (world.add_with("anna", pace), world.add("bob"));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);
    sync(&mut world, anna);
    sync(&mut world, bob);
    grant(&mut world, anna, RightChange::Presence(PresenceLevel::Full));

    fetch(&mut world, bob);

    let account = world.nodes[bob].account();
    let PresenceView::Known(shown) = account.buddy(buddy(&world, bob), world.now).unwrap().presence else {
        panic!("nothing is known")
    };
    assert_eq!(shown.valid_until.since(shown.published), Duration::from_hours(24));
}

// spec: bundle-6
#[test]
fn the_bundle_of_an_invitation_ends_within_seven_days() {
    let mut world = World::new(42, Faults::default());
    let anna = world.add("anna");
    let uri = InvitationUri::parse(&invite(&mut world, anna, None)).unwrap();
    let values: Vec<&Message> = asked(&world, anna, b"PUBLISH", b"sipher-cell")
        .map(|(_, message)| message)
        .collect();
    assert_eq!(values.len(), 1);

    let keys = InvitationKeys::derive(uri.expose_secret());
    let cell = uri.cell().as_str().as_bytes();
    let bundle = UncheckedBundle::open(&keys.bundle, cell, &values[0].body).unwrap();
    let now = sipher_crypto::Time::from_unix_seconds(world.now.as_secs());
    let bundle = bundle.check(uri.pin(), now).unwrap();

    let end = Time::from_secs(bundle.not_after().as_unix_seconds());
    assert!(end > world.now);
    assert!(end <= world.now + Duration::from_hours(7 * 24));
}

// spec: invite-6
#[test]
fn a_first_flight_leaves_after_the_queue_that_it_names_can_take_an_answer() {
    let mut world = World::new(43, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);

    let (granted, _) = asked(&world, bob, b"PUBLISH", b"sipher-grants").next().unwrap();
    let (opened, _) = asked(&world, bob, b"REGISTER", b"").next().unwrap();
    let (flight, _) = asked(&world, bob, b"MESSAGE", b"").next().unwrap();
    assert!(opened < flight && granted < flight);
}

// spec: invite-6
#[test]
fn no_first_flight_leaves_while_the_own_relay_opens_no_queue() {
    let mut world = World::new(44, Faults::default());
    let anna = world.add("anna");
    world.relays[1] = RelayNode::with_token(world.now, 1, &OpeningToken::parse("only-for-friends").unwrap());
    let bob = world.add_at("bob", Pace::default(), RelayNode::address(1));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);
    let command = Command::Sync {
        presence: Presenting::Skip,
    };
    world.call(bob, command).unwrap().unwrap();

    assert!(asked(&world, bob, b"REGISTER", b"").count() > 0, "he tried");
    assert_eq!(sent_by(&world, bob), 0);
}

// spec: client-5
#[test]
fn the_keys_of_a_box_are_kept_until_the_relay_closed_it_and_not_longer() {
    let mut world = World::new(45, Faults::default());
    let (anna, _) = linked(&mut world);
    grant(&mut world, anna, RightChange::Presence(PresenceLevel::Full));
    sync(&mut world, anna);
    assert_eq!(world.nodes[anna].disk().count(Kind::Closing), 0);

    world.reachable = false;
    world.crash_relays();
    retract(&mut world, anna, WithdrawnRight::Presence);
    assert_eq!(world.nodes[anna].disk().count(Kind::Closing), 1);
    world.crash_client(anna);
    assert_eq!(world.nodes[anna].disk().count(Kind::Closing), 1);

    world.reachable = true;
    sync(&mut world, anna);
    assert_eq!(world.nodes[anna].disk().count(Kind::Closing), 0);
}

// spec: client-10
#[test]
fn an_item_that_does_not_open_is_acknowledged_and_told() {
    let mut world = World::new(46, Faults::default());
    let (anna, bob) = linked(&mut world);
    world.call(bob, Command::Stay).unwrap().unwrap();
    world.run();
    world.withholds = true;
    send(&mut world, anna, "only this");
    let (_, item) = world.withheld.pop().unwrap();
    let mut noise = item.to_vec();
    let last = noise.len() - 1;
    noise[last] ^= 1;
    let before = world.requests.len();

    assert!(world.inject(bob, Class::Own, &noise));

    let answers = world.requests[before..].iter().filter(|(own, ..)| *own == bob);
    let answers: Vec<_> = answers
        .map(|(.., message)| message.head.octets().clone())
        .collect();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].starts_with(b"SIP/2.0 200 "));
    assert!(
        world.nodes[bob]
            .alarms
            .iter()
            .any(|alarm| alarm.contains("Unreadable"))
    );
    assert_eq!(texts(&world, bob), [""; 0]);
}

/// How far the last of somebody's own messages came.
fn state_of_last(world: &World, person: Person) -> Option<MessageState> {
    let account = world.nodes[person].account();
    let lines = account.history(world.nodes[person].disk(), buddy(world, person), 0, 1000);
    let states = lines.unwrap().into_iter().rev().map(|line| line.author);
    states.into_iter().find_map(|author| match author {
        Author::Us(state) => Some(state),
        Author::Buddy => None,
    })
}

// spec: right-2
#[test]
fn who_gets_no_receipts_is_sent_none_and_no_receipt_is_about_a_receipt() {
    let mut world = World::new(47, Faults::default());
    let (anna, bob) = linked(&mut world);
    retract(&mut world, anna, WithdrawnRight::Receipts);
    sync(&mut world, anna);
    sync(&mut world, bob);
    send(&mut world, bob, "seen?");
    let before = sent_by(&world, anna);
    assert_eq!(read(&mut world, anna), ["seen?"]);
    world.pass(Duration::from_mins(10));
    sync(&mut world, anna);
    sync(&mut world, bob);
    assert_eq!(sent_by(&world, anna), before);
    assert_eq!(state_of_last(&world, bob), Some(MessageState::Stored));

    // Bob does give receipts: Anna gets them for her text, and answers none of them.
    send(&mut world, anna, "and mine?");
    let before = sent_by(&world, anna);
    assert_eq!(read(&mut world, bob), ["and mine?"]);
    sync(&mut world, bob);
    sync(&mut world, anna);
    sync(&mut world, bob);
    assert_eq!(state_of_last(&world, anna), Some(MessageState::Read));
    assert_eq!(sent_by(&world, anna), before);
}

// spec: right-3
#[test]
fn receipts_wait_up_to_a_minute_over_a_restart_and_leave_together() {
    let mut waits = Vec::new();
    for seed in 0..8 {
        let mut world = World::new(seed, Faults::default());
        let anna = world.add("anna");
        let bob = world.add_with("bob", Pace::default());
        let uri = invite(&mut world, anna, None);
        accept(&mut world, bob, &uri);
        for person in [anna, bob, anna] {
            sync(&mut world, person);
        }
        world.pass(Duration::from_mins(5));
        sync(&mut world, bob);
        for text in ["one", "two", "three"] {
            send(&mut world, anna, text);
        }
        let before = sent_by(&world, bob);
        sync(&mut world, bob);
        world.crash_client(bob);
        world.call(bob, Command::Stay).unwrap().unwrap();
        let since = world.now;
        while sent_by(&world, bob) == before {
            world.pass(Duration::from_secs(1));
            assert!(
                world.now.since(since) <= Duration::from_secs(62),
                "no receipt left"
            );
        }
        waits.push(world.now.since(since));
        world.pass(Duration::from_mins(10));
        assert_eq!(sent_by(&world, bob), before + 1, "three receipts are one message");
        sync(&mut world, anna);
        assert_eq!(state_of_last(&world, anna), Some(MessageState::Delivered));
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 2, "the waits are random: {waits:?}");
}

// spec: pub-3
#[test]
fn who_knows_an_old_version_of_a_cell_publishes_anew_without_naming_one() {
    let mut world = World::new(48, Faults::default());
    let (anna, bob) = linked(&mut world);
    grant(&mut world, anna, RightChange::Presence(PresenceLevel::Full));
    sync(&mut world, anna);
    let copy = world.nodes[anna].disk().clone();
    for note in ["one", "two"] {
        let status = sipher_engine::Status {
            note: Some(note.into()),
            ..sipher_engine::Status::default()
        };
        world.call(anna, Command::SetStatus(status)).unwrap().unwrap();
        sync(&mut world, anna);
    }
    world.set_back(anna, copy);
    let before = world.requests.len();

    let status = sipher_engine::Status {
        note: Some("three".into()),
        ..sipher_engine::Status::default()
    };
    world.call(anna, Command::SetStatus(status)).unwrap().unwrap();
    sync(&mut world, anna);

    let values = asked(&world, anna, b"PUBLISH", b"sipher-cell").filter(|(at, _)| *at >= before);
    let named: Vec<bool> = values
        .map(|(_, message)| message.head.value(Name::SipIfMatch).is_some())
        .collect();
    assert_eq!(named, [true, false]);
    fetch(&mut world, bob);
}

// spec: client-2
#[test]
fn who_cannot_connect_waits_longer_each_time_and_never_more_than_half_an_hour() {
    let mut world = World::new(49, Faults::default());
    let (anna, _) = linked(&mut world);
    world.call(anna, Command::Stay).unwrap().unwrap();
    world.run();
    world.reachable = false;
    world.crash_relays();
    let mut tries = Vec::new();
    let mut seen = world.dials;
    for _ in 0..6 * 3600 {
        world.pass(Duration::from_secs(1));
        if world.dials > seen {
            seen = world.dials;
            tries.push(world.now);
        }
    }
    let waits: Vec<Duration> = tries.windows(2).map(|two| two[1].since(two[0])).collect();
    assert!(waits.len() > 8, "{waits:?}");
    // The try at once and the first wait were over before the first that is seen here.
    for (at, wait) in waits.iter().enumerate() {
        let most = Duration::from_secs(60 << at.min(5)).min(Duration::from_mins(30));
        let allowed = most / 2..=most + Duration::from_secs(1);
        assert!(allowed.contains(wait), "try {at}: {waits:?}");
    }
}
