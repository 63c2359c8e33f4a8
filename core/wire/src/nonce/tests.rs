use super::*;
use crate::auth::{OwnerKey, Signature};
use crate::box_id::{BoxId, BoxKind};
use crate::event::{ETag, Package};
use crate::sip::{
    BoxAt, Cut, Cutter, Draft, Exchange, Origin, Publication, Request, Side, Transport, Verdict, check,
};
use alloc::string::String;
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

struct Scene {
    key: SigningKey,
    host: Host,
    relay: RelayId,
    proof: NonceProof,
    draft: Draft,
}

fn scene() -> Scene {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let key = SigningKey::from_bytes(&[4; 32]);
    let host = Host::parse(b"relay.example").unwrap();
    let id = BoxId::of(BoxKind::Cell, &owner(&key));
    let etag = ETag::parse(b"current").unwrap();
    let body = Some(Bytes::from_static(b"value"));
    let publication = Publication {
        package: Package::Cell,
        if_match: Some(&etag),
        expires_secs: Some(60),
        body,
    };
    let origin = Origin::random(Transport::Tcp, rng);
    let draft = Draft::publish(
        &origin,
        BoxAt { id: &id, host: &host },
        &Exchange::random(rng),
        publication,
    );
    let proof = NonceProof {
        nonce: Nonce::random(rng),
        count: 1,
    };
    Scene {
        key,
        host,
        relay: RelayId::of(&[5; 32]),
        proof,
        draft,
    }
}

fn owner(key: &SigningKey) -> OwnerKey {
    OwnerKey::from_octets(key.verifying_key().to_bytes())
}

impl Scene {
    fn relay(&self) -> RelayNameAndKey<'_> {
        RelayNameAndKey {
            host: &self.host,
            id: &self.relay,
        }
    }

    fn signed(&self) -> Vec<u8> {
        let input = own_nonce_input(&self.draft, &self.proof, self.relay());
        let signature = Signature::from_octets(self.key.sign(&input).to_bytes());
        let credentials = Credentials::proven(owner(&self.key), signature).answering(self.proof);
        self.draft.clone().authorized(&credentials).write().to_vec()
    }

    fn holds(&self, octets: &[u8]) -> bool {
        let request = read(octets);
        let credentials = request.credentials().unwrap();
        let input = own_nonce_input(&request, &credentials.nonce.unwrap(), self.relay());
        credentials.verify(&input).is_ok()
    }
}

fn read(octets: &[u8]) -> Request {
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(octets);
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("cut")
    };
    let Verdict::Request(request) = check(message) else {
        panic!("refused")
    };
    request
}

#[test]
fn what_a_client_signs_is_what_a_relay_checks() {
    let scene = scene();
    assert!(scene.holds(&scene.signed()));
}

#[test]
fn each_covered_part_voids_the_signature_when_changed() {
    let scene = scene();
    let text = String::from_utf8(scene.signed()).unwrap();
    for (old, new) in [
        ("PUBLISH", "REFRESH"),
        ("PUBLISH sip:", "PUBLISH sips:"),
        ("To: <", "To: x <"),
        ("Call-ID: ", "Call-ID: x"),
        ("CSeq: 1 ", "CSeq: 2 "),
        ("Expires: 60", "Expires: 61"),
        ("Expires: 60", "Expires: 60\r\nContact: <sip:x>"),
        ("sipher-cell", "sipher-log"),
        ("SIP-If-Match: current", "SIP-If-Match: older"),
        ("SIP-If-Match: current\r\n", ""),
        ("\r\n\r\nvalue", "\r\n\r\nother"),
        ("c=00000001", "c=00000002"),
        (",n=", ",n=A"),
    ] {
        let mut changed = text.replace(old, new);
        if old == ",n=" {
            // Keeps the nonce's length; its last character must stay a canonical one.
            let at = changed.find(",n=A").unwrap() + 3;
            changed.remove(at + 1);
        }
        assert_ne!(changed, text, "{old}");
        assert!(!scene.holds(changed.as_bytes()), "{old} {new}");
    }
}

// spec: proof-2
#[test]
fn a_signature_for_one_relay_is_worth_nothing_at_another() {
    let mut scene = scene();
    let signed = scene.signed();
    scene.relay = RelayId::of(&[6; 32]);
    assert!(!scene.holds(&signed));
    scene.relay = RelayId::of(&[5; 32]);
    scene.host = Host::parse(b"other.example").unwrap();
    assert!(!scene.holds(&signed));
}

#[test]
fn headers_that_are_not_covered_may_change_on_the_way() {
    let scene = scene();
    let text = String::from_utf8(scene.signed()).unwrap();
    let changed = text.replace(
        "Max-Forwards: 70",
        "Max-Forwards: 69\r\nVia: SIP/2.0/TCP p.example;branch=z9hG4bK9",
    );
    assert!(scene.holds(changed.as_bytes()));
}

#[test]
fn purposes_and_rights_have_inputs_of_their_own() {
    let scene = scene();
    let own = own_nonce_input(&scene.draft, &scene.proof, scene.relay());
    let write = use_nonce_input(&scene.draft, &scene.proof, scene.relay(), Right::Write);
    let read = use_nonce_input(&scene.draft, &scene.proof, scene.relay(), Right::Read);
    assert!(own.starts_with(b"sipher/1 sign own-nonce\0"));
    assert!(write.starts_with(b"sipher/1 sign use-nonce\0"));
    assert_eq!((write.last(), read.last()), (Some(&1), Some(&2)));
}

#[test]
fn a_challenge_is_read_and_those_of_others_are_not() {
    let nonce = scene().proof.nonce;
    assert_eq!(
        Nonce::parse_challenge(alloc::format!("sipher x=1, N = {nonce}").as_bytes()),
        Some(nonce)
    );
    for other in [
        "Digest realm=\"a\", nonce=\"b\"",
        "Sipher",
        "Sipher x=1",
        "Sipher n=short",
    ] {
        assert_eq!(Nonce::parse_challenge(other.as_bytes()), None, "{other}");
    }
}
