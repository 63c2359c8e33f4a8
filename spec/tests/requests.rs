//! What the pages say of requests and no vector can show.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_wire::sip::{BoxAt, CallId, Draft, Exchange, Lifetime, Name, Origin, Transport};
use sipher_wire::{BoxId, Host};

// spec: queue-5
#[test]
fn the_expiry_of_an_item_is_one_of_three() {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let origin = Origin::random(Transport::Tls, &mut rng);
    let id = BoxId::parse(b"k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap();
    let host = Host::parse(b"relay.example").unwrap();
    for (lifetime, secs) in [
        (Lifetime::Day, "86400"),
        (Lifetime::Week, "604800"),
        (Lifetime::Month, "2592000"),
    ] {
        let body = bytes::Bytes::from_static(&[0; 1024]);
        let exchange = Exchange::of_call(CallId::of_item(&body), &mut rng);
        let draft = Draft::message(&origin, BoxAt { id: &id, host: &host }, &exchange, lifetime, body);
        assert_eq!(draft.values(Name::Expires).collect::<Vec<_>>(), [secs]);
    }
}
