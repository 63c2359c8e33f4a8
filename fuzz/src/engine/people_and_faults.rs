//! Promises over real accounts and a real relay with crashes, cuts and outages: every text that was taken for sending
//! is shown to its reader exactly once, in order, and nobody is told of an attack. Spec: `spec/client.md`; property P3 of `spec/README.md`.

use sipher_engine::{
    Answer, Command, Lifetime, PresenceLevel, Presenting, RightChange, Status, Wait, WithdrawnRight,
};
use sipher_sim::{Crash, Cut, Faults, Person, World};

use crate::dice::Dice;

/// Faults, then a sequence of steps.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let faults = faults(&mut dice);
    let mut story = Story::new(faults);
    let mut steps = 0;
    while !dice.is_empty() && steps < STEPS {
        story.step(&mut dice);
        steps += 1;
    }
    story.settle();
}

fn faults(dice: &mut Dice<'_>) -> Faults {
    let mut faults = Faults::default();
    for _ in 0..dice.octet() % 4 {
        let at = u64::from(dice.short()) % 600 + 60;
        faults.crashes.push(match dice.octet() % 3 {
            0 => Crash::Relay(at),
            person => Crash::Client(usize::from(person - 1), at),
        });
    }
    for _ in 0..dice.octet() % 4 {
        let at = u64::from(dice.number()) % 100_000 + 20_000;
        faults
            .cuts
            .push(if dice.flip() { Cut::Up(at) } else { Cut::Down(at) });
    }
    faults.piece = usize::from(dice.octet());
    faults
}

struct Story {
    world: World,
    /// What each of the two was asked to send, and took.
    taken: [Vec<String>; 2],
    /// What was asked of somebody who died: it may have been kept, or not.
    maybe: [Vec<String>; 2],
    number: u32,
    linked: bool,
}

impl Story {
    fn new(faults: Faults) -> Self {
        let mut world = World::new(3, faults);
        let (anna, bob) = (world.add("Anna"), world.add("Bob"));
        let mut story = Self {
            world,
            taken: Default::default(),
            maybe: Default::default(),
            number: 0,
            linked: false,
        };
        // A fault may strike while they link: then it is done once more.
        for _ in 0..LINKING {
            let invited = story.world.call(anna, Command::Invite { for_name: None });
            if let Some(Ok(Answer::Invited(invited))) = invited {
                let uri = invited.uri.expose_text();
                drop(story.world.call(bob, Command::Accept { uri, as_name: None }));
            }
            story.sync(anna);
            story.sync(bob);
            story.linked = story.buddy(anna).is_some() && story.buddy(bob).is_some();
            if story.linked {
                break;
            }
        }
        story
    }

    fn step(&mut self, dice: &mut Dice<'_>) {
        let choice = dice.octet();
        let person = usize::from(choice & 1);
        match choice >> 1 & 15 {
            0..=3 => self.send(person),
            4..=6 => self.sync(person),
            7 => self.read(person),
            8 => self
                .world
                .pass(core::time::Duration::from_secs(u64::from(dice.short()))),
            9 => self.world.crash_client(person),
            10 => self.world.crash_relays(),
            11 => self.world.reachable = !self.world.reachable,
            12 => self.tell(person, Command::Stay),
            13 => self.tell(person, Command::Leave),
            14 => {
                let status = Status {
                    note: Some(format!("note {choice}")),
                    ..Status::default()
                };
                self.tell(person, Command::SetStatus(status));
            }
            _ => self.permit(person, dice.flip()),
        }
    }

    fn send(&mut self, person: Person) {
        let Some(to) = self.buddy(person) else { return };
        self.number += 1;
        let text = format!("text {}", self.number);
        let command = Command::Send {
            to,
            texts: vec![text.clone()],
            lifetime: Lifetime::Month,
            wait: Wait::Stored,
        };
        let list = match self.world.call(person, command) {
            Some(Ok(_)) => self.taken.get_mut(person),
            Some(Err(_)) => None,
            None => self.maybe.get_mut(person),
        };
        if let Some(list) = list {
            list.push(text);
        }
    }

    fn permit(&mut self, person: Person, give: bool) {
        let Some(buddy) = self.buddy(person) else { return };
        let command = if give {
            let right = RightChange::Presence(PresenceLevel::Full);
            Command::Grant {
                buddy,
                right,
                until: None,
            }
        } else {
            let right = WithdrawnRight::Presence;
            Command::Retract { buddy, right }
        };
        self.tell(person, command);
    }

    fn sync(&mut self, person: Person) {
        let presence = Presenting::Fetch;
        self.tell(person, Command::Sync { presence });
    }

    fn read(&mut self, person: Person) {
        self.tell(person, Command::MarkRead { buddy: None });
    }

    fn tell(&mut self, person: Person, command: Command) {
        drop(self.world.call(person, command));
    }

    fn buddy(&self, person: Person) -> Option<sipher_engine::BuddyId> {
        let account = self.world.nodes.get(person)?.account();
        account.buddies(self.world.now).first().map(|buddy| buddy.id)
    }

    /// In the end everything works, and everybody reads.
    fn settle(&mut self) {
        assert!(self.linked, "two people who can't link");
        self.world.reachable = true;
        for _ in 0..SETTLING {
            for person in 0..2 {
                self.sync(person);
                self.read(person);
            }
        }
        for reader in 0..2 {
            let Some(node) = self.world.nodes.get(reader) else {
                return;
            };
            assert!(
                node.alarms.is_empty(),
                "an alarm without an attack: {:?}",
                node.alarms
            );
            let mut texts: Vec<_> = node.shown.iter().map(|(_, text)| text.clone()).collect();
            let (Some(taken), Some(maybe)) = (self.taken.get(1 - reader), self.maybe.get(1 - reader)) else {
                return;
            };
            let count = texts.len();
            texts.dedup();
            assert_eq!(count, texts.len(), "a text was shown twice");
            let expected: Vec<_> = texts.iter().filter(|text| !maybe.contains(text)).collect();
            assert_eq!(
                expected,
                taken.iter().collect::<Vec<_>>(),
                "texts were lost, or came in another order"
            );
        }
    }
}

/// Bounds the time of one input.
const STEPS: u32 = 40;
/// Attempts to link: more than there are faults.
const LINKING: u32 = 9;
/// Rounds in which everything that waits gets through: more than there are faults.
const SETTLING: u32 = 9;
