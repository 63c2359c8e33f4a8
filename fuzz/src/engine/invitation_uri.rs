//! Promise: an invitation that was pasted is refused, or written back to one that reads the same. Spec:
//! `spec/invitation.md`.

use sipher_engine::InvitationUri;

use super::fixture::ALICE;
use crate::dice::{Dice, edited};

/// `way u8`, then what a person pasted.
pub(crate) fn target(data: &[u8]) {
    let mut dice = Dice::of(data);
    let pasted = if dice.flip() {
        edited(&mut dice, ALICE.used_invitation.as_bytes())
    } else {
        dice.rest().to_vec()
    };
    let Ok(text) = core::str::from_utf8(&pasted) else {
        return;
    };
    match InvitationUri::parse(text) {
        Ok(uri) => {
            let written = uri.expose_text();
            let again = InvitationUri::parse(&written);
            assert!(
                again.is_ok_and(|again| again.expose_text() == written && again.cell() == uri.cell()),
                "an invitation that reads otherwise"
            );
        }
        // What a person is told must not fail, whatever he pasted.
        Err(fault) => drop(fault.to_string()),
    }
}
