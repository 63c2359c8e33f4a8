use super::*;
use crate::host::Host;
use crate::sip::exchange::Transport;
use crate::sip::frame::{Cut, Cutter, Side};
use crate::sip::view::{Contacts, Response};
use crate::sip::{Verdict, check};
use alloc::format;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn request(fields: &str) -> Request {
    let text = format!(
        "REGISTER sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1 , SIP/2.0/TCP b;branch=2\r\n\
         v: SIP/2.0/UDP c;branch=3\r\nFrom: \"\u{442}\" <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 01  REGISTER\r\n{fields}l: 0\r\n\r\n"
    );
    let mut cutter = Cutter::new(Side::Relay);
    cutter.push(text.as_bytes());
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("cut")
    };
    let Verdict::Request(request) = check(message) else {
        panic!("refused")
    };
    request
}

fn tag() -> Tag {
    Tag::random(&mut ChaCha20Rng::seed_from_u64(5))
}

fn text(reply: Reply) -> String {
    String::from_utf8(reply.write().to_vec()).unwrap()
}

/// The response as a client with one Via would get it.
fn read(reply: Reply) -> Response {
    let single = text(reply)
        .replace(" , SIP/2.0/TCP b;branch=2", "")
        .replace("Via: SIP/2.0/UDP c;branch=3\r\n", "");
    let mut cutter = Cutter::new(Side::Client);
    cutter.push(single.as_bytes());
    let Some(Cut::Message(message)) = cutter.next_cut() else {
        panic!("cut")
    };
    let Verdict::Response(response) = check(message) else {
        panic!("{single}")
    };
    response
}

// spec: trans-1
#[test]
fn t1_a_response_copies_octet_for_octet_and_adds_one_tag() {
    let wanted = format!(
        "SIP/2.0 202 Accepted\r\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1 , SIP/2.0/TCP b;branch=2\r\nVia: SIP/2.0/UDP c;branch=3\r\n\
         From: \"\u{442}\" <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag={}\r\nCall-ID: 1\r\nCSeq: 01  REGISTER\r\nContent-Length: 0\r\n\r\n",
        tag().as_str()
    );
    assert_eq!(text(Reply::to(&request(""), Status::ACCEPTED, &tag())), wanted);
}

#[test]
fn t1_a_100_and_a_tagged_to_get_no_tag() {
    let tagged = request("").head().octets().to_vec();
    let tagged = String::from_utf8(tagged)
        .unwrap()
        .replace("To: <sip:a@b>", "To: <sip:a@b>;tag=own");
    let (head, _) = Head::read(&tagged.into_bytes().into());
    assert!(text(Reply::copying(&head, Status::OK, &tag())).contains("To: <sip:a@b>;tag=own\r\n"));
    assert!(text(Reply::to(&request(""), Status::TRYING, &tag())).contains("To: <sip:a@b>\r\n"));
}

#[test]
fn every_answer_of_the_table_reads_back() {
    let request = request("");
    for &status in Status::NAMED {
        let response = read(Reply::to(&request, status, &tag()));
        assert_eq!(response.status(), status);
        assert_eq!(response.branch(), Some(&b"z9hG4bK1"[..]));
        assert_eq!(response.method(), Some(Method::Register));
    }
}

#[test]
fn extra_fields_read_back() {
    let rng = &mut ChaCha20Rng::seed_from_u64(6);
    let (etag, nonce) = (ETag::random(rng), Nonce::random(rng));
    let reply = Reply::to(&request(""), Status::OK, &tag())
        .expires(3600)
        .min_expires(60)
        .retry_after(30)
        .etag(&etag)
        .flow(120)
        .challenge(&nonce);
    let response = read(reply);
    assert_eq!(response.expires_secs(), Some(3600));
    assert_eq!(response.min_expires_secs(), Some(60));
    assert_eq!(response.retry_after_secs(), Some(30));
    assert_eq!(response.flow_timer_secs(), Some(120));
    assert_eq!(response.etag(), Some(etag));
    assert_eq!(response.challenge(), Some(nonce));
}

#[test]
fn t16_options_are_answered_from_constants() {
    let reply = Reply::to(&request(""), Status::OK, &tag())
        .allow()
        .accept()
        .supported()
        .allow_events()
        .accept_encoding();
    let text = text(reply);
    for line in [
        "Allow: REGISTER, MESSAGE, PUBLISH, SUBSCRIBE, NOTIFY, OPTIONS\r\n",
        "Accept: application/vnd.sipher.envelope, application/vnd.sipher.grants\r\n",
        "Supported: outbound\r\n",
        "Allow-Events: sipher-cell, sipher-log, sipher-grants\r\n",
        "Accept-Encoding: identity\r\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn g2_a_binding_is_listed_as_it_was_registered_with_its_own_expiry() {
    let contact = "Contact: \"x\" <sip:a.invalid;transport=TLS;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1>\";expires=7\r\n";
    let request = request(contact);
    let Contacts::Listed(contacts) = request.contacts() else {
        panic!("none")
    };
    let reply = Reply::to(&request, Status::OK, &tag()).binding(&contacts[0], 3600);
    let wanted =
        "Contact: <sip:a.invalid;transport=TLS;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1>\";expires=3600\r\n";
    assert!(text(reply).contains(wanted));
}

#[test]
fn a_420_names_only_what_is_a_token() {
    let request = request("Require: foo, b\"a, 100rel\r\n");
    let reply =
        Reply::to(&request, Status::BAD_EXTENSION, &tag()).unsupported(request.head().items(Name::Require));
    assert!(text(reply).contains("Unsupported: foo\r\n"));
}

#[test]
fn a_dialog_contact_is_the_origin() {
    let origin = Origin::of_host(Transport::Tls, &Host::parse(b"[2001:db8::1]").unwrap());
    let reply = Reply::to(&request(""), Status::OK, &tag()).contact(&origin);
    assert!(text(reply).contains("Contact: <sip:[2001:db8::1];transport=TLS>\r\n"));
}
