use super::*;
use crate::committer::Committer;
use crate::domain::{Access, Domain};
use crate::mailbox::{BarrierId, Delivery, Handover};
use crate::serve::hub::Hub;
use crate::store::MemoryStore;
use sipher_wire::sip::CallId;
use sipher_wire::{Binding, BoxId, Host, RelayId};
use tokio::sync::watch;

fn shared() -> Arc<Shared<MemoryStore>> {
    let (commits, _) = Committer::new(MemoryStore::new());
    let (faults, _) = mpsc::unbounded_channel();
    let (_, closing) = watch::channel(false);
    let host = Host::parse(b"relay.example").unwrap();
    Arc::new(Shared {
        domain: Arc::new(Domain::new(
            host,
            Vec::new(),
            RelayId::of(&[1; 32]),
            Access::Public,
        )),
        hub: Hub::new(clock::now(), MemoryStore::new(), commits, faults),
        transcript: None,
        figures: Arc::default(),
        closing,
    })
}

fn handover() -> ToDesk {
    ToDesk::Deliver(Handover {
        delivery: Delivery {
            from: BoxId::parse(&[b'a'; 26]).unwrap(),
            number: 1,
        },
        contact: "<sip:a.invalid>".into(),
        call_id: CallId::parse(b"x").unwrap(),
        attempt: 1,
        body: Bytes::from_static(b"item"),
    })
}

// spec: grant-4
#[tokio::test]
async fn a_barrier_stands_behind_all_that_came_before_it() {
    let shared = shared();
    let mut connection = Connection::open(&shared, Carrier::Tls(Binding::from_octets([0; 32])));
    connection.take(handover());
    connection.take(ToDesk::Barrier(BarrierId(1)));

    assert!(connection.outbox.passed().is_empty(), "the item hasn't left");
    let mut sent = Vec::new();
    connection.outbox.progress(&mut sent).await.unwrap();
    connection.outbox.progress(&mut sent).await.unwrap();

    assert_eq!(connection.outbox.passed(), [BarrierId(1)]);
    assert!(sent.ends_with(b"item"));
}

#[tokio::test]
async fn who_has_said_all_still_gets_what_was_written() {
    let shared = shared();
    let (mut client, server) = tokio::io::duplex(4096);
    let connection = Connection::open(&shared, Carrier::Tcp);
    let request = "OPTIONS sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TCP a.invalid;branch=z9hG4bK1\r\n\
                   From: <sip:a@b>;tag=1\r\nTo: <sip:relay.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\
                   Content-Length: 0\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    connection.run(server).await;
    let mut got = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut client, &mut got)
        .await
        .unwrap();
    assert!(got.starts_with("SIP/2.0 200 OK\r\n"), "{got}");
}
