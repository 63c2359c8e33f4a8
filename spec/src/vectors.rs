//! The test vectors: what they are, how they are made and how one is run. Format: `spec/vectors/README.md`.
//!
//! A vector names an operation, its inputs, and what must come out: outputs, or the class of the refusal. The class
//! is written by hand in the generator and held against the code when the files are made, so a vector that fails
//! for a wrong reason is noticed here first.

mod account;
mod boxes;
mod bundle;
mod caead;
mod conversation;
mod fields;
mod grants;
mod handshake;
mod invitation;
mod parties;
mod people;
mod presence;
mod proofs;
mod ratchet;
mod script;
mod signatures;
mod store;

pub use self::fields::{Fault, Fields};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One file of vectors.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Name of the file without its ending.
    pub name: &'static str,
    /// What it covers, and the document that specifies it.
    pub about: &'static str,
    /// Makes the vectors from fixed seeds.
    make: fn(&mut Maker) -> Result<(), Fault>,
    /// Runs one operation.
    run: Run,
}

type Run = fn(&str, &Fields) -> Result<Outcome, Fault>;

/// What an operation came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// These outputs.
    Done(Fields),
    /// A refusal of this class.
    Refused(&'static str),
}

/// One vector.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Vector {
    /// Name within its file, for references; stable.
    pub id: String,
    /// Why it exists.
    pub comment: String,
    /// The operation.
    pub op: String,
    /// `ok`, or the class of the refusal.
    pub expect: String,
    /// What goes in.
    pub input: Fields,
    /// What comes out; absent for a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Fields>,
}

/// A file as it is written.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct File {
    /// What it covers.
    pub about: String,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// Every file, in the order in which a newcomer needs them.
pub fn topics() -> Vec<Topic> {
    vec![
        caead::TOPIC,
        signatures::TOPIC,
        account::TOPIC,
        boxes::TOPIC,
        proofs::TOPIC,
        grants::TOPIC,
        invitation::TOPIC,
        bundle::TOPIC,
        handshake::TOPIC,
        ratchet::TOPIC,
        presence::TOPIC,
        people::TOPIC,
        store::TOPIC,
    ]
}

/// The text of a topic's file.
///
/// # Errors
/// [`Fault`] if the code does something else than a vector says.
pub fn render(topic: &Topic) -> Result<String, Fault> {
    let mut maker = Maker {
        run: topic.run,
        vectors: Vec::new(),
    };
    (topic.make)(&mut maker)?;
    let file = File {
        about: topic.about.to_owned(),
        vectors: maker.vectors,
    };
    let mut text = serde_json::to_string_pretty(&file).map_err(|error| Fault::new(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

/// Runs a vector through the code and compares.
///
/// # Errors
/// [`Fault`] that says what differs.
pub fn check(topic: &Topic, vector: &Vector) -> Result<(), Fault> {
    let name = format!("{}/{}", topic.name, vector.id);
    let outcome = (topic.run)(&vector.op, &vector.input).map_err(|fault| fault.at(&name))?;
    match (outcome, vector.expect.as_str(), &vector.output) {
        (Outcome::Done(made), "ok", Some(wanted)) => match made.difference(wanted) {
            None => Ok(()),
            Some(field) => Err(Fault::new(format!("{name}: output {field} differs"))),
        },
        (Outcome::Refused(class), wanted, None) if class == wanted => Ok(()),
        (Outcome::Refused(class), wanted, _) => {
            Err(Fault::new(format!("{name}: {class} instead of {wanted}")))
        }
        (Outcome::Done(_), wanted, _) => Err(Fault::new(format!("{name}: accepted, wanted {wanted}"))),
    }
}

/// Collects the vectors of one file.
pub(crate) struct Maker {
    run: Run,
    vectors: Vec<Vector>,
}

impl Maker {
    /// Adds a vector that succeeds, and gives its outputs.
    fn ok(&mut self, comment: &str, op: &str, input: Fields) -> Result<Fields, Fault> {
        match (self.run)(op, &input).map_err(|fault| fault.at(comment))? {
            Outcome::Done(output) => {
                self.push(comment, op, "ok", input, Some(output.clone()));
                Ok(output)
            }
            Outcome::Refused(class) => Err(Fault::new(format!("{comment}: refused as {class}"))),
        }
    }

    /// Adds a vector that is refused for this reason.
    fn refused(&mut self, comment: &str, op: &str, class: &str, input: Fields) -> Result<(), Fault> {
        match (self.run)(op, &input).map_err(|fault| fault.at(comment))? {
            Outcome::Refused(found) if found == class => {
                self.push(comment, op, class, input, None);
                Ok(())
            }
            Outcome::Refused(found) => Err(Fault::new(format!("{comment}: {found} instead of {class}"))),
            Outcome::Done(_) => Err(Fault::new(format!("{comment}: accepted, wanted {class}"))),
        }
    }

    fn push(&mut self, comment: &str, op: &str, expect: &str, input: Fields, output: Option<Fields>) {
        let id = format!(
            "{op}-{}",
            self.vectors.iter().filter(|vector| vector.op == op).count() + 1
        );
        self.vectors.push(Vector {
            id,
            comment: comment.to_owned(),
            op: op.to_owned(),
            expect: expect.to_owned(),
            input,
            output,
        });
    }
}

/// An operation that the file doesn't have.
fn unknown(op: &str) -> Fault {
    Fault::new(format!("no operation {op}"))
}

/// A JSON text value.
fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}
