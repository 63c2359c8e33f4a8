//! A person of the story: an account in a home of its own.

use std::path::Path;
use std::time::Duration;

use sipher_client::{
    Account, Answer, BuddyId, Client, Command, Event, Home, Lifetime, LinkStage, Name, NewProfile, Pace,
    Passphrase, Presenting, Profile, ProfileName, RelayAddress, Wait, now,
};
use tokio::time::timeout;

use crate::advice::Advice;
use crate::session::unexpected;

/// Somebody with an account, connected or not.
pub(crate) struct Person {
    name: &'static str,
    profile: Profile,
    client: Option<Client>,
}

impl Person {
    /// Makes an account at `relay`, in a folder of its own in `folder`, and opens it.
    pub(crate) async fn with_account(
        name: &'static str,
        full_name: &str,
        folder: &Path,
        relay: RelayAddress,
    ) -> Result<Self, Advice> {
        let profile = Home::at(folder.join(name)).profile(&ProfileName::default());
        let own = Name::parse(full_name).map_err(Advice::bug)?;
        // Receipts and presence come late on purpose, so that they don't show when somebody is there. Here nobody
        // is to be hidden, and somebody waits.
        let pace = Pace {
            receipts: Duration::ZERO,
            fan_out: Duration::ZERO,
            ..Pace::default()
        };
        let new = NewProfile {
            relay,
            name: own,
            pace,
        };
        let place = profile.clone();
        // Stretching the recovery phrase takes a second of one core.
        let made = tokio::task::spawn_blocking(move || Client::create(&place, new, &Passphrase::none()));
        let made = made.await.map_err(Advice::bug)?;
        made.map_err(|fault| Advice::from_open(&fault, &profile))?;
        let mut person = Self {
            name,
            profile,
            client: None,
        };
        person.return_to_it()?;
        Ok(person)
    }

    /// Opens the account again after [`Person::go_offline`].
    pub(crate) fn return_to_it(&mut self) -> Result<(), Advice> {
        let client = Client::open(&self.profile, &Passphrase::none());
        self.client = Some(client.map_err(|fault| Advice::from_open(&fault, &self.profile))?);
        Ok(())
    }

    /// Ends all connections and closes the account.
    pub(crate) async fn go_offline(&mut self) -> Result<(), Advice> {
        match self.client.take() {
            Some(client) => client
                .close()
                .await
                .map_err(|fault| Advice::from_end(&fault, &self.profile)),
            None => Ok(()),
        }
    }

    /// Has the account do something.
    pub(crate) async fn call(&mut self, command: Command) -> Result<Answer, Advice> {
        let Some(client) = &mut self.client else {
            return Err(Advice::bug("the account is closed"));
        };
        let outcome = client.call_within(LIMIT, command).await;
        outcome.map_err(|fault| Advice::from_call(&fault, client, &self.profile))
    }

    /// Reads from the account.
    pub(crate) async fn look<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&Account) -> T + Send + 'static,
    ) -> Result<T, Advice> {
        let Some(client) = &mut self.client else {
            return Err(Advice::bug("the account is closed"));
        };
        let seen = client.look(move |account, _| look(account)).await;
        seen.map_err(|fault| Advice::from_call(&fault, client, &self.profile))
    }

    /// Waits for an event that `wanted` makes something of; `what` names it if it doesn't come.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        wanted: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, Advice> {
        let Some(client) = &mut self.client else {
            return Err(Advice::bug("the account is closed"));
        };
        let awaited = async {
            loop {
                match client.event().await {
                    Some(event) => {
                        if let Some(found) = wanted(&event) {
                            return Some(found);
                        }
                    }
                    None => return None,
                }
            }
        };
        match timeout(LIMIT, awaited).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) | Err(_) => Err(Advice::bug(format_args!("{} did not get {what}", self.name))),
        }
    }

    /// Fetches and sends what waits; nothing may be in the way.
    pub(crate) async fn sync(&mut self, presence: Presenting) -> Result<(), Advice> {
        match self.call(Command::Sync { presence }).await? {
            Answer::Synced(report) => match report.troubles.first() {
                None => Ok(()),
                Some(trouble) => Err(Advice::bug(format_args!(
                    "{} could not sync: {}",
                    self.name, trouble.cause
                ))),
            },
            other => Err(unexpected(&other)),
        }
    }

    /// Sends texts; all of them must be stored.
    pub(crate) async fn send(&mut self, to: BuddyId, texts: &[&str]) -> Result<(), Advice> {
        let texts = texts.iter().map(ToString::to_string).collect();
        match self
            .call(Command::Send {
                to,
                texts,
                lifetime: Lifetime::Day,
                wait: Wait::Stored,
            })
            .await?
        {
            Answer::Sent {
                state: sipher_client::MessageState::Queued,
                ..
            } => Err(Advice::bug(format_args!(
                "{}'s message was not stored",
                self.name
            ))),
            Answer::Sent { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Texts that were unread.
    pub(crate) async fn unread(&mut self) -> Result<Vec<String>, Advice> {
        match self.call(Command::MarkRead { buddy: None }).await? {
            Answer::Unread(unread) => Ok(unread.lines.into_iter().map(|(_, line)| line.text).collect()),
            other => Err(unexpected(&other)),
        }
    }

    /// Whether the link with this buddy is there.
    pub(crate) async fn is_linked(&mut self, buddy: BuddyId) -> Result<bool, Advice> {
        self.look(move |account| {
            account
                .buddy(buddy, now())
                .is_some_and(|buddy| buddy.stage == LinkStage::Linked)
        })
        .await
    }
}

/// Nothing on one machine takes longer.
const LIMIT: Duration = Duration::from_secs(15);
