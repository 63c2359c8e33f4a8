//! Promise: no message makes an accessor panic, and one that is accepted says the same when it is written in
//! canonical form and read again. Spec: `spec/sip-checklist.md` F4 to F16.

use bytes::Bytes;
use sipher_wire::limits::HEAD_OCTETS;
use sipher_wire::sip::{
    Cut, Message, Name, Request, Response, StartLine, Tag, Target, Verdict, Whole, check, check_broken,
    cut_whole,
};

use super::{fields, whole};

/// A datagram.
pub(crate) fn target(data: &[u8]) {
    let message = match cut_whole(Whole::Datagram, Bytes::copy_from_slice(data)) {
        Some(Cut::Message(message)) => message,
        Some(Cut::Broken(broken)) => return judge_refusal(check_broken(broken)),
        Some(Cut::Ping | Cut::Pong) | None => return,
    };
    let again = rewritten(&message);
    match (check(message.clone()), again.map(check)) {
        (Verdict::Request(request), again) => {
            read_request(&request);
            if let Some(again) = again {
                let Verdict::Request(again) = again else {
                    unaccepted("request")
                };
                assert_eq!(again.method(), request.method());
                assert_eq!(again.cseq(), request.cseq());
                assert_eq!(again.head().uri_octets(), request.head().uri_octets());
                assert_eq!(fields_of(&again), fields_of(&request));
                assert_eq!(again.body(), request.body());
            }
        }
        (Verdict::Response(response), again) => {
            read_response(&response);
            if let Some(again) = again {
                let Verdict::Response(again) = again else {
                    unaccepted("response")
                };
                assert_eq!(again.status(), response.status());
                assert_eq!(again.branch(), response.branch());
                assert_eq!(again.cseq(), response.cseq());
            }
        }
        (refused, _) => judge_refusal(refused),
    }
}

/// The message with long names, one blank, no folding; names that mean nothing become one letter. `None` if the
/// long names don't fit a head.
fn rewritten(message: &Message) -> Option<Message> {
    let head = &message.head;
    let mut octets = match head.start() {
        StartLine::Request { .. } => {
            [head.method_octets(), b" ", head.uri_octets(), b" SIP/2.0\r\n"].concat()
        }
        StartLine::Response { status } => format!("SIP/2.0 {} \r\n", status.code()).into_bytes(),
        _ => return None,
    };
    for (name, value) in head.fields() {
        let name = if name == Name::Other { "x" } else { name.as_str() };
        octets.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    octets.extend_from_slice(b"\r\n");
    if octets.len() > HEAD_OCTETS {
        return None;
    }
    octets.extend_from_slice(&message.body);
    let again = whole(octets);
    assert!(again.is_some(), "the canonical form has no border");
    let again = again?;
    assert_eq!(
        fields(&again),
        fields(message),
        "the canonical form has other fields"
    );
    assert_eq!(again.head.start(), head.start());
    Some(again)
}

fn fields_of(request: &Request) -> Vec<(Name, &[u8])> {
    request.head().fields().collect()
}

/// Reads all that a request has: nothing of it may panic.
pub(super) fn read_request(request: &Request) {
    assert!(Target::parse(request.head().uri_octets()).is_some());
    assert!(request.to().is_some() && request.from().is_some() && request.via().is_some());
    assert!(!request.call_id().is_empty());
    let uri = request.sip_target();
    let seen = (
        uri.map(|uri| (uri.decoded_user(), uri.box_id(), uri.params().iter().count())),
        request.expires_secs(),
        request.credentials(),
        (request.event(), request.event_octets().len()),
        request.subscription_state(),
        request.etag(Name::SipIfMatch),
        request.has_type("application/pidf+xml"),
        format!("{:?}", request.contacts()),
    );
    drop(seen);
    for id in request.head().items(Name::Via) {
        assert!(sipher_wire::sip::Via::parse(id).is_some());
    }
}

fn read_response(response: &Response) {
    assert!(response.cseq().is_some() && response.method().is_some());
    assert!(!response.call_id().is_empty());
    let seen = (
        (response.branch(), response.to_tag()),
        (response.expires_secs(), response.min_expires_secs()),
        (response.flow_timer_secs(), response.retry_after_secs()),
        (response.etag(), response.challenge()),
    );
    drop(format!("{seen:?}"));
}

/// An answer to a refused message must itself be sound.
fn judge_refusal(verdict: Verdict) {
    let Verdict::Refuse(refusal) = verdict else { return };
    let tag = Tag::parse(b"tag").and_then(|tag| refusal.reply(&tag));
    let Some(reply) = tag else { return };
    let octets = reply.write();
    if octets.len() <= HEAD_OCTETS {
        let message = whole(octets);
        assert!(
            message.is_some_and(|message| matches!(message.head.start(), StartLine::Response { .. })),
            "an answer that nobody can read"
        );
    }
}

fn unaccepted(what: &str) -> ! {
    #[expect(clippy::panic, reason = "a target reports by panicking")]
    {
        panic!("the canonical form of a {what} is refused")
    }
}
