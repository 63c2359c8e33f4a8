//! `sipher who`: the buddies, and what each lets us see of him now.

use serde_json::{Value, json};
use sipher_client::{Buddy, LinkStage, Presenting, now};

use crate::advice::Advice;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::Session;
use crate::show;

/// Fetches presence and shows everybody.
pub(crate) async fn run(mut session: Session) -> Result<Exit, Advice> {
    let (_, exit) = session.sync(Presenting::Fetch).await?;
    let mut rows = session
        .look(|account, _| account.buddies(now()).iter().map(row).collect::<Vec<_>>())
        .await?;
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    if rows.is_empty() {
        session
            .output
            .talk("You have no buddies yet. Next: sipher invite");
    }
    let width = rows
        .iter()
        .map(|(name, ..)| name.chars().count())
        .max()
        .unwrap_or_default();
    for (name, text, json) in &rows {
        session.output.result(&format!("{name:<width$}  {text}"), json);
    }
    session.close(exit).await
}

fn row(buddy: &Buddy<'_>) -> (String, String, Value) {
    let name = buddy.name.as_str();
    let mut text = if buddy.stage == LinkStage::Linked {
        show::presence(&buddy.presence, now().as_millis())
    } else {
        format!("not linked yet ({})", show::stage(buddy.stage))
    };
    for (count, what) in [(buddy.unread, "unread"), (buddy.queued, "queued")] {
        if count > 0 {
            text = format!("{text}  {count} {what}");
        }
    }
    if !buddy.takes_messages {
        text.push_str("  takes no messages from you");
    }
    if buddy.verified {
        text.push_str("  verified");
    }
    let more = [
        ("buddy", json!(name)),
        ("own_name", json!(buddy.own_name.map(sipher_client::Name::as_str))),
        ("stage", json!(show::stage(buddy.stage))),
        ("takes_messages", json!(buddy.takes_messages)),
        ("verified", json!(buddy.verified)),
        ("unread", json!(buddy.unread)),
        ("queued", json!(buddy.queued)),
    ];
    let json = show::with(show::presence_json(&buddy.presence), more);
    (escaped_line(name).into_owned(), text, json)
}
