//! Commands: what is checked, what is written down at once, and what is waited for. Spec: `spec/client.md`, commands.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use sipher_wire::sip::Lifetime;

use super::Account;
use super::calls::{Call, Carrying, Fetching, Sending};
use crate::ask::AskText;
use crate::buddy::BuddyId;
use crate::content::{Content, Text};
use crate::grant::ReceiptLevel;
use crate::history::{self, Author, MessageId, MessageState, StoredLine};
use crate::invite::{Invitation, InvitationId, InvitationStage, InvitationUri};
use crate::io::{Answer, Class, Command, CommandId, Output, Presenting, Refusal, Report, Unread, Wait};
use crate::name::Name;
use crate::net::{PlaceKey, Target};
use crate::outbox::{self, MAX_ROWS, StoredRow};
use crate::record;
use crate::step::{Step, Touched};
use crate::store::{Kind, StoreFault};

/// How a command begins.
enum Begun {
    /// It waits for something.
    Waits(Call),
    /// It is done.
    Done(Answer),
}

impl Account {
    /// Takes a command.
    pub(super) fn command(
        &mut self,
        id: CommandId,
        command: Command,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let begun = if self.calls.len() >= MAX_CALLS || self.calls.contains_key(&id) {
            Err(Refusal::TooMany)
        } else {
            self.begin(command, step)?
        };
        match begun {
            Ok(Begun::Waits(call)) => {
                self.net.hurry(step.now);
                self.calls.insert(id, call);
            }
            Ok(Begun::Done(answer)) => step.push(Output::Done {
                id,
                outcome: Ok(answer),
            }),
            Err(refusal) => step.push(Output::Done {
                id,
                outcome: Err(refusal),
            }),
        }
        Ok(())
    }

    fn begin(&mut self, command: Command, step: &mut Step<'_>) -> Result<Result<Begun, Refusal>, StoreFault> {
        Ok(match command {
            Command::Invite { for_name } => self.invite(for_name, step),
            Command::Withdraw(invitation) => return self.withdraw(invitation, step),
            Command::Accept { uri, as_name } => self.accept(&uri, as_name, None),
            Command::Ask { uri, as_name, text } => self.accept(&uri, as_name, Some(text)),
            Command::Stand(change) => self.stand(change, step)?.map(|id| match id {
                Some(id) => Begun::Waits(Call::Inviting(id)),
                None => carry_change(),
            }),
            Command::Admit { ask, as_name } => self.admit(ask, as_name, step)?.map(Begun::Waits),
            Command::Decline(ask) => self
                .decline(ask, step)
                .map(|()| Begun::Done(Answer::Changed(Report::default()))),
            Command::Send {
                to,
                texts,
                lifetime,
                wait,
            } => self.send(to, texts, lifetime, wait, step),
            Command::Sync { presence } => Ok(self.sync(presence)),
            Command::MarkRead { buddy } => return self.mark_read(buddy, step),
            Command::Stay => {
                self.stays = true;
                Ok(Begun::Done(Answer::Changed(Report::default())))
            }
            Command::Leave => {
                self.stays = false;
                Ok(Begun::Done(Answer::Changed(Report::default())))
            }
            Command::SetStatus(status) => self.set_status(status, step).map(|()| carry_change()),
            Command::Grant { buddy, right, until } => {
                self.grant(buddy, right, until, step).map(|()| carry_change())
            }
            Command::Retract { buddy, right } => self.retract(buddy, right, step).map(|()| carry_change()),
            Command::Rename { buddy, name } => self.rename(buddy, name, step),
            Command::SetVerified { buddy, verified } => self.set_verified(buddy, verified, step),
        })
    }

    fn invite(&mut self, for_name: Option<Name>, step: &mut Step<'_>) -> Result<Begun, Refusal> {
        let open = self
            .invitations
            .values()
            .filter(|own| own.view().stage != InvitationStage::Used)
            .count();
        if open >= MAX_INVITATIONS || self.invitations.len() >= MAX_DOORS {
            return Err(Refusal::TooMany);
        }
        if for_name.as_ref().is_some_and(|name| self.is_name_taken(name)) {
            return Err(Refusal::NameTaken);
        }
        let id = self.me.next_invitation();
        let own = (&self.me.device, &self.me.relay, &self.me.name);
        let invitation = Invitation::new(id, for_name, own, step).ok_or(Refusal::TooMany)?;
        self.invitations.insert(id, invitation);
        step.touch(Touched::Account);
        // spec: invite-3
        step.touch(Touched::Invitation(id));
        Ok(Begun::Waits(Call::Inviting(id)))
    }

    fn withdraw(
        &mut self,
        id: InvitationId,
        step: &mut Step<'_>,
    ) -> Result<Result<Begun, Refusal>, StoreFault> {
        if !self.invitations.contains_key(&id) {
            return Ok(Err(Refusal::UnknownInvitation));
        }
        self.end_invitation(id, step)?;
        Ok(Ok(carry_change()))
    }

    fn accept(&mut self, uri: &str, as_name: Option<Name>, text: Option<String>) -> Result<Begun, Refusal> {
        let uri = InvitationUri::parse(uri)?;
        if self.invitations.values().any(|own| own.has_cell(&uri.cell)) || uri.pin.is_of(self.me.record()) {
            return Err(Refusal::OwnInvitation);
        }
        if self.peers.len() >= MAX_BUDDIES {
            return Err(Refusal::TooMany);
        }
        if as_name.as_ref().is_some_and(|name| self.is_name_taken(name)) {
            return Err(Refusal::NameTaken);
        }
        if let Some(text) = &text {
            if text.is_empty() {
                return Err(Refusal::TextEmpty);
            }
            if text.len() > AskText::MAX_OCTETS || text.chars().count() > AskText::MAX_CHARS {
                return Err(Refusal::AskTooLong {
                    max_chars: AskText::MAX_CHARS,
                });
            }
        }
        Ok(Begun::Waits(Call::Fetching(Fetching { uri, as_name, text })))
    }

    fn send(
        &mut self,
        to: BuddyId,
        texts: Vec<String>,
        lifetime: Lifetime,
        wait: Wait,
        step: &mut Step<'_>,
    ) -> Result<Begun, Refusal> {
        let peer = self.peers.get(&to).ok_or(Refusal::UnknownBuddy)?;
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Err(Refusal::TextEmpty);
        }
        if texts.iter().any(|text| text.len() > Text::MAX_OCTETS) {
            return Err(Refusal::TextTooLong {
                max_octets: Text::MAX_OCTETS,
            });
        }
        if !peer.takes_messages {
            return Err(Refusal::TakesNoMessages);
        }
        if peer.outbox.len().saturating_add(texts.len()) > MAX_ROWS {
            return Err(Refusal::OutboxFull);
        }
        let messages: Vec<MessageId> = texts
            .into_iter()
            .filter_map(|text| self.queue_text(to, text, lifetime, step))
            .collect();
        Ok(match wait {
            Wait::Queued => Begun::Done(Answer::Sent {
                messages,
                state: MessageState::Queued,
                trouble: None,
            }),
            wait => Begun::Waits(Call::Sending(Sending::new(to, wait, messages))),
        })
    }

    /// Writes a line of ours and queues it.
    fn queue_text(
        &mut self,
        to: BuddyId,
        text: String,
        lifetime: Lifetime,
        step: &mut Step<'_>,
    ) -> Option<MessageId> {
        let message = MessageId::random(step.rng);
        let peer = self.peers.get_mut(&to)?;
        let (line, number) = (peer.next_line(), peer.next_row());
        let written = step.now;
        let content = Content::Text(Text {
            id: message,
            written,
            text: text.clone(),
        });
        let row = StoredRow::open(Some((message, line)), lifetime, [content.to_item()].into());
        peer.outbox.insert(number, row.row());
        step.put(outbox::key_of(to, number), &row);
        step.put(
            history::line_key(to, line),
            &StoredLine {
                message,
                is_ours: true,
                written,
                at: step.now,
                text,
            },
        );
        step.put(history::progress_key(to, line), &MessageState::Queued);
        step.put(history::message_key(to, message), &line);
        step.touch(Touched::Buddy(to));
        Some(message)
    }

    fn sync(&mut self, presence: Presenting) -> Begun {
        let wanted = match presence {
            Presenting::Skip => BTreeSet::new(),
            Presenting::Fetch => self.unwatched(),
        };
        let carrying = Carrying {
            presence: wanted,
            presenting: presence,
            received: 0,
            is_change: false,
        };
        Begun::Waits(Call::Carrying(carrying))
    }

    /// Buddies who grant presence and aren't watched right now.
    fn unwatched(&self) -> BTreeSet<BuddyId> {
        let is_watched = |buddy: BuddyId, key: &PlaceKey| {
            let flow = self.net.flow(key);
            flow.is_some_and(|flow| {
                flow.watching
                    .values()
                    .any(|one| one.stays && one.target == Target::Presence(buddy))
            })
        };
        let granting = self
            .peers
            .values()
            .filter_map(|peer| Some((peer.id, peer.watched.as_ref()?)));
        granting
            .filter(|(buddy, watched)| {
                !is_watched(*buddy, &PlaceKey::new(&watched.cell.at.relay, Class::Watch))
            })
            .map(|(buddy, _)| buddy)
            .collect()
    }

    fn mark_read(
        &mut self,
        buddy: Option<BuddyId>,
        step: &mut Step<'_>,
    ) -> Result<Result<Begun, Refusal>, StoreFault> {
        if buddy.is_some_and(|id| !self.peers.contains_key(&id)) {
            return Ok(Err(Refusal::UnknownBuddy));
        }
        let unread: Vec<BuddyId> = self
            .peers
            .values()
            .filter(|peer| peer.talk.unread > 0 && buddy.is_none_or(|id| id == peer.id))
            .map(|peer| peer.id)
            .collect();
        let mut lines = Vec::new();
        let mut more = false;
        for id in unread {
            let room = MAX_UNREAD.saturating_sub(lines.len());
            more |= self.take_unread(id, room, &mut lines, step)?;
        }
        Ok(Ok(Begun::Done(Answer::Unread(Unread { lines, more }))))
    }

    /// Takes at most `room` unread lines of one buddy; true if there are more.
    // spec: message-2
    fn take_unread(
        &mut self,
        buddy: BuddyId,
        room: usize,
        lines: &mut Vec<(BuddyId, history::Line)>,
        step: &mut Step<'_>,
    ) -> Result<bool, StoreFault> {
        let Some(mut talk) = self.peers.get(&buddy).map(|peer| peer.talk) else {
            return Ok(false);
        };
        let mut taken = 0;
        while talk.unread > 0 && taken < room {
            let found = step.scan(Kind::History, &buddy.group(), talk.unread_from, SCAN)?;
            if found.is_empty() {
                talk.unread = 0;
            }
            for (number, octets) in found {
                if talk.unread == 0 || taken == room {
                    break;
                }
                talk.unread_from = number.saturating_add(1);
                let line = record::read::<StoredLine>(&octets)?.into_line(number, MessageState::Queued);
                if line.author == Author::Buddy {
                    talk.unread = talk.unread.saturating_sub(1);
                    taken += 1;
                    self.owe_receipt(buddy, number, line.message, ReceiptLevel::Read, step);
                    lines.push((buddy, line));
                }
            }
        }
        if let Some(peer) = self.peers.get_mut(&buddy) {
            peer.talk = talk;
        }
        step.touch(Touched::Buddy(buddy));
        Ok(talk.unread > 0)
    }

    fn rename(&mut self, buddy: BuddyId, name: Name, step: &mut Step<'_>) -> Result<Begun, Refusal> {
        let peer = self.peers.get(&buddy).ok_or(Refusal::UnknownBuddy)?;
        // Another spelling of his own name is free.
        if !peer.name.is_like(&name) && self.is_name_taken(&name) {
            return Err(Refusal::NameTaken);
        }
        if let Some(peer) = self.peers.get_mut(&buddy) {
            peer.name = name;
        }
        step.touch(Touched::Buddy(buddy));
        Ok(Begun::Done(Answer::Changed(Report::default())))
    }

    fn set_verified(
        &mut self,
        buddy: BuddyId,
        verified: bool,
        step: &mut Step<'_>,
    ) -> Result<Begun, Refusal> {
        self.peers
            .get_mut(&buddy)
            .ok_or(Refusal::UnknownBuddy)?
            .is_verified = verified;
        step.touch(Touched::Buddy(buddy));
        Ok(Begun::Done(Answer::Changed(Report::default())))
    }
}

fn carry_change() -> Begun {
    let (presence, presenting) = (BTreeSet::new(), Presenting::Skip);
    Begun::Waits(Call::Carrying(Carrying {
        presence,
        presenting,
        received: 0,
        is_change: true,
    }))
}

/// Commands that may wait at once; programs that want more can wait for one.
const MAX_CALLS: usize = 64;
/// Invitations that may be open at once.
const MAX_INVITATIONS: usize = 64;
/// The same with those that were used and whose door still stands.
const MAX_DOORS: usize = 1_000;
/// Buddies of one account.
pub(super) const MAX_BUDDIES: usize = 2_000;
/// Unread lines in one answer.
const MAX_UNREAD: usize = 1_000;
/// Lines that are read from the store at a time.
const SCAN: usize = 128;
