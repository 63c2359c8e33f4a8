//! The story itself: an invitation, messages both ways, presence granted and retracted, and a power cut between
//! the relay's 202 and the fetch.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sipher_client::{
    Answer, Basic, BuddyId, Command, Event, MessageState, PresenceLevel, PresenceView, Presenting,
    RelayAddress, RightChange, Status, Time, WithdrawnRight, now,
};
use zeroize::Zeroizing;

use super::child::RelayChild;
use super::person::Person;
use super::report::Secrets;
use crate::advice::Advice;
use crate::exit::Exit;
use crate::output::Output;
use crate::session::unexpected;
use crate::show;

/// Two people and a relay.
pub(crate) struct Story {
    output: Output,
    relay: RelayChild,
    alice: Person,
    bob: Person,
    /// What each calls the other, once they are buddies.
    links: Option<(BuddyId, BuddyId)>,
}

/// What the relay noted, and what must not be in it.
pub(crate) struct Evidence {
    /// A file for each start of the relay.
    pub(crate) transcripts: Vec<PathBuf>,
    /// Names, texts and notes of the story.
    pub(crate) secrets: Secrets,
}

impl Story {
    /// Starts the relay and makes two accounts.
    pub(crate) async fn begin(folder: &Path, output: Output) -> Result<Self, Advice> {
        let relay = RelayChild::start(folder).map_err(|error| {
            Advice::new(Exit::Network, "the relay could not be started")
                .why(error.to_string())
                .act("try again")
        })?;
        let story = format!(
            "listening on {} (TLS 1.3, X25519MLKEM768), store in a temporary folder",
            relay.listen()
        );
        say(output, "relay", &story, "", json!({ "listen": relay.listen() }));
        let address = RelayAddress::parse(relay.address()).map_err(Advice::bug)?;
        let alice = Person::with_account(ALICE, ALICE_TO_BUDDIES, folder, address.clone());
        let bob = Person::with_account(BOB, BOB_TO_BUDDIES, folder, address);
        let (alice, bob) = tokio::try_join!(alice, bob)?;
        Ok(Self {
            output,
            relay,
            alice,
            bob,
            links: None,
        })
    }

    /// An invitation is made, accepted and answered; both see the same words.
    pub(crate) async fn become_buddies(&mut self) -> Result<(), Advice> {
        let invited = match self.alice.call(Command::Invite { for_name: None }).await? {
            Answer::Invited(invited) => invited,
            other => return Err(unexpected(&other)),
        };
        let uri = invited.uri.expose_text();
        let start: String = uri.chars().take(SHOWN_URI).collect();
        self.say(
            ALICE,
            "made an account and an invitation",
            &format!("{start}...  (one use, 7 days)"),
            json!({}),
        );

        let accept = Command::Accept {
            uri: Zeroizing::new(uri.to_string()),
            as_name: None,
        };
        let alice_at_bob = match self.bob.call(accept).await? {
            Answer::Accepted { buddy, .. } => buddy,
            other => return Err(unexpected(&other)),
        };
        self.alice.call(Command::Stay).await?;
        self.bob.call(Command::Stay).await?;
        let bob_at_alice = self
            .alice
            .until("bob's answer", |event| match event {
                Event::InvitationUsed { buddy, .. } => Some(*buddy),
                _ => None,
            })
            .await?;
        linked(&mut self.bob, alice_at_bob).await?;
        linked(&mut self.alice, bob_at_alice).await?;
        let words = words(&mut self.bob, alice_at_bob).await?;
        self.say(
            BOB,
            "accepted it",
            &format!("safety words: {words}"),
            json!({ "words": words }),
        );
        hold(
            words == self::words(&mut self.alice, bob_at_alice).await?,
            "both see the same words",
        )?;
        self.say(ALICE, "sees the same words", "equal", json!({}));
        self.links = Some((bob_at_alice, alice_at_bob));
        Ok(())
    }

    /// A message each way; the first is followed until it was read.
    pub(crate) async fn talk_both_ways(&mut self) -> Result<(), Advice> {
        let (bob_at_alice, alice_at_bob) = self.linked_ids()?;
        self.bob.send(alice_at_bob, &[QUESTION]).await?;
        message(&mut self.alice).await?;
        hold(
            self.alice.unread().await? == [QUESTION],
            "alice reads bob's text, once",
        )?;
        self.bob
            .until("the receipt", |event| has_come(event, MessageState::Delivered))
            .await?;
        self.bob
            .until("the second receipt", |event| has_come(event, MessageState::Read))
            .await?;
        self.say(
            BOB,
            &format!("-> \"{QUESTION}\""),
            "stored (202), delivered, read",
            json!({ "state": "read" }),
        );

        self.alice.send(bob_at_alice, &[ANSWER]).await?;
        message(&mut self.bob).await?;
        hold(
            self.bob.unread().await? == [ANSWER],
            "bob reads alice's text, once",
        )?;
        self.say(
            ALICE,
            &format!("-> \"{ANSWER}\""),
            "stored (202), read by bob",
            json!({ "state": "read" }),
        );
        Ok(())
    }

    /// Presence is granted, seen, retracted, and then unknown.
    pub(crate) async fn grant_and_retract_presence(&mut self) -> Result<(), Advice> {
        let (bob_at_alice, alice_at_bob) = self.linked_ids()?;
        hold(
            matches!(self.bob_sees(alice_at_bob).await?, Seen::Nothing),
            "bob sees nothing before it is granted",
        )?;
        let until = Time::from_millis(now().as_millis() + TWO_HOURS);
        let status = Status {
            basic: Basic::Away,
            note: Some(NOTE.to_owned()),
            until: Some(until),
        };
        changed(self.alice.call(Command::SetStatus(status)).await?)?;
        let right = RightChange::Presence(PresenceLevel::Full);
        changed(
            self.alice
                .call(Command::Grant {
                    buddy: bob_at_alice,
                    right,
                    until: None,
                })
                .await?,
        )?;
        let seen = self
            .presence_after(alice_at_bob, |seen| matches!(seen, Seen::State(_)))
            .await?;
        let Seen::State(seen) = seen else {
            return Err(broken("bob sees alice's presence"));
        };
        hold(
            seen.contains("away") && seen.contains(NOTE),
            "bob sees what alice shows",
        )?;
        self.say(
            ALICE,
            "grants bob presence = full",
            &format!("bob sees: {seen}"),
            json!({ "seen": seen }),
        );

        changed(
            self.alice
                .call(Command::Retract {
                    buddy: bob_at_alice,
                    right: WithdrawnRight::Presence,
                })
                .await?,
        )?;
        self.presence_after(alice_at_bob, |seen| !matches!(seen, Seen::State(_)))
            .await?;
        self.say(
            ALICE,
            "retracts it",
            "bob sees: nothing; the relay has no cell left for him",
            json!({}),
        );
        Ok(())
    }

    /// Three messages are stored, the relay loses its power, and all of them come, in order, once.
    pub(crate) async fn survive_a_power_cut(&mut self) -> Result<(), Advice> {
        let (_, alice_at_bob) = self.linked_ids()?;
        self.alice.go_offline().await?;
        self.bob.send(alice_at_bob, &THREE).await?;
        self.bob.go_offline().await?;
        self.relay.kill_and_restart().map_err(|error| {
            Advice::new(Exit::Network, "the relay did not come back")
                .why(error.to_string())
                .act("try again")
        })?;
        self.alice.return_to_it()?;
        self.alice.sync(Presenting::Skip).await?;
        hold(self.alice.unread().await? == THREE, "3 of 3 come, in order, once")?;
        self.alice.sync(Presenting::Skip).await?;
        hold(self.alice.unread().await?.is_empty(), "none comes twice")?;
        self.say(
            ALICE,
            "goes offline; bob sends 3; relay is killed (SIGKILL) and restarted; alice returns:",
            "3 of 3, in order, none twice",
            json!({ "sent": 3, "received": 3 }),
        );
        Ok(())
    }

    /// Ends everything; what the relay noted stays until the folder is removed.
    pub(crate) async fn end(mut self) -> Result<Evidence, Advice> {
        self.alice.go_offline().await?;
        self.bob.go_offline().await?;
        let names = vec![ALICE_TO_BUDDIES.to_owned(), BOB_TO_BUDDIES.to_owned()];
        let texts = [QUESTION, ANSWER, NOTE]
            .into_iter()
            .chain(THREE)
            .map(str::to_owned)
            .collect();
        Ok(Evidence {
            transcripts: self.relay.transcripts(),
            secrets: Secrets { names, texts },
        })
    }

    fn linked_ids(&self) -> Result<(BuddyId, BuddyId), Advice> {
        self.links
            .ok_or_else(|| Advice::bug("the two are no buddies yet"))
    }

    async fn bob_sees(&mut self, alice: BuddyId) -> Result<Seen, Advice> {
        let seen = move |account: &sipher_client::Account| {
            account.buddy(alice, now()).map(|buddy| Seen::of(&buddy.presence))
        };
        self.bob
            .look(seen)
            .await?
            .ok_or_else(|| broken("bob knows alice"))
    }

    /// What bob sees as soon as it is as wanted.
    async fn presence_after(
        &mut self,
        alice: BuddyId,
        wanted: impl Fn(&Seen) -> bool,
    ) -> Result<Seen, Advice> {
        loop {
            let seen = self.bob_sees(alice).await?;
            if wanted(&seen) {
                return Ok(seen);
            }
            let changes =
                |event: &Event| matches!(event, Event::Presence { .. } | Event::Rights { .. }).then_some(());
            self.bob.until("a change of alice's presence", changes).await?;
        }
    }

    fn say(&self, who: &str, does: &str, so: &str, json: Value) {
        say(self.output, who, does, so, json);
    }
}

/// What somebody sees of a buddy.
enum Seen {
    /// Nothing is granted.
    Nothing,
    /// It is granted, and nothing holds now.
    Unknown,
    /// This.
    State(String),
}

impl Seen {
    fn of(view: &PresenceView<'_>) -> Self {
        match view {
            PresenceView::NotGranted => Self::Nothing,
            PresenceView::Unknown { .. } => Self::Unknown,
            PresenceView::Known(_) => Self::State(show::presence(view, now().as_millis())),
        }
    }
}

async fn linked(person: &mut Person, buddy: BuddyId) -> Result<(), Advice> {
    while !person.is_linked(buddy).await? {
        person
            .until("the link", |event| {
                matches!(event, Event::Linked { .. }).then_some(())
            })
            .await?;
    }
    Ok(())
}

async fn words(person: &mut Person, buddy: BuddyId) -> Result<String, Advice> {
    let words = person
        .look(move |account| Some(account.buddy(buddy, now())?.words().join(" ")))
        .await?;
    words.ok_or_else(|| broken("a buddy has words"))
}

fn has_come(event: &Event, wanted: MessageState) -> Option<()> {
    matches!(event, Event::Progress { state, .. } if *state == wanted).then_some(())
}

async fn message(person: &mut Person) -> Result<(), Advice> {
    person
        .until("a message", |event| {
            matches!(event, Event::Message { .. }).then_some(())
        })
        .await
}

fn changed(answer: Answer) -> Result<(), Advice> {
    match answer {
        Answer::Changed(report) => hold(report.is_complete(), "the relay has the change"),
        other => Err(unexpected(&other)),
    }
}

fn say(output: Output, who: &str, does: &str, so: &str, json: Value) {
    let more = [
        ("step", json!(who)),
        ("does", json!(does)),
        ("so", json!(so)),
        ("held", json!(true)),
    ];
    let text = format!("  {who:<8} {does:<36} {so}");
    output.result(text.trim_end(), &show::with(json, more));
}

/// Goes on only if a line of the story is true.
fn hold(is_true: bool, line: &str) -> Result<(), Advice> {
    if is_true { Ok(()) } else { Err(broken(line)) }
}

fn broken(line: &str) -> Advice {
    Advice::bug(format_args!("a line of the story does not hold: {line}"))
}

const ALICE: &str = "alice";
const BOB: &str = "bob";
/// What they call themselves: long enough not to occur by chance in an id or in ciphertext.
const ALICE_TO_BUDDIES: &str = "Alice of the story";
const BOB_TO_BUDDIES: &str = "Bob of the story";
const QUESTION: &str = "Are you there?";
const ANSWER: &str = "Yes. Lunch at one?";
const NOTE: &str = "out for lunch";
const THREE: [&str; 3] = [
    "first, while you were away",
    "second, while you were away",
    "third, while you were away",
];
/// Milliseconds.
const TWO_HOURS: u64 = 2 * 60 * 60 * 1000;
/// Characters of the invitation that are shown: where it is, none of its secret.
const SHOWN_URI: usize = 24;
