//! Using somebody's invitation: from his bundle to our first flight. Spec: `spec/invitation.md`, asking.
//!
//! Who made the bundle is checked before anything of it is used. The new buddy, our queue for him and the flight are
//! one write; the flight leaves once our queue stands, since it names that queue.

use alloc::vec::Vec;

use bytes::Bytes;
use sipher_crypto::handshake::{InitiateError, Initiator};
use sipher_crypto::{Bundle, BundleError, BundleKind, InvitationKeys, Tlv, UncheckedBundle};
use sipher_wire::Time;

use super::Account;
use super::calls::{Call, Fetching};
use crate::boxes::OwnQueue;
use crate::buddy::BuddyId;
use crate::content::{Content, Hello, Profile};
use crate::io::{CommandId, Output, Refusal};
use crate::link::{Asking, Peer, Stage};
use crate::name::Name;
use crate::place::{Access, BoxAddress, copy_of};
use crate::presence::seconds;
use crate::step::{Step, Touched};

impl Account {
    /// The value of an invitation's cell came, or there is none.
    pub(super) fn bundle_came(&mut self, id: CommandId, value: Option<Bytes>, step: &mut Step<'_>) {
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        let Call::Fetching(fetching) = call else {
            self.calls.insert(id, call);
            return;
        };
        let begun = value
            .ok_or(Refusal::InvitationGone)
            .and_then(|value| self.ask_to_link(fetching, &value, step));
        match begun {
            Ok(buddy) => {
                self.calls.insert(id, Call::Asking(buddy));
            }
            Err(refusal) => step.push(Output::Done {
                id,
                outcome: Err(refusal),
            }),
        }
    }

    fn ask_to_link(
        &mut self,
        fetching: Fetching,
        value: &[u8],
        step: &mut Step<'_>,
    ) -> Result<BuddyId, Refusal> {
        let keys = InvitationKeys::derive(&fetching.uri.secret);
        let cell = fetching.uri.cell;
        let bundle = UncheckedBundle::open(&keys.bundle, cell.as_str().as_bytes(), value)
            .and_then(|bundle| bundle.check(&fetching.uri.pin, seconds(step.now)))
            .map_err(refusal_of)?;
        let account = *bundle.certificate().account();
        let known = self.peers.values().find(|peer| peer.account == account);
        if let Some(peer) = known.filter(|peer| peer.talking().is_some()) {
            return Err(Refusal::AlreadyLinked(peer.id));
        }
        // A second invitation of somebody who never answered the first one: the queue for him is kept.
        let known = known.map(|peer| peer.id);
        let queue = OwnQueue::new(step.rng);
        let own_queue = known
            .and_then(|id| self.peers.get(&id)?.queue.as_ref())
            .unwrap_or(&queue);
        let address = BoxAddress::new(&self.me.relay, own_queue.id());
        let hello = Hello {
            name: self.me.name.as_str().into(),
            queue: Access {
                at: address,
                grant: copy_of(&own_queue.grant),
            },
        };
        let asking = self.first_flight(&bundle, &keys, hello, step)?;
        let his_name = Profile::name_in(bundle.profile());
        if let Some(id) = known {
            self.ask_again(id, asking, fetching.as_name, step);
            return Ok(id);
        }
        let id = self.me.next_buddy();
        step.touch(Touched::Account);
        let name = self.free_name(fetching.as_name.or_else(|| his_name.clone()));
        let mut peer = Peer::new(id, name, account, Stage::Asking(asking), step.now);
        peer.queue = Some(queue);
        peer.own_name = his_name;
        self.peers.insert(id, peer);
        step.touch(Touched::Buddy(id));
        Ok(id)
    }

    fn ask_again(&mut self, id: BuddyId, asking: Asking, name: Option<Name>, step: &mut Step<'_>) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.stage = Stage::Asking(asking);
            if let Some(name) = name {
                peer.name = name;
            }
        }
        step.touch(Touched::Buddy(id));
    }

    fn first_flight(
        &self,
        bundle: &Bundle,
        keys: &InvitationKeys,
        hello: Hello,
        step: &mut Step<'_>,
    ) -> Result<Asking, Refusal> {
        // A bundle for a link that stands doesn't come by an invitation.
        let door = door_of(bundle)
            .filter(|_| bundle.kind() != BundleKind::Relink)
            .ok_or(Refusal::InvitationForged)?;
        let item = Content::Hello(hello).to_item();
        let items: Vec<Tlv<'_>> = item.as_tlv().into_iter().collect();
        let initiator = Initiator::new(&self.me.device, bundle, &keys.psk);
        let initiated = initiator
            .initiate(&items, step.rng)
            .map_err(|error| match error {
                InitiateError::OwnBundle => Refusal::OwnInvitation,
                _ => Refusal::InvitationForged,
            })?;
        Ok(Asking {
            link: initiated.link,
            waiting: initiated.waiting,
            door,
            flight: initiated.flight.into(),
            until: Time::from_secs(bundle.not_after().as_unix_seconds()),
            is_stored: false,
        })
    }
}

/// The front door that a bundle names.
fn door_of(bundle: &Bundle) -> Option<Access> {
    let door = bundle.front_door();
    let at = BoxAddress::parse(core::str::from_utf8(&door.address).ok()?)?;
    let grant = sipher_crypto::SigningKey::from_seed(sipher_crypto::SigningSeed::from_octets(
        door.grant.expose_octets(),
    ));
    Some(Access { at, grant })
}

const fn refusal_of(error: BundleError) -> Refusal {
    match error {
        BundleError::Expired => Refusal::InvitationExpired,
        BundleError::NoCommonSuite | BundleError::Version => Refusal::InvitationNewer,
        _ => Refusal::InvitationForged,
    }
}
