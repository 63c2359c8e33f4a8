//! An account that is open for one command: names become buddies, refusals become advice, troubles are told once.

use std::time::Duration;

use sipher_client::{
    Account, Answer, BuddyId, Client, Command, Disk, DiskFault, Event, InvitationId, LinkStage, Name,
    Presenting, Profile, Report, Trouble, TroubleCause, now,
};

use crate::advice::Advice;
use crate::args::Global;
use crate::exit::Exit;
use crate::output::{Output, escaped_line};
use crate::{notice, place};

/// An open account with the output that its command writes to.
pub(crate) struct Session {
    client: Client,
    profile: Profile,
    /// The invitation that the command itself shows.
    shown: Option<InvitationId>,
    /// Where results go.
    pub(crate) output: Output,
}

/// A buddy as a command needs him.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// His number.
    pub(crate) id: BuddyId,
    /// What our person calls him.
    pub(crate) name: String,
    /// How far the link is.
    pub(crate) stage: LinkStage,
}

impl Session {
    /// Opens the account that the command line means.
    pub(crate) fn open(global: &Global, output: Output) -> Result<Self, Advice> {
        let profile = place::profile(global)?;
        let passphrase = place::passphrase(&profile)?;
        Self::open_profile(profile, &passphrase, output)
    }

    /// Opens this account.
    pub(crate) fn open_profile(
        profile: Profile,
        passphrase: &sipher_client::Passphrase,
        output: Output,
    ) -> Result<Self, Advice> {
        let client =
            Client::open(&profile, passphrase).map_err(|fault| Advice::from_open(&fault, &profile))?;
        Ok(Self {
            client,
            profile,
            shown: None,
            output,
        })
    }

    /// Has the account do something.
    pub(crate) async fn call(&mut self, command: Command) -> Result<Answer, Advice> {
        self.call_within(Duration::from_hours(24), command).await
    }

    /// The same, answered after `limit` with what was reached.
    pub(crate) async fn call_within(&mut self, limit: Duration, command: Command) -> Result<Answer, Advice> {
        let outcome = self.client.call_within(limit, command).await;
        outcome.map_err(|fault| Advice::from_call(&fault, &self.client, &self.profile))
    }

    /// Fetches and sends what waits. What is in the way is told on standard error, and says how the command ends.
    pub(crate) async fn sync(&mut self, presence: Presenting) -> Result<(Report, Exit), Advice> {
        match self.call(Command::Sync { presence }).await? {
            Answer::Synced(mut report) => {
                // A buddy who takes no messages is no reason why fetching should fail; `who` says it of him.
                report
                    .troubles
                    .retain(|trouble| trouble.cause != TroubleCause::NotAccepted);
                let exit = self.tell_troubles(&report.troubles);
                Ok((report, exit))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Reads from the account.
    pub(crate) async fn look<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&Account, &Disk) -> T + Send + 'static,
    ) -> Result<T, Advice> {
        let seen = self.client.look(look).await;
        seen.map_err(|fault| Advice::from_call(&fault, &self.client, &self.profile))
    }

    /// What to tell about a fault of the store that a [`Self::look`] met.
    pub(crate) fn disk_advice(&self, fault: &DiskFault) -> Advice {
        Advice::from_disk(fault, &self.profile)
    }

    /// The next thing that happened; `None` when the account was closed by a fault.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        self.client.event().await
    }

    /// Tells each trouble once on standard error; how a command ends that had them, by the last.
    pub(crate) fn tell_troubles(&self, troubles: &[Trouble]) -> Exit {
        let mut exit = Exit::Done;
        for (at, trouble) in troubles.iter().enumerate() {
            // Several connections to one relay have the same trouble.
            if troubles.iter().take(at).any(|told| told == trouble) {
                continue;
            }
            let advice = Advice::from_trouble(trouble, &self.client);
            self.output.error(&advice);
            exit = advice.exit();
        }
        exit
    }

    /// The command shows this invitation, so that nobody need tell of it.
    pub(crate) fn has_shown(&mut self, invitation: InvitationId) {
        self.shown = Some(invitation);
    }

    /// All buddies, in the order of their names.
    pub(crate) async fn buddies(&mut self) -> Result<Vec<Known>, Advice> {
        let mut all = self
            .look(|account, _| {
                let known = |buddy: sipher_client::Buddy<'_>| Known {
                    id: buddy.id,
                    name: buddy.name.as_str().to_owned(),
                    stage: buddy.stage,
                };
                account.buddies(now()).into_iter().map(known).collect::<Vec<_>>()
            })
            .await?;
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// The buddy whom a person means.
    pub(crate) async fn buddy(&mut self, typed: &str) -> Result<Known, Advice> {
        let wanted = name(typed)?;
        let all = self.buddies().await?;
        let is_meant = |known: &&Known| Name::parse(&known.name).is_ok_and(|name| name.is_like(&wanted));
        if let Some(known) = all.iter().find(is_meant) {
            return Ok(known.clone());
        }
        let advice = Advice::input(format!("you have no buddy \"{}\"", escaped_line(wanted.as_str())));
        if all.is_empty() {
            return Err(advice
                .why("you have none yet")
                .act("invite somebody: sipher invite"));
        }
        let names: Vec<_> = all
            .iter()
            .take(SHOWN_NAMES)
            .map(|known| escaped_line(&known.name))
            .collect();
        let more = if all.len() > SHOWN_NAMES { ", ..." } else { "" };
        Err(advice
            .why(format!("you have: {}{more}", names.join(", ")))
            .act("see all of them: sipher who"))
    }

    /// What our person calls this buddy.
    pub(crate) async fn name_of(&mut self, id: BuddyId) -> Result<String, Advice> {
        let found = self.buddies().await?.into_iter().find(|known| known.id == id);
        Ok(found.map_or_else(|| "somebody".to_owned(), |known| known.name))
    }

    /// Tells what happened by the way and ends connections politely. `exit` is what the command says so far.
    pub(crate) async fn close(mut self, exit: Exit) -> Result<Exit, Advice> {
        while let Some(event) = self.client.happened() {
            if matches!(event, Event::InvitationReady { invitation } if Some(invitation) == self.shown) {
                continue;
            }
            let Some(words) = notice::words(&mut self, &event).await? else {
                continue;
            };
            if let Some(json) = notice::json(&mut self, &event).await? {
                self.output.notice(&words, &json);
            }
        }
        let Self { client, profile, .. } = self;
        client
            .close()
            .await
            .map_err(|fault| Advice::from_end(&fault, &profile))?;
        Ok(exit)
    }
}

/// A name that a person typed.
pub(crate) fn name(typed: &str) -> Result<Name, Advice> {
    Name::parse(typed).map_err(|fault| {
        Advice::input(format!("\"{}\" can't be a name", escaped_line(typed)))
            .why(fault.to_string())
            .act("choose another")
    })
}

/// An answer that belongs to another command.
pub(crate) fn unexpected(answer: &Answer) -> Advice {
    Advice::bug(format_args!("an answer to another question: {answer:?}"))
}

/// Names in the advice for an unknown one.
const SHOWN_NAMES: usize = 8;
