//! Targets of `sipher-crypto`: what a relay, a stranger, a damaged disk or a hostile buddy hands in.

pub(crate) mod bundle_open;
pub(crate) mod conversation;
pub(crate) mod envelope_open;
pub(crate) mod first_flight;
pub(crate) mod hostile_peer;
pub(crate) mod phrase;
pub(crate) mod presence_open;
pub(crate) mod state_decode;

mod fixture;

/// Two octet strings that differ in at most the last ones: `octets` cut or filled with zero octets to `len`.
fn filled(octets: &[u8], len: usize) -> Vec<u8> {
    let mut filled = octets.to_vec();
    filled.resize(len, 0);
    filled
}
