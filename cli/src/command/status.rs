//! `sipher status`: one's own presence. Each buddy sees of it what he was granted, encrypted for him alone.

use serde_json::json;
use sipher_client::{Answer, Basic, Command, Status, Time, now};

use crate::advice::Advice;
use crate::args::{StateArg, StatusArgs};
use crate::exit::Exit;
use crate::session::{Session, unexpected};
use crate::{moment, show};

/// Shows the status, or sets it and publishes it.
pub(crate) async fn run(args: StatusArgs, mut session: Session) -> Result<Exit, Advice> {
    let mut exit = Exit::Done;
    if args.state.is_some() || args.note.is_some() || args.until.is_some() {
        let status = wanted(&args, &mut session).await?;
        match session.call(Command::SetStatus(status)).await? {
            Answer::Changed(report) => exit = session.tell_troubles(&report.troubles),
            other => return Err(unexpected(&other)),
        }
    }
    let now = now();
    let status = session.look(move |account, _| account.status(now)).await?;
    let why = if status == Status::default() {
        "nothing else was set"
    } else {
        "you set it"
    };
    let json = show::with(show::status_json(&status), [("why", json!(why))]);
    session.output.result(
        &format!("{}  ({why})", show::status(&status, now.as_millis())),
        &json,
    );
    session.close(exit).await
}

/// A new state begins without note and end; without a new state, what isn't given stays.
async fn wanted(args: &StatusArgs, session: &mut Session) -> Result<Status, Advice> {
    let now = now();
    let mut status = match args.state {
        Some(state) => Status {
            basic: basic(state),
            ..Status::default()
        },
        None => session.look(move |account, _| account.status(now)).await?,
    };
    if let Some(note) = &args.note {
        status.note = (!note.is_empty()).then(|| note.clone());
    }
    if let Some(until) = &args.until {
        status.until = Some(end(until)?);
    }
    Ok(status)
}

/// The end that a person typed.
pub(crate) fn end(text: &str) -> Result<Time, Advice> {
    moment::parse_end(text, now().as_millis())
        .map(Time::from_millis)
        .ok_or_else(|| {
            Advice::input("this is no time in the future")
                .why("times are in UTC")
                .act("give 30m, 2h, 3d, 14:00, or a day like 2027-01-31")
        })
}

fn basic(state: StateArg) -> Basic {
    match state {
        StateArg::Available => Basic::Available,
        StateArg::Away => Basic::Away,
        StateArg::Busy => Basic::Busy,
        StateArg::Offline => Basic::Offline,
    }
}
