//! What goes wrong, and when.

use crate::world::Person;

/// When somebody is struck by a crash: before the output with this number, counted from the start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Crash {
    /// A client. What was durable is all that is left.
    Client(Person, u64),
    /// All relays. What wasn't synced is gone, and all connections with it.
    Relay(u64),
}

/// Where a connection is cut: after so many octets in one direction, counted over the whole run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// From the clients to the relay.
    Up(u64),
    /// From the relay to the clients.
    Down(u64),
}

/// Everything that goes wrong in a run.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Crashes, each once.
    pub crashes: Vec<Crash>,
    /// Cuts, each once.
    pub cuts: Vec<Cut>,
    /// Octets come in pieces of this many, if that is not zero.
    pub piece: usize,
}
