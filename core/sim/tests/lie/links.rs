//! How people become buddies, and how that fails, over a real relay's decisions.

use std::time::Duration;

use sipher_engine::{Answer, Command, Kind, Name, Pace, Refusal, TroubleCause};
use sipher_sim::{Faults, RelayNode, World};
use sipher_wire::{OpeningToken, RelayAddress};

use crate::support::{accept, buddy, invite, linked, read, send, sync};

// spec: client-3
// spec: class-1
#[test]
fn two_people_become_buddies_and_write_both_ways() {
    let mut world = World::new(1, Faults::default());
    let (anna, bob) = linked(&mut world);
    let (to_bob, to_anna) = (buddy(&world, anna), buddy(&world, bob));
    assert_eq!(
        world.nodes[anna]
            .account()
            .buddy(to_bob, world.now)
            .unwrap()
            .name
            .as_str(),
        "bob"
    );
    assert_eq!(
        world.nodes[bob]
            .account()
            .buddy(to_anna, world.now)
            .unwrap()
            .name
            .as_str(),
        "anna"
    );

    send(&mut world, anna, "Are you there?");
    send(&mut world, bob, "Yes.\nWhere else? 🙂");

    assert_eq!(read(&mut world, bob), ["Are you there?"]);
    assert_eq!(read(&mut world, anna), ["Yes.\nWhere else? 🙂"]);
    assert!(read(&mut world, anna).is_empty());
    assert!(world.nodes.iter().all(|node| node.alarms.is_empty()));
}

#[test]
fn both_see_the_same_safety_words() {
    let mut world = World::new(2, Faults::default());
    let (anna, bob) = linked(&mut world);
    let words = |person: usize| {
        let account = world.nodes[person].account();
        account.buddy(buddy(&world, person), world.now).unwrap().words()
    };
    assert_eq!(words(anna), words(bob));
}

// spec: invite-7
#[test]
fn an_invitation_works_once() {
    let mut world = World::new(4, Faults::default());
    let (anna, bob, eve) = (world.add("anna"), world.add("bob"), world.add("eve"));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);
    sync(&mut world, anna);

    let second = world.call(
        eve,
        Command::Accept {
            uri: uri.clone().into(),
            as_name: None,
        },
    );

    assert!(matches!(second, Some(Err(Refusal::InvitationGone))), "{second:?}");
    assert!(world.nodes[eve].account().buddies(world.now).is_empty());
}

// spec: invite-5
// spec: link-10
// spec: secret-3
#[test]
fn who_comes_second_through_the_door_is_noticed() {
    let mut world = World::new(5, Faults::default());
    let (anna, bob, eve) = (world.add("anna"), world.add("bob"), world.add("eve"));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);
    accept(&mut world, eve, &uri);

    sync(&mut world, anna);

    assert_eq!(world.nodes[anna].account().buddies(world.now).len(), 1);
    assert!(
        world.nodes[anna]
            .alarms
            .iter()
            .any(|alarm| alarm.contains("InvitationTriedAgain"))
    );
}

// spec: invite-1
#[test]
fn wrong_invitations_are_refused_before_anything_is_asked() {
    let mut world = World::new(6, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = invite(&mut world, anna, None);
    let own = world.call(
        anna,
        Command::Accept {
            uri: uri.clone().into(),
            as_name: None,
        },
    );
    assert!(matches!(own, Some(Err(Refusal::OwnInvitation))));
    let cut = world.call(
        bob,
        Command::Accept {
            uri: uri.get(..uri.len() - 3).unwrap().to_owned().into(),
            as_name: None,
        },
    );
    assert!(matches!(cut, Some(Err(Refusal::Uri(_)))));
}

// spec: link-12
#[test]
fn both_may_invite_each_other_and_one_link_is_left() {
    for seed in 0..6 {
        let mut world = World::new(100 + seed, Faults::default());
        let (anna, bob) = (world.add("anna"), world.add("bob"));
        let (hers, his) = (invite(&mut world, anna, None), invite(&mut world, bob, None));
        accept(&mut world, bob, &hers);
        accept(&mut world, anna, &his);
        for _ in 0..3 {
            sync(&mut world, anna);
            sync(&mut world, bob);
        }
        assert_eq!(world.nodes[anna].account().buddies(world.now).len(), 1);
        assert_eq!(world.nodes[bob].account().buddies(world.now).len(), 1);
        send(&mut world, anna, "ping");
        send(&mut world, bob, "pong");
        assert_eq!(
            (read(&mut world, bob), read(&mut world, anna)),
            (vec!["ping".to_owned()], vec!["pong".to_owned()])
        );
    }
}

#[test]
fn names_are_unique_whatever_buddies_call_themselves() {
    let mut world = World::new(14, Faults::default());
    let anna = world.add("anna");
    for _ in 0..3 {
        let other = world.add("bob");
        let uri = invite(&mut world, anna, None);
        accept(&mut world, other, &uri);
        sync(&mut world, anna);
    }
    let names: Vec<_> = world.nodes[anna]
        .account()
        .buddies(world.now)
        .iter()
        .map(|b| b.name.to_string())
        .collect();
    assert_eq!(names, ["bob", "bob-2", "bob-3"]);
    let rename = Command::Rename {
        buddy: buddy(&world, anna),
        name: Name::parse("BOB-2").unwrap(),
    };
    assert!(matches!(world.call(anna, rename), Some(Err(Refusal::NameTaken))));
}

#[test]
fn a_relay_that_wants_a_token_opens_boxes_for_who_has_it() {
    let token = OpeningToken::parse("s3cret").unwrap();
    let mut world = World::new(17, Faults::default());
    world.relays[0] = RelayNode::with_token(world.now, 0, &token);
    let address = RelayAddress {
        token: Some(token),
        ..RelayNode::address(0)
    };
    let (member, stranger) = (world.add_at("anna", Pace::default(), address), world.add("eve"));

    invite(&mut world, member, None);
    let refused = world.call(stranger, Command::Invite { for_name: None });

    let Some(Ok(Answer::InvitationWaits { trouble, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(trouble.cause, TroubleCause::MayNotOpen);
}

#[test]
fn an_invitation_that_was_taken_back_or_ended_leads_nowhere() {
    let mut world = World::new(19, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let (first, second) = (invite(&mut world, anna, None), invite(&mut world, anna, None));
    let id = world.nodes[anna].account().invitations()[0].id;
    world.call(anna, Command::Withdraw(id)).unwrap().unwrap();
    let taken_back = world.call(
        bob,
        Command::Accept {
            uri: first.into(),
            as_name: None,
        },
    );
    assert!(
        matches!(taken_back, Some(Err(Refusal::InvitationGone))),
        "{taken_back:?}"
    );

    world.now = world.now + Duration::from_hours(8 * 24);
    let ended = world.call(
        bob,
        Command::Accept {
            uri: second.into(),
            as_name: None,
        },
    );
    assert!(
        matches!(
            ended,
            Some(Err(Refusal::InvitationGone | Refusal::InvitationExpired))
        ),
        "{ended:?}"
    );
    sync(&mut world, anna);
    assert!(world.nodes[anna].account().invitations().is_empty());
    sync(&mut world, anna);
    assert_eq!(world.nodes[anna].disk().count(Kind::Closing), 0);
}

#[test]
fn who_never_answers_is_forgotten_in_the_end() {
    let mut world = World::new(20, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = invite(&mut world, anna, None);
    accept(&mut world, bob, &uri);
    world.now = world.now + Duration::from_hours(15 * 24);
    sync(&mut world, bob);
    assert!(world.nodes[bob].account().buddies(world.now).is_empty());
}

#[test]
fn sixty_buddies_are_carried_on_in_one_sync() {
    let mut world = World::new(21, Faults::default());
    let anna = world.add("anna");
    for _ in 0..60 {
        let other = world.add("bob");
        let uri = invite(&mut world, anna, None);
        accept(&mut world, other, &uri);
        if other.is_multiple_of(20) {
            sync(&mut world, anna);
        }
    }
    sync(&mut world, anna);
    assert_eq!(world.nodes[anna].account().buddies(world.now).len(), 60);
}
