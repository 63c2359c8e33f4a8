//! Bytes to sealed bytes.
#![no_std]
extern crate alloc;
