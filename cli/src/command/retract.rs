//! `sipher retract`: takes a right back from one buddy, without touching the others.

use sipher_client::{Answer, Command, WithdrawnRight};

use super::grants;
use crate::advice::Advice;
use crate::args::RetractArgs;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::{Session, unexpected};

/// Takes one right back, or all.
pub(crate) async fn run(
    args: RetractArgs,
    open: &impl Fn() -> Result<Session, Advice>,
) -> Result<Exit, Advice> {
    let right = right(args.right.as_deref())?;
    let mut session = open()?;
    let buddy = session.buddy(&args.buddy).await?;
    let exit = match session
        .call(Command::Retract {
            buddy: buddy.id,
            right,
        })
        .await?
    {
        Answer::Changed(report) => session.tell_troubles(&report.troubles),
        other => return Err(unexpected(&other)),
    };
    session
        .output
        .talk("What was seen before can't be taken back; from now on there are no more keys for it.");
    grants::show(&mut session, &buddy).await?;
    session.close(exit).await
}

fn right(typed: Option<&str>) -> Result<WithdrawnRight, Advice> {
    match typed {
        None => Ok(WithdrawnRight::All),
        Some("message") => Ok(WithdrawnRight::Message),
        Some("presence") => Ok(WithdrawnRight::Presence),
        Some("receipts") => Ok(WithdrawnRight::Receipts),
        Some(other) => Err(Advice::input(format!("\"{}\" is no right", escaped_line(other)))
            .why("there are: presence, receipts, message")
            .act("name one of them, or none to take all of them back")),
    }
}
