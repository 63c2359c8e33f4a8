use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sipher_crypto::{PresencePublisher, SigningKey};
use sipher_wire::RelayAddress;

use super::super::{Status, redact};
use super::*;
use crate::grant::PresenceLevel;
use crate::place::BoxAddress;
use crate::record::Blob;

const NOW: Time = Time::from_secs(1_800_000_000);

/// A reader of a cell, and the cell's value if it was published under these dates.
fn value_of(published: Time, valid_until: Time) -> (Watched, Bytes) {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let owner = SigningKey::generate(&mut rng);
    let relay = RelayAddress::parse("sipher-relay:relay.example/k7q3mzx2ahb5w4tcyd6eolrn2i").unwrap();
    let id = sipher_wire::BoxId::of(sipher_wire::BoxKind::Cell, &crate::place::owner_key(&owner));
    let at = BoxAddress::new(&relay, id);
    let seconds = |time: Time| sipher_crypto::Time::from_unix_seconds(time.as_secs());
    let (mut publisher, keys) =
        PresencePublisher::begin(at.id.as_str().as_bytes(), seconds(published), &mut rng).unwrap();
    let content = redact(&Status::default(), PresenceLevel::Full).unwrap();
    let content = record::write(&content);
    let document = Document::new(seconds(published), seconds(valid_until), [0; 8], &content).unwrap();
    let value = publisher.publish(&document, &mut rng).unwrap();
    let offer = PresenceOffer {
        cell: Access {
            at,
            grant: SigningKey::generate(&mut rng),
        },
        keys: Blob(keys.expose_octets()),
    };
    (Watched::begin(offer).unwrap(), value.into())
}

// spec: presence-13
#[test]
fn a_document_that_is_dated_ahead_is_refused_beyond_the_tolerance() {
    let hour = Duration::from_hours(1);
    for (ahead, news) in [(120, News::New), (121, News::Nothing)] {
        let published = NOW + Duration::from_secs(ahead);
        let (mut watched, value) = value_of(published, published + hour);
        assert_eq!(watched.take(&value, NOW), news);
        let is_known = matches!(watched.view(NOW), PresenceView::Known(_));
        assert_eq!(is_known, news == News::New);
    }
}

// spec: presence-13
#[test]
fn a_document_that_would_hold_longer_than_a_day_is_refused() {
    let day = Duration::from_hours(24);
    for (span, news) in [(day, News::New), (day + Duration::from_secs(1), News::Nothing)] {
        let (mut watched, value) = value_of(NOW, NOW + span);
        assert_eq!(watched.take(&value, NOW), news);
    }
}
