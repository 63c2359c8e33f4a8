//! Standing addresses: made, renewed, rotated and ended; who asks there is admitted or declined.
//! Spec: `spec/invitation.md`, standing addresses.
//!
//! An ask costs one decapsulation, one encapsulation and three agreements, and the relay lets through 256 a week.
//! That the front door is filled by strangers isn't prevented; links that stand don't notice it.

use alloc::string::String;

use sipher_crypto::Body;
use sipher_crypto::handshake::Accepted;
use sipher_wire::Time;

use super::Account;
use super::calls::Call;
use crate::ask::{Ask, AskId, AskText, MAX_ASKS, StoredAsk};
use crate::buddy::BuddyId;
use crate::content::Content;
use crate::history::{self, MessageState, StoredLine};
use crate::invite::{Invitation, InvitationId, InvitationKind, MAX_REMEMBERED, Stage};
use crate::io::{Event, Refusal, StandingChange};
use crate::link::Talking;
use crate::name::Name;
use crate::step::{Step, Touched};
use crate::store::{Key, Kind, StoreFault};

impl Account {
    /// Who asks, by number.
    pub fn asks(&self) -> impl Iterator<Item = Ask<'_>> {
        self.asks.values().map(|ask| ask.view(self.me.record()))
    }

    /// Makes a standing address, or shows the one that is there; `None` if there shall be none.
    pub(super) fn stand(
        &mut self,
        change: StandingChange,
        step: &mut Step<'_>,
    ) -> Result<Result<Option<InvitationId>, Refusal>, StoreFault> {
        let before = self
            .invitations
            .values()
            .find(|own| own.kind() == InvitationKind::Standing)
            .map(|own| own.id);
        if let (StandingChange::Show, Some(id)) = (change, before) {
            return Ok(Ok(Some(id)));
        }
        match (change, before) {
            (StandingChange::End, None) => return Ok(Err(Refusal::UnknownInvitation)),
            (_, Some(id)) => self.end_invitation(id, step)?,
            (_, None) => {}
        }
        if change == StandingChange::End {
            return Ok(Ok(None));
        }
        let id = self.me.next_invitation();
        let own = (&self.me.device, &self.me.relay, &self.me.name);
        let Some(invitation) = Invitation::standing(id, own, step) else {
            return Ok(Err(Refusal::TooMany));
        };
        self.invitations.insert(id, invitation);
        step.touch(Touched::Account);
        step.touch(Touched::Invitation(id));
        Ok(Ok(Some(id)))
    }

    /// Ends it: boxes, private halves, and the memory of what was begun with them. Links and asks stay.
    // spec: stand-2
    // spec: stand-5
    pub(super) fn end_invitation(&mut self, id: InvitationId, step: &mut Step<'_>) -> Result<(), StoreFault> {
        for (seq, _) in step.scan(Kind::Met, &id.group(), 0, usize::MAX)? {
            step.delete(Key::new(Kind::Met, &id.group(), seq));
        }
        if let Some(invitation) = self.invitations.remove(&id) {
            step.touch(Touched::Invitation(id));
            for closing in invitation.into_closing() {
                self.close_box(closing, step);
            }
        }
        Ok(())
    }

    /// Renews prekeys, wipes old ones, and forgets asks that nobody waits for.
    pub(super) fn tend_standing(&mut self, step: &mut Step<'_>) -> Result<bool, StoreFault> {
        let ended = self
            .asks
            .values()
            .find(|ask| ask.ends() <= step.now)
            .map(|ask| ask.id);
        if let Some(id) = ended {
            self.asks.remove(&id);
            step.touch(Touched::Ask(id));
            return Ok(true);
        }
        let own = (&self.me.device, &self.me.relay, &self.me.name);
        let due = self
            .invitations
            .values_mut()
            .find_map(|invitation| match &mut invitation.stage {
                Stage::Standing(standing) if standing.due() <= step.now => {
                    Some((invitation.id, &invitation.door, standing))
                }
                _ => None,
            });
        let Some((id, door, standing)) = due else {
            return Ok(false);
        };
        let wiped = standing.wipe(step.now);
        standing.renew(door, own, step);
        if !wiped.is_empty() {
            for (seq, prekeys) in step.scan(Kind::Met, &id.group(), 0, usize::MAX)? {
                if wiped.iter().any(|gone| prekeys.starts_with(gone)) {
                    step.delete(Key::new(Kind::Met, &id.group(), seq));
                    standing.remembered = standing.remembered.saturating_sub(1);
                }
            }
        }
        // One that couldn't be renewed is tried again at the next input.
        let is_done = standing.due() > step.now;
        step.touch(Touched::Invitation(id));
        Ok(is_done)
    }

    /// When one of those is due.
    pub(super) fn standing_due(&self) -> impl Iterator<Item = Time> + '_ {
        let standing = self
            .invitations
            .values()
            .filter_map(|invitation| match &invitation.stage {
                Stage::Standing(standing) => Some(standing.due()),
                _ => None,
            });
        standing.chain(self.asks.values().map(StoredAsk::ends))
    }

    /// Something at a standing address's front door.
    pub(super) fn ask_came(
        &mut self,
        invitation: InvitationId,
        flight: &[u8],
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(Stage::Standing(standing)) = self.invitations.get(&invitation).map(|own| &own.stage) else {
            return Ok(());
        };
        // spec: stand-3
        if self.asks.len() >= MAX_ASKS || standing.remembered >= MAX_REMEMBERED {
            return Ok(());
        }
        let opened = standing.accept(&self.me.device, flight, step);
        let opened = opened.and_then(|(prekeys, accepted)| {
            Some((prekeys, super::receive::hello_in(&accepted.items)?, accepted))
        });
        let Some((prekeys, hello, accepted)) =
            opened.filter(|(_, _, accepted)| accepted.link.peer().account() != self.me.record())
        else {
            step.tell(Event::InvitationNoise { invitation });
            return Ok(());
        };
        let key = met_key(invitation, &accepted);
        // spec: link-11
        if step.get(&key)?.is_some() {
            return Ok(());
        }
        step.put_octets(key, &prekeys);
        if let Some(Stage::Standing(standing)) =
            self.invitations.get_mut(&invitation).map(|own| &mut own.stage)
        {
            standing.remembered = standing.remembered.saturating_add(1);
        }
        step.touch(Touched::Invitation(invitation));
        // Whoever asks again takes the place of his first ask.
        let account = *accepted.link.peer().account();
        let before = self
            .asks
            .values()
            .find(|ask| *ask.account() == account)
            .map(|ask| ask.id);
        if let Some(before) = before {
            self.asks.remove(&before);
            step.touch(Touched::Ask(before));
        }
        let id = self.me.next_ask();
        step.touch(Touched::Account);
        let ask = StoredAsk {
            id,
            came: step.now,
            name: hello.shown_name(),
            words: text_in(&accepted.items),
            talking: Talking {
                link: accepted.link,
                session: accepted.session,
                to: hello.queue,
            },
        };
        self.asks.insert(id, ask);
        step.touch(Touched::Ask(id));
        step.tell(Event::Asked { ask: id });
        Ok(())
    }

    /// Makes a buddy of somebody who asks.
    pub(super) fn admit(
        &mut self,
        id: AskId,
        as_name: Option<Name>,
        step: &mut Step<'_>,
    ) -> Result<Result<Call, Refusal>, StoreFault> {
        let Some(ask) = self.asks.get(&id) else {
            return Ok(Err(Refusal::UnknownAsk));
        };
        let known = self
            .peers
            .values()
            .find(|peer| peer.account == *ask.account())
            .map(|peer| peer.id);
        if known.is_none() && self.peers.len() >= super::command::MAX_BUDDIES {
            return Ok(Err(Refusal::TooMany));
        }
        if as_name.as_ref().is_some_and(|name| self.is_name_taken(name)) {
            return Ok(Err(Refusal::NameTaken));
        }
        let Some(ask) = self.asks.remove(&id) else {
            return Ok(Err(Refusal::UnknownAsk));
        };
        step.touch(Touched::Ask(id));
        let account = *ask.account();
        let buddy = match known {
            Some(buddy) => {
                self.meet_again(buddy, ask.talking, step)?;
                buddy
            }
            None => self.meet(account, ask.talking, as_name.or_else(|| ask.name.clone()), step),
        };
        if let Some(peer) = self.peers.get_mut(&buddy) {
            peer.own_name = ask.name.or_else(|| peer.own_name.take());
        }
        if let Some(words) = ask.words {
            self.say_first(buddy, words, step)?;
        }
        step.touch(Touched::Buddy(buddy));
        Ok(Ok(Call::Asking(buddy)))
    }

    /// Forgets somebody who asks; he isn't told.
    // spec: stand-6
    pub(super) fn decline(&mut self, id: AskId, step: &mut Step<'_>) -> Result<(), Refusal> {
        self.asks.remove(&id).ok_or(Refusal::UnknownAsk)?;
        step.touch(Touched::Ask(id));
        Ok(())
    }

    /// Puts what a buddy said when he asked into the conversation. Our person saw it, so it isn't unread.
    fn say_first(&mut self, buddy: BuddyId, words: AskText, step: &mut Step<'_>) -> Result<(), StoreFault> {
        let known = history::line_of(|key| step.get(key), buddy, words.message)?.is_some();
        let Some(peer) = self.peers.get_mut(&buddy).filter(|_| !known) else {
            return Ok(());
        };
        let line = peer.next_line();
        if peer.talk.unread == 0 {
            peer.talk.unread_from = line.saturating_add(1);
        }
        let stored = StoredLine {
            message: words.message,
            is_ours: false,
            written: words.written,
            at: step.now,
            text: words.text,
        };
        step.put(history::line_key(buddy, line), &stored);
        step.put(history::message_key(buddy, words.message), &line);
        self.owe_receipt(buddy, line, words.message, crate::grant::ReceiptLevel::Read, step);
        Ok(())
    }

    /// Writes down what we say with a first flight, as a line of ours.
    pub(super) fn write_first(
        &mut self,
        buddy: BuddyId,
        words: &AskText,
        step: &mut Step<'_>,
    ) -> Option<u64> {
        let line = self.peers.get_mut(&buddy)?.next_line();
        let stored = StoredLine {
            message: words.message,
            is_ours: true,
            written: words.written,
            at: step.now,
            text: words.text.clone(),
        };
        step.put(history::line_key(buddy, line), &stored);
        step.put(history::progress_key(buddy, line), &MessageState::Queued);
        step.put(history::message_key(buddy, words.message), &line);
        Some(line)
    }
}

/// What a first flight says beside who sends it, cut to what is shown.
pub(super) fn text_in(body: &Body) -> Option<AskText> {
    body.items().find_map(|item| match Content::of(item) {
        Some(Content::Text(text)) => Some(AskText {
            message: text.id,
            written: text.written,
            text: text.text.chars().take(AskText::MAX_CHARS).collect::<String>(),
        }),
        _ => None,
    })
}

/// Where a link that was begun at an address is remembered. Two that share eight octets are taken for one: whoever
/// asks second is lost, at odds of 2^-64.
fn met_key(invitation: InvitationId, accepted: &Accepted) -> Key {
    let id = accepted.link.id();
    let start = id.as_octets().first_chunk().copied().unwrap_or_default();
    Key::new(Kind::Met, &invitation.group(), u64::from_be_bytes(start))
}
