//! Who has proven what on this connection. Spec: `spec/boxes.md`, proofs; `spec/sip-checklist.md` G8, G10.
//!
//! A proof is bound to the TLS connection and then holds as long as that; without an exporter each request
//! answers a nonce. Nothing of a proof is kept but the names of what it proved.

use super::fault::Fault;
use crate::domain::Domain;
use crate::limits::{BOXES_PER_CONNECTION, GRANTS_PER_CONNECTION, NONCE_LIFETIME};
use crate::mailbox::{Claim, Opening, Owner};
use rand_core::CryptoRng;
use sipher_wire::sip::Request;
use sipher_wire::{
    Binding, BoxId, Credentials, GrantKey, Host, Nonce, NonceProof, RelayNameAndKey, Right, Time,
    own_nonce_input, use_nonce_input,
};
use std::collections::HashSet;

/// The proofs of a connection.
// spec: proof-4
#[derive(Debug)]
pub(super) struct Proofs {
    binding: Option<Binding>,
    owned: HashSet<BoxId>,
    granted: HashSet<(BoxId, GrantKey, Right)>,
    nonce: Option<Issued>,
}

/// The nonce that is good now, and the last count that answered it.
#[derive(Debug)]
struct Issued {
    nonce: Nonce,
    ends: Time,
    last: u32,
}

/// The relay as a request addresses it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addressed<'a> {
    pub(super) domain: &'a Domain,
    pub(super) host: &'a Host,
}

impl Proofs {
    /// None yet.
    pub(super) fn new(binding: Option<Binding>) -> Self {
        Self {
            binding,
            owned: HashSet::new(),
            granted: HashSet::new(),
            nonce: None,
        }
    }

    /// The nonce for a 401.
    pub(super) fn challenge(&mut self, now: Time, fault: Fault, rng: &mut impl CryptoRng) -> Option<Nonce> {
        if fault != Fault::Unproven {
            return None;
        }
        if self.nonce.as_ref().is_none_or(|issued| issued.ends <= now) {
            self.nonce = Some(Issued {
                nonce: Nonce::random(rng),
                ends: now + NONCE_LIFETIME,
                last: 0,
            });
        }
        self.nonce.as_ref().map(|issued| issued.nonce)
    }

    /// Whether a request comes from the owner of this box.
    pub(super) fn owner(
        &mut self,
        now: Time,
        request: &Request,
        id: BoxId,
        at: Addressed<'_>,
    ) -> Result<Owner, Fault> {
        let credentials = request.credentials().ok_or(Fault::Unproven)?;
        let key = credentials.key.as_owner();
        let kind = id.kind_under(&key).ok_or(Fault::Forbidden)?;
        if let Some(proof) = &credentials.nonce {
            self.count(now, proof)?;
            let input = own_nonce_input(request, proof, at.name_and_key());
            credentials.verify(&input).map_err(|_| Fault::Forbidden)?;
        } else {
            self.bound_owner(&credentials, id)?;
        }
        let may_open = at.domain.may_open(credentials.opening.as_ref());
        let opening = if may_open {
            Opening::Allowed
        } else {
            Opening::Denied
        };
        Ok(Owner {
            id,
            kind,
            key,
            opening,
        })
    }

    /// Whose grant a request comes under. A proof that doesn't hold is refused by the mailbox, like all else.
    // spec: proof-5
    pub(super) fn claim(
        &mut self,
        now: Time,
        request: &Request,
        (id, right): (BoxId, Right),
        at: Addressed<'_>,
    ) -> Result<Claim, Fault> {
        let credentials = request.credentials();
        if let Some(proof) = credentials
            .as_ref()
            .and_then(|credentials| credentials.nonce.as_ref())
        {
            self.count(now, proof)?;
        } else if self.binding.is_none() {
            return Err(Fault::Unproven);
        }
        let Some(credentials) = credentials else {
            return Ok(Claim::Unproven(NOBODY));
        };
        let key = credentials.key.as_grant();
        let holds = match (&credentials.nonce, &self.binding) {
            (Some(proof), _) => credentials
                .verify(&use_nonce_input(request, proof, at.name_and_key(), right))
                .is_ok(),
            // spec: proof-3
            (None, Some(_)) if self.granted.contains(&(id, key, right)) => true,
            (None, Some(binding)) => {
                let proven = credentials.verify_use(binding, &id, right).is_ok();
                if proven && self.granted.len() >= GRANTS_PER_CONNECTION {
                    return Err(Fault::Forbidden);
                }
                proven && self.granted.insert((id, key, right))
            }
            (None, None) => false,
        };
        Ok(if holds {
            Claim::Proven(key)
        } else {
            Claim::Unproven(key)
        })
    }

    /// A proof of ownership over the exporter, or one that was given before.
    fn bound_owner(&mut self, credentials: &Credentials, id: BoxId) -> Result<(), Fault> {
        let binding = self.binding.as_ref().ok_or(Fault::Unproven)?;
        if self.owned.contains(&id) {
            return Ok(());
        }
        if credentials.signature.is_none() {
            return Err(Fault::Unproven);
        }
        credentials
            .verify_own(binding, &id)
            .map_err(|_| Fault::Forbidden)?;
        if self.owned.len() >= BOXES_PER_CONNECTION {
            return Err(Fault::Forbidden);
        }
        self.owned.insert(id);
        Ok(())
    }

    /// A nonce must be the one that is good now, and its count higher than the last.
    // spec: proof-7
    fn count(&mut self, now: Time, proof: &NonceProof) -> Result<(), Fault> {
        let issued = self
            .nonce
            .as_mut()
            .filter(|issued| issued.nonce == proof.nonce && now < issued.ends);
        let issued = issued
            // spec: proof-6
            .filter(|issued| issued.last < proof.count)
            .ok_or(Fault::Unproven)?;
        issued.last = proof.count;
        Ok(())
    }
}

impl<'a> Addressed<'a> {
    fn name_and_key(self) -> RelayNameAndKey<'a> {
        RelayNameAndKey {
            host: self.host,
            id: self.domain.id(),
        }
    }
}

/// The key of a request that names none. It's weak, so nobody can prove it.
const NOBODY: GrantKey = GrantKey::from_octets([0; 32]);
