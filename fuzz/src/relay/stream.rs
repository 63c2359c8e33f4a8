//! Promises of a relay towards peers who say anything on several connections: nothing panics; all that it writes is
//! SIP; nothing is accepted without a proof for this connection; classes never mix; a 202 is durable and its item
//! reaches the owner across crashes; nobody receives of a box what he may not, nor anything after a retraction.
//! Spec: `spec/relay.md`, `spec/sip-checklist.md`; properties P9, P10 of `spec/README.md`.

use std::time::Duration;

use sipher_relay::mailbox::ConnId;
use sipher_wire::limits::HEAD_OCTETS;
use sipher_wire::sip::Status;

use super::asking::{Asked, ask};
use super::people::{BOXES, What};
use super::world::{PEERS, World};
use crate::dice::{Dice, edited};

/// A sequence of steps.
pub(crate) fn target(data: &[u8]) {
    let mut world = World::new();
    let mut dice = Dice::of(data);
    let mut steps = 0_u32;
    while !dice.is_empty() && steps < STEPS {
        step(&mut world, &mut dice, steps);
        steps += 1;
    }
    settle(&mut world, steps);
}

fn step(world: &mut World, dice: &mut Dice<'_>, number: u32) {
    let (choice, conn) = (dice.octet(), dice.octet());
    let conn = world.conn(conn);
    match choice % 16 {
        0..=6 => request(world, dice, conn, number),
        7..=9 => world.commit(),
        10 | 11 => world.answer(conn, Status::OK),
        12 => world.answer(
            conn,
            if dice.flip() {
                Status::SERVER_ERROR
            } else {
                Status::NOT_FOUND
            },
        ),
        13 => world.pass(Duration::from_secs(u64::from(dice.octet()))),
        14 if choice >= 192 => world.hang_up(conn),
        15 if choice >= 192 => world.restart(),
        14 => freely(world, conn, dice.long_slice(), false),
        _ => {
            let drafted = drafted(world, dice, conn, number);
            let Some(asked) = drafted else { return };
            let octets = edited(dice, &asked.draft.write());
            freely(world, conn, &octets, asked.expected.proven);
        }
    }
}

/// A request as we build it, in two reads.
fn request(world: &mut World, dice: &mut Dice<'_>, conn: ConnId, number: u32) {
    if let Some(asked) = drafted(world, dice, conn, number) {
        let split = dice.place(HEAD_OCTETS);
        world.request(conn, asked, split);
    }
}

fn drafted(world: &mut World, dice: &mut Dice<'_>, conn: ConnId, number: u32) -> Option<Asked> {
    let (peers, rng) = (&mut world.peers, &mut world.rng);
    ask(dice, peers.get_mut(&conn)?, number, rng)
}

/// Any octets. From then on what this connection gets isn't known, and with a proof in them what boxes hold.
fn freely(world: &mut World, conn: ConnId, octets: &[u8], with_proof: bool) {
    if let Some(peer) = world.peers.get_mut(&conn) {
        peer.spoke_freely = true;
    }
    world.unknown |= with_proof;
    world.say(conn, octets);
}

/// In the end every owner comes, and gets what his senders were promised.
fn settle(world: &mut World, steps: u32) {
    world.commit_all();
    world.restart();
    for place in 0..BOXES.len() {
        let place = u8::try_from(place).unwrap_or(0);
        let conn = world.conn(place % u8::try_from(PEERS).unwrap_or(1));
        // What, which box, and with an honest proof.
        let choices = [REGISTER, place, HONEST];
        if let Some(asked) = drafted(world, &mut Dice::of(&choices), conn, steps) {
            assert!(asked.expected.proven && asked.expected.what == What::Register);
            world.request(conn, asked, 0);
        }
        for _ in 0..ROUNDS {
            world.commit_all();
            world.answer(conn, Status::OK);
        }
    }
    let lost = world.lost();
    assert!(
        lost == 0 || world.unknown,
        "accepted items that never reach their owner: {lost}"
    );
}

/// Bounds the time of one input.
const STEPS: u32 = 96;
/// Items that may wait for one owner: no more than there were steps.
const ROUNDS: u32 = STEPS + 4;
const REGISTER: u8 = 0;
const HONEST: u8 = 15;
