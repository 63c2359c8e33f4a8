//! The table that a run prints, a line as soon as it is known.

use std::io::{self, Write};
use std::time::Duration;

/// How a line ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// As expected.
    Met,
    /// Otherwise.
    Unmet,
    /// Not asked.
    Skipped,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which model.
    pub name: String,
    /// Within which bounds.
    pub bounds: String,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub found: String,
    /// How long it took.
    pub took: Duration,
    /// The comparison.
    pub outcome: Outcome,
}

/// Writes rows and counts them.
#[derive(Debug)]
pub struct Table<W> {
    out: W,
    met: usize,
    unmet: usize,
    skipped: usize,
}

impl<W: Write> Table<W> {
    /// Begins a table with its heading.
    ///
    /// # Errors
    /// What writing says.
    pub fn begin(mut out: W) -> io::Result<Self> {
        line(&mut out, ["model", "bounds", "expected", "found", "s", ""])?;
        line(&mut out, ["---", "---", "---", "---", "---", "---"])?;
        Ok(Self {
            out,
            met: 0,
            unmet: 0,
            skipped: 0,
        })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// What writing says.
    pub fn push(&mut self, row: &Row) -> io::Result<()> {
        let (count, word) = match row.outcome {
            Outcome::Met => (&mut self.met, "ok"),
            Outcome::Unmet => (&mut self.unmet, "NOT AS EXPECTED"),
            Outcome::Skipped => (&mut self.skipped, "skipped"),
        };
        *count = count.saturating_add(1);
        let took = format!("{:.1}", row.took.as_secs_f64());
        line(
            &mut self.out,
            [&row.name, &row.bounds, &row.expected, &row.found, &took, word],
        )?;
        self.out.flush()
    }

    /// Adds text under the last line.
    ///
    /// # Errors
    /// What writing says.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Sums up. Whether anything was tried at all, and nothing was otherwise than expected.
    ///
    /// # Errors
    /// What writing says.
    pub fn end(mut self) -> io::Result<bool> {
        writeln!(
            self.out,
            "\n{} as expected, {} not, {} skipped",
            self.met, self.unmet, self.skipped
        )?;
        Ok(self.unmet == 0 && self.met.saturating_add(self.skipped) > 0)
    }
}

fn line<W: Write>(out: &mut W, cells: [&str; 6]) -> io::Result<()> {
    let [name, bounds, expected, found, took, word] = cells;
    writeln!(
        out,
        "| {name:<30} | {bounds:<36} | {expected:<24} | {found:<24} | {took:>6} | {word:<7} |"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: Outcome) -> Row {
        Row {
            name: "queue".to_owned(),
            bounds: "1 items, 2 tries".to_owned(),
            expected: "holds".to_owned(),
            found: "holds".to_owned(),
            took: Duration::from_millis(1_250),
            outcome,
        }
    }

    #[test]
    fn one_line_that_is_not_as_expected_spoils_the_run() {
        let mut table = Table::begin(Vec::new()).unwrap();
        table.push(&row(Outcome::Met)).unwrap();
        table.push(&row(Outcome::Unmet)).unwrap();
        assert!(!table.end().unwrap());
    }

    #[test]
    fn a_skipped_line_does_not() {
        let mut table = Table::begin(Vec::new()).unwrap();
        table.push(&row(Outcome::Skipped)).unwrap();
        assert!(table.end().unwrap());
    }

    #[test]
    fn a_run_without_a_line_is_no_success() {
        assert!(!Table::begin(Vec::new()).unwrap().end().unwrap());
    }

    #[test]
    fn the_summary_counts_each_kind() {
        let mut text = Vec::new();
        let mut table = Table::begin(&mut text).unwrap();
        table.push(&row(Outcome::Met)).unwrap();
        table.push(&row(Outcome::Skipped)).unwrap();
        table.end().unwrap();
        assert!(
            String::from_utf8(text)
                .unwrap()
                .ends_with("\n1 as expected, 0 not, 1 skipped\n")
        );
    }
}
