//! The formal models of `spec/models/`: three explored state machines, and the runner of the symbolic ones.
//!
//! Each machine is a small copy of what a document of `spec/` says, not of the code: it answers whether the *rules* are right
//! when messages get lost, come twice or out of order, and when a relay or a client stops at any point. Whether the code
//! follows the rules is for the tests of the crates. Every machine has broken variants that must be refuted, so that a model
//! that could not fail is noticed.
//!
//! This crate deliberately depends on none of ours, and nothing depends on it.

pub mod check;
pub mod deletion;
pub mod exchange;
pub mod prover;
pub mod queue;
pub mod symbolic;
pub mod table;
pub mod trials;
pub mod verdict;
