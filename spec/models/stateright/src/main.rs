//! Runs every formal model and compares what comes out with what is expected: `cargo run -p sipher-models -- [--long]`.
//!
//! Exit code 0: all as expected; 1: something is not; 2: wrong usage. Without Verifpal its models are skipped with a word on how
//! to get it, unless `--require-verifpal` makes that a failure.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sipher_models::prover;
use sipher_models::symbolic::{self, Effort, Model, Question};
use sipher_models::table::{Outcome, Row, Table};
use sipher_models::trials::{Expected, Trial, trials};

const USAGE: &str = "usage: sipher-models [--long] [--require-verifpal] [--only TEXT]

  --long              also the larger bounds and two sessions: about a quarter of an hour
  --require-verifpal  fail if verifpal is not installed, instead of skipping its models
  --only TEXT         only models whose name contains TEXT
";

/// Quick questions take seconds; this is for a machine that does other things too.
const QUICK_LIMIT: Duration = Duration::from_mins(2);
/// The longest that is expected takes about five minutes on an idle core.
const LONG_LIMIT: Duration = Duration::from_mins(30);

/// What the command line says.
#[derive(Debug)]
struct Options {
    efforts: Vec<Effort>,
    prover: Need,
    only: String,
}

/// Whether the run may go without the prover.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    Optional,
    Required,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            efforts: vec![Effort::Quick],
            prover: Need::Optional,
            only: String::new(),
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--long" => options.efforts.push(Effort::Long),
                "--require-verifpal" => options.prover = Need::Required,
                "--only" => options.only = arguments.next()?,
                _ => return None,
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        // Nothing is left to do if even that cannot be written.
        drop(io::stderr().write_all(USAGE.as_bytes()));
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            drop(writeln!(io::stderr(), "error: {fault}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let models = symbolic::read_all(&symbolic::folder())?;
    let mut table = Table::begin(io::stdout().lock())?;
    for trial in options.efforts.iter().flat_map(|effort| trials(*effort)) {
        if trial.name().contains(&options.only) {
            explore(&trial, &mut table)?;
        }
    }
    let found = prover::find();
    for model in models.iter().filter(|model| model.name().contains(&options.only)) {
        for question in model
            .questions
            .iter()
            .filter(|question| options.efforts.contains(&question.effort))
        {
            let row = match &found {
                Ok(()) => asked(model, question),
                Err(_) => not_asked(model, question, options.prover),
            };
            table.push(&row)?;
        }
    }
    if let Err(fault) = found {
        table.note(&format!("\n{fault}. Get it with:\n  {}", prover::INSTALL))?;
    }
    Ok(table.end()?)
}

fn explore<W: Write>(trial: &Trial, table: &mut Table<W>) -> io::Result<()> {
    let (finding, took) = timed(|| trial.run());
    let met = trial.is_met_by(&finding);
    let expected = match trial.expected {
        Expected::Holds(states) => format!("holds in {states} states"),
        Expected::Refuted(_) => "refuted".to_owned(),
    };
    let found = match finding.broken.as_slice() {
        [] => format!("holds in {} states", finding.states),
        _ => format!("refuted in {} steps", finding.trace.len()),
    };
    table.push(&Row {
        name: trial.name(),
        bounds: trial.bounds(),
        expected,
        found,
        took,
        outcome: if met { Outcome::Met } else { Outcome::Unmet },
    })?;
    if !met {
        table.note(&format!(
            "broken: {:?}; not reached: {:?}",
            finding.broken, finding.unreached
        ))?;
        for step in &finding.trace {
            table.note(&format!("  {step}"))?;
        }
    }
    Ok(())
}

fn asked(model: &Model, question: &Question) -> Row {
    let limit = match question.effort {
        Effort::Quick => QUICK_LIMIT,
        Effort::Long => LONG_LIMIT,
    };
    let (answer, took) = timed(|| prover::ask(&model.path, question.sessions, limit));
    let outcome = match &answer {
        Ok(verdict) if *verdict == question.expected => Outcome::Met,
        _ => Outcome::Unmet,
    };
    let found = answer.map_or_else(|fault| fault.to_string(), |verdict| verdict.to_string());
    Row {
        found,
        took,
        outcome,
        ..row(model, question)
    }
}

fn not_asked(model: &Model, question: &Question, need: Need) -> Row {
    let outcome = match need {
        Need::Optional => Outcome::Skipped,
        Need::Required => Outcome::Unmet,
    };
    Row {
        found: "verifpal is missing".to_owned(),
        outcome,
        ..row(model, question)
    }
}

fn row(model: &Model, question: &Question) -> Row {
    let plural = if question.sessions == 1 { "" } else { "s" };
    Row {
        name: model.name().trim_end_matches(".vp").to_owned(),
        bounds: format!("{} session{plural}", question.sessions),
        expected: question.expected.to_string(),
        found: String::new(),
        took: Duration::ZERO,
        outcome: Outcome::Skipped,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch for the table; no result depends on it"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
