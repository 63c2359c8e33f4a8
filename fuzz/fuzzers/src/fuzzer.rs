//! One source for all fuzzers: the name of the binary is the name of the target.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(target) = sipher_fuzz::target(env!("CARGO_BIN_NAME")) {
        target(data);
    }
});
