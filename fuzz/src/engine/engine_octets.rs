//! Promises of an account towards a relay that lies: nothing panics, its records stay readable and equal to what it
//! holds in memory, it goes on speaking SIP and never mixes classes. Spec: `spec/client.md`.

use sipher_engine::{
    Command, Lifetime, PresenceLevel, Presenting, ReceiptLevel, RightChange, StandingChange, Status, Wait,
    WithdrawnRight,
};

use super::fixture::ALICE;
use super::liar::Liar;
use super::lies::{answer, answer_honestly, fault, hand_over, some_line};
use crate::dice::{Dice, edited};

/// A sequence of steps.
pub(crate) fn target(data: &[u8]) {
    let mut liar = Liar::of_alice();
    let mut dice = Dice::of(data);
    let mut steps = 0;
    while !dice.is_empty() && steps < STEPS {
        step(&mut liar, &mut dice);
        steps += 1;
    }
    liar.restart();
    liar.command(Command::Sync {
        presence: Presenting::Fetch,
    });
    answer_honestly(&mut liar);
}

fn step(liar: &mut Liar, dice: &mut Dice<'_>) {
    match dice.octet() % 16 {
        0..=2 => {
            if let Some(command) = command(liar, dice) {
                liar.command(command);
            }
        }
        3..=7 => {
            liar.connect();
            answer(liar, dice);
        }
        8 => {
            for _ in 0..dice.octet() % 16 {
                answer(liar, &mut Dice::of(&[]));
                liar.connect();
            }
        }
        9 | 10 => {
            let body = match dice.octet() % 3 {
                0 => dice.long_slice().to_vec(),
                1 => edited(dice, &ALICE.envelope),
                _ => ALICE.envelope.clone(),
            };
            hand_over(liar, dice, body);
        }
        11 => {
            if let Some(conn) = some_line(liar, dice) {
                liar.say(conn, dice.long_slice());
            }
        }
        12 => {
            if let Some(conn) = some_line(liar, dice) {
                liar.hang_up(conn, fault(dice));
            }
        }
        13 => liar.pass(u64::from(dice.short())),
        14 => liar.restart(),
        _ => liar.connect(),
    }
}

/// Something that a person wants.
fn command(liar: &Liar, dice: &mut Dice<'_>) -> Option<Command> {
    let buddy = liar.account().buddies(liar.now).first().map(|buddy| buddy.id);
    let text = |dice: &mut Dice<'_>| String::from_utf8_lossy(dice.slice()).into_owned();
    Some(match dice.octet() % 16 {
        0 | 1 => Command::Sync {
            presence: Presenting::Fetch,
        },
        2 => Command::Sync {
            presence: Presenting::Skip,
        },
        3 => Command::Send {
            to: buddy?,
            texts: vec![text(dice)],
            lifetime: Lifetime::Day,
            wait: Wait::Read,
        },
        4 => Command::MarkRead { buddy: None },
        5 => Command::Stay,
        6 => Command::Leave,
        7 => Command::SetStatus(Status {
            note: Some(text(dice)),
            ..Status::default()
        }),
        8 => Command::Grant {
            buddy: buddy?,
            right: match dice.octet() % 3 {
                0 => RightChange::Message,
                1 => RightChange::Presence(PresenceLevel::Status),
                _ => RightChange::Receipts(ReceiptLevel::Delivered),
            },
            until: None,
        },
        9 => Command::Retract {
            buddy: buddy?,
            right: match dice.octet() % 4 {
                0 => WithdrawnRight::Message,
                1 => WithdrawnRight::Presence,
                2 => WithdrawnRight::Receipts,
                _ => WithdrawnRight::All,
            },
        },
        10 => Command::Invite { for_name: None },
        11 => Command::Withdraw(liar.account().invitations().first()?.id),
        12 => Command::Accept {
            uri: ALICE.used_invitation.clone().into(),
            as_name: None,
        },
        13 => Command::Stand(match dice.octet() % 3 {
            0 => StandingChange::Show,
            1 => StandingChange::Rotate,
            _ => StandingChange::End,
        }),
        14 => Command::Ask {
            uri: ALICE.used_invitation.clone().into(),
            as_name: None,
            text: text(dice),
        },
        _ => Command::Accept {
            uri: text(dice).into(),
            as_name: None,
        },
    })
}

/// Bounds the time of one input.
const STEPS: u32 = 64;
