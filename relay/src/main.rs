//! The binary `sipher-relay`: the library's command line, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    sipher_relay::cli_main(std::env::args_os())
}
