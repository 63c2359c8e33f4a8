//! Two sessions over a network that loses, repeats and reorders.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Act {
    Send(usize),
    Deliver(usize, usize),
    Repeat(usize, usize),
    Lose(usize, usize),
    Store(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let (side, at) = (0_usize..2, 0_usize..8);
    prop_oneof![
        5 => side.clone().prop_map(Act::Send),
        5 => (side.clone(), at.clone()).prop_map(|(side, at)| Act::Deliver(side, at)),
        1 => (side.clone(), at.clone()).prop_map(|(side, at)| Act::Repeat(side, at)),
        1 => (side.clone(), at).prop_map(|(side, at)| Act::Lose(side, at)),
        1 => side.prop_map(Act::Store),
    ]
}

struct Network {
    sessions: [Session; 2],
    /// On their way to each side, with their numbers.
    flying: [Vec<(u32, Vec<u8>)>; 2],
    opened: [BTreeSet<u32>; 2],
    sent: u32,
    rng: rand_chacha::ChaCha20Rng,
}

impl Network {
    fn new() -> Self {
        let (one, two) = sessions();
        Self {
            sessions: [one, two],
            flying: Default::default(),
            opened: Default::default(),
            sent: 0,
            rng: rng(70),
        }
    }

    fn send(&mut self, side: usize) {
        self.sent += 1;
        let value = self.sent.to_be_bytes();
        let envelope = self.sessions[side]
            .encrypt(&[text(&value)], SizeClass::K1, &mut self.rng)
            .unwrap();
        self.flying[1 - side].push((self.sent, envelope.into_octets()));
    }

    fn deliver(&mut self, side: usize, number: u32, envelope: &[u8]) {
        let outcome = self.sessions[side].decrypt(envelope, NOW, &mut self.rng);
        if self.opened[side].contains(&number) {
            assert!(
                matches!(outcome, Err(DecryptError::Replay | DecryptError::Refused)),
                "opened twice"
            );
            return;
        }
        match outcome {
            Ok(opened) => {
                let values: Vec<_> = opened.body.items().map(|item| item.value().to_vec()).collect();
                assert_eq!(values, [number.to_be_bytes()]);
                self.opened[side].insert(number);
                self.sessions[side] = opened.next;
            }
            // Only the ninth chain back may be out of reach; the caller bounds how long things fly.
            Err(error) => panic!("honest message {number} refused: {error:?}"),
        }
        let [one, two] = &self.sessions;
        assert!(one.epoch().abs_diff(two.epoch()) <= 1);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Send(side) => self.send(side),
            Act::Deliver(side, at) if !self.flying[side].is_empty() => {
                let at = at % self.flying[side].len();
                let (number, envelope) = self.flying[side].remove(at);
                self.deliver(side, number, &envelope);
            }
            Act::Repeat(side, at) if !self.flying[side].is_empty() => {
                let at = at % self.flying[side].len();
                let (number, envelope) = self.flying[side][at].clone();
                self.deliver(side, number, &envelope);
            }
            Act::Lose(side, at) if !self.flying[side].is_empty() => {
                let at = at % self.flying[side].len();
                self.flying[side].remove(at);
            }
            Act::Store(side) => {
                let stored = self.sessions[side].to_bytes();
                self.sessions[side] = Session::from_bytes(&stored).unwrap();
            }
            _ => {}
        }
        // Nothing flies longer than eight chains can last: deliver what is oldest.
        for side in 0..2 {
            while self.flying[side].len() > 6 {
                let (number, envelope) = self.flying[side].remove(0);
                self.deliver(side, number, &envelope);
            }
        }
    }

    fn settle(&mut self) {
        for side in 0..2 {
            for (number, envelope) in core::mem::take(&mut self.flying[side]) {
                self.deliver(side, number, &envelope);
            }
        }
        for _ in 0..2 {
            for side in 0..2 {
                self.send(side);
                let (number, envelope) = self.flying[1 - side].remove(0);
                self.deliver(1 - side, number, &envelope);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_network_does_each_message_opens_once_or_not_at_all(
        acts in proptest::collection::vec(act(), 0..500),
    ) {
        let mut network = Network::new();
        for act in acts {
            network.act(act);
        }
        network.settle();
        prop_assert!(network.sessions[0].has_root_of(&network.sessions[1]));
        prop_assert!(network.sessions.iter().all(|session| session.rollbacks() == 0));
    }
}
