//! `sipher send`: one message. Says how far it came, and ends well only if that is as far as was asked for.

use std::time::Duration;

use serde_json::json;
use sipher_client::{Answer, Command, Lifetime, MessageState, Trouble, Wait, now};

use crate::advice::Advice;
use crate::args::{Keep, SendArgs, WaitFor};
use crate::exit::Exit;
use crate::output::Output;
use crate::session::{Known, Session, unexpected};
use crate::{ask, moment, show};

/// Sends a text.
pub(crate) async fn run(
    args: SendArgs,
    open: &impl Fn() -> Result<Session, Advice>,
    output: Output,
) -> Result<Exit, Advice> {
    let text = text(args.text, output)?;
    let mut session = open()?;
    let buddy = session.buddy(&args.buddy).await?;
    let command = Command::Send {
        to: buddy.id,
        texts: vec![text],
        lifetime: lifetime(args.expires),
        wait: wait(args.wait),
    };
    let limit = Duration::from_secs(args.timeout);
    let (messages, state, trouble) = match session.call_within(limit, command).await? {
        Answer::Sent {
            messages,
            state,
            trouble,
        } => (messages, state, trouble),
        other => return Err(unexpected(&other)),
    };
    let at = now().as_millis();
    let json = json!({
        "to": buddy.name,
        "message": messages.first().map(ToString::to_string),
        "state": show::message_state(state),
        "at": at,
    });
    session.output.result(
        &format!("{} at {}", show::message_state(state), moment::shown(at, at)),
        &json,
    );
    let exit = if has_reached(state, args.wait) {
        Exit::Done
    } else {
        explain(&session, &buddy, state, trouble.as_ref())
    };
    session.close(exit).await
}

/// Why the message did not come as far as was asked for.
fn explain(session: &Session, buddy: &Known, state: MessageState, trouble: Option<&Trouble>) -> Exit {
    if let Some(trouble) = trouble {
        return session.tell_troubles(std::slice::from_ref(trouble));
    }
    let advice = match state {
        MessageState::Queued if buddy.stage != sipher_client::LinkStage::Linked => {
            Advice::new(Exit::Network, "your message waits for the link")
                .why("the other side has not answered the invitation yet; the text is kept")
                .act("once there is an answer, any later command sends it, for example: sipher read")
                .act("if none comes, somebody else may have used the invitation first: ask for a new one")
        }
        MessageState::Queued => Advice::new(Exit::Network, "your message waits on this machine")
            .why("the relay did not take it in time; the text is kept")
            .act("any later command sends it, for example: sipher read"),
        _ => Advice::new(Exit::Network, "your message did not come that far in time")
            .why("it is on its way; receipts come late on purpose, and only from buddies who send them")
            .act("look again later: sipher tail"),
    };
    session.output.error(&advice);
    advice.exit()
}

fn has_reached(state: MessageState, wanted: WaitFor) -> bool {
    let wanted = match wanted {
        WaitFor::Stored => MessageState::Stored,
        WaitFor::Delivered => MessageState::Delivered,
        WaitFor::Read => MessageState::Read,
    };
    state >= wanted
}

fn wait(wanted: WaitFor) -> Wait {
    match wanted {
        WaitFor::Stored => Wait::Stored,
        WaitFor::Delivered => Wait::Delivered,
        WaitFor::Read => Wait::Read,
    }
}

fn lifetime(keep: Keep) -> Lifetime {
    match keep {
        Keep::Day => Lifetime::Day,
        Keep::Week => Lifetime::Week,
        Keep::Month => Lifetime::Month,
    }
}

/// The text, from the argument, or from standard input as it is but without one last line break.
fn text(given: Option<String>, output: Output) -> Result<String, Advice> {
    match given {
        Some(dash) if dash == "-" => {}
        Some(text) => return Ok(text),
        None if ask::is_possible() => output.talk("Write your message; Ctrl-D on an empty line sends it."),
        None => {}
    }
    let Some(text) = ask::stdin_text(MAX_INPUT)? else {
        return Err(Advice::too_long(MAX_TEXT));
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Octets of standard input that are read. What an envelope really takes, the engine says.
const MAX_INPUT: u64 = 1024 * 1024;
/// What to tell whoever gives more than that.
const MAX_TEXT: usize = 65_000;
