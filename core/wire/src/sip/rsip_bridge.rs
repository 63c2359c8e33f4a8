//! The only module that uses the SIP crate: its types and their `Display` write start lines and fields.
//!
//! What it may get: values that this crate made or checked. What it never gets: octets of the network, and
//! bodies, which it would turn into lossy UTF-8. Its parsers are used in tests only, as a second opinion.
//! It calls 202 "201" and leaves blanks out of phrases, so codes go through `Other` with our own table.

use super::exchange::{Branch, Origin, Tag, Transport};
use super::method::Method;
use super::name::Name;
use super::status::Status;
use crate::host::Host;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use rsip::headers::{self as untyped, typed};
use rsip::param::OtherParam;
use rsip::{Header, Param, Scheme, Uri};

/// `METHOD URI SIP/2.0`. The URI is one of ours or a checked Contact, which must come back octet for octet.
pub(crate) fn request_line(out: &mut Vec<u8>, method: Method, uri: &str) {
    match served(method) {
        Some(method) => put(out, format_args!("{method} {uri} {}\r\n", rsip::Version::V2)),
        None => put(
            out,
            format_args!("{} {uri} {}\r\n", method.as_str(), rsip::Version::V2),
        ),
    }
}

/// `SIP/2.0 CODE phrase`.
pub(crate) fn status_line(out: &mut Vec<u8>, status: Status) {
    let code = rsip::StatusCode::Other(status.code(), status.phrase().to_string());
    put(out, format_args!("{} {code}\r\n", rsip::Version::V2));
}

/// One field. A value with a control octet is left out whole: a last guard, since none can come here but the
/// blank HTAB, which a quoted string that we repeat may have.
pub(crate) fn field(out: &mut Vec<u8>, name: Name, value: &str) {
    if !value.bytes().any(|c| c.is_ascii_control() && c != b'\t') {
        put(out, format_args!("{}\r\n", header(name, value)));
    }
}

/// The URI of a box or of a host.
pub(crate) fn uri(user: Option<&str>, host: &Host) -> String {
    sip_uri(user, &host.to_string(), Vec::new()).to_string()
}

/// A Via with its branch.
pub(crate) fn via(origin: &Origin, branch: &Branch) -> String {
    let via = typed::Via {
        version: rsip::Version::V2,
        transport: transport(origin.transport),
        uri: Uri {
            scheme: None,
            ..sip_uri(None, &origin.sent_by, Vec::new())
        },
        params: vec![Param::Branch(branch.as_str().into())],
    };
    via.to_string()
}

/// A From or To.
pub(crate) fn name_addr(user: Option<&str>, host: &str, tag: Option<&Tag>) -> String {
    let uri = sip_uri(user, host, Vec::new());
    let params = tag
        .map(|tag| Param::Tag(tag.as_str().into()))
        .into_iter()
        .collect();
    typed::From {
        display_name: None,
        uri,
        params,
    }
    .to_string()
}

/// `number METHOD`.
pub(crate) fn cseq(number: u32, method: Method) -> String {
    served(method).map_or_else(
        || alloc::format!("{number} {}", method.as_str()),
        |method| typed::CSeq { seq: number, method }.to_string(),
    )
}

/// A Contact of this end of the connection.
pub(crate) fn contact(origin: &Origin) -> String {
    contact_with(origin, Vec::new(), Vec::new())
}

/// A Contact that begins a flow, RFC 5626 §4.2.
pub(crate) fn flow_contact(origin: &Origin, instance: &str) -> String {
    let quoted = alloc::format!("\"<urn:uuid:{instance}>\"");
    let params = vec![other("reg-id", Some("1")), other("+sip.instance", Some(&quoted))];
    contact_with(origin, vec![other("ob", None)], params)
}

fn contact_with(origin: &Origin, uri_params: Vec<Param>, params: Vec<Param>) -> String {
    let mut all = vec![Param::Transport(transport(origin.transport))];
    all.extend(uri_params);
    let uri = sip_uri(None, &origin.sent_by, all);
    typed::Contact {
        display_name: None,
        uri,
        params,
    }
    .to_string()
}

fn other(name: &str, value: Option<&str>) -> Param {
    Param::Other(OtherParam::from(name), value.map(Into::into))
}

fn sip_uri(user: Option<&str>, host: &str, params: Vec<Param>) -> Uri {
    Uri {
        scheme: Some(Scheme::Sip),
        auth: user.map(|user| rsip::Auth {
            user: user.into(),
            password: None,
        }),
        // An address, too, is written as text: the crate prints IPv6 without brackets.
        host_with_port: rsip::Host::Domain(host.into()).into(),
        params,
        headers: Vec::new(),
    }
}

fn transport(transport: Transport) -> rsip::Transport {
    match transport {
        Transport::Tls => rsip::Transport::Tls,
        Transport::Wss => rsip::Transport::Wss,
        Transport::Tcp => rsip::Transport::Tcp,
        Transport::Udp => rsip::Transport::Udp,
    }
}

fn served(method: Method) -> Option<rsip::Method> {
    Some(match method {
        Method::Register => rsip::Method::Register,
        Method::Message => rsip::Method::Message,
        Method::Publish => rsip::Method::Publish,
        Method::Subscribe => rsip::Method::Subscribe,
        Method::Notify => rsip::Method::Notify,
        Method::Options => rsip::Method::Options,
        Method::Ack => rsip::Method::Ack,
        Method::Cancel => rsip::Method::Cancel,
        Method::Bye => rsip::Method::Bye,
        Method::Invite => rsip::Method::Invite,
        Method::Other => return None,
    })
}

/// The crate's own variant where it has one, so that its type is what is written.
fn header(name: Name, value: &str) -> Header {
    match name {
        Name::Via => untyped::Via::from(value).into(),
        Name::From => untyped::From::from(value).into(),
        Name::To => untyped::To::from(value).into(),
        Name::CallId => untyped::CallId::from(value).into(),
        Name::CSeq => untyped::CSeq::from(value).into(),
        Name::MaxForwards => untyped::MaxForwards::from(value).into(),
        Name::Contact => untyped::Contact::from(value).into(),
        Name::Authorization => untyped::Authorization::from(value).into(),
        Name::WwwAuthenticate => untyped::WwwAuthenticate::from(value).into(),
        Name::ContentLength => untyped::ContentLength::from(value).into(),
        Name::ContentType => untyped::ContentType::from(value).into(),
        Name::Event => untyped::Event::from(value).into(),
        Name::Expires => untyped::Expires::from(value).into(),
        Name::MinExpires => untyped::MinExpires::from(value).into(),
        Name::RetryAfter => untyped::RetryAfter::from(value).into(),
        Name::SubscriptionState => untyped::SubscriptionState::from(value).into(),
        Name::Supported => untyped::Supported::from(value).into(),
        Name::Unsupported => untyped::Unsupported::from(value).into(),
        Name::Require => untyped::Require::from(value).into(),
        Name::Allow => untyped::Allow::from(value).into(),
        Name::Accept => untyped::Accept::from(value).into(),
        Name::AcceptEncoding => untyped::AcceptEncoding::from(value).into(),
        others => Header::Other(others.as_str().into(), value.into()),
    }
}

/// Formats into a buffer, which can't fail.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    struct Ink<'a>(&'a mut Vec<u8>);

    impl Write for Ink<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }

    let written = Ink(out).write_fmt(text);
    debug_assert!(written.is_ok(), "a vector takes every write");
}

#[cfg(test)]
mod tests;
