//! The decisions of an account.
#![no_std]
extern crate alloc;
