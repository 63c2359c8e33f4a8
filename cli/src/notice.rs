//! What happened by the way, as JSON for programs and, where a person should know of it, in words.

use serde_json::{Value, json};
use sipher_client::{BuddyId, Event, InvitationId, now};

use crate::advice::Advice;
use crate::output::escaped_line;
use crate::session::Session;
use crate::show;

/// An event as an object; `None` for those that have a way of their own: messages and troubles.
pub(crate) async fn json(session: &mut Session, event: &Event) -> Result<Option<Value>, Advice> {
    Ok(Some(match event {
        Event::Progress {
            buddy,
            message,
            state,
        } => {
            let more = [
                ("message", json!(message.to_string())),
                ("state", json!(show::message_state(*state))),
            ];
            show::with(about(session, "progress", *buddy).await?, more)
        }
        Event::Linked { buddy } => {
            let more = [("words", json!(link_words(session, *buddy).await?))];
            show::with(about(session, "linked", *buddy).await?, more)
        }
        Event::LinkFailed { .. } => json!({ "event": "link_failed" }),
        Event::Asked { ask } => json!({ "event": "asked", "ask": ask.number() }),
        Event::InvitationUsed { invitation, buddy } => {
            let more = [("invitation", json!(invitation.number()))];
            show::with(about(session, "invitation_used", *buddy).await?, more)
        }
        Event::InvitationTriedAgain { invitation } => of_invitation("invitation_tried_again", *invitation),
        Event::InvitationNoise { invitation } => of_invitation("invitation_noise", *invitation),
        Event::InvitationReady { invitation } => {
            let more = [("uri", json!(uri(session, *invitation).await?))];
            show::with(of_invitation("invitation_ready", *invitation), more)
        }
        Event::Presence { buddy } => presence(session, *buddy).await?,
        Event::Rights { buddy } => about(session, "rights", *buddy).await?,
        Event::Unreadable { buddy } => about(session, "unreadable", *buddy).await?,
        Event::RolledBack { buddy } => about(session, "rolled_back", *buddy).await?,
        _ => return Ok(None),
    }))
}

/// What a person is told of an event, whatever command he ran.
pub(crate) async fn words(session: &mut Session, event: &Event) -> Result<Option<String>, Advice> {
    Ok(Some(match event {
        Event::InvitationUsed { buddy, .. } => {
            format!("{} accepted your invitation.", name(session, *buddy).await?)
        }
        Event::Linked { buddy } => {
            let (name, words) = (
                name(session, *buddy).await?,
                link_words(session, *buddy).await?.unwrap_or_default(),
            );
            format!(
                "You and {name} are linked. Say these words to each other:  {words}\n  then: sipher verify {name}"
            )
        }
        Event::Asked { .. } => "Somebody asks to be your buddy: sipher asks".to_owned(),
        Event::LinkFailed { .. } => {
            "warning: an invitation that you accepted leads nowhere: somebody else used it, or it ended.\n  \
            do:   ask for a new one, and say that somebody else may have used it"
                .to_owned()
        }
        Event::InvitationTriedAgain { .. } => {
            "warning: somebody else tried an invitation of yours that was used before.\n  \
            do:   find out who else saw it, and compare the six words with your new buddy: sipher verify"
                .to_owned()
        }
        Event::InvitationReady { invitation } => {
            let uri = uri(session, *invitation).await?.unwrap_or_default();
            format!("An invitation that waited for the relay can be used now:\n{uri}")
        }
        Event::RolledBack { buddy } => format!(
            "warning: the device of {} was set back to an older state and repeats itself.\n  \
             do:   ask whether it was restored from a backup",
            name(session, *buddy).await?
        ),
        Event::Unreadable { buddy } => format!(
            "warning: something came in the queue of {} that can't be read; it was dropped.",
            name(session, *buddy).await?
        ),
        _ => return Ok(None),
    }))
}

async fn name(session: &mut Session, buddy: BuddyId) -> Result<String, Advice> {
    Ok(escaped_line(&session.name_of(buddy).await?).into_owned())
}

/// The six words of a link.
async fn link_words(session: &mut Session, id: BuddyId) -> Result<Option<String>, Advice> {
    session
        .look(move |account, _| account.buddy(id, now()).map(|buddy| buddy.words().join(" ")))
        .await
}

async fn about(session: &mut Session, event: &str, buddy: BuddyId) -> Result<Value, Advice> {
    Ok(json!({ "event": event, "buddy": session.name_of(buddy).await? }))
}

fn of_invitation(event: &str, invitation: InvitationId) -> Value {
    json!({ "event": event, "invitation": invitation.number() })
}

/// An invitation that is open, to be handed over.
async fn uri(session: &mut Session, invitation: InvitationId) -> Result<Option<String>, Advice> {
    let uri = session
        .look(move |account, _| account.invitation_uri(invitation))
        .await?;
    Ok(uri.map(|uri| uri.expose_text().to_string()))
}

async fn presence(session: &mut Session, id: BuddyId) -> Result<Value, Advice> {
    let about = about(session, "presence", id).await?;
    let seen = session
        .look(move |account, _| {
            account
                .buddy(id, now())
                .map(|buddy| show::presence_json(&buddy.presence))
        })
        .await?;
    Ok(match (about, seen) {
        (Value::Object(about), Some(seen)) => {
            let mut object = seen;
            if let Value::Object(fields) = &mut object {
                fields.extend(about);
            }
            object
        }
        (about, _) => about,
    })
}
