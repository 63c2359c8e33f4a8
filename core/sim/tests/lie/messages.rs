//! Messages between people who come and go.

use sipher_engine::{Answer, Command, Lifetime, LinkStage, Refusal, RightChange, Wait, WithdrawnRight};
use sipher_sim::{Faults, World};

use crate::support::{accept, buddy, invite, linked, read, send, sync, texts};

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
            lifetime: Lifetime::Month,
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
        lifetime: Lifetime::Day,
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
        lifetime: Lifetime::Day,
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
        lifetime: Lifetime::Day,
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

#[test]
fn a_command_that_is_cancelled_is_answered_and_what_it_began_goes_on() {
    let mut world = World::new(18, Faults::default());
    let (anna, bob) = linked(&mut world);
    let command = Command::Send {
        to: buddy(&world, anna),
        texts: vec!["hi".into()],
        lifetime: Lifetime::Day,
        wait: Wait::Read,
    };
    let id = world.start(anna, command);
    world.run();
    world.cancel(anna, id);
    let Some(Ok(Answer::Sent { state, .. })) = world.answer(anna, id) else {
        panic!("an answer")
    };
    assert_eq!(state, sipher_engine::MessageState::Stored);
    assert_eq!(read(&mut world, bob), ["hi"]);
}

#[test]
fn who_stays_and_waits_to_reconnect_is_connected_at_once_by_a_command() {
    let mut world = World::new(31, Faults::default());
    let (anna, bob) = linked(&mut world);
    world.call(anna, Command::Stay).unwrap().unwrap();
    world.run();
    world.reachable = false;
    world.crash_relays();
    let to = buddy(&world, anna);
    let texts = vec!["soon".into()];
    let (lifetime, wait) = (Lifetime::Day, Wait::Queued);
    world
        .call(
            anna,
            Command::Send {
                to,
                texts,
                lifetime,
                wait,
            },
        )
        .unwrap()
        .unwrap();
    world.reachable = true;

    sync(&mut world, anna);

    assert_eq!(read(&mut world, bob), ["soon"]);
}
