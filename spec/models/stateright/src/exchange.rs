//! The post-quantum exchange of the ratchet (`spec/ratchet.md`) on a network that loses, repeats and reorders freely.
//!
//! Two sides take turns in sending chains; each message may carry one of the two pieces of an encapsulation key or of a
//! ciphertext. Every message that was ever sent can arrive at any later time, or never. What is asked: do both sides always
//! mix the same secret into the same chain, is an honest header never refused, and do their epochs never drift apart?
//!
//! Left out: the cipher and the sizes. A secret is a name (epoch and ciphertext it belongs to), a root is the list of names
//! mixed so far, and a body opens where both lists are equal. Forged messages are the symbolic models' business.

use stateright::{Model, Property};

mod party;

use self::party::sender;
pub use self::party::{Party, Piece, Secret, Side, Stage};

/// What is done wrong on purpose.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// Nothing: the rules as specified.
    None,
    /// The generating side mixes when the first piece of the ciphertext is there.
    MixesEarly,
    /// The answering side makes a new ciphertext for each message instead of repeating one.
    EncapsulatesAnew,
    /// Only the first message of a chain names the epoch that was mixed.
    NamesOnce,
    /// The answering side mixes at its own next chain, without waiting to see that the other side could.
    AnswererMixes,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// Chains in all, of both sides together.
    pub chains: u8,
    /// Messages in each chain.
    pub messages: u8,
    /// Whether a message may lack the room for a piece.
    pub room: Room,
    /// What is wrong.
    pub flaw: Flaw,
}

/// Whether every message has room for a piece.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Room {
    /// Each message carries a piece whenever its sender has one to give.
    Always,
    /// Any message may go without: its text fills the envelope.
    Sometimes,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Message {
    named: u8,
    piece: Option<Piece>,
}

/// All there is: two sides and what is on the way.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct State {
    responder: Party,
    initiator: Party,
    /// Sent messages, by chain and number.
    sent: Vec<Vec<Message>>,
    /// An honest message did not open because the roots differ.
    forked: bool,
    /// An honest header was refused.
    refused: bool,
}

/// One step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// A side sends; the flag says whether the message has room for a piece.
    Send(Side, Room),
    /// Message `1` of chain `0` arrives.
    Arrive(usize, usize),
}

impl State {
    fn party(&self, side: Side) -> &Party {
        match side {
            Side::Responder => &self.responder,
            Side::Initiator => &self.initiator,
        }
    }

    fn party_mut(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Responder => &mut self.responder,
            Side::Initiator => &mut self.initiator,
        }
    }
}

impl Exchange {
    fn bit(self, chain: usize, number: usize) -> u32 {
        let place = chain
            .saturating_mul(usize::from(self.messages))
            .saturating_add(number);
        u32::try_from(place)
            .ok()
            .and_then(|shift| 1_u32.checked_shl(shift))
            .unwrap_or_default()
    }

    fn send(self, state: &mut State, side: Side, room: Room) -> Option<()> {
        let chain = state.party(side).chain_to_send(side)?;
        if chain == state.sent.len() {
            state.party_mut(side).step_to_send(self.flaw);
            state.sent.push(Vec::new());
        }
        let party = state.party_mut(side);
        let mixed = party
            .root
            .get(chain)
            .copied()
            .flatten()
            .map_or(0, |secret| secret.epoch);
        let piece = match room {
            Room::Always => party.take_piece(self.flaw),
            Room::Sometimes => None,
        };
        let messages = state.sent.get_mut(chain)?;
        let named = if self.flaw == Flaw::NamesOnce && !messages.is_empty() {
            0
        } else {
            mixed
        };
        messages.push(Message { named, piece });
        Some(())
    }

    fn arrive(self, state: &mut State, chain: usize, number: usize) -> Option<()> {
        let message = *state.sent.get(chain)?.get(number)?;
        let from = sender(chain);
        let truth = state.party(from).root.get(..=chain)?.to_vec();
        let reader = match from {
            Side::Responder => Side::Initiator,
            Side::Initiator => Side::Responder,
        };
        let party = state.party_mut(reader);
        let known = party.root.len();
        if chain > known || (chain == known && !party.step_to_receive(message.named)) {
            state.refused = true;
            return Some(());
        }
        if party.root.get(..=chain)? != truth {
            state.forked = true;
            return Some(());
        }
        party.opened |= self.bit(chain, number);
        if let Some(piece) = message.piece {
            party.take_in(piece, self.flaw);
        }
        Some(())
    }
}

impl Model for Exchange {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            responder: Party::new(Stage::Answer(Secret {
                epoch: 1,
                ciphertext: 0,
            })),
            initiator: Party::new(Stage::Offer {
                epoch: 1,
                pieces: [None; 2],
            }),
            sent: Vec::new(),
            forked: false,
            refused: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.forked || state.refused {
            return;
        }
        for side in [Side::Responder, Side::Initiator] {
            let Some(chain) = state.party(side).chain_to_send(side) else {
                continue;
            };
            let full = state
                .sent
                .get(chain)
                .is_some_and(|messages| messages.len() >= usize::from(self.messages));
            if chain < usize::from(self.chains) && !full {
                actions.push(Action::Send(side, Room::Always));
                if self.room == Room::Sometimes {
                    actions.push(Action::Send(side, Room::Sometimes));
                }
            }
        }
        for (chain, messages) in state.sent.iter().enumerate() {
            let opened = match sender(chain) {
                Side::Responder => state.initiator.opened,
                Side::Initiator => state.responder.opened,
            };
            // What was opened before is a replay: dropped by its number, it changes nothing.
            let fresh = (0..messages.len()).filter(|number| opened & self.bit(chain, *number) == 0);
            actions.extend(fresh.map(|number| Action::Arrive(chain, number)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Send(side, room) => self.send(&mut next, side, room)?,
            Action::Arrive(chain, number) => self.arrive(&mut next, chain, number)?,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("both sides mix the same", |_, state: &State| !state.forked),
            Property::always("no honest header is refused", |_, state: &State| !state.refused),
            Property::always("epochs are at most one apart", |_, state: &State| {
                state
                    .responder
                    .stage
                    .epoch()
                    .abs_diff(state.initiator.stage.epoch())
                    <= 1
            }),
            Property::sometimes("an epoch of each side is mixed", |_, state: &State| {
                state
                    .responder
                    .root
                    .iter()
                    .chain(&state.initiator.root)
                    .flatten()
                    .any(|secret| secret.epoch == 2)
            }),
            Property::sometimes("a newer chain overtakes an older one", |model, state: &State| {
                state.sent.len() > 2
                    && state.initiator.root.len() > 2
                    && state.initiator.opened & model.bit(0, 1) == 0
            }),
        ]
    }
}
