//! Moves octets, batches and times between the engine, the disk, the sockets and the clock, in the order in
//! which the engine says. It decides nothing.
//!
//! One task owns the account. A batch is durable before anything that comes after it in the engine's outputs
//! happens: the disk is written on this task, so nothing else of this account can run meanwhile. When a write
//! fails, the account in memory is ahead of the disk and is dropped with the task; the disk has the last state
//! that anything outside was told of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sipher_engine::{Account, Answer, Command, CommandId, ConnId, Event, Fault, Input, Output, Refusal};
use sipher_wire::{RelayAddress, Time};
use tokio::sync::{mpsc, oneshot};

use crate::clock::now;
use crate::disk::{Disk, DiskFault};
use crate::faults::RelayFaults;
use crate::lock::AccountLock;
use crate::net::NetFault;
use crate::net::flow::{Flow, FlowEvent};
use crate::random::{self, SystemRng};

/// How a command is answered.
pub(crate) type Reply = oneshot::Sender<Result<Answer, Refusal>>;

/// Something that reads from an account.
pub(crate) type Look = Box<dyn FnOnce(&Account, &Disk) + Send>;

/// What the holder of the account's handle wants.
pub(crate) enum Order {
    /// Carry out a command and say what came of it.
    Command(CommandId, Command, Reply),
    /// Answer a command at once with what was reached.
    Cancel(CommandId),
    /// Look at the account; nothing changes.
    Look(Look),
    /// Let what is queued go out, and end.
    End,
}

/// The task that owns an account.
pub(crate) struct Driver {
    account: Account,
    disk: Disk,
    rng: SystemRng,
    flows: HashMap<ConnId, (Flow, RelayAddress)>,
    waiting: HashMap<CommandId, Reply>,
    wake: Option<Time>,
    faults: Arc<RelayFaults>,
    events: mpsc::Sender<Event>,
    flow_events: mpsc::Sender<FlowEvent>,
    #[cfg(feature = "leak-for-canary-test")]
    leak: crate::leak::Leak,
    /// Held until the last record is written.
    _lock: AccountLock,
}

/// What wakes the driver.
enum Wakening {
    Order(Option<Order>),
    Flow(FlowEvent),
    Time,
}

impl Driver {
    /// Takes over an account, its store and its lock. `events` may be left unread: what doesn't fit is dropped,
    /// since all of it can be asked for.
    pub(crate) fn new(
        (account, disk, lock): (Account, Disk, AccountLock),
        events: mpsc::Sender<Event>,
        faults: Arc<RelayFaults>,
    ) -> (Self, mpsc::Receiver<FlowEvent>) {
        let (flow_events, incoming) = mpsc::channel(FLOW_EVENTS);
        let driver = Self {
            account,
            disk,
            rng: random::system(),
            flows: HashMap::new(),
            waiting: HashMap::new(),
            wake: None,
            faults,
            events,
            flow_events,
            #[cfg(feature = "leak-for-canary-test")]
            leak: crate::leak::Leak::default(),
            _lock: lock,
        };
        (driver, incoming)
    }

    /// Runs until it is told to end, its handle is dropped, or the disk fails.
    ///
    /// # Errors
    /// The disk's. Whoever waits for a command learns by the end of his channel.
    pub(crate) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut incoming: mpsc::Receiver<FlowEvent>,
    ) -> Result<(), DiskFault> {
        self.handle(Input::Tick)?;
        loop {
            match next(self.wake, &mut orders, &mut incoming).await {
                Wakening::Order(None | Some(Order::End)) => break,
                Wakening::Order(Some(Order::Look(look))) => look(&self.account, &self.disk),
                Wakening::Order(Some(Order::Cancel(id))) => self.handle(Input::Cancel { id })?,
                Wakening::Order(Some(Order::Command(id, command, reply))) => {
                    #[cfg(feature = "leak-for-canary-test")]
                    self.leak.remember(&command);
                    self.waiting.insert(id, reply);
                    self.handle(Input::Command { id, command })?;
                }
                Wakening::Flow(event) => self.flow_event(event)?,
                Wakening::Time => self.handle(Input::Tick)?,
            }
        }
        for (_, (flow, _)) in self.flows.drain() {
            flow.close().await;
        }
        Ok(())
    }

    fn flow_event(&mut self, event: FlowEvent) -> Result<(), DiskFault> {
        match event {
            FlowEvent::Up { conn, binding } => self.if_known(conn, Input::Up { conn, binding }),
            FlowEvent::Octets { conn, octets } => self.if_known(
                conn,
                Input::Octets {
                    conn,
                    octets: &octets,
                },
            ),
            FlowEvent::Down { conn, fault } => match self.flows.remove(&conn) {
                Some((_, relay)) => {
                    let told = as_engine_fault(&fault);
                    self.faults.note(&relay, fault);
                    self.handle(Input::Down { conn, fault: told })
                }
                None => Ok(()),
            },
        }
    }

    /// Connections that the engine closed may still have something to say; it no longer wants to hear it.
    fn if_known(&mut self, conn: ConnId, input: Input<'_>) -> Result<(), DiskFault> {
        if self.flows.contains_key(&conn) {
            self.handle(input)
        } else {
            Ok(())
        }
    }

    /// One input, then everything that follows from it.
    fn handle(&mut self, input: Input<'_>) -> Result<(), DiskFault> {
        let done = self.account.handle(now(), input, &self.disk, &mut self.rng);
        done.map_err(|fault| self.disk.explain(fault))?;
        while let Some(output) = self.account.poll() {
            self.carry_out(output)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) -> Result<(), DiskFault> {
        match output {
            Output::Persist(batch) => self.disk.commit(&batch, &mut self.rng)?,
            Output::Open { conn, relay, .. } => {
                let flow = Flow::open(conn, relay.clone(), self.flow_events.clone());
                self.flows.insert(conn, (flow, relay));
            }
            Output::Close { conn } => {
                if let Some((flow, _)) = self.flows.remove(&conn) {
                    flow.close_in_background();
                }
            }
            Output::Transmit { conn, octets } => {
                #[cfg(feature = "leak-for-canary-test")]
                let octets = self.leak.add_to(octets);
                // A connection that takes nothing any more reports its end by itself.
                if self.flows.get(&conn).is_some_and(|(flow, _)| !flow.send(octets)) {
                    tracing::debug!("a connection takes nothing any more");
                }
            }
            Output::Done { id, outcome } => {
                // Nobody may wait any longer; what was done stays done.
                if let Some(reply) = self.waiting.remove(&id) {
                    drop(reply.send(outcome));
                }
            }
            Output::Event(event) => {
                if self.events.try_send(event).is_err() {
                    tracing::trace!("nobody takes events");
                }
            }
            Output::Wake(at) => self.wake = Some(at),
        }
        Ok(())
    }
}

/// Waits for the next thing that concerns the account.
#[expect(clippy::disallowed_methods, reason = "the one timer of an account")]
async fn next(
    wake: Option<Time>,
    orders: &mut mpsc::Receiver<Order>,
    incoming: &mut mpsc::Receiver<FlowEvent>,
) -> Wakening {
    // Not the whole way at once: the clock may be set, and a sleeping machine stops the timer.
    let nap = wake.map_or(LONGEST_NAP, |wake| wake.since(now()).min(LONGEST_NAP));
    tokio::select! {
        order = orders.recv() => Wakening::Order(order),
        Some(event) = incoming.recv() => Wakening::Flow(event),
        () = tokio::time::sleep(nap) => Wakening::Time,
    }
}

fn as_engine_fault(fault: &NetFault) -> Fault {
    match fault {
        NetFault::NameNotFound => Fault::NameNotFound,
        NetFault::Refused => Fault::Refused,
        NetFault::Unreachable => Fault::Unreachable,
        NetFault::TimedOut => Fault::TimedOut,
        NetFault::Tls => Fault::Tls,
        NetFault::CertificateTime => Fault::CertificateTime,
        NetFault::WrongKey { .. } => Fault::WrongKey,
        NetFault::Closed => Fault::Closed,
    }
}

/// Events of connections that wait for the driver; beyond, TCP slows the relays down.
const FLOW_EVENTS: usize = 64;

/// The clock is looked at again at least this often.
const LONGEST_NAP: Duration = Duration::from_secs(30);
