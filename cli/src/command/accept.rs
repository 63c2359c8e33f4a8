//! `sipher accept`: uses an invitation. It may be pasted at a hidden prompt, read from standard input, or given
//! as an argument, which other users of the machine can see.

use std::time::Duration;

use sipher_client::{Answer, Command};
use zeroize::Zeroizing;

use super::link;
use crate::advice::Advice;
use crate::args::AcceptArgs;
use crate::ask;
use crate::exit::Exit;
use crate::output::Output;
use crate::session::{Session, name, unexpected};

/// Becomes the buddy of whoever made the invitation.
pub(crate) async fn run(
    args: AcceptArgs,
    open: &impl Fn() -> Result<Session, Advice>,
    output: Output,
) -> Result<Exit, Advice> {
    let as_name = args.as_name.as_deref().map(name).transpose()?;
    let uri = invitation(args.invitation, output)?;
    let mut session = open()?;
    let command = match args.text {
        Some(text) => Command::Ask { uri, as_name, text },
        None => Command::Accept { uri, as_name },
    };
    let (buddy, troubles) = match session.call(command).await? {
        Answer::Accepted { buddy, troubles, .. } => (buddy, troubles),
        other => return Err(unexpected(&other)),
    };
    let mut exit = session.tell_troubles(&troubles);
    link::tell(&mut session, buddy).await?;
    if args.wait {
        exit = link::wait(
            &mut session,
            link::Awaited::Answer(buddy),
            Duration::from_secs(args.timeout),
        )
        .await?;
    }
    session.close(exit).await
}

fn invitation(given: Option<String>, output: Output) -> Result<Zeroizing<String>, Advice> {
    match given {
        Some(dash) if dash == "-" => {
            let text = ask::stdin_text(MAX_INPUT)?;
            text.ok_or_else(|| Advice::input("this is not an invitation").why("an invitation is one line"))
        }
        Some(uri) => {
            output.talk("warning: other users of this machine can see an invitation on the command line; use: sipher accept -");
            Ok(Zeroizing::new(uri))
        }
        None => ask::hidden(
            "Paste the invitation (sipher:...)",
            "the invitation, or - and the invitation on standard input",
        ),
    }
}

/// Octets of standard input that are looked at; an invitation has a few hundred.
const MAX_INPUT: u64 = 16 * 1024;
