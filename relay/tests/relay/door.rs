//! What is answered without a look at any box, in its order. `spec/wire.md`, refusals;
//! `spec/sip-checklist.md` T2, T11, T13, T16, T18, and the
//! three classes of connection.

use crate::support::bench::{Bench, Client, Got};
use crate::support::people::{Holder, Owner, envelope, fresh, message, subscribe};
use sipher_wire::sip::{Draft, Method, Name, Response, Status};
use sipher_wire::{GrantOp, Right};

/// A request by its own words; the rest is filled in.
pub(crate) fn words(line: &str, fields: &[&str], body: &str) -> Vec<u8> {
    let method = line.split(' ').next().unwrap();
    let has = |name: &str| {
        fields
            .iter()
            .any(|field| field.to_ascii_lowercase().starts_with(name))
    };
    let mut text = format!("{line}\r\n");
    let defaults = [
        (
            "via:",
            "Via: SIP/2.0/TLS a.invalid;branch=z9hG4bKwords".to_owned(),
        ),
        ("from:", "From: <sip:anonymous@anonymous.invalid>;tag=f".into()),
        ("to:", "To: <sip:relay.example>".into()),
        ("call-id:", "Call-ID: words".into()),
        ("cseq:", format!("CSeq: 1 {method}")),
        ("content-length:", format!("Content-Length: {}", body.len())),
    ];
    for (name, default) in defaults {
        let compact =
            matches!(name, "via:" | "from:" | "to:") && has(&format!("{}:", name.chars().next().unwrap()));
        if !has(name) && !compact {
            text.push_str(&default);
            text.push_str("\r\n");
        }
    }
    for field in fields {
        text.push_str(field);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

fn ask(line: &str, fields: &[&str]) -> Response {
    let mut bench = Bench::new();
    let client = bench.tls();
    let answer = bench.ask_octets(&client, &words(line, fields, ""));
    assert!(bench.is_open(&client));
    answer
}

fn value(answer: &Response, name: Name) -> String {
    String::from_utf8(answer.head().value(name).unwrap_or_default().to_vec()).unwrap()
}

const BOX: &str = "k7q3mzx2ahb5w4tcyd6eolrn2i";

#[test]
fn t16_options_to_the_domain_says_what_the_relay_can() {
    let answer = ask("OPTIONS sip:relay.example SIP/2.0", &[]);
    assert_eq!(answer.status(), Status::OK);
    assert_eq!(
        value(&answer, Name::Allow),
        "REGISTER, MESSAGE, PUBLISH, SUBSCRIBE, NOTIFY, OPTIONS"
    );
    assert_eq!(
        value(&answer, Name::AllowEvents),
        "sipher-cell, sipher-log, sipher-grants"
    );
    assert_eq!(value(&answer, Name::Supported), "outbound");
    assert!(value(&answer, Name::Accept).contains("application/vnd.sipher.envelope"));
    let user = ask(&format!("OPTIONS sip:{BOX}@relay.example SIP/2.0"), &[]);
    assert_eq!(user.status(), Status::NOT_FOUND);
}

#[test]
fn other_methods_are_405_with_allow() {
    for method in ["INVITE", "INFO", "REFER", "UPDATE", "PRACK", "message", "FLY"] {
        let answer = ask(&format!("{method} sip:relay.example SIP/2.0"), &[]);
        assert_eq!(answer.status(), Status::METHOD_NOT_ALLOWED, "{method}");
        assert!(!value(&answer, Name::Allow).is_empty());
    }
}

#[test]
fn t18_what_belongs_to_no_dialog_is_481_and_an_ack_is_never_answered() {
    for method in ["BYE", "CANCEL", "NOTIFY"] {
        let answer = ask(&format!("{method} sip:relay.example SIP/2.0"), &[]);
        assert_eq!(answer.status(), Status::NO_DIALOG, "{method}");
    }
    let mut bench = Bench::new();
    let client = bench.tls();
    bench.octets(&client, &words("ACK sip:relay.example SIP/2.0", &[], ""));
    assert!(bench.next(&client).is_none());
    assert!(bench.is_open(&client));
}

// spec: refuse-1
#[test]
fn t2_the_first_fault_in_order_is_the_one_that_is_told() {
    let require = "Require: gruu";
    let cases = [
        (
            "INVITE tel:+1 SIP/2.0",
            &[require][..],
            Status::METHOD_NOT_ALLOWED,
        ),
        (
            "MESSAGE tel:+1 SIP/2.0",
            &[require],
            Status::UNSUPPORTED_URI_SCHEME,
        ),
        ("MESSAGE sip:other.example SIP/2.0", &[require], Status::NOT_FOUND),
        (
            "PUBLISH sip:relay.example SIP/2.0",
            &[require],
            Status::BAD_EXTENSION,
        ),
        (
            "PUBLISH sip:relay.example SIP/2.0",
            &["Content-Type: text/plain"],
            Status::BAD_EVENT,
        ),
        (
            "PUBLISH sip:relay.example SIP/2.0",
            &["Event: sipher-grants", "Content-Type: text/plain"],
            Status::UNSUPPORTED_MEDIA_TYPE,
        ),
    ];
    for (line, fields, status) in cases {
        assert_eq!(ask(line, fields).status(), status, "{line} {fields:?}");
    }
}

#[test]
fn t13_a_foreign_domain_in_to_is_404_too() {
    let answer = ask(
        "REGISTER sip:relay.example SIP/2.0",
        &["To: <sip:a@other.example>"],
    );
    assert_eq!(answer.status(), Status::NOT_FOUND);
    let answer = ask(
        &format!("MESSAGE sip:{BOX}@relay.example SIP/2.0"),
        &["To: <tel:+1>"],
    );
    assert_eq!(answer.status(), Status::NOT_FOUND);
}

#[test]
fn unknown_extensions_are_named() {
    let answer = ask(
        "OPTIONS sip:relay.example SIP/2.0",
        &["Require: outbound, gruu", "Require: 100rel"],
    );
    assert_eq!(answer.status(), Status::BAD_EXTENSION);
    assert_eq!(value(&answer, Name::Unsupported), "gruu, 100rel");
    assert_eq!(
        ask("OPTIONS sip:relay.example SIP/2.0", &["Require: outbound"]).status(),
        Status::OK
    );
    assert_eq!(
        ask("OPTIONS sip:relay.example SIP/2.0", &["Proxy-Require: gruu"]).status(),
        Status::OK
    );
}

#[test]
fn wrong_types_packages_and_encodings_say_what_is_right() {
    let line = format!("MESSAGE sip:{BOX}@relay.example SIP/2.0");
    let answer = ask(&line, &["Content-Type: text/plain"]);
    assert_eq!(answer.status(), Status::UNSUPPORTED_MEDIA_TYPE);
    assert!(value(&answer, Name::Accept).contains("application/vnd.sipher.envelope"));

    let answer = ask(
        &line,
        &["Content-Type: application/vnd.sipher.envelope", "e: gzip"],
    );
    assert_eq!(answer.status(), Status::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(value(&answer, Name::AcceptEncoding), "identity");

    for (method, event) in [
        ("SUBSCRIBE", "presence"),
        ("SUBSCRIBE", "sipher-grants"),
        ("PUBLISH", "presence"),
    ] {
        let answer = ask(
            &format!("{method} sip:{BOX}@relay.example SIP/2.0"),
            &[&format!("o: {event}")],
        );
        assert_eq!(answer.status(), Status::BAD_EVENT);
        assert!(value(&answer, Name::AllowEvents).contains("sipher-cell"));
    }
}

#[test]
fn p1_what_a_publish_of_a_cell_lacks_is_told_before_any_credentials_are_read() {
    let ask = |fields: &[&str], body: &str| {
        let mut bench = Bench::new();
        let client = bench.tls();
        let all = [
            &[
                "Event: sipher-cell",
                "Content-Type: application/vnd.sipher.envelope",
            ],
            fields,
        ]
        .concat();
        let octets = words(&format!("PUBLISH sip:{BOX}@relay.example SIP/2.0"), &all, body);
        bench.ask_octets(&client, &octets).status()
    };
    assert_eq!(ask(&[], ""), Status::BAD_REQUEST, "neither version nor value");
    assert_eq!(ask(&["SIP-If-Match: a b"], "x"), Status::BAD_REQUEST);
    assert_eq!(ask(&["Expires: 59"], "x"), Status::INTERVAL_TOO_BRIEF);
    assert_eq!(ask(&["Expires: 60"], "x"), Status::UNAUTHORIZED);
}

#[test]
fn a_subscribe_that_is_too_brief_or_lacks_a_contact_is_told_so() {
    let line = format!("SUBSCRIBE sip:{BOX}@relay.example SIP/2.0");
    let brief = ask(
        &line,
        &["Event: sipher-cell", "Contact: <sip:a.invalid>", "Expires: 5"],
    );
    assert_eq!(
        (brief.status(), brief.min_expires_secs()),
        (Status::INTERVAL_TOO_BRIEF, Some(60))
    );
    let nowhere = ask(&line, &["Event: sipher-cell", "Expires: 0"]);
    assert_eq!(nowhere.status(), Status::BAD_REQUEST);
}

#[test]
fn t11_max_forwards_0_is_served() {
    assert_eq!(
        ask("OPTIONS sip:relay.example SIP/2.0", &["Max-Forwards: 0"]).status(),
        Status::OK
    );
}

// spec: class-2
/// A request of some class.
type Asking = dyn Fn(&mut Bench, &Client) -> Draft;

#[test]
fn three_classes_of_connection_never_mix() {
    let requests: [&Asking; 4] = [
        &|bench, client| Owner::of_queue(1).register(&client.seat, &fresh(&mut bench.rng), 600),
        &|bench, client| {
            let ops = vec![GrantOp::Add(Holder::new(2).grant(Right::Write))];
            Owner::of_queue(1).manage(&client.seat, &fresh(&mut bench.rng), ops)
        },
        &|bench, client| {
            let id = Owner::of_queue(1).id;
            Holder::new(2).message(&client.seat, &id, &fresh(&mut bench.rng), envelope(1))
        },
        &|bench, client| {
            Holder::new(2).subscribe(&client.seat, &Owner::of_cell(1).id, &fresh(&mut bench.rng), 0)
        },
    ];
    let class = [0, 0, 1, 2];
    for (n, first) in requests.iter().enumerate() {
        for (m, second) in requests.iter().enumerate() {
            let mut bench = Bench::new();
            let client = bench.tls();
            let draft = first(&mut bench, &client);
            bench.send(&client, &draft);
            bench.drain(&client);
            let draft = second(&mut bench, &client);
            bench.send(&client, &draft);
            let Some(Got::Response(answer)) = bench
                .drain(&client)
                .into_iter()
                .find(|got| matches!(got, Got::Response(_)))
            else {
                panic!("an answer")
            };
            assert_eq!(
                answer.status() == Status::FORBIDDEN,
                class[n] != class[m],
                "{n} then {m}"
            );
            assert_eq!(
                bench
                    .ask_octets(&client, &words("OPTIONS sip:relay.example SIP/2.0", &[], ""))
                    .status(),
                Status::OK
            );
        }
    }
}

#[test]
fn what_was_refused_at_the_door_fixes_no_class() {
    let mut bench = Bench::new();
    let client = bench.tls();
    let draft = Draft::register_query(
        &client.seat.origin,
        Owner::of_queue(1).at(&client.seat.host),
        &fresh(&mut bench.rng),
    );
    assert_eq!(bench.ask(&client, &draft).status(), Status::UNAUTHORIZED);
    let id = Owner::of_queue(1).id;
    let draft = message(&client.seat, &id, &fresh(&mut bench.rng), envelope(1));
    assert_eq!(draft.method(), Method::Message);
    assert_eq!(bench.ask(&client, &draft).status(), Status::NOT_FOUND);
    let draft = subscribe(&client.seat, &id, &fresh(&mut bench.rng), 0, None);
    assert_eq!(bench.ask(&client, &draft).status(), Status::FORBIDDEN);
}
