//! `sipher grant`: lets one buddy see or do something, until it is taken back or ends.

use sipher_client::{Answer, Command, PresenceLevel, ReceiptLevel, RightChange, Time, WithdrawnRight};

use super::grants;
use super::status::end;
use crate::advice::Advice;
use crate::args::GrantArgs;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::{Session, unexpected};

/// One change of one right.
enum Change {
    Give(RightChange),
    Take(WithdrawnRight),
}

/// Gives rights; all of them are checked before the first is given.
pub(crate) async fn run(
    args: GrantArgs,
    open: &impl Fn() -> Result<Session, Advice>,
) -> Result<Exit, Advice> {
    let (changes, until) = parse(&args.rights)?;
    let mut session = open()?;
    let buddy = session.buddy(&args.buddy).await?;
    let mut exit = Exit::Done;
    for change in changes {
        let command = match change {
            Change::Give(right) => Command::Grant {
                buddy: buddy.id,
                right,
                until,
            },
            Change::Take(right) => Command::Retract {
                buddy: buddy.id,
                right,
            },
        };
        match session.call(command).await? {
            Answer::Changed(report) => exit = worse(exit, session.tell_troubles(&report.troubles)),
            other => return Err(unexpected(&other)),
        }
    }
    grants::show(&mut session, &buddy).await?;
    session.close(exit).await
}

fn worse(one: Exit, other: Exit) -> Exit {
    if one == Exit::Done { other } else { one }
}

fn parse(rights: &[String]) -> Result<(Vec<Change>, Option<Time>), Advice> {
    let mut changes = Vec::new();
    let mut until = None;
    for text in rights {
        match text.split_once('=') {
            Some(("until", value)) => until = Some(end(value)?),
            Some((right, value)) => changes.push(change(right, value).ok_or_else(|| unknown(text))?),
            None => return Err(unknown(text)),
        }
    }
    if changes.is_empty() {
        return Err(
            Advice::input("no right is named").act("name one: sipher grant BUDDY presence=status until=2h")
        );
    }
    Ok((changes, until))
}

fn change(right: &str, value: &str) -> Option<Change> {
    Some(match (right, value) {
        ("message", "yes") => Change::Give(RightChange::Message),
        ("message", "no") => Change::Take(WithdrawnRight::Message),
        ("presence", "none") => Change::Take(WithdrawnRight::Presence),
        ("presence", "reachable") => Change::Give(RightChange::Presence(PresenceLevel::Reachable)),
        ("presence", "status") => Change::Give(RightChange::Presence(PresenceLevel::Status)),
        ("presence", "full") => Change::Give(RightChange::Presence(PresenceLevel::Full)),
        ("receipts", "none") => Change::Take(WithdrawnRight::Receipts),
        ("receipts", "delivered") => Change::Give(RightChange::Receipts(ReceiptLevel::Delivered)),
        ("receipts", "read") => Change::Give(RightChange::Receipts(ReceiptLevel::Read)),
        _ => return None,
    })
}

fn unknown(text: &str) -> Advice {
    Advice::input(format!("\"{}\" is no right", escaped_line(text)))
        .why("there are: presence=none|reachable|status|full, receipts=none|delivered|read, message=yes|no")
        .act("for example: sipher grant BUDDY presence=status until=2h")
}
