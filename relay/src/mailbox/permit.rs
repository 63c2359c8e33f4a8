//! Whether a grant allows something, without telling boxes apart. Spec: `spec/relay.md`, the uniform refusal.
//!
//! Each way to a refusal costs the same: one hash, one read of the store, one comparison in constant time,
//! whether the box exists, is in memory, or has other grants.

use super::Mailbox;
use super::io::Claim;
use super::record;
use crate::store::{Key, Store, StoreFault};
use sipher_wire::{BoxId, Grant, GrantKey, Right, Time};
use subtle::ConstantTimeEq;

impl<S: Store> Mailbox<S> {
    /// The grant under which something may be done, if it may.
    // spec: grant-1
    pub(crate) fn permit(
        &self,
        now: Time,
        id: &BoxId,
        claim: &Claim,
        right: Right,
    ) -> Result<Option<Grant>, StoreFault> {
        let allows = |grant: &Grant| grant.right == right && !grant.has_ended(now);
        if let Claim::Proven(key) = claim
            && let Some(grant) = self.boxes.get(id).and_then(|state| state.grant(key))
            && allows(grant)
        {
            return Ok(Some(*grant));
        }
        Ok(self.look(id, claim)?.filter(allows))
    }

    /// The grant of a proven claim from the store; the same work whatever comes out.
    // spec: refuse-3
    pub(crate) fn look(&self, id: &BoxId, claim: &Claim) -> Result<Option<Grant>, StoreFault> {
        let key = Key::of_grant(id, &claim.key().id());
        let found = self
            .pending
            .get(&self.store, &key)?
            .map(record::decode_grant)
            .transpose()?;
        let stored = found.map_or(NOBODY, |grant| grant.key);
        let same = bool::from(stored.as_octets().ct_eq(claim.key().as_octets()));
        Ok(found.filter(|_| same && matches!(claim, Claim::Proven(_))))
    }
}

/// The key that is compared where there is none. It's weak, so nobody can prove it.
const NOBODY: GrantKey = GrantKey::from_octets([0; 32]);
