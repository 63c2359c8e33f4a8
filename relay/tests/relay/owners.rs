//! REGISTER: who owns a box gets its items on one connection. `spec/sip-checklist.md` G rows; RFC 3261 §10, 5626.

use crate::support::bench::{Bench, Got};
use crate::support::people::{Holder, Owner, envelope, fresh};
use sipher_wire::sip::{Draft, Exchange, Name, NameAddr, Response, Status};
use sipher_wire::{Credentials, GrantOp, Right};
use std::time::Duration;

fn contact_expires(answer: &Response) -> Option<&[u8]> {
    NameAddr::parse(answer.head().value(Name::Contact)?)?
        .params()
        .get(b"expires")
        .flatten()
}

#[test]
fn g2_a_200_lists_the_binding_as_it_was_registered() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 600);
    let contact = draft.values(Name::Contact).next().unwrap().to_owned();
    let answer = bench.ask(&here, &draft);
    assert_eq!(answer.status(), Status::OK);
    let listed = String::from_utf8(answer.head().value(Name::Contact).unwrap().to_vec()).unwrap();
    assert_eq!(listed, format!("{contact};expires=600"));

    bench.pass(Duration::from_secs(100));
    let query = owner.query(&here.seat, &fresh(&mut bench.rng));
    let answer = bench.ask(&here, &query);
    assert_eq!(contact_expires(&answer), Some(&b"500"[..]));
}

// spec: reg-5
#[test]
fn g2_too_brief_is_423_and_too_long_is_shortened() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let brief = owner.register(&here.seat, &fresh(&mut bench.rng), 59);
    let answer = bench.ask(&here, &brief);
    assert_eq!(
        (answer.status(), answer.min_expires_secs()),
        (Status::INTERVAL_TOO_BRIEF, Some(60))
    );
    let long = owner.register(&here.seat, &fresh(&mut bench.rng), u32::MAX);
    assert_eq!(contact_expires(&bench.ask(&here, &long)), Some(&b"86400"[..]));
}

#[test]
fn g5_outbound_gets_its_flow_timer() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 600);
    let answer = bench.ask(&here, &draft);
    assert_eq!(answer.head().value(Name::Require), Some(&b"outbound"[..]));
    assert_eq!(answer.flow_timer_secs(), Some(120));
}

// spec: reg-1
#[test]
fn g5_the_newest_flow_takes_the_box_over() {
    let mut bench = Bench::new();
    let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
    let (old, new, sender) = (bench.tls(), bench.tls(), bench.tls());
    let draft = owner.manage(
        &old.seat,
        &fresh(&mut bench.rng),
        vec![GrantOp::Add(holder.grant(Right::Write))],
    );
    bench.ask(&old, &draft);
    let draft = owner.register(&old.seat, &fresh(&mut bench.rng), 600);
    bench.ask(&old, &draft);
    let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
    bench.ask(&sender, &draft);
    assert!(matches!(bench.next(&old), Some(Got::Request(_))), "unanswered");

    let draft = owner.register(&new.seat, &fresh(&mut bench.rng), 600);
    bench.ask(&new, &draft);

    assert_eq!(bench.keep(&new), 1);
    let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(2));
    bench.ask(&sender, &draft);
    assert_eq!(bench.keep(&new), 2);
    assert!(bench.next(&old).is_none());
}

#[test]
fn g1_expires_zero_and_the_star_end_a_binding() {
    for star in [false, true] {
        let mut bench = Bench::new();
        let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
        let (here, sender) = (bench.tls(), bench.tls());
        let draft = owner.manage(
            &here.seat,
            &fresh(&mut bench.rng),
            vec![GrantOp::Add(holder.grant(Right::Write))],
        );
        bench.ask(&here, &draft);
        let exchange = fresh(&mut bench.rng);
        let draft = owner.register(&here.seat, &exchange, 600);
        bench.ask(&here, &draft);

        let end = owner.register(&here.seat, &exchange.next(&mut bench.rng), 0);
        let octets = end.write().to_vec();
        let octets = if star { with_contact(&octets, "*") } else { octets };
        let answer = bench.ask_octets(&here, &octets);
        assert_eq!(answer.status(), Status::OK);
        assert!(answer.head().value(Name::Contact).is_none());

        let draft = holder.message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
        assert_eq!(bench.ask(&sender, &draft).status(), Status::ACCEPTED);
        assert!(bench.next(&here).is_none());
    }
}

#[test]
fn g1_a_misused_star_and_a_user_in_the_request_uri_are_400() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let star = owner.register(&here.seat, &fresh(&mut bench.rng), 600).write();
    assert_eq!(
        bench.ask_octets(&here, &with_contact(&star, "*")).status(),
        Status::BAD_REQUEST
    );
    let mixed = owner.register(&here.seat, &fresh(&mut bench.rng), 0).write();
    let octets = with_contact(&mixed, "*, <sip:a.invalid>");
    assert_eq!(bench.ask_octets(&here, &octets).status(), Status::BAD_REQUEST);
    let named = owner.query(&here.seat, &fresh(&mut bench.rng)).write();
    let text = String::from_utf8(named.to_vec()).unwrap();
    let text = text.replacen("REGISTER sip:relay", "REGISTER sip:someone@relay", 1);
    assert_eq!(
        bench.ask_octets(&here, text.as_bytes()).status(),
        Status::BAD_REQUEST
    );
}

// spec: reg-6
#[test]
fn g3_a_register_that_comes_late_is_refused() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let first = fresh(&mut bench.rng);
    let second = first.next(&mut bench.rng);
    let draft = owner.register(&here.seat, &second, 600);
    assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
    let late = Exchange {
        branch: sipher_wire::sip::Branch::random(&mut bench.rng),
        ..first
    };
    let draft = owner.register(&here.seat, &late, 0);
    assert_eq!(bench.ask(&here, &draft).status(), Status::SERVER_ERROR);
    let query = owner.query(&here.seat, &fresh(&mut bench.rng));
    assert!(bench.ask(&here, &query).head().value(Name::Contact).is_some());
}

#[test]
fn a_binding_ends_at_its_time() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let draft = owner.register(&here.seat, &fresh(&mut bench.rng), 60);
    bench.ask(&here, &draft);
    bench.pass(Duration::from_secs(61));
    let query = owner.query(&here.seat, &fresh(&mut bench.rng));
    assert!(bench.ask(&here, &query).head().value(Name::Contact).is_none());
}

// spec: proof-3
// spec: proof-1
#[test]
fn g10_an_owner_proves_himself_once_a_connection_and_box() {
    let mut bench = Bench::new();
    let (owner, other) = (Owner::of_queue(1), Owner::of_queue(2));
    let here = bench.tls();
    let bare = |owner: &Owner, exchange: &Exchange| {
        Draft::register_query(&here.seat.origin, owner.at(&here.seat.host), exchange)
    };
    let known = Credentials::known(owner.key());
    let draft = bare(&owner, &fresh(&mut bench.rng)).authorized(&known);
    assert_eq!(
        bench.ask(&here, &draft).status(),
        Status::UNAUTHORIZED,
        "not proven yet"
    );
    let draft = owner.query(&here.seat, &fresh(&mut bench.rng));
    assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
    let draft = bare(&owner, &fresh(&mut bench.rng)).authorized(&known);
    assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
    let draft = bare(&other, &fresh(&mut bench.rng)).authorized(&Credentials::known(other.key()));
    assert_eq!(
        bench.ask(&here, &draft).status(),
        Status::UNAUTHORIZED,
        "another box"
    );
}

#[test]
fn a_proof_of_another_connection_box_or_key_is_403() {
    let mut bench = Bench::new();
    let (owner, other) = (Owner::of_queue(1), Owner::of_queue(2));
    let (here, there) = (bench.tls(), bench.tls());
    let bare =
        |exchange: &Exchange| Draft::register_query(&here.seat.origin, owner.at(&here.seat.host), exchange);
    let replayed = owner.proof(&there.seat);
    let of_another_box = owner.proof_for(&here.seat, &other.id);
    let of_another_key = other.proof_for(&here.seat, &owner.id);
    for proof in [replayed, of_another_box, of_another_key] {
        let draft = bare(&fresh(&mut bench.rng)).authorized(&proof);
        assert_eq!(bench.ask(&here, &draft).status(), Status::FORBIDDEN);
    }
    let draft = bare(&fresh(&mut bench.rng));
    let answer = bench.ask(&here, &draft);
    assert_eq!(answer.status(), Status::UNAUTHORIZED);
    assert!(answer.challenge().is_some());
    assert_eq!(bench.store.count(), 0);
}

#[test]
fn g8_other_schemes_are_ignored_as_if_absent() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let here = bench.tls();
    let octets = owner.query(&here.seat, &fresh(&mut bench.rng)).write();
    let text = String::from_utf8(octets.to_vec()).unwrap();
    let text = text.replacen(
        "Authorization:",
        "Authorization: Digest username=\"a, b\"\r\nAuthorization:",
        1,
    );
    assert_eq!(bench.ask_octets(&here, text.as_bytes()).status(), Status::OK);
}

#[test]
fn a_kind_of_box_does_only_what_it_is_for() {
    let mut bench = Bench::new();
    let (queue, cell) = (Owner::of_queue(1), Owner::of_cell(1));
    let here = bench.tls();
    let draft = cell.register(&here.seat, &fresh(&mut bench.rng), 600);
    assert_eq!(bench.ask(&here, &draft).status(), Status::FORBIDDEN);
    let draft = queue.publish(&here.seat, &fresh(&mut bench.rng), None, 600, Some(envelope(1)));
    assert_eq!(bench.ask(&here, &draft).status(), Status::FORBIDDEN);
    for kind in [sipher_wire::BoxKind::Log, sipher_wire::BoxKind::Bundle] {
        let owner = Owner::of(kind, 1);
        let draft = owner.manage(
            &here.seat,
            &fresh(&mut bench.rng),
            vec![GrantOp::Add(Holder::new(1).grant(Right::Read))],
        );
        assert_eq!(bench.ask(&here, &draft).status(), Status::FORBIDDEN);
    }
    assert_eq!(bench.store.count(), 0);
}

#[test]
fn boxes_of_one_connection_are_bounded() {
    let mut bench = Bench::new();
    let here = bench.tls();
    let mut last = Status::OK;
    for kind in 0..1025_u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&kind.to_be_bytes());
        let owner = Owner::of_seed(seed);
        let draft = owner.query(&here.seat, &fresh(&mut bench.rng));
        last = bench.ask(&here, &draft).status();
    }
    assert_eq!(last, Status::FORBIDDEN);
}

fn with_contact(octets: &[u8], contact: &str) -> Vec<u8> {
    let text = String::from_utf8(octets.to_vec()).unwrap();
    let lines: Vec<_> = text
        .split("\r\n")
        .map(|line| {
            if line.starts_with("Contact:") {
                format!("Contact: {contact}")
            } else {
                line.to_owned()
            }
        })
        .collect();
    lines.join("\r\n").into_bytes()
}
