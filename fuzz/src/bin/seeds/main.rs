//! Writes the seeds of all corpora anew: `cargo run -p sipher-fuzz --bin seeds`.
//!
//! The same program writes the same octets. Finds and what libFuzzer kept stay as they are.

mod crypto;
mod engine;
mod relay;
mod wire;

use std::fs;
use std::io;

use sipher_fuzz::{TARGETS, corpus};

fn main() -> io::Result<()> {
    for (target, _) in TARGETS {
        let folder = corpus::folder(target);
        fs::create_dir_all(&folder)?;
        for (name, _) in corpus::inputs(target)? {
            if name.starts_with("seed-") {
                fs::remove_file(folder.join(name))?;
            }
        }
        for (number, octets) in seeds_of(target).into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:02}")), octets)?;
        }
    }
    Ok(())
}

fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "account_load" => engine::damage(),
        "engine_octets" => engine::steps(),
        "hostile_buddy" => engine::contents(),
        "invitation_uri" => engine::invitations(),
        "people_and_faults" => engine::stories(),
        "auth_header" => wire::auth_headers(),
        "bundle_open" | "first_flight" => crypto::choices(4, 4096),
        "conversation" => crypto::conversations(),
        "envelope_open" | "presence_open" => crypto::choices(4, 1024),
        "hostile_peer" => crypto::choices(4, 64),
        "phrase" => crypto::phrases(),
        "state_decode" => crypto::choices(9, 300),
        "grants_body" => wire::grants_bodies(),
        "relay_address" => wire::relay_addresses(),
        "relay_stream" => relay::stories(),
        "sip_answer" | "sip_reader" => wire::messages(),
        "sip_build" => wire::builds(),
        "sip_cutter" => wire::streams(),
        "typed_values" => wire::values(),
        _ => Vec::new(),
    }
}
