//! `sipher history`: the conversation with a buddy as it is kept on this machine, read or not.
//!
//! Shows and changes nothing else: what is unread stays unread, and no relay is asked. What `sipher read` took but
//! could not show, because it was ended at that moment, is found here.

use sipher_client::{Account, Author, BuddyId, Disk, DiskFault, Line, now};

use crate::advice::Advice;
use crate::args::HistoryArgs;
use crate::exit::Exit;
use crate::output;
use crate::session::Session;
use crate::show;

/// Shows the last lines of a conversation, oldest first.
pub(crate) async fn run(args: HistoryArgs, mut session: Session) -> Result<Exit, Advice> {
    let buddy = session.buddy(&args.buddy).await?;
    let last = if args.all { usize::MAX } else { args.last };
    let id = buddy.id;
    let lines = session
        .look(move |account, disk| newest(account, disk, id, last))
        .await?
        .map_err(|fault| session.disk_advice(&fault))?;
    if lines.is_empty() {
        session.output.talk("Nothing was written yet.");
    }
    for line in &lines {
        let author = match line.author {
            Author::Buddy => buddy.name.as_str(),
            Author::Us(_) => "me",
        };
        session.output.result(
            &show::line(author, line, now().as_millis()),
            &show::line_json(&buddy.name, line),
        );
        if output::has_lost_its_reader() {
            break;
        }
    }
    session.close(Exit::Done).await
}

/// The newest lines, in order. Goes through the conversation in bounded pieces.
fn newest(account: &Account, disk: &Disk, buddy: BuddyId, last: usize) -> Result<Vec<Line>, DiskFault> {
    let mut kept = Vec::new();
    let mut from = 0;
    loop {
        let piece = account
            .history(disk, buddy, from, PIECE)
            .map_err(|fault| disk.explain(fault))?;
        let Some(end) = piece.last().map(|line| line.number) else {
            return Ok(kept);
        };
        kept.extend(piece);
        kept.drain(..kept.len().saturating_sub(last));
        from = end.saturating_add(1);
    }
}

/// Lines that are read at once.
const PIECE: usize = 256;
