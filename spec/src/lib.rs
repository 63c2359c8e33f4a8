//! The specification is prose, vectors and models; its tests live in `tests/` and hold the code against it.
//!
//! This crate deliberately has no code of its own besides the program that makes the vectors.

pub mod vectors;
