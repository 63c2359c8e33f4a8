//! `sipher grants`: who may what, since when and until when.

use serde_json::json;
use sipher_client::now;

use crate::advice::Advice;
use crate::args::GrantsArgs;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::{Known, Session};
use crate::show;

/// Shows the rights of one buddy or of all.
pub(crate) async fn run(args: GrantsArgs, mut session: Session) -> Result<Exit, Advice> {
    let buddies = match &args.buddy {
        Some(name) => vec![session.buddy(name).await?],
        None => session.buddies().await?,
    };
    if buddies.is_empty() {
        session
            .output
            .talk("You have no buddies yet. Next: sipher invite");
    }
    for buddy in &buddies {
        show(&mut session, buddy).await?;
    }
    session.close(Exit::Done).await
}

/// Shows what one buddy may, and what he was shown last.
pub(crate) async fn show(session: &mut Session, buddy: &Known) -> Result<(), Advice> {
    let id = buddy.id;
    let seen = session
        .look(move |account, _| (account.rights(id), account.shown_to(id).cloned()))
        .await?;
    let (Some(rights), last) = seen else { return Ok(()) };
    let at = now().as_millis();
    let name = escaped_line(&buddy.name);
    let mut text: Vec<String> = show::rights(&rights, at)
        .iter()
        .map(|line| format!("{name}  {line}"))
        .collect();
    if let Some(last) = &last {
        text.push(format!("{name}  saw last: {}", show::status(&last.status, at)));
    }
    let saw_last = last.map(|last| {
        let published = ("published", json!(last.published.as_millis()));
        show::with(show::status_json(&last.status), [published])
    });
    let more = [("buddy", json!(buddy.name)), ("saw_last", json!(saw_last))];
    let json = show::with(show::rights_json(&rights), more);
    session.output.result(&text.join("\n"), &json);
    Ok(())
}
