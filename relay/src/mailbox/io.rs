//! What goes into the mailbox and what comes out: the whole contract between it and its surroundings.

use crate::store::Batch;
use bytes::Bytes;
use sipher_wire::sip::CallId;
use sipher_wire::{BoxId, BoxKind, ETag, GrantKey, GrantOps, OwnerKey, SubscriptionState, Time};

/// One connection, never used twice while the relay runs.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnId(pub u64);

/// One request of a connection, as its desk counts them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(pub u64);

/// One subscription.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WatchId(pub(crate) u64);

/// One batch on its way to the disk. Tickets rise, and are honored in that order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ticket(pub(crate) u64);

/// A mark in what a connection writes: see [`Output::Barrier`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BarrierId(pub(crate) u64);

/// One item on its way to its owner.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Delivery {
    pub(crate) from: BoxId,
    pub(crate) number: u64,
}

impl Delivery {
    /// The box that it comes from.
    pub(crate) const fn id(&self) -> &BoxId {
        &self.from
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The owner has it on his disk.
    Kept,
    /// He refused it, or didn't answer in time.
    Failed,
}

/// Who owns a box, proven.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The box.
    pub id: BoxId,
    /// What the owner's key says that it holds.
    pub kind: BoxKind,
    /// His key.
    pub key: OwnerKey,
    /// Whether he may have a box that isn't there yet.
    pub opening: Opening,
}

/// Whether a box may be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// Yes: the relay is public, or the request had its token.
    Allowed,
    /// No.
    Denied,
}

/// Who claims a grant, as far as it can be judged without a look at the box.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// The key, whose holder has proven it on this connection.
    Proven(GrantKey),
    /// No proof, or one that doesn't hold. It takes the same way to its refusal.
    Unproven(GrantKey),
}

impl Claim {
    pub(crate) const fn key(&self) -> &GrantKey {
        match self {
            Self::Proven(key) | Self::Unproven(key) => key,
        }
    }
}

/// What a REGISTER wants.
#[derive(Clone, Debug)]
pub enum Registering {
    /// To know the binding, or that all that waited was handed out.
    Query,
    /// Its items on this connection.
    Bind(Binding),
    /// No more items.
    Unbind(Place),
}

/// Which REGISTER of its call a request is. Numbers rise within a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The call.
    pub call_id: CallId,
    /// The number.
    pub cseq: u32,
}

/// Where the items of a queue go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The Contact as it was registered.
    pub contact: Box<str>,
    /// How many seconds it is to hold.
    pub lifetime_secs: u32,
    /// The REGISTER that made it.
    pub place: Place,
}

/// An item for a queue.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Its id.
    pub call_id: CallId,
    /// How many seconds it is to be kept, if the sender says so.
    pub lifetime_secs: Option<u32>,
    /// Its octets.
    pub body: Bytes,
}

/// A value for a cell.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The version that it is meant to follow.
    pub if_match: Option<ETag>,
    /// How many seconds it is to hold; zero takes the value away.
    pub lifetime_secs: u32,
    /// Its octets; without them the value that is there is kept longer.
    pub body: Option<Bytes>,
}

/// A request that needs a look at a box.
#[derive(Clone, Debug)]
pub enum Ask {
    /// REGISTER.
    Register(Owner, Registering),
    /// PUBLISH of a cell.
    Publish(Owner, Publication),
    /// PUBLISH of grants.
    Manage(Owner, GrantOps),
    /// MESSAGE.
    Send(BoxId, Claim, NewItem),
    /// A first SUBSCRIBE; zero seconds fetch once.
    Watch(BoxId, Claim, Watching),
    /// A SUBSCRIBE within a dialog; zero seconds end it.
    Rewatch(WatchId, Watching),
    /// Something for a kind of box that this relay has none of: it ends like an unknown box.
    Unknown(BoxId, Claim),
}

/// What a SUBSCRIBE wants.
#[derive(Clone, Debug)]
pub struct Watching {
    /// For how many seconds.
    pub lifetime_secs: u32,
    /// The version that the watcher has.
    pub suppress: Option<ETag>,
}

/// What a request gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// 200 to REGISTER with the binding that holds and the seconds that it holds.
    Registered(Option<(Box<str>, u32)>),
    /// 202: the item is durable.
    Accepted,
    /// 200 to PUBLISH of a cell.
    Published {
        /// Its version now.
        etag: ETag,
        /// How many seconds it holds.
        lifetime_secs: u32,
    },
    /// 200 to PUBLISH of grants: they hold, and nothing goes to those who lost theirs.
    Managed,
    /// 200 to SUBSCRIBE, and at once the NOTIFY.
    Watching {
        /// The subscription.
        watch: WatchId,
        /// How many seconds it holds.
        lifetime_secs: u32,
        /// The CSeq of the NOTIFY and what it says; `None` if one before it is still unanswered.
        news: Option<(u32, News)>,
    },
    /// 200 to a SUBSCRIBE that ends at once, a fetch or the end of a subscription, and its NOTIFY.
    Told {
        /// The CSeq of the NOTIFY.
        number: u32,
        /// What it says.
        news: News,
    },
    /// 204: the watcher has what there is.
    Unchanged {
        /// How many seconds the subscription holds.
        lifetime_secs: u32,
    },
    /// The uniform refusal: 404.
    Refused,
    /// 403.
    Forbidden,
    /// 412: the value has another version.
    Stale,
    /// 480: the grant's allowance is spent.
    Spent,
    /// 481: no such subscription.
    NoDialog,
    /// 500: a REGISTER that comes after a later one.
    OutOfOrder,
    /// 503: more waits for the disk than the relay takes.
    Overloaded,
}

/// What a NOTIFY says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct News {
    /// What becomes of the subscription.
    pub state: SubscriptionState,
    /// The version of the value.
    pub etag: Option<ETag>,
    /// The value.
    pub body: Option<Bytes>,
}

/// An item to hand to its owner.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Handover {
    /// Which one it is.
    pub delivery: Delivery,
    /// The Contact to which it goes, as it was registered.
    pub contact: Box<str>,
    /// Its id.
    pub call_id: CallId,
    /// How often it was handed out, this time included.
    pub attempt: u32,
    /// Its octets.
    pub body: Bytes,
}

/// What the mailbox wants done, in this order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Make this durable, then say so with its ticket.
    Commit(Ticket, Batch),
    /// Answer a request.
    Reply(ConnId, RequestId, Answer),
    /// Hand an item to its owner.
    Deliver(ConnId, Handover),
    /// Tell a watcher; the number is the CSeq.
    Notify(ConnId, WatchId, u32, News),
    /// Say when all that went to this connection so far has left the relay.
    Barrier(ConnId, BarrierId),
    /// Close a connection whose peer doesn't read.
    Close(ConnId),
}

/// Seconds from now until then, rounded down.
pub(crate) fn secs_until(now: Time, then: Time) -> u32 {
    u32::try_from(then.since(now).as_secs()).unwrap_or(u32::MAX)
}
