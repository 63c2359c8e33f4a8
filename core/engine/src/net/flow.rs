//! One connection that is there: cutting, transactions, keep-alive, and what the relay granted on it.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use bytes::Bytes;
use sipher_wire::flow::{ClientKeepalive, ClientTransactions, Due, KeepaliveStep, Link, Registration, Watch};
use sipher_wire::sip::{
    After, Cut, Cutter, Origin, Reply, Request, Response, Side, Tag, Transport, Verdict, check, check_broken,
};
use sipher_wire::{Binding, BoxId, Time};

use super::{Asked, Context, Prepared, Target};
use crate::buddy::BuddyId;
use crate::io::{ConnId, Fault, Output, TroubleCause};
use crate::step::Step;

/// A connection.
pub(crate) struct Flow {
    pub(crate) binding: Binding,
    pub(crate) origin: Origin,
    /// Since when.
    pub(crate) since: Time,
    /// When something was asked last.
    pub(crate) used: Time,
    cutter: Cutter,
    transactions: ClientTransactions<Context>,
    keepalive: ClientKeepalive,
    proven: BTreeSet<[u8; 32]>,
    /// What the relay refused on this connection, so that it isn't asked again for a time.
    refused: BTreeMap<Asked, Refused>,
    /// Queues that are registered here.
    pub(crate) registered: BTreeMap<BoxId, Registration>,
    pub(crate) drain: Drain,
    /// Cells that are looked at here, by Call-ID.
    pub(crate) watching: BTreeMap<Box<str>, Watching>,
}

/// Why something was refused, and until when it isn't asked again.
struct Refused {
    cause: TroubleCause,
    until: Time,
}

/// Whether all that waited in the queues of a connection was handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Drain {
    /// To be asked.
    Due,
    /// Asked; something came meanwhile, or not.
    Asked {
        /// Whether an item came since.
        disturbed: bool,
    },
    /// It was.
    Done,
}

/// A cell that is looked at.
pub(crate) struct Watching {
    pub(crate) target: Target,
    pub(crate) watch: Watch,
    /// Whether it stays, or is one look.
    pub(crate) stays: bool,
}

/// What came out of octets.
pub(crate) enum Arrived {
    /// The relay asks something.
    Request(Request),
    /// The relay answers a request of ours.
    Answer(Context, Response),
    /// Octets to be sent at once.
    Reply(Bytes),
    /// The stream can't go on.
    Broken(Option<Bytes>),
}

impl Flow {
    pub(crate) fn new(binding: Binding, step: &mut Step<'_>) -> Self {
        Self {
            binding,
            origin: Origin::random(Transport::Tls, step.rng_sized()),
            since: step.now,
            used: step.now,
            cutter: Cutter::new(Side::Client),
            transactions: ClientTransactions::new(Link::Stream),
            keepalive: ClientKeepalive::new(step.now, FLOW_TIMER, step.rng_sized()),
            proven: BTreeSet::new(),
            refused: BTreeMap::new(),
            registered: BTreeMap::new(),
            drain: Drain::Due,
            watching: BTreeMap::new(),
        }
    }

    /// Takes octets; the results are then taken with [`Flow::next`].
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.cutter.push(octets);
    }

    /// The next thing that arrived whole.
    pub(crate) fn next(&mut self, step: &mut Step<'_>) -> Option<Arrived> {
        loop {
            let verdict = match self.cutter.next_cut()? {
                Cut::Ping => return Some(Arrived::Reply(Bytes::from_static(b"\r\n"))),
                Cut::Pong => {
                    self.keepalive.pong();
                    continue;
                }
                Cut::Message(message) => check(message),
                Cut::Broken(broken) => {
                    drop(check_broken(broken));
                    return Some(Arrived::Broken(None));
                }
            };
            match verdict {
                Verdict::Request(request) => return Some(Arrived::Request(request)),
                Verdict::Response(response) => {
                    if let Some(context) = self.transactions.take(step.now, &response) {
                        if response.status().is_success() {
                            self.proven.insert(context.key);
                        }
                        return Some(Arrived::Answer(context, response));
                    }
                }
                Verdict::Refuse(refusal) => {
                    let tag = Tag::random(step.rng_sized());
                    let reply = refusal.reply(&tag).map(Reply::write);
                    match (refusal.after, reply) {
                        (After::Keep, Some(reply)) => return Some(Arrived::Reply(reply)),
                        (After::Keep, None) => {}
                        (After::Close, reply) => return Some(Arrived::Broken(reply)),
                    }
                }
                Verdict::Drop(After::Keep) => {}
                Verdict::Drop(After::Close) => return Some(Arrived::Broken(None)),
            }
        }
    }

    /// Whether this key's proof was accepted on this connection.
    pub(crate) fn has_proven(&self, key: &[u8; 32]) -> bool {
        self.proven.contains(key)
    }

    /// Whether this was asked and not answered.
    pub(crate) fn is_asking(&self, asked: Asked) -> bool {
        self.transactions.contexts().any(|context| context.asked == asked)
    }

    /// How much was asked and not answered.
    pub(crate) fn open_requests(&self) -> usize {
        self.transactions.len()
    }

    /// Notes that the relay refused something; `retry_after_secs` is what it said about when to ask again.
    pub(crate) fn refuse(
        &mut self,
        asked: Asked,
        cause: TroubleCause,
        retry_after_secs: Option<u32>,
        now: Time,
    ) {
        let pause = match (cause, retry_after_secs) {
            (TroubleCause::Busy | TroubleCause::Allowance, Some(secs)) => {
                Duration::from_secs(u64::from(secs))
            }
            (TroubleCause::Busy | TroubleCause::Allowance, None) => SHORT_PAUSE,
            _ => LONG_PAUSE,
        };
        self.refused.insert(
            asked,
            Refused {
                cause,
                until: now + pause.clamp(SHORT_PAUSE, LONG_PAUSE),
            },
        );
    }

    /// What made a refusal is no more.
    pub(crate) fn forgive(&mut self, asked: Asked) {
        self.refused.remove(&asked);
    }

    /// The same for everything that a buddy refused.
    pub(crate) fn forgive_items(&mut self, buddy: BuddyId) {
        self.refused
            .retain(|asked, _| !matches!(asked, Asked::Item(own, _) if *own == buddy));
    }

    /// Whether it was refused, and isn't to be asked again yet.
    pub(crate) fn is_refused(&self, asked: Asked) -> bool {
        self.refused.contains_key(&asked)
    }

    /// Whether the barrier was refused: then nothing tells when all came.
    pub(crate) fn has_no_barrier(&self) -> bool {
        self.refused
            .keys()
            .any(|asked| matches!(asked, Asked::Barrier(_)))
    }

    /// Why anything was refused, if anything was. That a cell isn't shown is an answer, and no trouble.
    pub(crate) fn any_refusal(&self) -> Option<TroubleCause> {
        let is_answer =
            |asked: &Asked, cause| matches!((asked, cause), (Asked::Watch(_), TroubleCause::NotAccepted));
        self.refused
            .iter()
            .find(|(asked, refused)| !is_answer(asked, refused.cause))
            .map(|(_, refused)| refused.cause)
    }

    /// Looks at a target no more.
    pub(crate) fn unwatch(&mut self, target: Target) {
        self.watching.retain(|_, watching| watching.target != target);
        self.forgive(Asked::Watch(target));
    }

    /// Sends a request.
    pub(crate) fn ask(&mut self, conn: ConnId, prepared: Prepared, step: &mut Step<'_>) {
        let Prepared {
            asked,
            draft,
            exchange,
            key,
            credentials,
        } = prepared;
        let method = draft.method();
        let octets = draft.authorized(&credentials).write();
        let context = Context { asked, key };
        // The bound on what is open at once is far below the table's.
        if self
            .transactions
            .start(step.now, &exchange.branch, method, &octets, context)
            .is_ok()
        {
            self.used = step.now;
            step.push(Output::Transmit { conn, octets });
        }
    }

    /// What timers ask for: a fault ends the connection.
    pub(crate) fn poll(&mut self, conn: ConnId, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now;
        self.refused.retain(|_, refused| now < refused.until);
        match self.transactions.poll(step.now) {
            Some(Due::TimedOut(_)) => return Err(Fault::TimedOut),
            Some(Due::Retransmit(_)) | None => {}
        }
        let (now, rng) = (step.now, step.rng_sized());
        match self.keepalive.poll(now, rng) {
            Some(KeepaliveStep::Dead) => return Err(Fault::TimedOut),
            Some(KeepaliveStep::Ping) => {
                step.push(Output::Transmit {
                    conn,
                    octets: Bytes::from_static(b"\r\n\r\n"),
                });
            }
            None => {}
        }
        Ok(())
    }

    /// When timers of this connection come.
    pub(crate) fn wakes(&self) -> impl Iterator<Item = Time> + '_ {
        let watches = self
            .watching
            .values()
            .filter_map(|watching| watching.watch.next_wake());
        let registrations = self.registered.values().map(Registration::refresh_at);
        let transactions = self.transactions.next_wake();
        let refusals = self.refused.values().map(|refused| refused.until);
        let keepalive = [self.keepalive.next_wake()];
        watches
            .chain(registrations)
            .chain(transactions)
            .chain(refusals)
            .chain(keepalive)
    }

    /// The relay says how long it waits for a ping.
    pub(crate) fn set_flow_timer(&mut self, secs: u32, step: &mut Step<'_>) {
        let span = Duration::from_secs(u64::from(secs)).clamp(MIN_FLOW_TIMER, FLOW_TIMER);
        self.keepalive = ClientKeepalive::new(step.now, span, step.rng_sized());
    }
}

/// How often a connection is pinged where the relay says nothing: below what middle boxes forget.
const FLOW_TIMER: Duration = Duration::from_mins(2);
/// How long a busy relay isn't asked again if it doesn't say, and at least.
const SHORT_PAUSE: Duration = Duration::from_secs(30);
/// How long what was refused for good isn't tried again while a connection lasts.
const LONG_PAUSE: Duration = Duration::from_mins(15);
/// No relay may make us ping more often.
const MIN_FLOW_TIMER: Duration = Duration::from_secs(10);
