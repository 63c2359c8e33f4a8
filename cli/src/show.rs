//! Words and JSON values for what the engine knows: states, rights, presence, lines. Used by all commands alike,
//! so that the same thing is called the same everywhere.

use serde_json::{Value, json};
use sipher_client::{
    Author, Basic, Granted, Line, LinkStage, MessageState, PresenceLevel, PresenceView, ReceiptLevel, Rights,
    Shown, Status, Time,
};

use crate::moment;
use crate::output::{escaped, escaped_line};

/// The word for a state of a message.
pub(crate) fn message_state(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "queued",
        MessageState::Stored => "stored",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
    }
}

/// The word for how far a link is.
pub(crate) fn stage(stage: LinkStage) -> &'static str {
    match stage {
        LinkStage::Asking => "asking",
        LinkStage::Waiting => "waiting",
        LinkStage::Answering => "answering",
        LinkStage::Linked => "linked",
    }
}

/// The word for a state of a person.
pub(crate) fn basic(basic: Basic) -> &'static str {
    match basic {
        Basic::Available => "available",
        Basic::Away => "away",
        Basic::Busy => "busy",
        Basic::Offline => "offline",
    }
}

/// The word for how much presence somebody sees.
pub(crate) fn presence_level(level: PresenceLevel) -> &'static str {
    match level {
        PresenceLevel::None => "none",
        PresenceLevel::Reachable => "reachable",
        PresenceLevel::Status => "status",
        PresenceLevel::Full => "full",
    }
}

/// The word for which receipts somebody gets.
pub(crate) fn receipt_level(level: ReceiptLevel) -> &'static str {
    match level {
        ReceiptLevel::None => "none",
        ReceiptLevel::Delivered => "delivered",
        ReceiptLevel::Read => "read",
    }
}

/// A status on one line.
pub(crate) fn status(status: &Status, now: u64) -> String {
    let mut text = basic(status.basic).to_owned();
    if let Some(note) = &status.note {
        text = format!("{text} \"{}\"", escaped_line(note));
    }
    if let Some(until) = status.until {
        text = format!("{text} until {}", moment::shown(until.as_millis(), now));
    }
    text
}

/// A status as JSON fields.
pub(crate) fn status_json(status: &Status) -> Value {
    json!({
        "state": basic(status.basic),
        "note": status.note,
        "until": status.until.map(Time::as_millis),
    })
}

/// What is known of a buddy's presence, on one line.
pub(crate) fn presence(view: &PresenceView<'_>, now: u64) -> String {
    match view {
        PresenceView::NotGranted => "shows you nothing".to_owned(),
        PresenceView::Unknown { last: None } => "unknown".to_owned(),
        PresenceView::Unknown { last: Some(last) } => {
            format!(
                "unknown, last known at {}: {}",
                moment::shown(last.published.as_millis(), now),
                shown(last, now)
            )
        }
        PresenceView::Known(known) => shown(known, now),
    }
}

fn shown(shown: &Shown, now: u64) -> String {
    if shown.reachable_only {
        let word = if shown.status.basic == Basic::Offline {
            "not reachable"
        } else {
            "reachable"
        };
        return word.to_owned();
    }
    status(&shown.status, now)
}

/// What is known of a buddy's presence, as JSON fields. `state` is null where nothing holds now.
pub(crate) fn presence_json(view: &PresenceView<'_>) -> Value {
    let (granted, known) = (|is| ("granted", json!(is)), |is| ("known", json!(is)));
    match view {
        PresenceView::NotGranted => with(json!({ "state": null }), [granted(false), known(false)]),
        PresenceView::Unknown { last } => with(
            json!({ "state": null, "last": last.map(shown_json) }),
            [granted(true), known(false)],
        ),
        PresenceView::Known(shown) => with(shown_json(shown), [granted(true), known(true)]),
    }
}

fn shown_json(shown: &Shown) -> Value {
    let more = [
        ("reachable_only", json!(shown.reachable_only)),
        ("published", json!(shown.published.as_millis())),
        ("valid_until", json!(shown.valid_until.as_millis())),
    ];
    with(status_json(&shown.status), more)
}

/// A JSON object with more fields.
pub(crate) fn with(mut object: Value, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    object
}

/// A line of a conversation for people; further lines of its text are indented under the first.
pub(crate) fn line(who: &str, line: &Line, now: u64) -> String {
    let head = format!(
        "{}  {}  ",
        moment::shown(line.at.as_millis(), now),
        escaped_line(who)
    );
    let indent = format!("\n{}", " ".repeat(head.chars().count()));
    format!("{head}{}", escaped(&line.text).replace('\n', &indent))
}

/// A line of a conversation as JSON.
pub(crate) fn line_json(who: &str, line: &Line) -> Value {
    let state = match line.author {
        Author::Buddy => None,
        Author::Us(state) => Some(message_state(state)),
    };
    json!({
        "event": "message",
        "buddy": who,
        "from": if state.is_none() { who } else { "me" },
        "text": line.text,
        "message": line.message.to_string(),
        "state": state,
        "written": line.written.as_millis(),
        "received": line.at.as_millis(),
    })
}

/// What a buddy may, a line for each right.
pub(crate) fn rights(rights: &Rights, now: u64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |right: &str, value: &str, since: u64, until: Option<u64>| {
        let until = until.map_or(String::new(), |until| {
            format!(", until {}", moment::shown(until, now))
        });
        lines.push(format!(
            "{right:<9} {value:<10} since {}{until}",
            moment::shown(since, now)
        ));
    };
    if let Some(Granted { since, until, .. }) = rights.message {
        add("message", "yes", since.as_millis(), until.map(Time::as_millis));
    }
    if let Some(Granted { what, since, until }) = rights.presence {
        add(
            "presence",
            presence_level(what),
            since.as_millis(),
            until.map(Time::as_millis),
        );
    }
    if let Some(Granted { what, since, until }) = rights.receipts {
        add(
            "receipts",
            receipt_level(what),
            since.as_millis(),
            until.map(Time::as_millis),
        );
    }
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines
}

/// What a buddy may, as JSON fields.
pub(crate) fn rights_json(rights: &Rights) -> Value {
    fn granted<T: Copy>(right: Option<Granted<T>>, word: impl Fn(T) -> Value) -> Value {
        right.map_or(Value::Null, |right| {
            json!({
                "value": word(right.what),
                "since": right.since.as_millis(),
                "until": right.until.map(Time::as_millis),
            })
        })
    }
    json!({
        "message": granted(rights.message, |()| json!("yes")),
        "presence": granted(rights.presence, |level| json!(presence_level(level))),
        "receipts": granted(rights.receipts, |level| json!(receipt_level(level))),
    })
}
