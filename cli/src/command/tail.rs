//! `sipher tail`: stays connected and writes what happens, one JSON object a line, until it is told to end.
//!
//! A message that was shown here counts as read, as one that `sipher read` showed.

use serde_json::{Value, json};
use sipher_client::{Answer, BuddyId, Command, Event, now};

use crate::advice::Advice;
use crate::exit::Exit;
use crate::session::{Session, unexpected};
use crate::{interrupt, output, show};

/// Writes what happens until SIGINT or SIGTERM.
pub(crate) async fn run(mut session: Session) -> Result<Exit, Advice> {
    session.output.talk("Writing what happens; Ctrl-C ends it.");
    let mut end = std::pin::pin!(interrupt::wanted());
    session.call(Command::Stay).await?;
    unread(&mut session).await?;
    loop {
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
        if !unread.more {
            return Ok(());
        }
    }
}

async fn tell(session: &mut Session, event: Event) -> Result<(), Advice> {
    let json = match event {
        Event::Message { .. } => return unread(session).await,
        Event::Progress {
            buddy,
            message,
            state,
        } => json!({
            "event": "progress",
            "buddy": session.name_of(buddy).await?,
            "message": message.to_string(),
            "state": show::message_state(state),
        }),
        Event::Linked { buddy } => about(session, "linked", buddy).await?,
        Event::LinkFailed { .. } => json!({ "event": "link_failed" }),
        Event::InvitationUsed { invitation, buddy } => json!({
            "event": "invitation_used",
            "invitation": invitation.number(),
            "buddy": session.name_of(buddy).await?,
        }),
        Event::InvitationTriedAgain { invitation } => {
            json!({ "event": "invitation_tried_again", "invitation": invitation.number() })
        }
        Event::InvitationNoise { invitation } => {
            json!({ "event": "invitation_noise", "invitation": invitation.number() })
        }
        Event::InvitationReady { invitation } => {
            json!({ "event": "invitation_ready", "invitation": invitation.number() })
        }
        Event::Presence { buddy } => presence(session, buddy).await?,
        Event::Rights { buddy } => about(session, "rights", buddy).await?,
        Event::Unreadable { buddy } => about(session, "unreadable", buddy).await?,
        Event::RolledBack { buddy } => about(session, "rolled_back", buddy).await?,
        Event::Trouble(trouble) => {
            session.tell_troubles(std::slice::from_ref(&trouble));
            json!({ "event": "trouble", "relay": trouble.relay, "cause": trouble.cause.to_string() })
        }
        _ => return Ok(()),
    };
    output::json_line(&json);
    Ok(())
}

async fn about(session: &mut Session, event: &str, buddy: BuddyId) -> Result<Value, Advice> {
    Ok(json!({ "event": event, "buddy": session.name_of(buddy).await? }))
}

async fn presence(session: &mut Session, id: BuddyId) -> Result<Value, Advice> {
    let name = session.name_of(id).await?;
    let seen = session
        .look(move |account, _| {
            account
                .buddy(id, now())
                .map(|buddy| show::presence_json(&buddy.presence))
        })
        .await?;
    let more = [("event", json!("presence")), ("buddy", json!(name))];
    Ok(show::with(seen.unwrap_or_else(|| json!({})), more))
}
