//! The uniform refusal: no answer says whether a box exists. `spec/wire.md`, refusals.

use crate::support::bench::{Bench, Client};
use crate::support::people::{Holder, Owner, envelope, fresh, message, subscribe};
use sipher_wire::sip::{Draft, Exchange, Status};
use sipher_wire::{BoxId, Credentials, GrantOp, Right};
use std::time::Duration;

struct Scene {
    bench: Bench,
    queue: Owner,
    cell: Owner,
    holder: Holder,
    ended: Holder,
    deleted: Holder,
}

/// A queue and a cell, each with a grant of either right, one that has ended and one that was deleted.
fn scene() -> Scene {
    let mut bench = Bench::new();
    let (queue, cell) = (Owner::of_queue(1), Owner::of_cell(1));
    let (holder, ended, deleted) = (Holder::new(2), Holder::new(3), Holder::new(4));
    let here = bench.tls();
    for (owner, right) in [(&queue, Right::Write), (&cell, Right::Read)] {
        let mut over = ended.grant(right);
        over.not_after_secs = bench.now.as_secs() - 1;
        let ops = vec![
            GrantOp::Add(holder.grant(right)),
            GrantOp::Add(over),
            GrantOp::Add(deleted.grant(right)),
        ];
        for ops in [ops, vec![GrantOp::Delete(deleted.key())]] {
            let draft = owner.manage(&here.seat, &fresh(&mut bench.rng), ops);
            assert_eq!(bench.ask(&here, &draft).status(), Status::OK);
        }
    }
    Scene {
        bench,
        queue,
        cell,
        holder,
        ended,
        deleted,
    }
}

/// A fault as the request that has it.
type Faulty = Box<dyn Fn(&Client, &Exchange) -> Draft>;

/// Every fault of a MESSAGE that must look like an unknown box.
fn faulty_messages(scene: &Scene) -> Vec<(&'static str, Faulty)> {
    let (queue, cell, unknown) = (scene.queue.id, scene.cell.id, Owner::of_queue(99).id);
    let bare = |id: BoxId| -> Faulty { Box::new(move |c, x| message(&c.seat, &id, x, envelope(1))) };
    let by = |holder: &Holder, id: BoxId| -> Faulty {
        let holder = holder.clone();
        Box::new(move |c, x| holder.message(&c.seat, &id, x, envelope(1)))
    };
    let known = |id: BoxId, key| -> Faulty {
        let credentials = Credentials::known(key);
        Box::new(move |c, x| message(&c.seat, &id, x, envelope(1)).authorized(&credentials))
    };
    let holder = scene.holder.clone();
    let elsewhere: Faulty = Box::new(move |c, x| {
        let proof = holder.proof(&c.seat, &cell, Right::Write);
        message(&c.seat, &queue, x, envelope(1)).authorized(&proof)
    });
    vec![
        ("an unknown box", by(&scene.holder, unknown)),
        ("an unknown box without a proof", bare(unknown)),
        (
            "an unknown box and a key alone",
            known(unknown, scene.holder.key()),
        ),
        ("no proof", bare(queue)),
        ("a key alone", known(queue, scene.holder.key())),
        ("a proof for another box", elsewhere),
        ("an unknown grant", by(&Holder::new(50), queue)),
        ("an ended grant", by(&scene.ended, queue)),
        ("a deleted grant", by(&scene.deleted, queue)),
        ("a cell", by(&scene.holder, cell)),
    ]
}

fn faulty_subscribes(scene: &Scene) -> Vec<(&'static str, Faulty)> {
    let (queue, cell, unknown) = (scene.queue.id, scene.cell.id, Owner::of_cell(99).id);
    let by = |holder: &Holder, id: BoxId| -> Faulty {
        let holder = holder.clone();
        Box::new(move |c, x| holder.subscribe(&c.seat, &id, x, 600))
    };
    vec![
        ("an unknown box", by(&scene.holder, unknown)),
        (
            "no proof",
            Box::new(move |c, x| subscribe(&c.seat, &cell, x, 600, None)),
        ),
        ("an unknown grant", by(&Holder::new(50), cell)),
        ("an ended grant", by(&scene.ended, cell)),
        ("a deleted grant", by(&scene.deleted, cell)),
        ("a queue", by(&scene.holder, queue)),
    ]
}

/// The refusal with what is copied from the request or fresh replaced by its name.
fn shape(bench: &mut Bench, client: &Client, draft: &Draft, exchange: &Exchange, id: &str) -> String {
    bench.send(client, draft);
    let text = String::from_utf8(bench.raw(client)).unwrap();
    let answer = bench.response(client);
    assert_eq!(answer.status(), Status::NOT_FOUND);
    let tag = String::from_utf8(answer.to_tag().unwrap().to_vec()).unwrap();
    let mut text = text
        .replace(&tag, "TAG")
        .replace(exchange.branch.as_str(), "BRANCH")
        .replace(id, "BOX");
    for (value, name) in [
        (exchange.call_id.as_str(), "CALL"),
        (exchange.from_tag.as_str(), "FROM"),
    ] {
        text = text.replace(value, name);
    }
    let via = text
        .lines()
        .find(|line| line.starts_with("Via"))
        .unwrap()
        .to_owned();
    text.replace(&via, "VIA")
}

// spec: refuse-2
// spec: grant-2
#[test]
fn every_fault_of_a_request_under_a_grant_is_refused_in_the_same_octets() {
    let mut scene = scene();
    for faults in [faulty_messages(&scene), faulty_subscribes(&scene)] {
        let mut shapes = Vec::new();
        for (name, fault) in faults {
            let client = scene.bench.tls();
            let exchange = fresh(&mut scene.bench.rng);
            let draft = fault(&client, &exchange);
            let id = draft.uri().split(['@', ':']).nth(1).unwrap().to_owned();
            shapes.push((name, shape(&mut scene.bench, &client, &draft, &exchange, &id)));
        }
        for (name, octets) in &shapes {
            assert_eq!(octets, &shapes[0].1, "{name}");
        }
    }
}

#[test]
fn a_refused_request_changes_nothing() {
    let mut scene = scene();
    let before = scene.bench.store.count();
    for (_, fault) in faulty_messages(&scene)
        .into_iter()
        .chain(faulty_subscribes(&scene))
    {
        let client = scene.bench.tls();
        let exchange = fresh(&mut scene.bench.rng);
        scene.bench.send(&client, &fault(&client, &exchange));
    }
    scene.bench.pass(Duration::from_secs(1));
    assert_eq!(scene.bench.store.count(), before);
}

#[test]
fn a_refusal_looks_the_same_before_and_after_a_restart() {
    let mut scene = scene();
    let mut shapes = Vec::new();
    for _ in 0..2 {
        let client = scene.bench.tls();
        let exchange = fresh(&mut scene.bench.rng);
        let draft = Holder::new(50).message(&client.seat, &scene.queue.id, &exchange, envelope(1));
        let id = scene.queue.id.to_string();
        shapes.push(shape(&mut scene.bench, &client, &draft, &exchange, &id));
        scene.bench.crash();
    }
    assert_eq!(shapes[0], shapes[1]);
}

#[test]
fn logs_are_refused_like_unknown_boxes_since_there_are_none() {
    let mut scene = scene();
    let client = scene.bench.tls();
    let exchange = fresh(&mut scene.bench.rng);
    let octets = scene
        .holder
        .subscribe(&client.seat, &scene.cell.id, &exchange, 600)
        .write();
    let text = String::from_utf8(octets.to_vec())
        .unwrap()
        .replace("sipher-cell", "sipher-log");
    assert_eq!(
        scene.bench.ask_octets(&client, text.as_bytes()).status(),
        Status::NOT_FOUND
    );
}
