//! Writes the steps of a conversation while taking them.

use sipher_crypto::Envelope;

use super::super::conversation::{Conversation, Happened, Scene};
use super::super::parties::items;
use super::super::script::Seeded;
use super::super::{Fault, Fields};
use super::take;

/// Writes steps while taking them, with the randomness that each draws.
pub(super) struct Recorder {
    pub(super) scene: Fields,
    pub(super) conversation: Conversation,
    seeded: Seeded,
    pub(super) steps: Vec<serde_json::Value>,
}

impl Recorder {
    pub(super) fn begin(seeded: &mut Seeded) -> Result<Self, Fault> {
        let scene = Scene::fields(seeded);
        let (conversation, _) = Scene::read(&scene).begin()?;
        Ok(Self {
            scene,
            conversation,
            seeded: Seeded::from_seed(seeded.array()),
            steps: Vec::new(),
        })
    }

    pub(super) fn step(&mut self, step: Fields) -> Result<Happened, Fault> {
        self.seeded.forget_drawn();
        let happened = take(&mut self.conversation, &step, &mut self.seeded)?;
        let drawn = self.seeded.drawn();
        let step = if drawn.is_empty() {
            step
        } else {
            step.octets("random", drawn)
        };
        self.steps.push(step.into_value());
        Ok(happened)
    }

    pub(super) fn send(&mut self, by: &str, text: &[u8], size: u64) -> Result<Envelope, Fault> {
        let step = Fields::new()
            .text("do", "send")
            .text("by", by)
            .value("items", items(&[(16, text)]));
        match self.step(step.number("min_size", size))? {
            Happened::Sent(envelope, _) => Ok(envelope),
            _ => Err(Fault::new("nothing was sent")),
        }
    }

    /// Delivers the message of this number, and says what came of it.
    pub(super) fn deliver(&mut self, to: &str, message: usize) -> Result<&'static str, Fault> {
        let number = u64::try_from(message).unwrap_or(u64::MAX);
        let step = Fields::new()
            .text("do", "deliver")
            .text("to", to)
            .number("message", number);
        Ok(match self.step(step)? {
            Happened::Failed(class) => class,
            _ => "ok",
        })
    }

    /// Sends and delivers.
    pub(super) fn exchange(&mut self, by: &str, text: &[u8]) -> Result<(), Fault> {
        self.send(by, text, 1024)?;
        let last = self.conversation.count() - 1;
        self.wanted(if by == "I" { "R" } else { "I" }, last, "ok")
    }

    pub(super) fn wanted(&mut self, to: &str, message: usize, class: &str) -> Result<(), Fault> {
        let found = self.deliver(to, message)?;
        if found == class {
            Ok(())
        } else {
            Err(Fault::new(format!("message {message}: {found}, not {class}")))
        }
    }

    pub(super) fn state(&mut self, what: &str, by: &str) -> Result<(), Fault> {
        self.step(Fields::new().text("do", what).text("by", by))
            .map(|_| ())
    }

    pub(super) fn talk(&self) -> Fields {
        Fields::new()
            .object("scene", self.scene.clone())
            .value("steps", self.steps.clone().into())
    }

    pub(super) fn last(&self, to: &str, envelope: &[u8]) -> Fields {
        self.talk().text("to", to).octets("envelope", envelope)
    }
}
