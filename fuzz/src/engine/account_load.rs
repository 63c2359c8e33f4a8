//! Promise: records that are damaged are refused, or give an account that runs. Spec: `spec/client.md`, records.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_engine::{
    Account, Batch, Command, CommandId, Input, Key, Kind, Lifetime, Op, Output, Presenting, Snapshot, Wait,
};

use super::fixture::{ALICE, account};
use crate::dice::{Dice, edited};

/// `record u8`, then edits of it.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let mut disk = ALICE.disk.clone();
    for _ in 0..=dice.octet() % 3 {
        if let Some((key, value)) = some_record(&mut dice) {
            let value = if dice.octet() == 0xff {
                dice.rest().to_vec()
            } else {
                edited(&mut dice, &value)
            };
            disk.commit(&[Op::Put(key, value.into())].into_iter().collect::<Batch>());
        }
    }
    let Ok(Some(mut account)) = Account::load(&disk) else {
        return;
    };
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    for (number, command) in commands(&account).into_iter().enumerate() {
        let id = CommandId(u64::try_from(number).unwrap_or(0));
        // A record that is found damaged later is a fault, and the account is dropped.
        if account
            .handle(ALICE.now, Input::Command { id, command }, &disk, rng)
            .is_err()
        {
            return;
        }
        while let Some(output) = account.poll() {
            if let Output::Persist(batch) = output {
                disk.commit(&batch);
            }
        }
    }
}

/// One of the records, with its name.
fn some_record(dice: &mut Dice<'_>) -> Option<(Key, Vec<u8>)> {
    let mut all: Vec<_> = account()
        .records()
        .into_ops()
        .into_iter()
        .filter_map(|op| match op {
            Op::Put(key, value) => Some((key, value.to_vec())),
            Op::Delete(_) => None,
        })
        .collect();
    let groups: Vec<_> = all
        .iter()
        .filter(|(key, _)| key.kind == Kind::Buddy)
        .map(|(key, _)| key.group.clone())
        .collect();
    for kind in [Kind::Outbox, Kind::History, Kind::Progress, Kind::Receipt] {
        for group in &groups {
            for (seq, value) in ALICE.disk.scan(kind, Some(group), 0, 4).unwrap_or_default() {
                all.push((Key::new(kind, group, seq), value.to_vec()));
            }
        }
    }
    let at = dice.place(all.len());
    (at < all.len()).then(|| all.swap_remove(at))
}

fn commands(account: &Account) -> Vec<Command> {
    let mut commands = vec![
        Command::Sync {
            presence: Presenting::Fetch,
        },
        Command::MarkRead { buddy: None },
    ];
    if let Some(buddy) = account.buddies(ALICE.now).first() {
        commands.push(Command::Send {
            to: buddy.id,
            texts: vec!["text".into()],
            lifetime: Lifetime::Day,
            wait: Wait::Queued,
        });
    }
    commands
}
