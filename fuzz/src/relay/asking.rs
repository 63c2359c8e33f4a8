//! Requests as honest and dishonest peers make them.

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use sipher_wire::sip::{BoxAt, Draft, Exchange, Lifetime, Origin, Publication, Subscription, Transport};
use sipher_wire::{
    Allowance, Binding, Credentials, Grant, GrantOp, GrantOps, Host, Package, ProofKey, Signature, Treatment,
    own_input, use_input,
};

use super::people::{BOXES, Expected, Mark, Owned, Peer, What};
use crate::dice::Dice;

/// A request with what it may get; its branch names it.
pub(super) struct Asked {
    pub(super) draft: Draft,
    pub(super) branch: Vec<u8>,
    pub(super) expected: Expected,
}

/// A request of `peer` as the dice want it. `mark` is for a MESSAGE's body.
pub(super) fn ask(dice: &mut Dice<'_>, peer: &mut Peer, mark: u32, rng: &mut ChaCha20Rng) -> Option<Asked> {
    let what = dice.octet();
    let place = usize::from(dice.octet()) % BOXES.len();
    let how = dice.octet();
    let of = BOXES.get(place)?;
    let what = what_of(what, place, mark);
    let exchange = Exchange::random(rng);
    let draft = draft(&what, place, of, &exchange, dice, rng)?;
    let branch = exchange.branch.as_str().as_bytes().to_vec();
    let (draft, proven) = authorized(draft, &what, (place, of), how, peer)?;
    let expected = Expected { proven, place, what };
    Some(Asked {
        draft,
        branch,
        expected,
    })
}

fn what_of(choice: u8, place: usize, mark: u32) -> What {
    let mut octets = Mark::default();
    octets[0] = u8::try_from(place).unwrap_or(0);
    octets[4..].copy_from_slice(&mark.to_be_bytes());
    match choice % 12 {
        0 | 1 => What::Register,
        2 => What::Unregister,
        3 => What::Query,
        4 => What::Publish,
        5 | 6 => What::Grant,
        7 => What::Revoke,
        8 => What::Watch,
        9 if choice >= 128 => What::Close,
        10 if choice >= 128 => What::Options,
        _ => What::Send(octets),
    }
}

fn draft(
    what: &What,
    place: usize,
    of: &Owned,
    exchange: &Exchange,
    dice: &mut Dice<'_>,
    rng: &mut ChaCha20Rng,
) -> Option<Draft> {
    let host = Host::Name("localhost".into());
    let origin = Origin::random(Transport::Tls, rng);
    let at = BoxAt {
        id: &of.id,
        host: &host,
    };
    let publish = |package, expires_secs, body: Vec<u8>| {
        let publication = Publication {
            package,
            if_match: None,
            expires_secs,
            body: Some(body.into()),
        };
        Draft::publish(&origin, at, exchange, publication)
    };
    Some(match what {
        What::Register => Draft::register(&origin, at, exchange, 600),
        What::Unregister => Draft::register(&origin, at, exchange, 0),
        What::Query => Draft::register_query(&origin, at, exchange),
        What::Publish => {
            let value = [&[u8::try_from(place).unwrap_or(0)], dice.slice()].concat();
            publish(Package::Cell, Some(3600), value)
        }
        What::Grant => publish(Package::Grants, None, ops(GrantOp::Add(grant(of)))?),
        What::Revoke => publish(Package::Grants, None, ops(GrantOp::Delete(of.grant_key()))?),
        What::Close => publish(Package::Grants, None, ops(GrantOp::Close)?),
        What::Send(mark) => {
            let body = Bytes::copy_from_slice(mark);
            Draft::message(&origin, at, exchange, Lifetime::Week, body)
        }
        What::Watch => {
            let subscription = Subscription {
                package: Package::Cell,
                since: None,
                expires_secs: if dice.flip() { 0 } else { 600 },
                suppress: None,
            };
            Draft::subscribe(&origin, at, exchange, subscription)
        }
        What::Options => Draft::options(&origin, &host, exchange),
    })
}

fn ops(op: GrantOp) -> Option<Vec<u8>> {
    GrantOps::new(vec![op]).map(|ops| ops.encode())
}

fn grant(of: &Owned) -> Grant {
    Grant {
        key: of.grant_key(),
        right: of.right(),
        treatment: Treatment::Deliver,
        not_after_secs: u64::MAX,
        allowance: Allowance {
            items: 1000,
            period_secs: 60,
        },
    }
}

/// With a proof that holds, or with one of the others: another connection's, another key's, none, a key alone.
/// Says whether it may be accepted.
fn authorized(
    draft: Draft,
    what: &What,
    (place, of): (usize, &Owned),
    how: u8,
    peer: &mut Peer,
) -> Option<(Draft, bool)> {
    let here = peer.binding();
    let elsewhere = Binding::from_octets([0xee; 32]);
    let (honest, known) = (proof(what, of, &here)?, key(what, of));
    let octets = key_octets(what, of);
    let free = *what == What::Options;
    // Once a key was proven on a connection, naming it is enough; what else stands beside it isn't looked at.
    let was_proven = free || peer.proven.contains(&(place, octets));
    Some(match how % 16 {
        0 => (draft, free),
        1 => (draft.authorized(&proof(what, of, &elsewhere)?), was_proven),
        2 => {
            let other = BOXES.get((place + 1) % BOXES.len())?;
            let proven = Credentials::proven(known, signature(what, other, of, &here)?);
            (draft.authorized(&proven), was_proven)
        }
        3 | 4 => (draft.authorized(&Credentials::known(known)), was_proven),
        _ => {
            peer.proven.insert((place, octets));
            (draft.authorized(&honest), true)
        }
    })
}

fn is_of_owner(what: &What) -> bool {
    !matches!(what, What::Send(_) | What::Watch)
}

fn key(what: &What, of: &Owned) -> ProofKey {
    if is_of_owner(what) {
        of.owner_key().into()
    } else {
        of.grant_key().into()
    }
}

fn key_octets(what: &What, of: &Owned) -> [u8; 32] {
    if is_of_owner(what) {
        *of.owner_key().as_octets()
    } else {
        *of.grant_key().as_octets()
    }
}

fn proof(what: &What, of: &Owned, binding: &Binding) -> Option<Credentials> {
    Some(Credentials::proven(
        key(what, of),
        signature(what, of, of, binding)?,
    ))
}

/// The signature of `by`'s keys over what `of` would need.
fn signature(what: &What, by: &Owned, of: &Owned, binding: &Binding) -> Option<Signature> {
    let (key, input) = if is_of_owner(what) {
        (&by.owner, own_input(binding, &of.id))
    } else {
        (&by.holder, use_input(binding, &of.id, of.right()))
    };
    let signature = key.sign_proof(&input).ok()?;
    Some(Signature::from_octets(*signature.as_octets()))
}
