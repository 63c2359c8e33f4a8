//! Two sessions of one handshake that talk, with copies of their states.

use rand_core::CryptoRng;
use sipher_crypto::handshake::{Initiator, Responder, Waiting};
use sipher_crypto::{Body, DecryptError, Envelope, Psk, Session, SizeClass, Time, Tlv, UncheckedBundle};

use super::parties::{NOW, Trace, device, device_fields, prekey_fields, prekeys};
use super::script::{Script, Seeded};
use super::{Fault, Fields};

/// What both sides begin with.
pub(crate) struct Scene {
    fields: Fields,
}

/// What a step came to.
pub(crate) enum Happened {
    /// An envelope was made.
    Sent(Envelope, Trace),
    /// An envelope opened; so many signs that the peer went back were seen by then.
    Opened(Body, Trace, u32),
    /// An envelope didn't, for this class of reason.
    Failed(&'static str),
    /// A state was copied or set back.
    Nothing,
}

impl Scene {
    /// A new scene, as a vector writes it.
    pub(crate) fn fields(seeded: &mut Seeded) -> Fields {
        Fields::new()
            .object("initiator", device_fields(seeded))
            .object("responder", device_fields(seeded))
            .object("prekeys", prekey_fields(seeded, 1))
            .octets("psk", &seeded.array::<32>())
            .octets("e", &seeded.array::<32>())
            .octets("offer_seed", &seeded.array::<64>())
            .octets("m", &seeded.array::<32>())
            .octets("m_answer", &seeded.array::<32>())
    }

    /// The scene that a vector describes.
    pub(crate) fn read(fields: &Fields) -> Self {
        Self {
            fields: fields.clone(),
        }
    }

    /// Shakes hands. Also gives what the ratchet begins with.
    pub(crate) fn begin(&self) -> Result<(Conversation, Fields), Fault> {
        let fields = &self.fields;
        let initiator = device(&fields.get_object("initiator")?)?;
        let responder = device(&fields.get_object("responder")?)?;
        let prekeys = prekeys(&responder, &fields.get_object("prekeys")?)?;
        let prekeys = prekeys.ok_or_else(|| Fault::new("the offer is too long"))?;
        let psk = Psk::from_octets(&fields.get_array("psk")?);
        let now = Time::from_unix_seconds(NOW);
        let pin = responder.certificate().account().pin().short();
        let bundle = UncheckedBundle::from_octets(prekeys.expose_bundle()).check(&pin, now);
        let bundle = bundle.map_err(|error| Fault::new(error.to_string()))?;
        let mut script = Script::of(&[
            &fields.get_octets("e")?,
            &fields.get_octets("offer_seed")?,
            &fields.get_octets("m")?,
        ]);
        let mut trace = Trace::default();
        let initiated =
            Initiator::new(&initiator, &bundle, &psk).initiate_witnessed(&[], &mut script, &mut trace);
        let initiated = initiated.map_err(|error| Fault::new(error.to_string()))?;
        let mut script = Script::of(&[&fields.get_octets("m_answer")?]);
        let accepted = Responder::new(&responder, &prekeys, &psk).accept(&initiated.flight, now, &mut script);
        let accepted = accepted.map_err(|error| Fault::new(error.to_string()))?;
        script.finish()?;
        let conversation = Conversation {
            initiator: Side::Waiting(initiated.waiting),
            responder: Side::Talking(accepted.session),
            saved: None,
            sent: Vec::new(),
        };
        Ok((conversation, trace.end()))
    }
}

/// One side's state.
enum Side {
    Waiting(Waiting),
    Talking(Session),
}

impl Side {
    fn copy(&self) -> Result<Self, Fault> {
        let copied = match self {
            Self::Waiting(waiting) => Waiting::from_bytes(&waiting.to_bytes()).map(Self::Waiting),
            Self::Talking(session) => Session::from_bytes(&session.to_bytes()).map(Self::Talking),
        };
        copied.map_err(|error| Fault::new(error.to_string()))
    }
}

/// Two sides and every envelope that was made.
pub(crate) struct Conversation {
    initiator: Side,
    responder: Side,
    saved: Option<Side>,
    sent: Vec<Envelope>,
}

impl Conversation {
    /// Makes an envelope.
    pub(crate) fn send(
        &mut self,
        by: &str,
        items: &[Tlv<'_>],
        class: SizeClass,
        rng: &mut impl CryptoRng,
    ) -> Result<Happened, Fault> {
        let Side::Talking(session) = self.side(by)? else {
            return Err(Fault::new("the link was not answered yet"));
        };
        let mut trace = Trace::default();
        let envelope = session.encrypt_witnessed(items, class, rng, &mut trace);
        let envelope = envelope.map_err(|error| Fault::new(error.to_string()))?;
        self.sent.push(envelope.clone());
        Ok(Happened::Sent(envelope, trace))
    }

    /// Hands an envelope to a side.
    pub(crate) fn deliver(
        &mut self,
        to: &str,
        envelope: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Happened, Fault> {
        let now = Time::from_unix_seconds(NOW);
        let side = self.side(to)?;
        let mut trace = Trace::default();
        let opened = match side {
            Side::Waiting(waiting) => waiting.open_answer_witnessed(envelope, now, rng, &mut trace),
            Side::Talking(session) => session.decrypt_witnessed(envelope, now, rng, &mut trace),
        };
        match opened {
            Ok(opened) => {
                let signs = opened.next.rollbacks();
                *side = Side::Talking(opened.next);
                Ok(Happened::Opened(opened.body, trace, signs))
            }
            Err(DecryptError::Refused) => Ok(Happened::Failed("refused")),
            Err(DecryptError::Replay) => Ok(Happened::Failed("replay")),
            Err(DecryptError::PeerRolledBack(rolled_back)) => {
                *side = Side::Talking(rolled_back.next);
                Ok(Happened::Failed("peer-rolled-back"))
            }
            Err(_) => Err(Fault::new("an error without a class")),
        }
    }

    /// Copies a side's state.
    pub(crate) fn save(&mut self, by: &str) -> Result<Happened, Fault> {
        self.saved = Some(self.side(by)?.copy()?);
        Ok(Happened::Nothing)
    }

    /// Sets a side back to its copy.
    pub(crate) fn go_back(&mut self, by: &str) -> Result<Happened, Fault> {
        let saved = self.saved.take().ok_or_else(|| Fault::new("nothing was saved"))?;
        *self.side(by)? = saved;
        Ok(Happened::Nothing)
    }

    /// The envelope of this number.
    pub(crate) fn sent(&self, at: usize) -> Result<Vec<u8>, Fault> {
        let envelope = self.sent.get(at).ok_or_else(|| Fault::new("no such message"))?;
        Ok(envelope.as_octets().to_vec())
    }

    /// How many envelopes were made.
    pub(crate) fn count(&self) -> usize {
        self.sent.len()
    }

    /// The responder's epoch in flight.
    pub(crate) fn epoch(&self) -> u32 {
        match &self.responder {
            Side::Talking(session) => session.epoch(),
            Side::Waiting(_) => 0,
        }
    }

    fn side(&mut self, name: &str) -> Result<&mut Side, Fault> {
        match name {
            "I" => Ok(&mut self.initiator),
            "R" => Ok(&mut self.responder),
            _ => Err(Fault::new(format!("no side {name}"))),
        }
    }
}
