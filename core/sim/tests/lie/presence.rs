//! Presence and other rights, given, narrowed, ended and taken.

use std::time::Duration;

use sipher_engine::{
    Basic, Command, PresenceLevel, PresenceView, Presenting, Refusal, RightChange, Status, WithdrawnRight,
};
use sipher_sim::{Faults, World};

use crate::support::{buddy, linked, send, sync, texts};

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

    let rows = world.relays[0].rows();
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
    assert!(world.relays[0].rows() < rows, "the relay has no cell left");
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

#[test]
fn presence_that_is_granted_again_is_seen_again_by_who_stays() {
    let mut world = World::new(16, Faults::default());
    let (anna, bob) = linked(&mut world);
    let to_bob = buddy(&world, anna);
    for person in [anna, bob] {
        world.call(person, Command::Stay).unwrap().unwrap();
    }
    let sees = |world: &World| {
        let account = world.nodes[bob].account();
        let view = account.buddy(buddy(world, bob), world.now).unwrap().presence;
        matches!(view, PresenceView::Known(_))
    };
    for _ in 0..3 {
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
        world.run();
        assert!(sees(&world));
        let right = WithdrawnRight::Presence;
        world
            .call(anna, Command::Retract { buddy: to_bob, right })
            .unwrap()
            .unwrap();
        world.run();
        assert!(!sees(&world));
    }
}
