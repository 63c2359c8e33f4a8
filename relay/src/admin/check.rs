//! `sipher-relay check`: uses a relay from outside as two clients would, and says at which step it fails.
//! Spec: `spec/operations.md`, check.
//!
//! It opens a queue of its own, leaves an item in it, reads that back and closes the queue: a relay that was
//! checked holds what it held before.

use super::client::{ask, unprinted};
use super::visit::{Visit, VisitFault, origin};
use crate::args;
use crate::trouble::{Exit, Trouble};
use crate::{clock, random};
use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use rand_core::CryptoRng;
use serde::Serialize;
use sipher_wire::sip::{BoxAt, Draft, Exchange, Lifetime, Method, Publication, Reply, Response, Status, Tag};
use sipher_wire::{
    Allowance, BoxId, BoxKind, Credentials, Grant, GrantKey, GrantOp, GrantOps, OwnerKey, Package,
    RelayAddress, Right, Signature, Treatment, own_input, use_input,
};
use std::io::Write;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A step that went well, as one JSON object.
#[derive(Serialize)]
struct Passed<'a> {
    passed: &'a str,
}

/// Says what goes well, a line each.
struct Report<'a, W> {
    out: &'a mut W,
    json: bool,
}

/// `sipher-relay check`.
///
/// # Errors
/// [`Trouble`] at the first step that fails.
pub(crate) fn check(check: &args::Check, json: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let mut report = Report { out, json };
    match (&check.address, &check.local) {
        (Some(address), _) => {
            let address = RelayAddress::parse(address).map_err(|fault| {
                Trouble::new(
                    Exit::Input,
                    "this is not the address of a relay",
                    fault.to_string(),
                    "give the address that sipher-relay run prints for your users",
                )
            })?;
            from_outside(&address, &mut report, &mut random::system())
        }
        (None, Some(data)) => {
            ask(data, "status")?;
            report.passed("the relay answers, and its store can be read")
        }
        (None, None) => Ok(()),
    }
}

impl<W: Write> Report<'_, W> {
    fn passed(&mut self, passed: &str) -> Result<(), Trouble> {
        let said = if self.json {
            let line = serde_json::to_string(&Passed { passed }).unwrap_or_default();
            writeln!(self.out, "{line}")
        } else {
            writeln!(self.out, "✓ {passed}")
        };
        said.map_err(|error| unprinted(&error))
    }
}

fn from_outside(
    address: &RelayAddress,
    report: &mut Report<'_, impl Write>,
    rng: &mut impl CryptoRng,
) -> Result<(), Trouble> {
    let mut owner = visit(address, rng)?;
    report.passed(&format!("{} is reached", address.host_port()))?;
    report.passed("it has the key that the address names")?;
    report.passed(&format!("TLS 1.3 with {}", owner.key_exchange()))?;
    if !owner.is_certified_at(clock::now() + RENEWED_BEFORE) {
        return Err(Trouble::new(
            Exit::Network,
            "the relay's certificate ends within 14 days",
            "a relay makes a new one 30 days before, by its own clock",
            "compare the clocks of both machines, then run sipher-relay rotate tls there",
        ));
    }
    report.passed("its certificate is good now and in 14 days, by this machine's clock")?;
    let options = Draft::options(&owner.origin, &address.host, &Exchange::random(rng));
    expect(owner.ask(&options), Status::OK, "OPTIONS", NO_SIP)?;
    report.passed("it answers OPTIONS")?;
    let person = Person::random(rng);
    person.open(address, &mut owner, rng)?;
    report.passed("it opens a box")?;
    let used = person.use_box(address, &mut owner, report, rng);
    // spec: check-1
    // Whatever failed, the box is not left behind if that can be helped.
    let closed = person.change(address, &mut owner, vec![GrantOp::Close], rng);
    used?;
    expect(closed, Status::OK, "closing the box", SEE_LOG)?;
    report.passed("it removed the box with all that was in it")
}

/// Who owns the box of a check, and who may write to it.
struct Person {
    own: SigningKey,
    grant: SigningKey,
    id: BoxId,
}

impl Person {
    fn random(rng: &mut impl CryptoRng) -> Self {
        let own = SigningKey::generate(rng);
        let id = BoxId::of(
            BoxKind::Queue,
            &OwnerKey::from_octets(own.verifying_key().to_bytes()),
        );
        Self {
            own,
            grant: SigningKey::generate(rng),
            id,
        }
    }

    fn open(
        &self,
        address: &RelayAddress,
        owner: &mut Visit,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Trouble> {
        let grant = Grant {
            key: GrantKey::from_octets(self.grant.verifying_key().to_bytes()),
            right: Right::Write,
            treatment: Treatment::Deliver,
            not_after_secs: clock::now().as_secs() + 3600,
            allowance: Allowance {
                items: 1,
                period_secs: 3600,
            },
        };
        let opened = self.change(address, owner, vec![GrantOp::Add(grant)], rng);
        let remedy = "give the address with its token, as sipher-relay run prints it";
        expect(opened, Status::OK, "opening a box", remedy)
    }

    /// Leaves an item and reads it back.
    fn use_box(
        &self,
        address: &RelayAddress,
        owner: &mut Visit,
        report: &mut Report<'_, impl Write>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Trouble> {
        let mut body = vec![0; 1024];
        rng.fill_bytes(&mut body);
        let body = Bytes::from(body);
        // Who writes and who owns never share a connection.
        let mut sender = visit(address, rng)?;
        let at = BoxAt {
            id: &self.id,
            host: &address.host,
        };
        let proof = self
            .grant
            .sign(&use_input(&sender.binding, &self.id, Right::Write));
        let key = GrantKey::from_octets(self.grant.verifying_key().to_bytes());
        let credentials = Credentials::proven(key, Signature::from_octets(proof.to_bytes()));
        let exchange = Exchange::random(rng);
        let message = Draft::message(&sender.origin, at, &exchange, Lifetime::Week, body.clone())
            .authorized(&credentials);
        expect(sender.ask(&message), Status::ACCEPTED, "storing an item", SEE_LOG)?;
        report.passed("it stored an item durably")?;
        let register = Draft::register(&owner.origin, at, &Exchange::random(rng), 60)
            .authorized(&self.proof(address, owner));
        expect(owner.ask(&register), Status::OK, "REGISTER", SEE_LOG)?;
        let item = owner
            .request()
            .map_err(|error| silent("handing an item out", &error))?;
        if item.method() != Method::Message || *item.body() != body {
            return Err(Trouble::new(
                Exit::Damaged,
                "the relay handed out something else than what was stored",
                "octets were changed on the way, or in its store",
                "stop it and run sipher-relay store check",
            ));
        }
        let kept = Reply::to(&item, Status::OK, &Tag::random(rng)).write();
        owner
            .write(&kept)
            .map_err(|error| silent("taking an item", &error))?;
        report.passed("it handed the same item out")
    }

    fn change(
        &self,
        address: &RelayAddress,
        owner: &mut Visit,
        ops: Vec<GrantOp>,
        rng: &mut impl CryptoRng,
    ) -> std::io::Result<Response> {
        let publication = Publication {
            package: Package::Grants,
            if_match: None,
            expires_secs: None,
            body: GrantOps::new(ops).map(|ops| Bytes::from(ops.encode())),
        };
        let at = BoxAt {
            id: &self.id,
            host: &address.host,
        };
        let draft = Draft::publish(&owner.origin, at, &Exchange::random(rng), publication)
            .authorized(&self.proof(address, owner));
        owner.ask(&draft)
    }

    fn proof(&self, address: &RelayAddress, owner: &Visit) -> Credentials {
        let signature = self.own.sign(&own_input(&owner.binding, &self.id));
        let key = OwnerKey::from_octets(self.own.verifying_key().to_bytes());
        let credentials = Credentials::proven(key, Signature::from_octets(signature.to_bytes()));
        match &address.token {
            Some(token) => credentials.opening(token.clone()),
            None => credentials,
        }
    }
}

fn visit(address: &RelayAddress, rng: &mut impl CryptoRng) -> Result<Visit, Trouble> {
    let place = address.host_port();
    let unreached = |error: &dyn std::fmt::Display| {
        Trouble::new(
            Exit::Network,
            format!("{place} is not reached"),
            error.to_string(),
            "look whether the relay runs, whether its name leads here, and whether a firewall is between",
        )
    };
    let found = place.to_socket_addrs().map_err(|error| unreached(&error))?;
    let mut tcp = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for socket in found {
        tcp = TcpStream::connect_timeout(&socket, CONNECTING);
        if tcp.is_ok() {
            break;
        }
    }
    let tcp = tcp.map_err(|error| unreached(&error))?;
    Visit::begin(tcp, address.id, origin(rng)).map_err(|fault| match fault {
        VisitFault::Network(error) => silent("TLS", &error),
        VisitFault::Tls(fault) => Trouble::new(
            Exit::Network,
            format!("{place} is not the relay that the address names"),
            fault.to_string(),
            "compare the address with the one that sipher-relay run prints, and both machines' clocks",
        ),
    })
}

fn expect(
    answer: std::io::Result<Response>,
    status: Status,
    step: &str,
    remedy: &str,
) -> Result<(), Trouble> {
    let answer = answer.map_err(|error| silent(step, &error))?;
    if answer.status() == status {
        return Ok(());
    }
    Err(Trouble::new(
        Exit::Network,
        format!("{step} was refused"),
        format!("the relay answered {}", answer.status().code()),
        remedy,
    ))
}

fn silent(step: &str, error: &std::io::Error) -> Trouble {
    Trouble::new(
        Exit::Network,
        format!("{step}: no answer"),
        error.to_string(),
        SEE_LOG,
    )
}

const SEE_LOG: &str = "look at the relay's log and at sipher-relay status there";
const NO_SIP: &str = "look whether something between changes SIP, or whether the relay is overloaded";
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// A certificate is renewed long before this.
const RENEWED_BEFORE: Duration = Duration::from_hours(14 * 24);
