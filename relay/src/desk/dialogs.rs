//! The dialogs of a connection's subscriptions. RFC 6665 §4.4; `spec/sip-checklist.md` T15, E1.

use super::fault::Fault;
use crate::limits::WATCHES_PER_CONNECTION;
use crate::mailbox::WatchId;
use sipher_wire::sip::{Dialog, Request};
use std::collections::BTreeMap;

/// All dialogs.
#[derive(Debug, Default)]
pub(super) struct Dialogs(BTreeMap<WatchId, Held>);

#[derive(Debug)]
struct Held {
    dialog: Dialog,
    remote_cseq: u32,
}

impl Dialogs {
    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < WATCHES_PER_CONNECTION
    }

    /// Adds the dialog of a subscription.
    pub(super) fn add(&mut self, watch: WatchId, dialog: Dialog, remote_cseq: u32) {
        self.0.insert(watch, Held { dialog, remote_cseq });
    }

    /// The dialog of a subscription.
    pub(super) fn get(&self, watch: WatchId) -> Option<&Dialog> {
        self.0.get(&watch).map(|held| &held.dialog)
    }

    /// Forgets a dialog.
    pub(super) fn remove(&mut self, watch: WatchId) -> Option<Dialog> {
        self.0.remove(&watch).map(|held| held.dialog)
    }

    /// The subscription in whose dialog a request is.
    pub(super) fn refreshed_by(&self, request: &Request) -> Option<WatchId> {
        self.0
            .iter()
            .find(|(_, held)| held.dialog.has(request))
            .map(|(watch, _)| *watch)
    }

    /// Takes a request inside a dialog: the subscription that it refreshes.
    pub(super) fn refreshed(&mut self, request: &Request) -> Result<WatchId, Fault> {
        let found = self.0.iter_mut().find(|(_, held)| held.dialog.has(request));
        let (watch, held) = found.ok_or(Fault::NoDialog)?;
        if request.cseq() <= held.remote_cseq {
            return Err(Fault::OutOfOrder);
        }
        held.remote_cseq = request.cseq();
        held.dialog.retarget(request);
        Ok(*watch)
    }
}
