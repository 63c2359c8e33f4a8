//! How a relay is, for its operator. Spec: `spec/operations.md`, status.

use super::figures::Snapshot;
use super::survey::Counts;
use serde::{Deserialize, Serialize};
use sipher_wire::Time;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A relay at one moment, as one JSON object.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Status {
    pub(crate) version: String,
    /// Seconds since 1970.
    pub(crate) up_since: u64,
    pub(crate) up_secs: u64,
    pub(crate) connections: u64,
    pub(crate) connections_begun: u64,
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// Octets of the store's files.
    pub(crate) disk_used: u64,
    /// Octets that are free for the relay.
    pub(crate) disk_left: u64,
    pub(crate) accepted: u64,
    pub(crate) flushes: u64,
    /// Items of one flush, times a hundred.
    pub(crate) items_per_flush_percent: u64,
    pub(crate) flush_mean_micros: u64,
    /// Flushes that took at most so many milliseconds, the shorter ones included.
    pub(crate) flushes_within_millis: BTreeMap<u64, u64>,
    /// Refused requests, by a word for why.
    pub(crate) refused: BTreeMap<String, u64>,
}

/// The file system below a relay, in octets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Room {
    pub(crate) used: u64,
    pub(crate) left: u64,
}

impl Room {
    /// What a directory takes, and what is left beside it. Whatever can't be looked at counts nothing.
    pub(crate) fn of(directory: &Path) -> Self {
        let left = rustix::fs::statvfs(directory)
            .map_or(0, |system| system.f_bavail.saturating_mul(system.f_frsize));
        Self {
            used: used(directory),
            left,
        }
    }
}

impl Status {
    /// A relay that has been up since `began`.
    pub(crate) fn of(now: Time, began: Time, figures: &Snapshot, counts: Counts, room: Room) -> Self {
        let count = |word: &str| {
            figures
                .answers
                .iter()
                .find(|(name, _)| *name == word)
                .map_or(0, |(_, count)| *count)
        };
        let millis = |bound: std::time::Duration| u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            up_since: began.as_secs(),
            up_secs: now.since(began).as_secs(),
            connections: figures.connections,
            connections_begun: figures.connections_begun,
            counts,
            disk_used: room.used,
            disk_left: room.left,
            accepted: count("accepted"),
            flushes: figures.flushes,
            items_per_flush_percent: (figures.items * 100).checked_div(figures.flushes).unwrap_or(0),
            flush_mean_micros: figures.flush_micros.checked_div(figures.flushes).unwrap_or(0),
            flushes_within_millis: figures
                .flushes_within
                .iter()
                .map(|(bound, count)| (millis(*bound), *count))
                .collect(),
            refused: figures
                .refusals()
                .map(|(word, count)| (word.to_owned(), count))
                .collect(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sipher-relay {}, up {}", self.version, span(self.up_secs))?;
        writeln!(
            f,
            "  connections  {} now, {} since the start",
            self.connections, self.connections_begun
        )?;
        let Counts {
            boxes,
            grants,
            items,
            values,
            octets,
        } = self.counts;
        writeln!(f, "  boxes        {boxes}, with {grants} grants")?;
        writeln!(
            f,
            "  waiting      {items} items, {values} values, {}",
            size(octets)
        )?;
        writeln!(
            f,
            "  disk         {} used, {} left",
            size(self.disk_used),
            size(self.disk_left)
        )?;
        writeln!(f, "  accepted     {} items since the start", self.accepted)?;
        let (whole, part) = (
            self.items_per_flush_percent / 100,
            self.items_per_flush_percent % 100,
        );
        write!(
            f,
            "  flushes      {}, {whole}.{part:02} items each, {} µs on average",
            self.flushes, self.flush_mean_micros
        )?;
        for (millis, count) in &self.flushes_within_millis {
            write!(
                f,
                "{} {count} in {millis} ms",
                if *millis == 1 { ":" } else { "," }
            )?;
        }
        write!(f, "\n  refused      ")?;
        let mut refused = self.refused.iter().filter(|(_, count)| **count > 0).peekable();
        if refused.peek().is_none() {
            write!(f, "none")?;
        }
        while let Some((word, count)) = refused.next() {
            write!(
                f,
                "{count} {word}{}",
                if refused.peek().is_some() { ", " } else { "" }
            )?;
        }
        Ok(())
    }
}

/// Octets of all files below a directory.
fn used(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let about = entry.metadata().ok()?;
            Some(if about.is_dir() {
                used(&entry.path())
            } else {
                about.len()
            })
        })
        .sum()
}

/// Seconds as a person says them.
fn span(secs: u64) -> String {
    match (secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60) {
        (0, 0, 0, secs) => format!("{secs} s"),
        (0, 0, minutes, secs) => format!("{minutes} min {secs} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// Octets as a person says them.
pub(crate) fn size(octets: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| octets >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", octets / unit, octets % unit * 10 / unit),
        None => format!("{octets} octets"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::Figures;
    use super::*;

    #[test]
    fn a_status_is_read_as_it_was_written_and_says_all_of_it() {
        let figures = Figures::default();
        figures.wrote(b"SIP/2.0 404 Not Found\r\n");
        let counts = Counts {
            boxes: 2,
            grants: 3,
            items: 5,
            values: 1,
            octets: 5 * 1024,
        };
        let (began, now) = (Time::from_secs(1_790_000_000), Time::from_secs(1_790_003_720));
        let room = Room {
            used: 1 << 20,
            left: 3 << 30,
        };
        let status = Status::of(now, began, &figures.snapshot(), counts, room);
        let text = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
        let said = status.to_string();
        for part in [
            "up 1 h 2 min",
            "2, with 3 grants",
            "5 items, 1 values, 5.0 KiB",
            "1.0 MiB used, 3.0 GiB left",
            "1 refused",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
