//! The figures as Prometheus reads them. Spec: `spec/operations.md`, metrics.
//!
//! Written afresh each time from the counters, so that nothing grows while nobody asks. No label comes from
//! a client: there is the word for an answer and the bound of a flush, both from lists of our own.

use super::figures::Snapshot;
use super::status::Status;
use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// The text of a relay's figures.
// spec: metrics-1
pub(crate) fn text(status: &Status, figures: &Snapshot) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    gauges(&recorder, status);
    counters(&recorder, status, figures);
    recorder.handle().render()
}

fn gauges(recorder: &PrometheusRecorder, status: &Status) {
    for (name, about, value) in [
        ("up_since_seconds", "When the relay was started.", status.up_since),
        ("connections", "Connections of now.", status.connections),
        ("boxes", "Boxes in the store.", status.counts.boxes),
        ("grants", "Grants in the store.", status.counts.grants),
        (
            "waiting_items",
            "Items that wait for their owners.",
            status.counts.items,
        ),
        ("values", "Values of cells.", status.counts.values),
        (
            "stored_bytes",
            "Keys and values in the store.",
            status.counts.octets,
        ),
        ("disk_used_bytes", "The store's files.", status.disk_used),
        (
            "disk_left_bytes",
            "What is free on the store's disk.",
            status.disk_left,
        ),
    ] {
        let key = Key::from_name(named(name));
        recorder.describe_gauge(named(name).into(), None, about.into());
        recorder.register_gauge(&key, &SOURCE).set(float(value));
    }
}

fn counters(recorder: &PrometheusRecorder, status: &Status, figures: &Snapshot) {
    let add = |name: &'static str, about: &'static str, labels: Vec<Label>, value: u64| {
        recorder.describe_counter(named(name).into(), None, about.into());
        let key = Key::from_parts(named(name), labels);
        recorder.register_counter(&key, &SOURCE).absolute(value);
    };
    let begun = status.connections_begun;
    add(
        "connections_total",
        "Connections since the start.",
        Vec::new(),
        begun,
    );
    for (word, count) in &figures.answers {
        let labels = vec![Label::new("answer", *word)];
        add("answers_total", "Requests that were answered.", labels, *count);
    }
    let (items, changes) = (figures.items, figures.changes);
    add(
        "flushed_items_total",
        "Items that became durable.",
        Vec::new(),
        items,
    );
    add(
        "flushed_changes_total",
        "Rows that were changed.",
        Vec::new(),
        changes,
    );
    // A histogram, said by its counters: they hold what each flush added, and nothing is kept for each.
    let about = "Flushes by the time that they took.";
    for (bound, count) in &figures.flushes_within {
        let labels = vec![Label::new("le", bound.as_secs_f64().to_string())];
        add("flush_seconds_bucket", about, labels, *count);
    }
    let all = figures.flushes;
    add("flush_seconds_bucket", about, vec![Label::new("le", "+Inf")], all);
    add("flush_seconds_count", "Flushes.", Vec::new(), all);
    let micros = figures.flush_micros;
    add(
        "flush_microseconds_total",
        "Time that flushes took.",
        Vec::new(),
        micros,
    );
}

fn named(name: &str) -> String {
    format!("sipher_relay_{name}")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; over 2^53 octets nobody counts single ones"
)]
const fn float(value: u64) -> f64 {
    value as f64
}

const SOURCE: Metadata<'static> = Metadata::new("sipher_relay", Level::INFO, None);

#[cfg(test)]
mod tests {
    use super::super::figures::Figures;
    use super::super::status::Room;
    use super::super::survey::Counts;
    use super::*;
    use sipher_wire::Time;
    use std::collections::BTreeSet;

    // spec: metrics-1
    #[test]
    fn the_text_has_every_figure_and_no_label_but_ours() {
        let figures = Figures::default();
        figures.wrote(b"SIP/2.0 202 Accepted\r\n");
        let now = Time::from_secs(1_790_000_000);
        let snapshot = figures.snapshot();
        let counts = Counts {
            items: 7,
            ..Counts::default()
        };
        let status = Status::of(now, now, &snapshot, counts, Room::default());
        let text = text(&status, &snapshot);
        for line in [
            "# TYPE sipher_relay_waiting_items gauge",
            "sipher_relay_waiting_items 7",
            "sipher_relay_answers_total{answer=\"accepted\"} 1",
            "sipher_relay_flush_seconds_bucket{le=\"0.001\"} 0",
            "sipher_relay_flush_seconds_bucket{le=\"+Inf\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        let labels: BTreeSet<_> = text
            .lines()
            .filter_map(|line| Some(line.split_once('{')?.1.split_once('=')?.0))
            .collect();
        assert_eq!(labels, BTreeSet::from(["answer", "le"]));
    }
}
