//! `sipher tail`: stays connected and writes what happens, one JSON object a line, until it is told to end.
//!
//! A message that was shown here counts as read, as one that `sipher read` showed.

use serde_json::json;
use sipher_client::{Answer, Command, Event};

use crate::advice::Advice;
use crate::exit::Exit;
use crate::session::{Session, unexpected};
use crate::{interrupt, notice, output, show};

/// Writes what happens until SIGINT or SIGTERM.
pub(crate) async fn run(mut session: Session) -> Result<Exit, Advice> {
    session.output.talk("Writing what happens; Ctrl-C ends it.");
    let mut end = std::pin::pin!(interrupt::wanted());
    session.call(Command::Stay).await?;
    unread(&mut session).await?;
    while !output::has_lost_its_reader() {
        tokio::select! {
            () = &mut end => break,
            event = session.event() => match event {
                Some(event) => tell(&mut session, event).await?,
                None => return Err(Advice::bug("the account was closed while it was open")),
            },
        }
    }
    session.call(Command::Leave).await?;
    session.close(Exit::Done).await
}

async fn unread(session: &mut Session) -> Result<(), Advice> {
    loop {
        let unread = match session.call(Command::MarkRead { buddy: None }).await? {
            Answer::Unread(unread) => unread,
            other => return Err(unexpected(&other)),
        };
        for (id, line) in &unread.lines {
            let who = session.name_of(*id).await?;
            output::json_line(&show::line_json(&who, line));
        }
        if !unread.more || output::has_lost_its_reader() {
            return Ok(());
        }
    }
}

async fn tell(session: &mut Session, event: Event) -> Result<(), Advice> {
    match &event {
        Event::Message { .. } => return unread(session).await,
        Event::Trouble(trouble) => {
            session.tell_troubles(std::slice::from_ref(trouble));
            let cause = trouble.cause.to_string();
            output::json_line(&json!({ "event": "trouble", "relay": trouble.relay, "cause": cause }));
        }
        _ => {
            if let Some(json) = notice::json(session, &event).await? {
                output::json_line(&json);
            }
        }
    }
    Ok(())
}
