//! A whole life of a link, lived by people who try again when something breaks: invitation, messages both ways,
//! presence granted and retracted. Whatever goes wrong, what must hold is the same.

use sipher_engine::{
    Answer, Basic, BuddyId, Command, InvitationStage, Kind, Lifetime, LinkStage, PresenceLevel, PresenceView,
    Presenting, RightChange, Status, Wait, WithdrawnRight,
};
use sipher_sim::{Faults, Person, RelayNode, World};

use crate::support::{buddy, texts};

/// What Anna writes.
const HERS: [&str; 3] = ["Are you there?", "I am at the station.", "🚉 platform 4"];
/// What Bob writes.
const HIS: [&str; 3] = ["Yes", "Coming", "See you"];

/// Lives it at one relay, and checks everything at the end.
pub(crate) fn live(seed: u64, faults: Faults) -> World {
    live_at(seed, faults, 0)
}

/// The same with Bob at the relay of this number; Anna is at the first one.
pub(crate) fn live_at(seed: u64, faults: Faults, his: u8) -> World {
    let mut world = World::new(seed, faults);
    let anna = world.add("anna");
    let pace = world.nodes[anna].account().pace();
    let bob = world.add_at("bob", pace, RelayNode::address(his));
    link(&mut world, anna, bob);
    for at in 0..3 {
        say(&mut world, anna, HERS[at]);
        say(&mut world, bob, HIS[at]);
    }
    show(&mut world, anna, bob);
    for person in [bob, anna] {
        for _ in 0..2 {
            carry_on(&mut world, person);
        }
        let _unread = world.call(person, Command::MarkRead { buddy: None });
    }
    hide(&mut world, anna, bob);
    for _ in 0..3 {
        carry_on(&mut world, anna);
        carry_on(&mut world, bob);
    }
    check(&world, anna, bob);
    world
}

fn carry_on(world: &mut World, person: Person) {
    let _answer = world.call(
        person,
        Command::Sync {
            presence: Presenting::Fetch,
        },
    );
}

/// Carries on until nothing was in the way: a crash or a cut in the middle of it leaves the rest to the next try.
fn carry_on_to_the_end(world: &mut World, person: Person) {
    for _ in 0..10 {
        let presence = Presenting::Fetch;
        let answer = world.call(person, Command::Sync { presence });
        if matches!(answer, Some(Ok(Answer::Synced(report))) if report.is_complete()) {
            return;
        }
    }
    panic!("carrying on never comes to its end");
}

fn link(world: &mut World, anna: Person, bob: Person) {
    let uri = loop {
        let account = world.nodes[anna].account();
        let open = account
            .invitations()
            .iter()
            .find(|own| own.stage == InvitationStage::Open)
            .map(|own| own.id);
        if let Some(uri) = open.and_then(|id| account.invitation_uri(id)) {
            break uri.expose_text().to_string();
        }
        if account.invitations().is_empty() {
            let _answer = world.call(anna, Command::Invite { for_name: None });
        } else {
            carry_on(world, anna);
        }
    };
    for _ in 0..10 {
        let known = world.nodes[bob].account().buddies(world.now).len();
        if known == 0 {
            let _answer = world.call(
                bob,
                Command::Accept {
                    uri: uri.clone().into(),
                    as_name: None,
                },
            );
        }
        carry_on(world, anna);
        carry_on(world, bob);
        let stage = |person: Person| {
            world.nodes[person]
                .account()
                .buddies(world.now)
                .first()
                .map(|one| one.stage)
        };
        if stage(anna) == Some(LinkStage::Linked) && stage(bob) == Some(LinkStage::Linked) {
            return;
        }
    }
    panic!("no link after ten rounds");
}

/// Sends a text, and again only if it isn't in the history: what a person would do.
fn say(world: &mut World, person: Person, text: &str) {
    let to = buddy(world, person);
    for _ in 0..10 {
        if written(world, person, to).contains(&text.to_owned()) {
            return carry_on(world, person);
        }
        let texts = vec![text.into()];
        let answer = world.call(
            person,
            Command::Send {
                to,
                texts,
                lifetime: Lifetime::Month,
                wait: Wait::Stored,
            },
        );
        if let Some(Ok(Answer::Sent { trouble: None, .. })) = answer {
            return;
        }
    }
    panic!("a text can't be sent");
}

fn written(world: &World, person: Person, to: BuddyId) -> Vec<String> {
    let node = &world.nodes[person];
    let lines = node.account().history(node.disk(), to, 0, 1000).unwrap();
    lines
        .into_iter()
        .filter(|line| line.author != sipher_engine::Author::Buddy)
        .map(|line| line.text)
        .collect()
}

fn show(world: &mut World, anna: Person, bob: Person) {
    let lunch = Status {
        basic: Basic::Away,
        note: Some("lunch".into()),
        until: None,
    };
    let to = buddy(world, anna);
    for _ in 0..10 {
        if world.nodes[anna].account().status(world.now) != lunch {
            let _answer = world.call(anna, Command::SetStatus(lunch.clone()));
        }
        if world.nodes[anna].account().rights(to).unwrap().presence.is_none() {
            let right = RightChange::Presence(PresenceLevel::Full);
            let _answer = world.call(
                anna,
                Command::Grant {
                    buddy: to,
                    right,
                    until: None,
                },
            );
        }
        carry_on(world, anna);
        // Once for what tells of the cell, once for the cell.
        carry_on(world, bob);
        carry_on(world, bob);
        if presence(world, bob).as_ref() == Some(&lunch) {
            return;
        }
    }
    panic!("presence is never seen");
}

fn hide(world: &mut World, anna: Person, bob: Person) {
    let to = buddy(world, anna);
    while world.nodes[anna].account().rights(to).unwrap().presence.is_some() {
        let _answer = world.call(
            anna,
            Command::Retract {
                buddy: to,
                right: WithdrawnRight::Presence,
            },
        );
    }
    carry_on_to_the_end(world, anna);
    carry_on(world, bob);
    carry_on(world, bob);
    assert_eq!(presence(world, bob), None, "retracted, and still seen");
}

fn presence(world: &World, person: Person) -> Option<Status> {
    let id = buddy(world, person);
    match world.nodes[person]
        .account()
        .buddy(id, world.now)
        .unwrap()
        .presence
    {
        PresenceView::Known(shown) => Some(shown.status.clone()),
        PresenceView::NotGranted | PresenceView::Unknown { .. } => None,
    }
}

/// What must hold at the end of every life.
fn check(world: &World, anna: Person, bob: Person) {
    assert_eq!(texts(world, bob), HERS, "every text of hers, once, in order");
    assert_eq!(texts(world, anna), HIS, "every text of his, once, in order");
    for person in [anna, bob] {
        let node = &world.nodes[person];
        let mut shown: Vec<_> = node.shown.iter().map(|(id, _)| *id).collect();
        let all = shown.len();
        shown.sort_unstable();
        shown.dedup();
        assert_eq!(shown.len(), all, "a text was shown twice");
        assert!(node.alarms.is_empty(), "{:?}", node.alarms);
        assert_eq!(node.disk().count(Kind::Outbox), 0, "nothing waits to be sent");
        assert_eq!(node.disk().count(Kind::Closing), 0, "nothing waits to be closed");
        let lines = node
            .account()
            .history(node.disk(), buddy(world, person), 0, 1000)
            .unwrap();
        let ours = lines.iter().filter_map(|line| match line.author {
            sipher_engine::Author::Us(state) => Some(state),
            sipher_engine::Author::Buddy => None,
        });
        assert!(
            ours.into_iter()
                .all(|state| state >= sipher_engine::MessageState::Stored)
        );
    }
}
