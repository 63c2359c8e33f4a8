//! `sipher read`: carries on what waits, then shows each unread line once.

use sipher_client::{Answer, BuddyId, Command, Presenting, now};

use crate::advice::Advice;
use crate::args::ReadArgs;
use crate::exit::Exit;
use crate::output;
use crate::session::{Session, unexpected};
use crate::show;

/// Shows what is unread, of one buddy or of all.
pub(crate) async fn run(args: ReadArgs, mut session: Session) -> Result<Exit, Advice> {
    let buddy = match &args.buddy {
        Some(name) => Some(session.buddy(name).await?.id),
        None => None,
    };
    let (_, exit) = session.sync(Presenting::Skip).await?;
    let shown = unread(&mut session, buddy).await?;
    if shown == 0 {
        session.output.talk("Nothing unread.");
    }
    session.close(exit).await
}

/// Shows unread lines and marks them read; how many there were.
pub(crate) async fn unread(session: &mut Session, buddy: Option<BuddyId>) -> Result<usize, Advice> {
    let mut shown = 0;
    loop {
        let unread = match session.call(Command::MarkRead { buddy }).await? {
            Answer::Unread(unread) => unread,
            other => return Err(unexpected(&other)),
        };
        for (id, line) in &unread.lines {
            let who = session.name_of(*id).await?;
            session.output.result(
                &show::line(&who, line, now().as_millis()),
                &show::line_json(&who, line),
            );
            shown += 1;
        }
        if !unread.more || output::has_lost_its_reader() {
            return Ok(shown);
        }
    }
}
