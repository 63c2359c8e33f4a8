//! Which explorations are made, within which bounds, and what must come out.
//!
//! The number of states is part of the expectation: a model that suddenly visits fewer has lost some of what it was about.

use crate::check::{Extent, Finding, explore};
use crate::deletion::{self, Deletion, Goodbye};
use crate::exchange::{self, Exchange, Room};
use crate::queue::{self, Queue};
use crate::symbolic::Effort;

/// One of the explored machines with its bounds.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Machine {
    /// The post-quantum exchange.
    Exchange(Exchange),
    /// Deleting a grant.
    Deletion(Deletion),
    /// A queue.
    Queue(Queue),
}

/// What must come out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    /// Every rule holds in so many states.
    Holds(usize),
    /// This rule is broken.
    Refuted(&'static str),
}

/// An exploration to make.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// What is explored.
    pub machine: Machine,
    /// What must come out.
    pub expected: Expected,
    /// When it is made.
    pub effort: Effort,
}

impl Trial {
    /// Explores.
    #[must_use]
    pub fn run(&self) -> Finding {
        let extent = match self.expected {
            Expected::Holds(_) => Extent::Everything,
            Expected::Refuted(_) => Extent::FirstFault,
        };
        match self.machine {
            Machine::Exchange(model) => explore(model, extent),
            Machine::Deletion(model) => explore(model, extent),
            Machine::Queue(model) => explore(model, extent),
        }
    }

    /// Whether it came out as expected.
    #[must_use]
    pub fn is_met_by(&self, finding: &Finding) -> bool {
        match self.expected {
            Expected::Holds(states) => finding.is_clean() && finding.states == states,
            Expected::Refuted(rule) => finding.broken.contains(&rule),
        }
    }

    /// What is explored, for a table.
    #[must_use]
    pub fn name(&self) -> String {
        match self.machine {
            Machine::Exchange(model) => with_flaw("exchange", model.flaw, exchange::Flaw::None),
            Machine::Deletion(model) => with_flaw("deletion", model.flaw, deletion::Flaw::None),
            Machine::Queue(model) => with_flaw("queue", model.flaw, queue::Flaw::None),
        }
    }

    /// Its bounds, for a table.
    #[must_use]
    pub fn bounds(&self) -> String {
        match self.machine {
            Machine::Exchange(Exchange {
                chains,
                messages,
                room,
                ..
            }) => {
                let room = match room {
                    Room::Always => "",
                    Room::Sometimes => ", some full",
                };
                format!("{chains} chains x {messages} messages{room}")
            }
            Machine::Deletion(Deletion {
                values,
                connections,
                goodbye,
                ..
            }) => {
                let goodbye = match goodbye {
                    Goodbye::Silent => "",
                    Goodbye::Notify => ", goodbye",
                };
                format!("values {values}, connections {connections}{goodbye}")
            }
            Machine::Queue(Queue { items, tries, .. }) => format!("items {items}, tries {tries}"),
        }
    }
}

fn with_flaw<F: Copy + std::fmt::Debug + PartialEq>(machine: &str, flaw: F, none: F) -> String {
    if flaw == none {
        machine.to_owned()
    } else {
        format!("{machine} {flaw:?}")
    }
}

/// All explorations of `effort`.
#[must_use]
pub fn trials(effort: Effort) -> Vec<Trial> {
    let mut all = exchanges();
    all.extend(deletions());
    all.extend(queues());
    all.retain(|trial| trial.effort == effort);
    all
}

fn exchanges() -> Vec<Trial> {
    let sound = [
        (5, 2, Room::Always, 4_643, Effort::Quick),
        (6, 2, Room::Always, 26_059, Effort::Quick),
        (7, 2, Room::Always, 119_531, Effort::Quick),
        (5, 2, Room::Sometimes, 838_859, Effort::Quick),
        (5, 3, Room::Always, 882_423, Effort::Long),
        (6, 2, Room::Sometimes, 11_357_379, Effort::Long),
    ]
    .map(|(chains, messages, room, states, effort)| Trial {
        machine: Machine::Exchange(Exchange {
            chains,
            messages,
            room,
            flaw: exchange::Flaw::None,
        }),
        expected: Expected::Holds(states),
        effort,
    });
    let broken = [
        (exchange::Flaw::MixesEarly, "both sides mix the same"),
        (exchange::Flaw::EncapsulatesAnew, "both sides mix the same"),
        (exchange::Flaw::NamesOnce, "both sides mix the same"),
        (exchange::Flaw::AnswererMixes, "no honest header is refused"),
    ]
    .map(|(flaw, rule)| Trial {
        machine: Machine::Exchange(Exchange {
            chains: 5,
            messages: 2,
            room: Room::Always,
            flaw,
        }),
        expected: Expected::Refuted(rule),
        effort: Effort::Quick,
    });
    sound.into_iter().chain(broken).collect()
}

fn deletions() -> Vec<Trial> {
    const LATE: &str = "after the 200 no NOTIFY leaves";
    let sound = [
        (2, 1, Goodbye::Silent, 438),
        (2, 2, Goodbye::Silent, 2_382),
        (3, 2, Goodbye::Silent, 3_250),
        (3, 2, Goodbye::Notify, 3_386),
    ]
    .map(|(values, connections, goodbye, states)| Trial {
        machine: Machine::Deletion(Deletion {
            values,
            connections,
            goodbye,
            flaw: deletion::Flaw::None,
        }),
        expected: Expected::Holds(states),
        effort: Effort::Quick,
    });
    let broken = [
        (deletion::Flaw::AnswersBeforeBarrier, LATE),
        (
            deletion::Flaw::AnswersBeforeFlush,
            "a deletion that was answered is on disk",
        ),
        (deletion::Flaw::RegistersUnchecked, LATE),
        (deletion::Flaw::KeepsSubscription, LATE),
        (deletion::Flaw::KeepsAuthorization, LATE),
        (deletion::Flaw::GuardsOneConnection, LATE),
        (deletion::Flaw::NotifiesBehindBarrier, LATE),
    ]
    .map(|(flaw, rule)| Trial {
        machine: Machine::Deletion(Deletion {
            values: 2,
            connections: 2,
            goodbye: Goodbye::Notify,
            flaw,
        }),
        expected: Expected::Refuted(rule),
        effort: Effort::Quick,
    });
    sound.into_iter().chain(broken).collect()
}

fn queues() -> Vec<Trial> {
    const KEPT: &str = "what got a 202 is on the relay's disk or on the owner's";
    let sound = [
        (1, 2, 383, Effort::Quick),
        (1, 3, 1_283, Effort::Quick),
        (2, 2, 136_525, Effort::Quick),
        (2, 3, 1_534_399, Effort::Long),
    ]
    .map(|(items, tries, states, effort)| Trial {
        machine: Machine::Queue(Queue {
            items,
            tries,
            flaw: queue::Flaw::None,
        }),
        expected: Expected::Holds(states),
        effort,
    });
    let broken = [
        (queue::Flaw::AnswersBeforeFlush, KEPT),
        (queue::Flaw::DeletesUnacknowledged, KEPT),
        (queue::Flaw::AcknowledgesUnwritten, KEPT),
        (
            queue::Flaw::ForgetsSeen,
            "the owner's history has one line an item",
        ),
        (
            queue::Flaw::DeletionOvertakes,
            "what was acknowledged durably is not handed over again",
        ),
        (queue::Flaw::StoresTwice, "an item is stored once"),
    ]
    .map(|(flaw, rule)| Trial {
        machine: Machine::Queue(Queue {
            items: 1,
            tries: 2,
            flaw,
        }),
        expected: Expected::Refuted(rule),
        effort: Effort::Quick,
    });
    sound.into_iter().chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_met(trials: &[Trial]) {
        for trial in trials {
            let finding = trial.run();
            assert!(
                trial.is_met_by(&finding),
                "{} ({}): {finding:#?}",
                trial.name(),
                trial.bounds()
            );
        }
    }

    fn quick(machine: impl Fn(&Trial) -> bool, sound: bool) -> Vec<Trial> {
        let holds = |trial: &Trial| matches!(trial.expected, Expected::Holds(_));
        let chosen: Vec<Trial> = trials(Effort::Quick)
            .into_iter()
            .filter(|trial| machine(trial) && holds(trial) == sound)
            .collect();
        assert!(!chosen.is_empty());
        chosen
    }

    #[test]
    fn both_sides_of_a_link_mix_the_same_whatever_the_network_does() {
        assert_met(&quick(
            |trial| matches!(trial.machine, Machine::Exchange(_)),
            true,
        ));
    }

    #[test]
    fn a_broken_exchange_is_refuted() {
        assert_met(&quick(
            |trial| matches!(trial.machine, Machine::Exchange(_)),
            false,
        ));
    }

    #[test]
    fn after_the_200_of_a_deletion_no_notify_leaves() {
        assert_met(&quick(
            |trial| matches!(trial.machine, Machine::Deletion(_)),
            true,
        ));
    }

    #[test]
    fn a_broken_deletion_is_refuted() {
        assert_met(&quick(
            |trial| matches!(trial.machine, Machine::Deletion(_)),
            false,
        ));
    }

    #[test]
    fn what_got_a_202_is_read_once() {
        assert_met(&quick(|trial| matches!(trial.machine, Machine::Queue(_)), true));
    }

    #[test]
    fn a_broken_queue_is_refuted() {
        assert_met(&quick(|trial| matches!(trial.machine, Machine::Queue(_)), false));
    }

    #[test]
    fn an_exploration_that_finds_fewer_states_is_noticed() {
        let trial = quick(|trial| matches!(trial.machine, Machine::Deletion(_)), true).remove(0);
        let finding = trial.run();
        assert!(trial.is_met_by(&finding));
        let fewer = Finding {
            states: finding.states - 1,
            ..finding
        };
        assert!(!trial.is_met_by(&fewer));
    }
}
