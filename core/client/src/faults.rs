//! What last went wrong with the connection to each relay, for whoever has to explain it to a person.
//!
//! The engine knows the kind of a fault and decides by it; which key a relay showed is of use to people only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sipher_wire::RelayAddress;

use crate::net::NetFault;

/// The newest fault of each relay.
#[derive(Debug, Default)]
pub(crate) struct RelayFaults(Mutex<BTreeMap<String, NetFault>>);

impl RelayFaults {
    /// Notes a fault of a relay.
    pub(crate) fn note(&self, relay: &RelayAddress, fault: NetFault) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < RELAYS || faults.contains_key(&relay.host_port()) {
            faults.insert(relay.host_port(), fault);
        }
    }

    /// The newest fault of the relay at this host and port.
    pub(crate) fn at(&self, host_port: &str) -> Option<NetFault> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host_port)
            .cloned()
    }
}

/// Relays that are remembered: one's own and those of thousands of buddies.
const RELAYS: usize = 4096;
