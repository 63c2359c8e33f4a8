//! `sipher verify`: the six words, and the number, that two people compare to be sure that nobody is between.

use serde_json::json;
use sipher_client::{Answer, Command, now};

use crate::advice::Advice;
use crate::args::VerifyArgs;
use crate::exit::Exit;
use crate::output::escaped_line;
use crate::session::{Session, unexpected};

/// Shows the words; with `--confirm`, notes that they were equal.
pub(crate) async fn run(args: VerifyArgs, mut session: Session) -> Result<Exit, Advice> {
    let known = session.buddy(&args.buddy).await?;
    let id = known.id;
    if args.confirm {
        match session
            .call(Command::SetVerified {
                buddy: id,
                verified: true,
            })
            .await?
        {
            Answer::Changed(_) => {}
            other => return Err(unexpected(&other)),
        }
    }
    let seen = session
        .look(move |account, _| {
            account
                .buddy(id, now())
                .map(|buddy| (buddy.words(), buddy.safety_number().digits(), buddy.verified))
        })
        .await?;
    let Some((words, digits, verified)) = seen else {
        return Err(Advice::bug("a buddy disappeared"));
    };
    // spec: safety-2
    let words = words.join(" ");
    let name = escaped_line(&known.name);
    let state = if verified { "verified" } else { "not verified yet" };
    let text = format!("{name}: {state}\n  words   {words}\n  number  {digits}");
    let json = json!({ "buddy": known.name, "verified": verified, "words": words, "number": digits });
    session.output.result(&text, &json);
    if !verified {
        session.output.talk(
            "Say the words to each other, best by voice. If they are equal: sipher verify BUDDY --confirm",
        );
    }
    session.close(Exit::Done).await
}
