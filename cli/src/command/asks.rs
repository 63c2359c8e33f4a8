//! `sipher asks`, `admit` and `decline`: who asks at the standing address, and what becomes of him.
//!
//! Name and text are the asker's own and proven by nothing. They are shown escaped, and nothing in them is a link.

use serde_json::json;
use sipher_client::{Answer, Ask, AskId, Command, LinkStage, Name, Presenting, now};

use super::link;
use crate::advice::Advice;
use crate::args::{AdmitArgs, DeclineArgs};
use crate::exit::Exit;
use crate::moment;
use crate::output::escaped_line;
use crate::session::{Session, name, unexpected};

/// Lists who asks.
pub(crate) async fn run(mut session: Session) -> Result<Exit, Advice> {
    let (_, exit) = session.sync(Presenting::Skip).await?;
    let rows = session
        .look(|account, _| account.asks().map(|ask| row(&ask)).collect::<Vec<_>>())
        .await?;
    if rows.is_empty() {
        session.output.talk("Nobody asks.");
    }
    for (text, json) in &rows {
        session.output.result(text, json);
    }
    session.close(exit).await
}

/// Makes a buddy of somebody who asks.
pub(crate) async fn admit(args: AdmitArgs, mut session: Session) -> Result<Exit, Advice> {
    let as_name = args.as_name.as_deref().map(name).transpose()?;
    let ask = AskId::of(args.ask);
    let (buddy, stage, troubles) = match session.call(Command::Admit { ask, as_name }).await? {
        Answer::Accepted {
            buddy,
            stage,
            troubles,
        } => (buddy, stage, troubles),
        other => return Err(unexpected(&other)),
    };
    let exit = session.tell_troubles(&troubles);
    link::tell(&mut session, buddy).await?;
    if stage != LinkStage::Linked {
        session
            .output
            .talk("Your answer is kept; any later command that reaches the relays sends it.");
    }
    session.close(exit).await
}

/// Forgets somebody who asks.
pub(crate) async fn decline(args: &DeclineArgs, mut session: Session) -> Result<Exit, Advice> {
    match session.call(Command::Decline(AskId::of(args.ask))).await? {
        Answer::Changed(_) => {}
        other => return Err(unexpected(&other)),
    }
    session.output.result(
        &format!("{} is forgotten, and isn't told", args.ask),
        &json!({ "ask": args.ask, "declined": true }),
    );
    session.close(Exit::Done).await
}

fn row(ask: &Ask<'_>) -> (String, serde_json::Value) {
    let (came, words) = (ask.came.as_millis(), ask.words().join(" "));
    let called = ask.name.map(Name::as_str);
    let shown = called.map_or("somebody without a name".into(), escaped_line);
    let mut text = format!(
        "{:>3}  {shown}, {}",
        ask.id.number(),
        moment::shown(came, now().as_millis())
    );
    if let Some(said) = ask.text {
        text = format!("{text}\n     \"{}\"", escaped_line(said));
    }
    text = format!("{text}\n     words   {words}");
    let json = json!({
        "ask": ask.id.number(),
        "name": called,
        "text": ask.text,
        "came": came,
        "words": words,
        "number": ask.safety_number().digits(),
    });
    (text, json)
}
