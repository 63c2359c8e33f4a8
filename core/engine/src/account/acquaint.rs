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
use crate::ask::AskText;
use crate::boxes::OwnQueue;
use crate::buddy::BuddyId;
use crate::content::{Content, Hello, Item, Profile, Text};
use crate::history::MessageId;
use crate::invite::InvitationKind;
use crate::io::{CommandId, Output, Refusal};
use crate::link::{Asking, Peer, Said, Stage};
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
        let kind = match fetching.uri.kind {
            InvitationKind::OneTime => BundleKind::OneTime,
            InvitationKind::Standing => BundleKind::Standing,
        };
        if bundle.kind() != kind {
            return Err(Refusal::InvitationForged);
        }
        let words = fetching.text.map(|text| AskText {
            message: MessageId::random(step.rng),
            written: step.now,
            text,
        });
        let asking = self.first_flight(&bundle, &keys, (hello, words.as_ref()), step)?;
        let his_name = Profile::name_in(bundle.profile());
        if let Some(id) = known {
            self.ask_again(id, asking, fetching.as_name, step);
            self.note_said(id, words.as_ref(), step);
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
        self.note_said(id, words.as_ref(), step);
        Ok(id)
    }

    /// What goes with the flight is a line of the conversation.
    fn note_said(&mut self, id: BuddyId, words: Option<&AskText>, step: &mut Step<'_>) {
        let Some(words) = words else { return };
        let Some(line) = self.write_first(id, words, step) else {
            return;
        };
        if let Some(Stage::Asking(asking)) = self.peers.get_mut(&id).map(|peer| &mut peer.stage) {
            asking.said = Some(Said {
                message: words.message,
                line,
            });
        }
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
        (hello, words): (Hello, Option<&AskText>),
        step: &mut Step<'_>,
    ) -> Result<Asking, Refusal> {
        let door = door_of(bundle).ok_or(Refusal::InvitationForged)?;
        let item = Content::Hello(hello).to_item();
        let said = words.map(|words| {
            let content = Content::Text(Text {
                id: words.message,
                written: words.written,
                text: words.text.clone(),
            });
            content.to_item()
        });
        let items: Vec<Tlv<'_>> = [Some(&item), said.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(Item::as_tlv)
            .collect();
        let initiator = Initiator::new(&self.me.device, bundle, &keys.psk);
        let initiated = initiator
            .initiate(&items, step.rng)
            .map_err(|error| match error {
                InitiateError::OwnBundle => Refusal::OwnInvitation,
                InitiateError::TooLong => Refusal::AskTooLong {
                    max_chars: AskText::MAX_CHARS,
                },
                _ => Refusal::InvitationForged,
            })?;
        Ok(Asking {
            link: initiated.link,
            waiting: initiated.waiting,
            door,
            flight: initiated.flight.into(),
            until: Time::from_secs(bundle.not_after().as_unix_seconds()),
            is_stored: false,
            said: None,
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
