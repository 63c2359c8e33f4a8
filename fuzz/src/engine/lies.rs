//! What a relay can answer and say: the truth, half of it, and anything else.

use bytes::Bytes;
use sipher_engine::{Class, ConnId, Fault};
use sipher_wire::sip::{
    BoxAt, Branch, CallId, Contacts, Dialog, Draft, Exchange, Method, NameAddr, Notice, Origin, Reply,
    Request, Status, Tag, Transport,
};
use sipher_wire::{BoxId, BoxKind, ETag, EndReason, Nonce, OwnerKey, SubscriptionState};

use super::fixture::ALICE;
use super::liar::Liar;
use crate::dice::{Dice, edited};

/// Answers what is asked as an honest relay would that has nothing.
pub(super) fn answer_honestly(liar: &mut Liar) {
    for _ in 0..ROUNDS {
        liar.connect();
        let Some((conn, request)) = liar.next_asked() else {
            return;
        };
        let octets = honest(liar, &request, None);
        liar.say(conn, &octets);
    }
}

/// Answers the oldest request as the dice want it.
pub(super) fn answer(liar: &mut Liar, dice: &mut Dice<'_>) {
    let Some((conn, request)) = liar.next_asked() else {
        return;
    };
    match dice.octet() % 16 {
        0..=6 => {
            let octets = honest(liar, &request, None);
            liar.say(conn, &octets);
        }
        7 | 8 => {
            let value = value(dice);
            let octets = honest(liar, &request, Some(value));
            liar.say(conn, &octets);
        }
        9 | 10 => {
            let status = status(dice);
            let tag = Tag::random(&mut liar.rng);
            let reply = Reply::to(&request, status, &tag)
                .challenge(&Nonce::random(&mut liar.rng))
                .retry_after(dice.number());
            liar.say(conn, &reply.write());
        }
        11 | 12 => {
            let octets = honest(liar, &request, None);
            liar.say(conn, &edited(dice, &octets));
        }
        13 => {
            let octets = honest(liar, &request, None);
            liar.say(conn, &octets);
            liar.say(conn, &octets);
        }
        14 => liar.hang_up(conn, fault(dice)),
        // Nothing: it waits.
        _ => {}
    }
}

/// What an honest relay answers; `value` is what a watched cell holds.
fn honest(liar: &mut Liar, request: &Request, value: Option<Vec<u8>>) -> Vec<u8> {
    let tag = Tag::random(&mut liar.rng);
    let to = |status| Reply::to(request, status, &tag);
    match request.method() {
        Method::Register => {
            let reply = to(Status::OK).flow(120);
            match request.contacts() {
                Contacts::Listed(contacts) => contacts
                    .iter()
                    .fold(reply, |reply, contact: &NameAddr<'_>| reply.binding(contact, 600)),
                _ => reply,
            }
            .write()
            .to_vec()
        }
        Method::Publish => to(Status::OK)
            .expires(request.expires_secs().unwrap_or(60))
            .etag(&ETag::random(&mut liar.rng))
            .write()
            .to_vec(),
        Method::Message => to(Status::ACCEPTED).write().to_vec(),
        Method::Subscribe => {
            let secs = request.expires_secs().unwrap_or(60);
            let reply = to(Status::OK).expires(secs).contact(&origin()).write().to_vec();
            let state = if secs == 0 {
                SubscriptionState::ended(EndReason::Timeout)
            } else {
                SubscriptionState::Active { expires_secs: secs }
            };
            [reply, notify(liar, request, tag, state, value)].concat()
        }
        _ => to(Status::OK).write().to_vec(),
    }
}

fn notify(
    liar: &mut Liar,
    request: &Request,
    tag: Tag,
    state: SubscriptionState,
    value: Option<Vec<u8>>,
) -> Vec<u8> {
    let Some(dialog) = Dialog::of_subscribe(request, tag) else {
        return Vec::new();
    };
    let etag = ETag::random(&mut liar.rng);
    let notice = Notice {
        state,
        etag: Some(&etag),
        body: value.map(Bytes::from),
    };
    let branch = Branch::random(&mut liar.rng);
    dialog.notify(&origin(), branch, 1, notice).write().to_vec()
}

/// Hands over an item on the account's own connection, from a box that is hers or isn't.
pub(super) fn hand_over(liar: &mut Liar, dice: &mut Dice<'_>, body: Vec<u8>) {
    let stranger = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    let id = if dice.octet() == 0xff {
        &stranger
    } else {
        &ALICE.queue
    };
    let Some((conn, contact)) = liar.line_of(Class::Own) else {
        return;
    };
    let contact = contact
        .and_then(NameAddr::parse)
        .map_or(b"sip:a.invalid".to_vec(), |contact| contact.uri().to_vec());
    let at = BoxAt {
        id,
        host: &ALICE.host,
    };
    let exchange = Exchange::of_call(CallId::of_item(&body), &mut liar.rng);
    if let Some(draft) = Draft::deliver(&origin(), &contact, at, &exchange, body.into()) {
        liar.say(conn, &draft.write());
    }
}

/// A value of a cell: edits of a genuine one, or anything.
pub(super) fn value(dice: &mut Dice<'_>) -> Vec<u8> {
    match dice.octet() % 3 {
        0 => ALICE.presence.clone(),
        1 => edited(dice, &ALICE.presence),
        _ => dice.long_slice().to_vec(),
    }
}

/// Where it can go wrong before SIP.
pub(super) fn fault(dice: &mut Dice<'_>) -> Fault {
    match dice.octet() % 5 {
        0 => Fault::Closed,
        1 => Fault::Unreachable,
        2 => Fault::WrongKey,
        3 => Fault::TimedOut,
        _ => Fault::Nonsense,
    }
}

/// A connection that there is: of its own, to send, or to watch.
pub(super) fn some_line(liar: &Liar, dice: &mut Dice<'_>) -> Option<ConnId> {
    let class = match dice.octet() % 3 {
        0 => Class::Own,
        1 => Class::Send,
        _ => Class::Watch,
    };
    liar.line_of(class).map(|(conn, _)| conn)
}

fn status(dice: &mut Dice<'_>) -> Status {
    let all = [
        Status::UNAUTHORIZED,
        Status::FORBIDDEN,
        Status::NOT_FOUND,
        Status::CONDITIONAL_REQUEST_FAILED,
        Status::UNAVAILABLE,
        Status::SERVER_ERROR,
        Status::BAD_REQUEST,
        Status::OK,
    ];
    let at = dice.place(all.len());
    all.get(at).copied().unwrap_or(Status::OK)
}

fn origin() -> Origin {
    Origin::of_host(Transport::Tls, &ALICE.host)
}

/// Requests of an account in one go: more than a small one has.
const ROUNDS: u32 = 500;
