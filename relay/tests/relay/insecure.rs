//! Plain TCP and UDP: each proof answers a nonce. `spec/boxes.md`, proofs; `spec/sip-checklist.md` G8, G10.

use crate::support::bench::{Bench, Client, relay_id};
use crate::support::people::{Holder, Owner, envelope, fresh, message};
use sipher_wire::sip::{Draft, Status};
use sipher_wire::{
    Credentials, GrantOp, GrantOps, Host, Nonce, NonceProof, RelayId, RelayNameAndKey, Right,
    own_nonce_input, use_nonce_input,
};
use std::time::Duration;

/// The nonce of a 401.
fn nonce(bench: &mut Bench, client: &Client) -> Nonce {
    let owner = Owner::of_queue(200);
    let draft = Draft::register_query(
        &client.seat.origin,
        owner.at(&client.seat.host),
        &fresh(&mut bench.rng),
    );
    let answer = bench.ask(client, &draft);
    assert_eq!(answer.status(), Status::UNAUTHORIZED);
    answer.challenge().unwrap()
}

fn bare(bench: &mut Bench, client: &Client, owner: &Owner) -> Draft {
    Draft::register(
        &client.seat.origin,
        owner.at(&client.seat.host),
        &fresh(&mut bench.rng),
        600,
    )
}

fn signed(draft: Draft, owner: &Owner, proof: NonceProof, host: &Host, id: &RelayId) -> Draft {
    let input = own_nonce_input(&draft, &proof, RelayNameAndKey { host, id });
    draft.authorized(&Credentials::proven(owner.key(), owner.sign(&input)).answering(proof))
}

// spec: proof-6
#[test]
fn g10_an_owner_answers_a_nonce_with_a_rising_count() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let client = bench.tcp();
    let nonce = nonce(&mut bench, &client);
    let host = client.seat.host.clone();
    for (count, status) in [
        (1, Status::OK),
        (2, Status::OK),
        (2, Status::UNAUTHORIZED),
        (1, Status::UNAUTHORIZED),
    ] {
        let draft = bare(&mut bench, &client, &owner);
        let draft = signed(draft, &owner, NonceProof { nonce, count }, &host, &relay_id());
        assert_eq!(bench.ask(&client, &draft).status(), status, "{count}");
    }
}

#[test]
fn a_signature_for_another_relay_is_403() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let client = bench.tcp();
    let nonce = nonce(&mut bench, &client);
    let other_host = Host::parse(b"other.example").unwrap();
    let cases = [
        (other_host, relay_id()),
        (client.seat.host.clone(), RelayId::of(&[8; 32])),
    ];
    for (count, (host, id)) in (1..).zip(cases) {
        let draft = bare(&mut bench, &client, &owner);
        let draft = signed(draft, &owner, NonceProof { nonce, count }, &host, &id);
        assert_eq!(bench.ask(&client, &draft).status(), Status::FORBIDDEN);
    }
}

// spec: proof-7
#[test]
fn a_nonce_is_stale_on_another_connection_and_after_its_time() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let (client, other) = (bench.tcp(), bench.tcp());
    let nonce = nonce(&mut bench, &client);
    let host = client.seat.host.clone();
    let draft = bare(&mut bench, &other, &owner);
    let draft = signed(draft, &owner, NonceProof { nonce, count: 1 }, &host, &relay_id());
    assert_eq!(bench.ask(&other, &draft).status(), Status::UNAUTHORIZED);

    bench.pass(Duration::from_secs(301));
    let draft = bare(&mut bench, &client, &owner);
    let draft = signed(draft, &owner, NonceProof { nonce, count: 1 }, &host, &relay_id());
    let answer = bench.ask(&client, &draft);
    assert_eq!(answer.status(), Status::UNAUTHORIZED);
    assert_ne!(answer.challenge(), Some(nonce));
}

#[test]
fn a_proof_over_an_exporter_is_worth_nothing_where_there_is_none() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let (tls, client) = (bench.tls(), bench.tcp());
    let draft = bare(&mut bench, &client, &owner).authorized(&owner.proof(&tls.seat));
    assert_eq!(bench.ask(&client, &draft).status(), Status::UNAUTHORIZED);
}

#[test]
fn each_request_is_signed_and_a_changed_one_is_403() {
    let mut bench = Bench::new();
    let owner = Owner::of_queue(1);
    let client = bench.tcp();
    let nonce = nonce(&mut bench, &client);
    let host = client.seat.host.clone();
    let draft = bare(&mut bench, &client, &owner);
    let octets = signed(draft, &owner, NonceProof { nonce, count: 1 }, &host, &relay_id()).write();
    let text = String::from_utf8(octets.to_vec())
        .unwrap()
        .replace("Expires: 600", "Expires: 601");
    assert_eq!(
        bench.ask_octets(&client, text.as_bytes()).status(),
        Status::FORBIDDEN
    );
}

#[test]
fn a_holder_answers_a_nonce_too_over_tcp_and_udp() {
    for udp in [false, true] {
        let mut bench = Bench::new();
        let (owner, holder) = (Owner::of_queue(1), Holder::new(2));
        let here = bench.tcp();
        let nonce_here = nonce(&mut bench, &here);
        let host = here.seat.host.clone();
        let ops = GrantOps::new(vec![GrantOp::Add(holder.grant(Right::Write))]).unwrap();
        let publication = sipher_wire::sip::Publication {
            package: sipher_wire::Package::Grants,
            if_match: None,
            expires_secs: None,
            body: Some(ops.encode().into()),
        };
        let draft = Draft::publish(
            &here.seat.origin,
            owner.at(&host),
            &fresh(&mut bench.rng),
            publication,
        );
        let draft = signed(
            draft,
            &owner,
            NonceProof {
                nonce: nonce_here,
                count: 1,
            },
            &host,
            &relay_id(),
        );
        assert_eq!(bench.ask(&here, &draft).status(), Status::OK);

        let sender = if udp { bench.udp() } else { bench.tcp() };
        let give = |bench: &mut Bench, draft: &Draft| {
            let octets = draft.write();
            if udp {
                bench.datagram(&sender, &octets);
            } else {
                bench.octets(&sender, &octets);
            }
            bench.response(&sender)
        };
        let draft = message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
        let challenged = give(&mut bench, &draft);
        assert_eq!(challenged.status(), Status::UNAUTHORIZED);
        let proof = NonceProof {
            nonce: challenged.challenge().unwrap(),
            count: 1,
        };
        let draft = message(&sender.seat, &owner.id, &fresh(&mut bench.rng), envelope(1));
        let name = RelayNameAndKey {
            host: &host,
            id: &relay_id(),
        };
        let input = use_nonce_input(&draft, &proof, name, Right::Write);
        let draft =
            draft.authorized(&Credentials::proven(holder.key(), holder.sign(&input)).answering(proof));
        assert_eq!(give(&mut bench, &draft).status(), Status::ACCEPTED);
    }
}

#[test]
fn without_an_exporter_a_challenge_comes_for_unknown_boxes_and_known_ones_alike() {
    let mut bench = Bench::new();
    let client = bench.tcp();
    let unknown = Owner::of_queue(99).id;
    let draft = message(&client.seat, &unknown, &fresh(&mut bench.rng), envelope(1));
    assert_eq!(bench.ask(&client, &draft).status(), Status::UNAUTHORIZED);
}
