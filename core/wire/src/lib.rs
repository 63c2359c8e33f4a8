//! What is on the network.
#![no_std]
extern crate alloc;
