//! `sipher invite`: an invitation for one person, as a picture and as a line to copy.

use std::time::Duration;

use serde_json::json;
use sipher_client::{Answer, Command, Invited, StandingChange, now};

use super::link;
use crate::advice::Advice;
use crate::args::InviteArgs;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::{Session, name, unexpected};
use crate::{moment, qr};

/// Makes an invitation; with `--wait`, stays until somebody used it.
pub(crate) async fn run(args: InviteArgs, mut session: Session) -> Result<Exit, Advice> {
    if args.standing {
        return standing(&args, session).await;
    }
    let for_name = args.for_name.as_deref().map(name).transpose()?;
    let called = for_name.as_ref().map(|name| name.as_str().to_owned());
    let invited = match session.call(Command::Invite { for_name }).await? {
        Answer::Invited(invited) => invited,
        Answer::InvitationWaits { trouble, .. } => {
            let exit = session.tell_troubles(&[trouble]);
            session
                .output
                .talk("The invitation is kept. The next command that reaches the relay shows it.");
            return session.close(exit).await;
        }
        other => return Err(unexpected(&other)),
    };
    session.has_shown(invited.invitation);
    show(&session, &invited, called.as_deref(), args.wait);
    let exit = if args.wait {
        let awaited = link::Awaited::Invitation(invited.invitation);
        link::wait(&mut session, awaited, Duration::from_secs(args.timeout)).await?
    } else {
        Exit::Done
    };
    session.close(exit).await
}

/// Shows, replaces or ends the address at which anybody may ask.
async fn standing(args: &InviteArgs, mut session: Session) -> Result<Exit, Advice> {
    let change = match (args.rotate, args.end) {
        (true, _) => StandingChange::Rotate,
        (_, true) => StandingChange::End,
        _ => StandingChange::Show,
    };
    let exit = match session.call(Command::Stand(change)).await? {
        Answer::Invited(invited) => {
            session.has_shown(invited.invitation);
            let uri = invited.uri.expose_text();
            let json =
                json!({ "invitation": uri.as_str(), "id": invited.invitation.number(), "standing": true });
            session.output.result(&uri, &json);
            session
                .output
                .talk("Whoever has it may ask; you let in whom you want: sipher asks");
            Exit::Done
        }
        Answer::InvitationWaits { trouble, .. } => {
            let exit = session.tell_troubles(&[trouble]);
            session
                .output
                .talk("The address is kept. The next command that reaches the relay shows it.");
            exit
        }
        Answer::Changed(report) => {
            session
                .output
                .result("no standing address any more", &json!({ "standing": false }));
            session.tell_troubles(&report.troubles)
        }
        other => return Err(unexpected(&other)),
    };
    session.close(exit).await
}

/// Data is the invitation alone, so that it can be piped; all else is talk. The picture comes last: it takes all rows
/// but one of a small terminal, and must not be scrolled away.
fn show(session: &Session, invited: &Invited, called: Option<&str>, waits: bool) {
    let output = session.output;
    let uri = invited.uri.expose_text();
    let until = invited.until.as_millis();
    let json = json!({
        "invitation": uri.as_str(),
        "id": invited.invitation.number(),
        "for": called,
        "until": until,
    });
    output.result(&uri, &json);
    let whom = called.map_or("one person".into(), escaped_line);
    output.talk(&format!(
        "For {whom}, to be used once, until {}.",
        moment::shown(until, now().as_millis())
    ));
    output.talk("Send it over a way that you trust for this, then compare the six words: sipher verify");
    if waits {
        output.talk("Waiting for the answer (Ctrl-C: it can be accepted all the same) ...");
    }
    if output.is_terminal()
        && let Some(picture) = qr::picture(&uri)
    {
        output.talk(&picture);
    }
}
