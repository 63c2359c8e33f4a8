//! Alice, who is linked with Mallory, as her disk has it; and what Mallory holds.
#![expect(
    clippy::expect_used,
    reason = "a fixture that can't be made is a bug of the fixture and must be loud"
)]

use std::sync::LazyLock;

use sipher_crypto::Session;
use sipher_engine::{
    Account, Answer, Class, Command, Kind, Lifetime, PresenceLevel, Presenting, RightChange, Snapshot,
    Status, Wait,
};
use sipher_sim::{Disk, Faults, Person, World};
use sipher_wire::Time;
use sipher_wire::sip::{Message, Target};
use sipher_wire::{BoxId, Host};

/// Alice at rest.
pub(super) struct Alice {
    pub(super) disk: Disk,
    pub(super) now: Time,
    /// Her queue for Mallory.
    pub(super) queue: BoxId,
    /// The relay of both.
    pub(super) host: Host,
    /// State of Mallory's session with her.
    pub(super) mallory: Vec<u8>,
    /// The last value of Mallory's cell for her.
    pub(super) presence: Vec<u8>,
    /// An envelope of Mallory's that she has opened.
    pub(super) envelope: Vec<u8>,
    /// An invitation of Mallory's that was used.
    pub(super) used_invitation: String,
}

/// Alice.
pub(super) static ALICE: LazyLock<Alice> = LazyLock::new(|| {
    let mut world = World::new(1, Faults::default());
    let (alice, mallory) = (world.add("Alice"), world.add("Mallory"));
    let uri = match world.call(mallory, Command::Invite { for_name: None }) {
        Some(Ok(Answer::Invited(invited))) => Some(invited.uri.expose_text().to_string()),
        _ => None,
    };
    let uri = uri.expect("an honest relay publishes an invitation");
    let accept = Command::Accept {
        uri: uri.clone().into(),
        as_name: None,
    };
    done(&mut world, alice, accept);
    for _ in 0..2 {
        everybody_syncs(&mut world);
    }
    for person in [alice, mallory] {
        let buddy = buddy(&world, person);
        let right = RightChange::Presence(PresenceLevel::Full);
        done(
            &mut world,
            person,
            Command::Grant {
                buddy,
                right,
                until: None,
            },
        );
        done(&mut world, person, Command::SetStatus(Status::default()));
        let texts = vec!["hello".into()];
        let (lifetime, wait) = (Lifetime::Week, Wait::Stored);
        done(
            &mut world,
            person,
            Command::Send {
                to: buddy,
                texts,
                lifetime,
                wait,
            },
        );
        everybody_syncs(&mut world);
    }
    done(&mut world, alice, Command::MarkRead { buddy: None });
    everybody_syncs(&mut world);
    at_rest(&world, (alice, mallory), uri)
});

/// Alice's account out of her disk.
pub(super) fn account() -> Account {
    Account::load(&ALICE.disk)
        .ok()
        .flatten()
        .expect("what was written can be read")
}

fn at_rest(world: &World, (alice, mallory): (Person, Person), used_invitation: String) -> Alice {
    let node = |person: Person| world.nodes.get(person).expect("somebody who was added");
    let last = |class, method: &[u8], len| {
        let mut requests = world.requests.iter().rev();
        requests
            .find(|(person, of, message)| {
                (*person, *of) == (mallory, class)
                    && message.head.method_octets() == method
                    && message.body.len() == len
            })
            .map(|(.., message)| message)
            .expect("Mallory sent and published")
    };
    let message = last(Class::Send, b"MESSAGE", 1024);
    let sessions = node(mallory)
        .disk()
        .scan(Kind::Buddy, None, 0, 1)
        .expect("memory doesn't fail");
    let (_, record) = sessions.first().expect("Mallory has a buddy");
    Alice {
        disk: node(alice).disk().clone(),
        now: world.now,
        queue: box_of(message).expect("a message goes to a box"),
        host: node(alice).account().relay().host.clone(),
        mallory: session_in(record).expect("the record of a session holds one"),
        presence: last(Class::Own, b"PUBLISH", 1024).body.to_vec(),
        envelope: message.body.to_vec(),
        used_invitation,
    }
}

fn box_of(message: &Message) -> Option<BoxId> {
    match Target::parse(message.head.uri_octets())? {
        Target::Sip(uri) => uri.box_id(),
        Target::OtherScheme => None,
    }
}

/// The state inside a record: the octet string of CBOR with two octets of length that is one.
fn session_in(record: &[u8]) -> Option<Vec<u8>> {
    let mut tails = (0..record.len()).filter_map(|at| record.get(at..));
    tails.find_map(|tail| {
        let (&[0x59, high, low], rest) = tail.split_first_chunk()? else {
            return None;
        };
        let state = rest.get(..usize::from(u16::from_be_bytes([high, low])))?;
        Session::from_bytes(state).ok().map(|_| state.to_vec())
    })
}

fn everybody_syncs(world: &mut World) {
    for person in 0..world.nodes.len() {
        let presence = Presenting::Fetch;
        done(world, person, Command::Sync { presence });
    }
}

fn done(world: &mut World, person: Person, command: Command) {
    world
        .call(person, command)
        .expect("nobody crashes")
        .expect("nothing is in the way");
}

fn buddy(world: &World, person: Person) -> sipher_engine::BuddyId {
    let account = world.nodes.get(person).expect("somebody who was added").account();
    account.buddies(world.now).first().expect("they are linked").id
}
