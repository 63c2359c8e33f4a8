//! An account that is open on this machine: the whole surface of the client library.
//!
//! [`Client::create`] makes an account, [`Client::open`] takes it for this process, [`Client::call`] has it do
//! something, [`Client::look`] reads from it without changing anything, [`Client::event`] says what happened.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sipher_crypto::{Phrase, StretchParams};
use sipher_engine::{Account, Answer, Command, CommandId, Event, Name, NewAccount, Pace, Refusal};
use sipher_wire::RelayAddress;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::clock::now;
use crate::disk::{Disk, DiskFault, io_fault};
use crate::driver::{Driver, Order};
use crate::faults::RelayFaults;
use crate::home::Profile;
use crate::key_file::{self, KeyFault};
use crate::lock::{AccountLock, LockFault};
use crate::net::NetFault;
use crate::random;

/// What protects an account's files beside the rights of the file system. Wiped on drop.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase; an empty one protects nothing.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// No passphrase: whoever may read the files has the account.
    pub fn none() -> Self {
        Self(Zeroizing::new(String::new()))
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn expose_octets(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// What a person says to get an account.
#[derive(Debug)]
pub struct NewProfile {
    /// The relay that will hold his boxes.
    pub relay: RelayAddress,
    /// What he calls himself.
    pub name: Name,
    /// How fast automatic answers go out.
    pub pace: Pace,
}

/// Why an account could not be made or opened. Nothing was changed.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// There is no account under this name.
    #[error("there is no account")]
    NoAccount,
    /// There is one already.
    #[error("there is an account already")]
    AccountExists,
    /// Another process owns it; its id, if known.
    #[error("another process owns the account")]
    Locked(Option<u32>),
    /// The passphrase is another one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// The store or the key file; the store can be read but makes no sense counts as damaged.
    #[error(transparent)]
    Disk(#[from] DiskFault),
    /// The key file is missing, cut or altered, so that nothing opens the store any more.
    #[error("the key file of the account is damaged or missing")]
    KeyFile,
    /// The machine lacks the memory that stretching a passphrase takes.
    #[error("there is not enough memory to check a passphrase")]
    Memory,
}

/// Why a call was not carried out.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// The account refused; nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk failed. The account is closed; what was acknowledged before is safe.
    #[error(transparent)]
    Disk(#[from] DiskFault),
    /// The account was closed by an earlier fault, or its task broke off.
    #[error("the account was closed")]
    Closed,
}

/// An open account. Dropping it ends its connections without a farewell; [`Client::close`] is the polite way.
pub struct Client {
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<Event>,
    next_command: AtomicU64,
    faults: Arc<RelayFaults>,
    task: Option<JoinHandle<Result<(), DiskFault>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

impl Client {
    /// Makes an account and leaves it closed. The phrase is all that restores it; it is kept nowhere.
    ///
    /// Takes a second or more: the phrase and the passphrase are stretched on purpose.
    ///
    /// # Errors
    /// [`OpenFault`]; then there is no account, whatever was interrupted.
    pub fn create(profile: &Profile, new: NewProfile, passphrase: &Passphrase) -> Result<Phrase, OpenFault> {
        profile.create_home().map_err(io_fault)?;
        let _lock = take_lock(profile)?;
        if profile.has_account() {
            return Err(OpenFault::AccountExists);
        }
        let mut rng = random::system();
        let phrase = Phrase::generate(&mut rng);
        let keys = phrase
            .vault_keys(&new.relay.host_port(), StretchParams::VAULT)
            .map_err(|_| OpenFault::Memory)?;
        let (name, relay, pace) = (new.name, new.relay, new.pace);
        let (_, first) = Account::create(
            now(),
            NewAccount {
                relay,
                name,
                seed: keys.account,
                pace,
            },
            &mut rng,
        );

        let nursery = profile.nursery().map_err(io_fault)?;
        let key = key_file::create(&nursery.key_file(), passphrase, &mut rng)?;
        drop(Disk::create(&nursery.store(), key, &first, &mut rng)?);
        nursery.settle().map_err(io_fault)?;
        Ok(phrase)
    }

    /// Whether an account's files say that a passphrase is needed.
    ///
    /// # Errors
    /// [`OpenFault::NoAccount`], [`OpenFault::KeyFile`] or the disk's.
    pub fn needs_passphrase(profile: &Profile) -> Result<bool, OpenFault> {
        if !profile.has_account() {
            return Err(OpenFault::NoAccount);
        }
        Ok(key_file::needs_passphrase(&profile.key_file())?)
    }

    /// Takes an account for this process. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`OpenFault`].
    #[expect(clippy::disallowed_methods, reason = "the one task that owns the account")]
    pub fn open(profile: &Profile, passphrase: &Passphrase) -> Result<Self, OpenFault> {
        if !profile.has_account() {
            return Err(OpenFault::NoAccount);
        }
        let lock = take_lock(profile)?;
        let key = key_file::open(&profile.key_file(), passphrase)?;
        let disk = Disk::open(&profile.store(), key)?;
        let loaded = Account::load(&disk).map_err(|told| disk.explain(told))?;
        let account = loaded.ok_or(DiskFault::Damaged)?;
        let (orders, incoming) = mpsc::channel(ORDERS);
        let (tell, events) = mpsc::channel(EVENTS);
        let faults = Arc::new(RelayFaults::default());
        let (driver, flows) = Driver::new((account, disk, lock), tell, Arc::clone(&faults));
        let task = tokio::spawn(driver.run(incoming, flows));
        Ok(Self {
            orders,
            events,
            next_command: AtomicU64::new(1),
            faults,
            task: Some(task),
        })
    }

    /// Has the account do something.
    ///
    /// # Errors
    /// [`CallFault`].
    pub async fn call(&mut self, command: Command) -> Result<Answer, CallFault> {
        self.call_within(Duration::MAX, command).await
    }

    /// Has the account do something; after `limit` it is answered with what was reached, and goes on by itself.
    ///
    /// # Errors
    /// [`CallFault`].
    pub async fn call_within(&mut self, limit: Duration, command: Command) -> Result<Answer, CallFault> {
        let id = CommandId(self.next_command.fetch_add(1, Ordering::Relaxed));
        let (reply, mut answer) = oneshot::channel();
        self.order(Order::Command(id, command, reply)).await?;
        let outcome = if let Ok(outcome) = timeout(limit, &mut answer).await {
            outcome
        } else {
            self.order(Order::Cancel(id)).await?;
            answer.await
        };
        match outcome {
            Ok(outcome) => outcome.map_err(CallFault::Refused),
            Err(_) => Err(self.end_of_driver().await),
        }
    }

    /// Reads from the account and its store; nothing changes.
    ///
    /// # Errors
    /// [`CallFault::Disk`] or [`CallFault::Closed`].
    pub async fn look<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&Account, &Disk) -> T + Send + 'static,
    ) -> Result<T, CallFault> {
        let (reply, answer) = oneshot::channel();
        let look = move |account: &Account, disk: &Disk| drop(reply.send(look(account, disk)));
        self.order(Order::Look(Box::new(look))).await?;
        match answer.await {
            Ok(seen) => Ok(seen),
            Err(_) => Err(self.end_of_driver().await),
        }
    }

    /// The next thing that happened; `None` when the account was closed by a fault.
    pub async fn event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next thing that happened already, without waiting.
    pub fn happened(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What last went wrong with the connection to the relay at this host and port.
    pub fn relay_fault(&self, host_port: &str) -> Option<NetFault> {
        self.faults.at(host_port)
    }

    /// Lets what is queued go out, ends all connections and frees the account.
    ///
    /// # Errors
    /// The disk failed earlier and nobody was told yet, or the account's task broke off.
    pub async fn close(mut self) -> Result<(), CallFault> {
        if self.orders.send(Order::End).await.is_err() {
            tracing::debug!("the account was closed before");
        }
        match self.task.take() {
            Some(task) => task
                .await
                .map_err(|_| CallFault::Closed)?
                .map_err(CallFault::Disk),
            None => Ok(()),
        }
    }

    async fn order(&mut self, order: Order) -> Result<(), CallFault> {
        if self.orders.send(order).await.is_err() {
            return Err(self.end_of_driver().await);
        }
        Ok(())
    }

    /// Why the driver ended although nobody told it to.
    async fn end_of_driver(&mut self) -> CallFault {
        let Some(task) = self.task.take() else {
            return CallFault::Closed;
        };
        match task.await {
            Ok(Err(fault)) => CallFault::Disk(fault),
            Ok(Ok(())) | Err(_) => CallFault::Closed,
        }
    }
}

fn take_lock(profile: &Profile) -> Result<AccountLock, OpenFault> {
    AccountLock::take(&profile.lock_file()).map_err(|fault| match fault {
        LockFault::Held(pid) => OpenFault::Locked(pid),
        LockFault::Io(error) => OpenFault::Disk(io_fault(error)),
    })
}

impl From<KeyFault> for OpenFault {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Damaged => Self::KeyFile,
            KeyFault::WrongPassphrase => Self::WrongPassphrase,
            KeyFault::Memory => Self::Memory,
            KeyFault::Newer => Self::Disk(DiskFault::Newer),
            KeyFault::Io(error) => Self::Disk(io_fault(error)),
        }
    }
}

/// Calls that wait for the account; a caller beyond waits for his turn.
const ORDERS: usize = 16;

/// Events that nobody has taken yet; beyond, they are dropped, since all of them can be asked for.
const EVENTS: usize = 1024;
