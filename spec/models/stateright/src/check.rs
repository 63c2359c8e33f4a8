//! Explores all states of a model within its bounds, and says what was found.
//!
//! States are told apart by a 64-bit fingerprint (the checker's way of saving memory): two different states with one
//! fingerprint would hide one of them. At the largest bounds used here the chance is below one in 100,000.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroUsize;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// What an exploration came to.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Different states visited.
    pub states: usize,
    /// Steps of the longest path that was needed to reach them.
    pub depth: usize,
    /// Rules that a reachable state breaks, in alphabetical order.
    pub broken: Vec<&'static str>,
    /// Situations that the model should reach and did not: it would prove nothing about them.
    pub unreached: Vec<&'static str>,
    /// The shortest way to the first broken rule, a step a line.
    pub trace: Vec<String>,
}

impl Finding {
    /// All rules hold in all states, and every situation of interest occurs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty() && self.unreached.is_empty()
    }
}

/// How far to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// Visit every state within the bounds of the model.
    Everything,
    /// Stop at the first broken rule: enough to refute a broken variant.
    FirstFault,
}

/// Explores `model`. With [`Extent::FirstFault`] it goes deeper step by step, so that the trace is the shortest there is.
#[must_use]
pub fn explore<M>(model: M, extent: Extent) -> Finding
where
    M: Model + Clone + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    match extent {
        Extent::Everything => explore_to(model, None),
        Extent::FirstFault => {
            let mut depth = NonZeroUsize::MIN;
            loop {
                depth = depth.saturating_add(1);
                let finding = explore_to(model.clone(), Some(depth));
                // The checker counts the skipped last layer too: a depth that was not reached means that there was none.
                if !finding.broken.is_empty() || finding.depth < depth.get() {
                    return finding;
                }
            }
        }
    }
}

fn explore_to<M>(model: M, depth: Option<NonZeroUsize>) -> Finding
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let properties = model.properties();
    let (finish, deepest) = match depth {
        None => (HasDiscoveries::All, 0),
        Some(depth) => (HasDiscoveries::AnyFailures, depth.get()),
    };
    let checker = model
        .checker()
        .finish_when(finish)
        .target_max_depth(deepest)
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    let mut broken = Vec::new();
    let mut unreached = Vec::new();
    for property in &properties {
        match (&property.expectation, found.contains_key(property.name)) {
            (Expectation::Sometimes, false) => unreached.push(property.name),
            (Expectation::Always | Expectation::Eventually, true) => broken.push(property.name),
            _ => {}
        }
    }
    broken.sort_unstable();
    let trace = broken
        .first()
        .and_then(|name| found.get(name))
        .map(|path| {
            path.clone()
                .into_actions()
                .iter()
                .map(|action| format!("{action:?}"))
                .collect()
        })
        .unwrap_or_default();
    Finding {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        broken,
        unreached,
        trace,
    }
}
