//! The checks that need neither a box nor credentials, in their order. `spec/sip-checklist.md` T2, T11, T13, T16, T18.

use super::fault::{Fault, unknown_extensions};
use crate::domain::Domain;
use crate::limits::LIFETIME_MIN_SECS;
use sipher_wire::sip::{Contacts, Method, Name, Request, Target};
use sipher_wire::{BoxId, ENVELOPE_TYPE, GRANTS_TYPE, Host, Package};

/// What a request is for, once it's through the door.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Errand {
    /// REGISTER.
    Register,
    /// MESSAGE.
    Send,
    /// PUBLISH of a cell or of grants.
    Publish(Package),
    /// PUBLISH to a log.
    Append,
    /// SUBSCRIBE.
    Watch(Package),
}

/// Looks at a request from outside. Gives its errand and the name that it calls this relay.
pub(super) fn look_at<'a>(domain: &'a Domain, request: &Request) -> Result<(Errand, &'a Host), Fault> {
    let method = served(request.method())?;
    let Target::Sip(uri) = request.target() else {
        return Err(Fault::Scheme);
    };
    let host = domain.named(uri.host()).ok_or(Fault::NotFound)?;
    let to = request.to().and_then(|to| to.sip()).ok_or(Fault::NotFound)?;
    domain.named(to.host()).ok_or(Fault::NotFound)?;
    if unknown_extensions(request).next().is_some() {
        return Err(Fault::Extension);
    }
    if request
        .head()
        .items(Name::ContentEncoding)
        .any(|coding| !coding.eq_ignore_ascii_case(b"identity"))
    {
        return Err(Fault::Encoding);
    }
    let errand = match method {
        Method::Options if uri.user().is_none() => return Err(Fault::Options),
        Method::Options => return Err(Fault::NotFound),
        Method::Register if uri.user().is_some() => return Err(Fault::Bad),
        Method::Register => Errand::Register,
        Method::Message => Errand::Send,
        Method::Publish => match package(request)? {
            Package::Log => Errand::Append,
            package => Errand::Publish(package),
        },
        Method::Subscribe => match package(request)? {
            Package::Grants => return Err(Fault::Event),
            package => Errand::Watch(package),
        },
        _ => return Err(Fault::NoDialog),
    };
    check_body(errand, request)?;
    check_fields(errand, request)?;
    Ok((errand, host))
}

/// The box that a request is for, by its Request-URI.
pub(super) fn target(request: &Request) -> Option<BoxId> {
    request.sip_target()?.box_id()
}

fn served(method: Method) -> Result<Method, Fault> {
    match method {
        Method::Bye | Method::Cancel | Method::Notify => Err(Fault::NoDialog),
        method if Method::SERVED.contains(&method) => Ok(method),
        _ => Err(Fault::Method),
    }
}

fn package(request: &Request) -> Result<Package, Fault> {
    request
        .event()
        .and_then(|event| event.package)
        .ok_or(Fault::Event)
}

fn check_body(errand: Errand, request: &Request) -> Result<(), Fault> {
    let wanted = match errand {
        Errand::Register | Errand::Watch(_) => return Ok(()),
        Errand::Publish(Package::Grants) => GRANTS_TYPE,
        Errand::Send | Errand::Append | Errand::Publish(_) => ENVELOPE_TYPE,
    };
    let empty_refresh = errand == Errand::Publish(Package::Cell) && request.body().is_empty();
    if empty_refresh || request.has_type(wanted) {
        Ok(())
    } else {
        Err(Fault::Type)
    }
}

/// What each method wants of its own fields.
fn check_fields(errand: Errand, request: &Request) -> Result<(), Fault> {
    let too_brief = |secs: Option<u32>| secs.is_some_and(|secs| secs != 0 && secs < LIFETIME_MIN_SECS);
    match errand {
        Errand::Register => return check_contacts(request),
        Errand::Watch(_) if too_brief(request.expires_secs()) => return Err(Fault::TooBrief),
        Errand::Publish(Package::Cell) => {
            let tag = request.etag(Name::SipIfMatch);
            if request.head().values(Name::SipIfMatch).count() > 1 || tag == Some(None) {
                return Err(Fault::Bad);
            }
            if tag.is_none() && request.body().is_empty() {
                return Err(Fault::Bad);
            }
            if too_brief(request.expires_secs()) {
                return Err(Fault::TooBrief);
            }
        }
        _ => {}
    }
    Ok(())
}

/// `*` only to end all; else one Contact or none, since a box has one owner in one place.
fn check_contacts(request: &Request) -> Result<(), Fault> {
    let same_box = |a: Option<BoxId>, b: Option<BoxId>| a == b;
    let to = request.to().and_then(|to| to.sip()).and_then(|uri| uri.box_id());
    let from = request
        .from()
        .and_then(|from| from.sip())
        .and_then(|uri| uri.box_id());
    if !same_box(to, from) {
        return Err(Fault::Bad);
    }
    match request.contacts() {
        Contacts::Absent => Ok(()),
        Contacts::All if request.expires_secs() == Some(0) => Ok(()),
        Contacts::Listed(contacts) if contacts.len() == 1 => {
            let secs = lifetime_secs(request);
            if secs != 0 && secs < LIFETIME_MIN_SECS {
                Err(Fault::TooBrief)
            } else {
                Ok(())
            }
        }
        Contacts::All | Contacts::Listed(_) | Contacts::Mixed => Err(Fault::Bad),
    }
}

/// How long a binding is to hold: the Contact's own word counts before the Expires header.
pub(super) fn lifetime_secs(request: &Request) -> u32 {
    let own = match request.contacts() {
        Contacts::Listed(contacts) => contacts
            .first()
            .and_then(|contact| contact.params().get(b"expires").flatten()),
        _ => None,
    };
    let own = own
        .and_then(|text| core::str::from_utf8(text).ok())
        .and_then(|text| text.parse().ok());
    own.or(request.expires_secs())
        .unwrap_or(crate::limits::FLOW_LIFETIME_SECS)
}
