//! Waiting for a link, for `invite --wait` and `accept --wait`, and the words that both sides compare then.

use std::time::Duration;

use serde_json::json;
use sipher_client::{BuddyId, Command, Event, InvitationId, LinkStage, now};
use tokio::time::timeout;

use crate::advice::Advice;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::Session;
use crate::show;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaited {
    /// That somebody uses an invitation of ours.
    Invitation(InvitationId),
    /// That the inviter answers.
    Answer(BuddyId),
}

/// Stays connected until the link is there, then shows its words.
pub(crate) async fn wait(session: &mut Session, awaited: Awaited, limit: Duration) -> Result<Exit, Advice> {
    session.call(Command::Stay).await?;
    let linked = timeout(limit, linked(session, awaited)).await;
    session.call(Command::Leave).await?;
    match linked {
        Ok(buddy) => {
            tell(session, buddy?).await?;
            Ok(Exit::Done)
        }
        Err(_) => Err(Advice::new(Exit::Network, "the answer did not come in time")
            .why("the link goes on by itself with any later command")
            .act("look again later: sipher who")),
    }
}

async fn linked(session: &mut Session, mut awaited: Awaited) -> Result<BuddyId, Advice> {
    loop {
        if let Awaited::Answer(buddy) = awaited
            && is_linked(session, buddy).await?
        {
            return Ok(buddy);
        }
        match session.event().await {
            Some(Event::InvitationUsed { invitation, buddy }) => {
                if matches!(awaited, Awaited::Invitation(ours) if ours == invitation) {
                    awaited = Awaited::Answer(buddy);
                }
            }
            Some(Event::LinkFailed { buddy }) if matches!(awaited, Awaited::Answer(ours) if ours == buddy) => {
                return Err(Advice::new(Exit::Refused, "the invitation leads nowhere")
                    .why("somebody else used it, or it ended")
                    .act("ask for a new one, and say that somebody else may have used it"));
            }
            Some(Event::Trouble(trouble)) => drop(session.tell_troubles(&[trouble])),
            Some(_) => {}
            None => return Err(Advice::bug("the account was closed while waiting")),
        }
    }
}

async fn is_linked(session: &mut Session, buddy: BuddyId) -> Result<bool, Advice> {
    session
        .look(move |account, _| {
            account
                .buddy(buddy, now())
                .is_some_and(|buddy| buddy.stage == LinkStage::Linked)
        })
        .await
}

/// Says how far a link is, with the words to compare.
pub(crate) async fn tell(session: &mut Session, id: BuddyId) -> Result<(), Advice> {
    let seen = session
        .look(move |account, _| {
            let buddy = account.buddy(id, now())?;
            Some((buddy.name.as_str().to_owned(), buddy.stage, buddy.words()))
        })
        .await?;
    let Some((name, stage, words)) = seen else {
        return Ok(());
    };
    let words = words.join(" ");
    let shown = escaped_line(&name);
    let text = match stage {
        LinkStage::Linked => format!("{shown}: linked.  Say these words to each other:  {words}"),
        _ => format!("{shown}: waiting for an answer.  Then say these words to each other:  {words}"),
    };
    session.output.result(
        &text,
        &json!({ "buddy": name, "stage": show::stage(stage), "words": words }),
    );
    Ok(())
}
