//! Targets of `sipher-wire`: octets from a network that nobody trusts.

pub(crate) mod auth_header;
pub(crate) mod grants_body;
pub(crate) mod relay_address;
pub(crate) mod sip_answer;
pub(crate) mod sip_build;
pub(crate) mod sip_cutter;
pub(crate) mod sip_reader;
pub(crate) mod typed_values;

use sipher_wire::sip::{Cut, Message, Name, Verdict, Whole, check, cut_whole};

/// A head's fields by value.
fn fields(message: &Message) -> Vec<(Name, Vec<u8>)> {
    message
        .head
        .fields()
        .map(|(name, value)| (name, value.to_vec()))
        .collect()
}

/// The message that is all of these octets.
fn whole(octets: impl Into<bytes::Bytes>) -> Option<Message> {
    match cut_whole(Whole::Frame, octets.into()) {
        Some(Cut::Message(message)) => Some(message),
        _ => None,
    }
}

/// What is thought of octets that we wrote ourselves.
fn verdict_of_own(octets: bytes::Bytes) -> (Option<Message>, Option<Verdict>) {
    let message = whole(octets);
    let verdict = message.clone().map(check);
    (message, verdict)
}
