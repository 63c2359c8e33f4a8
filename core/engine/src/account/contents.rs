//! What opened items do: lines, receipts, rights, presence. Spec: `spec/content.md`, contents.

use alloc::vec::Vec;

use sipher_crypto::Body;
use sipher_wire::sip::Lifetime;

use super::Account;
use super::calls::Call;
use crate::buddy::BuddyId;
use crate::content::{Content, Hello, PresenceOffer, Receipt, RightsNow, Text};
use crate::grant::{PresenceLevel, ReceiptLevel};
use crate::history::{self, MessageId, MessageState, StoredLine};
use crate::io::Event;
use crate::link::DueReceipt;
use crate::net::Target;
use crate::presence::{News, Watched};
use crate::record::Blob;
use crate::step::Step;
use crate::store::{Key, Kind, StoreFault};

impl Account {
    /// Takes what a buddy said. The session that opened it is in place already.
    pub(super) fn take_contents(
        &mut self,
        buddy: BuddyId,
        body: &Body,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        for item in body.items() {
            match Content::of(item) {
                Some(Content::Text(text)) => self.text_came(buddy, text, step)?,
                Some(Content::Receipt(receipt)) => self.receipt_came(buddy, &receipt, step)?,
                Some(Content::Hello(hello)) => self.hello_came(buddy, hello),
                Some(Content::Rights(rights)) => self.rights_came(buddy, rights, step),
                Some(Content::Presence(offer)) => self.offer_came(buddy, offer, step),
                None => {}
            }
        }
        Ok(())
    }

    pub(super) fn text_came(
        &mut self,
        buddy: BuddyId,
        text: Text,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        // The same message in another envelope: its sender wasn't sure that the first one came.
        // spec: content-3
        let known = history::line_of(|key| step.get(key), buddy, text.id)?.is_some();
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return Ok(());
        };
        if known || text.text.len() > Text::MAX_OCTETS {
            return Ok(());
        }
        let line = peer.next_line();
        peer.talk.unread = peer.talk.unread.saturating_add(1);
        let stored = StoredLine {
            message: text.id,
            is_ours: false,
            written: text.written,
            at: step.now,
            text: text.text,
        };
        step.put(history::line_key(buddy, line), &stored);
        step.put(history::message_key(buddy, text.id), &line);
        self.owe_receipt(buddy, line, text.id, ReceiptLevel::Delivered, step);
        self.count_received();
        step.tell(Event::Message {
            buddy,
            line: stored.into_line(line, MessageState::Queued),
        });
        Ok(())
    }

    fn hello_came(&mut self, buddy: BuddyId, hello: Hello) {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        peer.own_name = hello.shown_name().or_else(|| peer.own_name.take());
        peer.takes_messages = true;
        self.net.forgive_items(buddy);
        if let Some(talking) = peer.talking_mut() {
            talking.to = hello.queue;
        }
    }

    fn rights_came(&mut self, buddy: BuddyId, rights: RightsNow, step: &mut Step<'_>) {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        peer.takes_messages = rights.message;
        if rights.presence == PresenceLevel::None && peer.watched.take().is_some() {
            self.net.unwatch(Target::Presence(buddy));
            step.tell(Event::Presence { buddy });
        }
        step.tell(Event::Rights { buddy });
    }

    fn offer_came(&mut self, buddy: BuddyId, offer: PresenceOffer, step: &mut Step<'_>) {
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        match &mut peer.watched {
            Some(watched) if watched.cell.at == offer.cell.at => {
                if watched.announce(&offer, step.now) == News::New {
                    step.tell(Event::Presence { buddy });
                }
            }
            watched => {
                if let Some(new) = Watched::begin(offer) {
                    *watched = Some(new);
                    self.net.unwatch(Target::Presence(buddy));
                    self.presence_is_granted(buddy);
                    step.tell(Event::Rights { buddy });
                }
            }
        }
    }

    fn receipt_came(
        &mut self,
        buddy: BuddyId,
        receipt: &Receipt,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let state = match receipt.level {
            ReceiptLevel::None => return Ok(()),
            ReceiptLevel::Delivered => MessageState::Delivered,
            ReceiptLevel::Read => MessageState::Read,
        };
        for message in receipt.ids() {
            if let Some(line) = history::line_of(|key| step.get(key), buddy, message)? {
                self.advance(buddy, message, line, state, step)?;
            }
        }
        Ok(())
    }

    /// Moves a message of ours forward. Only forward, and only ours: a line without progress is the buddy's.
    pub(super) fn advance(
        &mut self,
        buddy: BuddyId,
        message: MessageId,
        line: u64,
        state: MessageState,
        step: &mut Step<'_>,
    ) -> Result<(), StoreFault> {
        let Some(before) = history::progress(|key| step.get(key), buddy, line)? else {
            return Ok(());
        };
        // spec: message-1
        if state <= before {
            return Ok(());
        }
        step.put(history::progress_key(buddy, line), &state);
        for call in self.calls.values_mut() {
            if let Call::Sending(sending) = call {
                sending.advance(buddy, message, state);
            }
        }
        step.tell(Event::Progress {
            buddy,
            message,
            state,
        });
        Ok(())
    }

    /// Notes a receipt, as far as the buddy gets any. It joins those that wait, so that they leave together.
    pub(super) fn owe_receipt(
        &mut self,
        buddy: BuddyId,
        line: u64,
        message: MessageId,
        level: ReceiptLevel,
        step: &mut Step<'_>,
    ) {
        let spread = step.jitter(self.me.pace.receipts);
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return;
        };
        // spec: right-2
        let granted = peer.given.receipts.filter(|granted| !granted.has_ended(step.now));
        if granted.is_none_or(|granted| granted.what < level) || peer.receipts.len() >= MAX_RECEIPTS {
            return;
        }
        // spec: right-3
        let due = peer
            .receipts
            .values()
            .map(|receipt| receipt.due)
            .min()
            .unwrap_or(step.now + spread);
        let receipt = DueReceipt { message, level, due };
        peer.receipts.insert(line, receipt);
        step.put(receipt_key(buddy, line), &receipt);
    }

    /// Queues the receipts of one buddy whose time has come.
    pub(super) fn release_receipts(&mut self, step: &mut Step<'_>) -> bool {
        let due = |receipt: &DueReceipt| receipt.due <= step.now;
        let owing = self
            .peers
            .values()
            .find(|peer| peer.talking().is_some() && peer.receipts.values().any(due));
        let Some(buddy) = owing.map(|peer| peer.id) else {
            return false;
        };
        let Some(peer) = self.peers.get_mut(&buddy) else {
            return false;
        };
        let level = peer
            .receipts
            .values()
            .find(|receipt| due(receipt))
            .map(|receipt| receipt.level);
        let ready = peer
            .receipts
            .iter()
            .filter(|(_, receipt)| due(receipt) && Some(receipt.level) == level);
        let ready: Vec<(u64, DueReceipt)> = ready
            .map(|(line, receipt)| (*line, *receipt))
            .take(Receipt::MAX_IDS)
            .collect();
        for (line, _) in &ready {
            peer.receipts.remove(line);
            step.delete(receipt_key(buddy, *line));
        }
        let messages = ready
            .iter()
            .map(|(_, receipt)| Blob::of(receipt.message.as_octets()))
            .collect();
        let receipt = Content::Receipt(Receipt {
            level: level.unwrap_or_default(),
            messages,
        });
        self.queue_notice(buddy, &receipt, Lifetime::Week, step);
        true
    }
}

fn receipt_key(buddy: BuddyId, line: u64) -> Key {
    Key::new(Kind::Receipt, &buddy.group(), line)
}

/// Receipts that may wait for one buddy; more are not sent.
const MAX_RECEIPTS: usize = 10_000;
