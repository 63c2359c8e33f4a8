//! The figures of a run as Markdown.

use crate::meter;
use crate::work::Figure;
use std::io::Write;

/// What was measured, in the order in which it was.
#[derive(Debug)]
pub(crate) struct Table {
    load_before: String,
    rows: Vec<(&'static str, String, Figure)>,
    notes: Vec<String>,
}

impl Table {
    /// Nothing yet; `load` is the machine's before the run.
    pub(crate) fn new(load: String) -> Self {
        Self {
            load_before: load,
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds what a server did.
    pub(crate) fn add(&mut self, workload: &'static str, server: &str, figure: Figure) {
        self.rows.push((workload, server.to_owned(), figure));
    }

    /// Adds a remark.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Writes all of it.
    pub(crate) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(
            out,
            "| workload | server | messages | messages/s | CPU ms/1,000 | CPU against null |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        let mut workloads: Vec<_> = self.rows.iter().map(|row| row.0).collect();
        workloads.dedup();
        workloads.sort_unstable();
        workloads.dedup();
        for workload in workloads {
            let rows = || self.rows.iter().filter(|row| row.0 == workload);
            let null = rows()
                .find(|row| row.1 == "null")
                .map(|row| row.2.cpu_per_thousand());
            for (_, server, figure) in rows() {
                let cpu = figure.cpu_per_thousand();
                let ratio =
                    null.map_or_else(|| "-".to_owned(), |null| format!("{:.2}", cpu / null.max(0.001)));
                writeln!(
                    out,
                    "| {workload} | {server} | {} | {:.0} | {cpu:.1} | {ratio} |",
                    figure.messages,
                    figure.rate()
                )?;
            }
        }
        writeln!(out)?;
        for note in &self.notes {
            writeln!(out, "- {note}")?;
        }
        writeln!(
            out,
            "- load before: {}; after: {}",
            self.load_before,
            meter::load()
        )
    }
}
