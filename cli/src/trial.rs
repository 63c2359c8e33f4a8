//! `sipher try`: a whole conversation on this machine through the real relay, the real client library and real TLS.
//!
//! Each line is printed only after what it says was checked; the first that doesn't hold ends the story with an
//! error. Everything is in one temporary folder that is removed at the end, and the relay is a child process that
//! ends with this one.

mod child;
mod needle;
mod person;
mod report;
mod story;
mod transcript;

pub(crate) use child::relay_child;

use serde_json::json;

use crate::advice::Advice;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::Output;
use story::Story;

/// Tells the story; ends well only if each line of it held.
pub(crate) async fn run(show_relay: bool, output: Output) -> Result<Exit, Advice> {
    tokio::select! {
        ended = whole(show_relay, output) => ended,
        () = interrupt::wanted() => Err(Advice::input("ended by you").act("start again: sipher try")),
    }
}

#[expect(clippy::disallowed_methods, reason = "a person is told how long it took")]
async fn whole(show_relay: bool, output: Output) -> Result<Exit, Advice> {
    let begin = std::time::Instant::now();
    let folder = tempfile::Builder::new().prefix("sipher-try").tempdir()?;
    output.text(&format!(
        "sipher {}  a whole conversation on this machine, nothing leaves it       (ends by itself, nothing is kept)",
        env!("CARGO_PKG_VERSION")
    ));
    let mut story = Story::begin(folder.path(), output).await?;
    story.become_buddies().await?;
    story.talk_both_ways().await?;
    story.grant_and_retract_presence().await?;
    story.survive_a_power_cut().await?;
    let transcripts = story.end().await?;
    report::tell(&transcripts, show_relay, output)?;
    let seconds = begin.elapsed().as_secs_f64();
    output.result(
        &format!("Everything worked in {seconds:.1} s.  Next: sipher init     Relay operators: sipher-relay --help     Auditors: spec/README.md"),
        &json!({ "step": "end", "held": true, "seconds": seconds }),
    );
    Ok(Exit::Done)
}
