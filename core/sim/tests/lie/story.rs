//! Two people from nothing to messages both ways and presence, over a real relay's decisions.

use std::time::Duration;

use sipher_engine::{
    Answer, Basic, Command, LinkStage, Name, PresenceLevel, PresenceView, Presenting, Refusal, RightChange,
    Status, Wait, WithdrawnRight,
};
use sipher_sim::{Faults, World};

use crate::support::{accept, buddy, invite, linked, read, send, sync, texts};

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
        account
            .buddy(buddy(&world, person), world.now)
            .unwrap()
            .safety_number()
            .words()
    };
    assert_eq!(words(anna), words(bob));
}

// spec: client-8
#[test]
fn texts_written_before_the_answer_wait_and_arrive_in_order() {
    let mut world = World::new(3, Faults::default());
    let (anna, bob) = (world.add("anna"), world.add("bob"));
    let uri = invite(&mut world, anna, Some("robert"));
    accept(&mut world, bob, &uri);
    let to_anna = buddy(&world, bob);
    assert_eq!(
        world.nodes[bob]
            .account()
            .buddy(to_anna, world.now)
            .unwrap()
            .stage,
        LinkStage::Waiting
    );
    for text in ["one", "two", "three"] {
        let command = Command::Send {
            to: to_anna,
            texts: vec![text.into()],
            lifetime: sipher_engine::Lifetime::Month,
            wait: Wait::Stored,
        };
        let Some(Ok(Answer::Sent { state, trouble, .. })) = world.call(bob, command) else {
            panic!("an answer")
        };
        assert_eq!((state, trouble), (sipher_engine::MessageState::Queued, None));
    }

    sync(&mut world, anna);
    sync(&mut world, bob);
    sync(&mut world, anna);

    assert_eq!(texts(&world, anna), ["one", "two", "three"]);
    assert_eq!(
        world.nodes[anna].account().find("ROBERT"),
        Some(buddy(&world, anna))
    );
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

// spec: link-9
// spec: invite-4
#[test]
fn without_a_relay_everything_is_kept_and_carried_on_later() {
    let mut world = World::new(7, Faults::default());
    let (anna, bob) = linked(&mut world);
    world.reachable = false;
    let command = Command::Send {
        to: buddy(&world, anna),
        texts: vec!["later".into()],
        lifetime: sipher_engine::Lifetime::Day,
        wait: Wait::Stored,
    };
    let Some(Ok(Answer::Sent {
        state,
        trouble: Some(_),
        ..
    })) = world.call(anna, command)
    else {
        panic!("trouble")
    };
    assert_eq!(state, sipher_engine::MessageState::Queued);
    let invited = world.call(anna, Command::Invite { for_name: None });
    assert!(
        matches!(invited, Some(Ok(Answer::InvitationWaits { .. }))),
        "{invited:?}"
    );

    world.reachable = true;
    sync(&mut world, anna);

    assert_eq!(read(&mut world, bob), ["later"]);
    let id = world.nodes[anna].account().invitations().last().unwrap().id;
    assert!(world.nodes[anna].account().invitation_uri(id).is_some());
}

// spec: message-1
#[test]
fn messages_come_as_far_as_the_far_side_shows() {
    let mut world = World::new(8, Faults::default());
    let (anna, bob) = linked(&mut world);
    let command = Command::Send {
        to: buddy(&world, anna),
        texts: vec!["hi".into()],
        lifetime: sipher_engine::Lifetime::Day,
        wait: Wait::Read,
    };
    let id = world.start(anna, command);
    world.run();
    assert!(world.answer(anna, id).is_none());
    sync(&mut world, bob);
    world.run();
    assert!(world.answer(anna, id).is_none(), "delivered only");
    read(&mut world, bob);
    sync(&mut world, bob);
    world.run();
    let Some(Ok(Answer::Sent { state, .. })) = world.answer(anna, id) else {
        panic!("an answer")
    };
    assert_eq!(state, sipher_engine::MessageState::Read);
}

// spec: presence-16
#[test]
fn presence_is_granted_seen_narrowed_and_retracted() {
    let mut world = World::new(9, Faults::default());
    let (anna, bob) = linked(&mut world);
    let to_bob = buddy(&world, anna);
    let lunch = Status {
        basic: Basic::Away,
        note: Some("lunch".into()),
        until: None,
    };
    world
        .call(anna, Command::SetStatus(lunch.clone()))
        .unwrap()
        .unwrap();
    let right = RightChange::Presence(PresenceLevel::Full);
    world
        .call(
            anna,
            Command::Grant {
                buddy: to_bob,
                right,
                until: None,
            },
        )
        .unwrap()
        .unwrap();

    let seen = |world: &mut World| {
        sync(world, bob);
        world
            .call(
                bob,
                Command::Sync {
                    presence: Presenting::Fetch,
                },
            )
            .unwrap()
            .unwrap();
        let account = world.nodes[bob].account();
        match account.buddy(buddy(world, bob), world.now).unwrap().presence {
            PresenceView::Known(shown) => Some(shown.status.clone()),
            PresenceView::NotGranted | PresenceView::Unknown { .. } => None,
        }
    };
    assert_eq!(seen(&mut world), Some(lunch.clone()));

    let right = RightChange::Presence(PresenceLevel::Status);
    world
        .call(
            anna,
            Command::Grant {
                buddy: to_bob,
                right,
                until: None,
            },
        )
        .unwrap()
        .unwrap();
    assert_eq!(seen(&mut world), Some(Status { note: None, ..lunch }));

    let rows = world.relay.rows();
    world
        .call(
            anna,
            Command::Retract {
                buddy: to_bob,
                right: WithdrawnRight::Presence,
            },
        )
        .unwrap()
        .unwrap();
    assert_eq!(seen(&mut world), None);
    assert!(world.relay.rows() < rows, "the relay has no cell left");
    let again = world.call(
        anna,
        Command::Retract {
            buddy: to_bob,
            right: WithdrawnRight::Presence,
        },
    );
    assert!(matches!(again, Some(Err(Refusal::NotGranted))));
}

// spec: presence-12
#[test]
fn presence_that_is_not_renewed_becomes_unknown() {
    let mut world = World::new(10, Faults::default());
    let (anna, bob) = linked(&mut world);
    let right = RightChange::Presence(PresenceLevel::Full);
    world
        .call(
            anna,
            Command::Grant {
                buddy: buddy(&world, anna),
                right,
                until: None,
            },
        )
        .unwrap()
        .unwrap();
    sync(&mut world, bob);
    world
        .call(
            bob,
            Command::Sync {
                presence: Presenting::Fetch,
            },
        )
        .unwrap()
        .unwrap();

    world.now = world.now + Duration::from_mins(63);

    let account = world.nodes[bob].account();
    let view = account.buddy(buddy(&world, bob), world.now).unwrap().presence;
    assert!(
        matches!(view, PresenceView::Unknown { last: Some(_) }),
        "{view:?}"
    );
}

// spec: presence-6
#[test]
fn who_stays_hears_at_once_and_renews_presence_before_it_ends() {
    let mut world = World::new(11, Faults::default());
    let (anna, bob) = linked(&mut world);
    let right = RightChange::Presence(PresenceLevel::Full);
    world.call(anna, Command::Stay).unwrap().unwrap();
    world.call(bob, Command::Stay).unwrap().unwrap();
    world
        .call(
            anna,
            Command::Grant {
                buddy: buddy(&world, anna),
                right,
                until: None,
            },
        )
        .unwrap()
        .unwrap();
    world.run();
    send(&mut world, anna, "hello");
    assert_eq!(texts(&world, bob), ["hello"]);

    for hour in 0..30 {
        world.pass(Duration::from_hours(1));
        let account = world.nodes[bob].account();
        let view = account.buddy(buddy(&world, bob), world.now).unwrap().presence;
        assert!(
            matches!(view, PresenceView::Known(_)),
            "after {hour} hours: {view:?}"
        );
    }
    send(&mut world, bob, "still here");
    assert_eq!(texts(&world, anna), ["still here"]);
    assert!(world.nodes.iter().all(|node| node.alarms.is_empty()));
}

#[test]
fn a_buddy_who_may_not_write_any_more_is_told_so() {
    let mut world = World::new(12, Faults::default());
    let (anna, bob) = linked(&mut world);
    let to_bob = buddy(&world, anna);
    world
        .call(
            anna,
            Command::Retract {
                buddy: to_bob,
                right: WithdrawnRight::Message,
            },
        )
        .unwrap()
        .unwrap();
    sync(&mut world, bob);
    let command = Command::Send {
        to: buddy(&world, bob),
        texts: vec!["hello?".into()],
        lifetime: sipher_engine::Lifetime::Day,
        wait: Wait::Stored,
    };
    assert!(matches!(
        world.call(bob, command),
        Some(Err(Refusal::TakesNoMessages))
    ));

    world
        .call(
            anna,
            Command::Grant {
                buddy: to_bob,
                right: RightChange::Message,
                until: None,
            },
        )
        .unwrap()
        .unwrap();
    sync(&mut world, bob);
    send(&mut world, bob, "hello again");
    assert_eq!(read(&mut world, anna), ["hello again"]);
}

// spec: right-1
#[test]
fn a_right_with_an_end_ends_by_itself() {
    let mut world = World::new(13, Faults::default());
    let (anna, bob) = linked(&mut world);
    let to_bob = buddy(&world, anna);
    let until = Some(world.now + Duration::from_mins(10));
    let right = RightChange::Presence(PresenceLevel::Full);
    world
        .call(
            anna,
            Command::Grant {
                buddy: to_bob,
                right,
                until,
            },
        )
        .unwrap()
        .unwrap();
    sync(&mut world, bob);

    world.now = world.now + Duration::from_secs(601);
    world
        .call(
            bob,
            Command::Sync {
                presence: Presenting::Fetch,
            },
        )
        .unwrap()
        .unwrap();
    let view = world.nodes[bob]
        .account()
        .buddy(buddy(&world, bob), world.now)
        .unwrap()
        .presence;
    assert!(matches!(view, PresenceView::Unknown { .. }), "{view:?}");
    sync(&mut world, anna);
    assert!(
        world.nodes[anna]
            .account()
            .rights(to_bob)
            .unwrap()
            .presence
            .is_none()
    );
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
fn a_text_of_sixty_thousand_octets_arrives() {
    let mut world = World::new(
        15,
        Faults {
            piece: 1000,
            ..Faults::default()
        },
    );
    let (anna, bob) = linked(&mut world);
    let text = "ä".repeat(30_000);
    send(&mut world, anna, &text);
    assert_eq!(read(&mut world, bob), [text]);
}
