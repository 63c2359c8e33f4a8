//! Seeds of the wire targets: what we write ourselves, and the hard forms of RFC 4475.

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sipher_wire::sip::{
    BoxAt, Draft, Exchange, Lifetime, Origin, Publication, Reply, Status, Subscription, Tag, Transport,
    Verdict,
};
use sipher_wire::{
    Allowance, BoxId, BoxKind, Credentials, Grant, GrantKey, GrantOp, GrantOps, Host, Nonce, OpeningToken,
    OwnerKey, Package, Right, Signature, Treatment,
};

/// Messages of our own, and hard ones.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let mut all: Vec<_> = drafts().iter().map(|draft| draft.write().to_vec()).collect();
    all.extend(replies());
    all.extend(HARD.iter().map(|text| text.replace('\n', "\r\n").into_bytes()));
    all
}

/// Streams of several messages, with keep-alives between them, in front of each the side and sizes of reads.
pub(crate) fn streams() -> Vec<Vec<u8>> {
    let messages = messages();
    let mut streams = Vec::new();
    for (number, pair) in messages.windows(2).enumerate() {
        let side = u8::try_from(number % 2).unwrap_or(0);
        let head = [side, 1, 200, 3, 70];
        streams.push([&head[..], &pair.concat()].concat());
        if let [first, second] = pair {
            streams.push([&head[..], b"\r\n\r\n", first, b"\r\n", second, b"\r\n\r\n\r\n\r"].concat());
        }
    }
    streams.truncate(40);
    // One whole message that is over the limit of bodies by as little as it can.
    let len = sipher_wire::limits::BODY_OCTETS + 1;
    let head = format!("MESSAGE sip:h SIP/2.0\r\nv: SIP/2.0/TLS a\r\nl: {len}\r\n\r\n");
    streams.push([&[0, 255, 255, 255, 255], head.as_bytes(), &vec![b'b'; len]].concat());
    streams
}

/// Choices for requests of each kind.
pub(crate) fn builds() -> Vec<Vec<u8>> {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut builds = Vec::new();
    for kind in 0..24_u8 {
        let mut octets = vec![0; 8 + 1 + 32];
        rng.fill_bytes(&mut octets);
        octets.extend_from_slice(b"\x09[::1:2:3]");
        octets.push(kind);
        octets.extend_from_slice(b"\x05a@b.c\x02t1\x02t2\x00\x00\x01\x00");
        octets.push(kind);
        octets.extend_from_slice(b"\x00\x00\x0e\x10\0\0\0\0\0\0\0\x07\x05etag1");
        octets.extend_from_slice(&[kind / 3, kind]);
        let mut keys = [0; 96];
        rng.fill_bytes(&mut keys);
        octets.extend_from_slice(&keys);
        octets.extend_from_slice(b"\x01body\r\n\r\n\0\xff");
        builds.push(octets);
    }
    builds
}

/// Grants bodies of each operation.
pub(crate) fn grants_bodies() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for seed in 0..8_u8 {
        let grant = Grant {
            key: grant_key(seed),
            right: if seed % 2 == 0 { Right::Read } else { Right::Write },
            treatment: if seed < 4 {
                Treatment::Deliver
            } else {
                Treatment::Sink
            },
            not_after_secs: u64::MAX >> seed,
            allowance: Allowance {
                items: 10,
                period_secs: 60,
            },
        };
        let lists = [
            vec![GrantOp::Add(grant)],
            vec![GrantOp::Delete(grant.key)],
            vec![GrantOp::Add(grant), GrantOp::Delete(grant_key(seed + 100))],
        ];
        bodies.extend(
            lists
                .into_iter()
                .filter_map(GrantOps::new)
                .map(|ops| ops.encode()),
        );
    }
    bodies.extend(GrantOps::new(vec![GrantOp::Close]).map(|ops| ops.encode()));
    bodies.extend([
        vec![1, 0],
        vec![1, 1, 3, 0],
        vec![2, 1, 3],
        vec![1, 2, 3, 3],
        vec![1, 65],
    ]);
    bodies
}

/// A key that isn't weak: an Ed25519 key of a seed would need its arithmetic, so multiples of none are tried.
fn grant_key(seed: u8) -> GrantKey {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(seed));
    loop {
        let mut octets = [0; 32];
        rng.fill_bytes(&mut octets);
        let key = GrantKey::from_octets(octets);
        if key.is_strong() {
            return key;
        }
    }
}

/// Credentials and challenges.
pub(crate) fn auth_headers() -> Vec<Vec<u8>> {
    let mut headers: Vec<_> = credentials()
        .iter()
        .map(|credentials| credentials.to_string().into_bytes())
        .collect();
    let nonce = Nonce::random(&mut ChaCha20Rng::seed_from_u64(5));
    headers.push(format!("Sipher n={nonce}").into_bytes());
    headers.push(format!("Sipher realm=\"x\", n=\"{nonce}\" , q=1").into_bytes());
    let key = "A".repeat(43);
    for text in [
        format!("sipher  k = \"{key}\" ,x=1"),
        format!("SIPHER\tK={key},k={key}"),
        format!("Sipher k={key},n={nonce},c=0000000f"),
        format!("Sipher k={key},c=00000001"),
        format!("Sipher k={},s={}", "B".repeat(43), "A".repeat(86)),
        format!("Sipher k={key},t=TOKEN-1.x"),
        "Digest username=\"a,b\"".into(),
        "Sipher".into(),
    ] {
        headers.push(text.into_bytes());
    }
    headers
}

/// Addresses as persons type them.
pub(crate) fn relay_addresses() -> Vec<Vec<u8>> {
    let key = "k7q3mzx2ahb5w4tcyd6eolrn2i";
    let long = "a.".repeat(126);
    let hosts = [
        "relay.example",
        "192.0.2.1",
        "[2001:db8::1]",
        "[::ffff:1.2.3.4]",
        "localhost",
        "1.2",
        &long,
    ];
    let mut addresses = Vec::new();
    for host in hosts {
        addresses.push(host.to_owned());
        for port in ["", ":5061", ":1", ":65535", ":0"] {
            addresses.push(format!("sipher-relay:{host}{port}/{key}"));
        }
        addresses.push(format!(
            " SIPHER-RELAY:{host}:7/{}/ToKen-1.x\n",
            key.to_uppercase()
        ));
    }
    addresses.extend([key.into(), "token.1-a".into(), "sipher-relay:".into()]);
    addresses.into_iter().map(String::into_bytes).collect()
}

/// Header values of each type.
pub(crate) fn values() -> Vec<Vec<u8>> {
    VALUES.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn credentials() -> [Credentials; 4] {
    let (owner, grant) = (OwnerKey::from_octets([1; 32]), GrantKey::from_octets([2; 32]));
    let signature = Signature::from_octets([3; 64]);
    let token = OpeningToken::random(&mut ChaCha20Rng::seed_from_u64(6));
    [
        Credentials::known(grant),
        Credentials::proven(grant, signature),
        Credentials::proven(owner, signature),
        Credentials::proven(owner, signature).opening(token),
    ]
}

/// One request of each kind that we send.
fn drafts() -> Vec<Draft> {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let id = BoxId::of(BoxKind::Queue, &OwnerKey::from_octets([1; 32]));
    let host = Host::Name("relay.example".into());
    let at = BoxAt { id: &id, host: &host };
    let origin = Origin::random(Transport::Tls, rng);
    let body = || Bytes::from_static(b"\0\xff\r\n\r\nbody");
    let subscription = Subscription {
        package: Package::Log,
        since: Some(7),
        expires_secs: 3600,
        suppress: None,
    };
    let publication = Publication {
        package: Package::Cell,
        if_match: None,
        expires_secs: Some(600),
        body: Some(body()),
    };
    let mut drafts = vec![
        Draft::register(&origin, at, &Exchange::random(rng), 600),
        Draft::register_query(&origin, at, &Exchange::random(rng)),
        Draft::message(&origin, at, &Exchange::random(rng), Lifetime::Day, body()),
        Draft::publish(&origin, at, &Exchange::random(rng), publication),
        Draft::subscribe(&origin, at, &Exchange::random(rng), subscription),
        Draft::options(&origin, &host, &Exchange::random(rng)),
    ];
    drafts.extend(Draft::deliver(
        &origin,
        b"sip:a.invalid;ob",
        at,
        &Exchange::random(rng),
        body(),
    ));
    let credentials = credentials();
    let authorized = drafts.clone().into_iter().zip(credentials.iter().cycle());
    drafts.extend(authorized.map(|(draft, credentials)| draft.authorized(credentials)));
    drafts
}

/// Responses to them.
fn replies() -> Vec<Vec<u8>> {
    let rng = &mut ChaCha20Rng::seed_from_u64(2);
    let mut replies = Vec::new();
    let statuses = [
        Status::OK,
        Status::ACCEPTED,
        Status::UNAUTHORIZED,
        Status::NOT_FOUND,
    ];
    for (draft, status) in drafts().iter().zip(statuses.into_iter().cycle()) {
        let cut = sipher_wire::sip::cut_whole(sipher_wire::sip::Whole::Frame, draft.write());
        if let Some(sipher_wire::sip::Cut::Message(message)) = cut
            && let Verdict::Request(request) = sipher_wire::sip::check(message)
        {
            let reply = Reply::to(&request, status, &Tag::random(rng))
                .expires(60)
                .retry_after(9);
            replies.push(reply.challenge(&Nonce::random(rng)).write().to_vec());
        }
    }
    replies
}

/// Forms that parsers get wrong, `\n` for CRLF: after RFC 4475, RFC 5118 and what a hostile client would try.
const HARD: [&str; 22] = [
    "MESSAGE sip:a;b@[::1]:5061;lr SIP/2.0\nv : SIP / 2.0 / TLS [2001:db8::1] : 80 ; branch = z9hG4bK1\nt : <sip:a@b>\nf\t: \"a,\\\"<b>\" <sip:a@b> ; tag = 1\ni: x@y\nCSeq : 0001\t MESSAGE\nm: *\nl: 004\n\n\0\r\n\u{7f}",
    "SUBSCRIBE sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example SIP/2.0\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1,\n SIP/2.0/TCP b;x=\"a,b\"\nFrom: sip:a@b;tag=9\nTo: <sip:a@b>\nCall-ID: x\nCSeq: 1 SUBSCRIBE\nContact: <sip:c@d;transport=tls>;x\nEvent: sipher-cell\n ;since=4\nExpires: 99999999999\nContent-Length: 0\n\n",
    "REGISTER sip:relay.example SIP/2.0\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=9\nTo: <sip:a@b>\nCall-ID: x\nCSeq: 1 REGISTER\nContact: <sip:c@d>;reg-id=1;+sip.instance=\"<urn:uuid:0>\", \"x\" <sip:e@f>;expires=5\nRequire: a,b\nRequire: path\nSupported: outbound\nContent-Length: 0\n\n",
    "REGISTER sip:relay.example SIP/2.0\nVia: SIP/2.0/TLS a.invalid\nFrom: <sip:a@b>\nTo: <sip:a@b>\nCall-ID: x\nCSeq: 1 REGISTER\nContact: *, <sip:a@b>\nExpires: 0\nl: 0\nl: 0\n\n",
    "NOTIFY sip:c@d SIP/2.0\nVia: SIP/2.0/TLS a.invalid;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>;tag=2\nCall-ID: x\nCSeq: 2147483647 NOTIFY\nEvent: sipher-cell\nSubscription-State: terminated;reason=noresource;retry-after=5\nContent-Type: application/vnd.sipher.envelope;x=y\nContent-Length: 2\n\nab",
    "UNKNOWN-method%1 tel:+1-2 SIP/2.0\nVia: SIP/2.0/UDP 1.2.3.4\nFrom: <tel:1>;tag=1\nTo: <tel:2>\nCall-ID: !\nCSeq: 1 UNKNOWN-method%1\nMax-Forwards: 255\nWhat Ever: 1\nContent-Length: 0\n\n",
    "OPTIONS sip:h SIP/7.0\nVia: SIP/2.0/TLS a\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: x\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n",
    "OPTIONS  sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nl: 0\n\n",
    "OPTIONS sip:h?x=y SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nl: 0\n\n",
    "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nTo: <sip:c@d>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nl: -1\n\n",
    "OPTIONS sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nl: 1\nl: 2\n\nxx",
    "ACK sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 INVITE\nl: 0\n\n",
    "SIP/2.0 200\nVia: SIP/2.0/TLS a;branch=b\nTo: <sip:a@b>;tag=2\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nl: 0\n\n",
    "SIP/2.0 699 \u{e4}\u{442} phrase\nVia: SIP/2.0/TLS a;branch=b\nTo: <sip:a@b>;tag=2\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nRetry-After: 5 (busy);duration=1\nMin-Expires: 7\nFlow-Timer: 30\nSIP-ETag: e1\nWWW-Authenticate: Digest x=y\nWWW-Authenticate: Sipher n=AAAAAAAAAAAAAAAAAAAAAA\nl: 0\n\n",
    "SIP/2.0 200 OK\nVia: SIP/2.0/TLS a, SIP/2.0/TLS b\nTo: <sip:a@b>;tag=2\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 OPTIONS\nl: 0\n\n",
    "MESSAGE sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 4294967296 MESSAGE\nExpires: +5\nl: 0\n\n",
    "MESSAGE sip:%41%00@h;x=%zz SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 MESSAGE\nl: 0\n\n",
    "MESSAGE sip:h SIP/2.0\n\tVia: SIP/2.0/TLS a\nl: 0\n\n",
    "MESSAGE sip:h SIP/2.0\nVia: SIP/2.0/TLS a\n Subject:\n\t\n x\n: y\nl: 0\n\n",
    "PUBLISH sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 PUBLISH\nEvent: sipher-grants\nSIP-If-Match: a b\nAuthorization: Digest x=\"y\"\nAuthorization: Sipher k=A\nContent-Type: application/vnd.sipher.grants\nContent-Encoding: gzip\nl: 3\n\n\u{1}\u{1}\u{3}",
    "MESSAGE sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 MESSAGE\n\nno length",
    "\n\n\nMESSAGE sip:h SIP/2.0\nVia: SIP/2.0/TLS a\nTo: <sip:a@b>\nFrom: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 MESSAGE\nl: 100000\n\n",
];

const VALUES: [&str; 30] = [
    "sip:k7q3mzx2ahb5w4tcyd6eolrn2i@relay.example",
    "sips:a;p=1:pw%41@[2001:db8::1]:5061;lr;x=[::1]?a=b&c=d",
    "sip:%25%00@h:1",
    "tel:+1-201-555",
    "\"a \\\" <b>\" <sip:a@b;x=y> ; tag = 1 ; q",
    "a b c <sip:a@b>;tag=x;x=\"a;b\"",
    "sip:a@b;tag=2",
    "<sip:h>",
    "SIP/2.0/TLS a.invalid;branch=z9hG4bK1",
    "SIP / 2.0 / WSS [::1] : 80 ;received=[::1];rport",
    "sip/2.0/x 1.2.3.4:65535",
    "sipher-cell",
    "sipher-log ; since = 18446744073709551615",
    "sipher-log;since=x",
    "presence;id=1",
    "active;expires=99999999999",
    "active",
    "pending ; x",
    "terminated;reason=giveup;retry-after=60",
    "Terminated;Reason=\"quoted\"",
    "k7q3mzx2ahb5w4tcyd6eolrn2i",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "z9hG4bKabc",
    "MESSAGE",
    "message",
    "202",
    "099",
    "a%zz",
    "<sip:a@b>;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r;s;t;u;v;w;x;y;z;a1;b1;c1;d1;e1;f1;g1",
    "*",
];
