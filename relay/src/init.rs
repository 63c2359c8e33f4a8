//! `sipher-relay init`: makes a relay. Spec: `spec/relay.md`, commands.

use crate::args;
use crate::home::{Filesystems, Home, Settings, StoredAccess};
use crate::random;
use crate::trouble::{Exit, Trouble};
use serde::Serialize;
use sipher_wire::{DEFAULT_PORT, Host, OpeningToken, RelayAddress, RelayId};
use std::io::Write;
use std::path::Path;

/// What was made, as one JSON object.
#[derive(Serialize)]
struct Made<'a> {
    key: &'a str,
    address: Option<String>,
    token: Option<&'a str>,
    data: String,
}

/// Makes a relay and says what its operator must know.
///
/// # Errors
/// [`Trouble`] if something is there already, or the disk refuses.
pub(crate) fn run(init: &args::Init, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let host = init.host.as_deref().map(parse_host).transpose()?;
    let token = match init.access.token.as_deref() {
        None if init.access.public => None,
        None | Some("") => Some(OpeningToken::random(&mut random::system())),
        Some(text) => Some(parse_token(text)?),
    };
    let access = token
        .as_ref()
        .map_or(StoredAccess::Public, StoredAccess::of_token);
    let home = Home::create(
        &init.data,
        Settings {
            host: host.clone(),
            access,
        },
        filesystems(&init.disk),
    )?;
    say(&init.data, home.identity.id(), (host, token), json, out).map_err(|error| {
        Trouble::new(
            Exit::Bug,
            "the result could not be printed",
            error.to_string(),
            "give it somewhere to go",
        )
    })
}

fn say(
    data: &Path,
    id: &RelayId,
    (host, token): (Option<Host>, Option<OpeningToken>),
    json: bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let address = host.map(|host| RelayAddress {
        host,
        port: DEFAULT_PORT,
        id: *id,
        token: token.clone(),
    });
    let text = token.as_ref().map(OpeningToken::expose_text);
    if json {
        let made = Made {
            key: id.as_str(),
            address: address.map(|address| address.expose_text()),
            token: text,
            data: data.display().to_string(),
        };
        return writeln!(out, "{}", serde_json::to_string(&made)?);
    }
    writeln!(out, "A relay is made in {}", data.display())?;
    writeln!(
        out,
        "  key:      {id}   (its secret is identity.key there: copy it to a safe place)"
    )?;
    match &text {
        Some(text) => writeln!(
            out,
            "  token:    {text}   (shown once: only those who have it may open boxes)"
        )?,
        None => writeln!(out, "  boxes:    everybody may open them")?,
    }
    if let Some(address) = address {
        writeln!(out, "  address:  {}   (for your users)", address.expose_text())?;
    }
    writeln!(
        out,
        "Next: sipher-relay run --data {} --listen 0.0.0.0:{DEFAULT_PORT}",
        data.display()
    )
}

/// A name or address under which clients reach the relay.
///
/// # Errors
/// [`Trouble`] if it's neither.
pub(crate) fn parse_host(text: &str) -> Result<Host, Trouble> {
    let bare_v6 = text.parse().ok().map(Host::V6);
    bare_v6.or_else(|| Host::parse(text.as_bytes())).ok_or_else(|| {
        Trouble::new(
            Exit::Input,
            format!("\"{}\" is not a host name", text.escape_default()),
            "a host is a name such as relay.example.org, or an IP address; without a port",
            "give the name under which clients reach this relay with --host",
        )
    })
}

/// A token as its operator gave it. The text isn't repeated: it's a secret.
///
/// # Errors
/// [`Trouble`] if no token can look so.
pub(crate) fn parse_token(text: &str) -> Result<OpeningToken, Trouble> {
    OpeningToken::parse(text).ok_or_else(|| {
        Trouble::new(
            Exit::Input,
            "this cannot be a token",
            "a token has 1 to 64 letters, digits, hyphens and dots",
            "give another one with --token, or leave its value out to have one made by init",
        )
    })
}

pub(crate) const fn filesystems(disk: &args::Disk) -> Filesystems {
    if disk.force_filesystem {
        Filesystems::Any
    } else {
        Filesystems::Safe
    }
}
