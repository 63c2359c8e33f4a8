use super::*;

fn read(text: &str) -> (Head, Option<Fault>) {
    Head::read(&Bytes::copy_from_slice(text.as_bytes()))
}

// spec: frame-4
#[test]
fn f5_folded_lines_are_joined_by_one_blank() {
    let (head, fault) =
        read("MESSAGE sip:a SIP/2.0\r\nSubject: one  \r\n \t two\r\n\tthree\r\nTo \t: <sip:a>\r\n\r\n");
    assert_eq!(fault, None);
    assert_eq!(head.value(Name::Subject), Some(&b"one two three"[..]));
    assert_eq!(head.value(Name::To), Some(&b"<sip:a>"[..]));
}

#[test]
fn a_continued_start_line_is_a_fault() {
    let (head, fault) = read("MESSAGE sip:a\r\n SIP/2.0\r\nVia: x\r\n\r\n");
    assert_eq!(fault, Some(Fault::Field));
    assert_eq!(head.start(), &StartLine::Broken);
}

#[test]
fn f9_phrases_may_be_empty_or_have_any_octet_of_utf8() {
    for line in [
        "SIP/2.0 200 ",
        "sip/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e}",
        "SIP/2.0 200 OK",
    ] {
        let (head, fault) = read(&alloc::format!("{line}\r\n\r\n"));
        assert_eq!(fault, None);
        assert_eq!(
            head.start(),
            &StartLine::Response { status: Status::OK },
            "{line}"
        );
    }
}

#[test]
fn f12_other_versions_and_broken_lines_are_told_apart() {
    let start = |line: &str| read(&alloc::format!("{line}\r\n\r\n")).0.start().clone();
    assert_eq!(start("OPTIONS sip:a SIP/7.0"), StartLine::OtherVersion);
    assert_eq!(
        start("OPTIONS sip:a sip/2.0"),
        StartLine::Request {
            method: Method::Options
        }
    );
    for broken in [
        "OPTIONS",
        "OPTIONS  sip:a SIP/2.0",
        "OPTIONS sip:a SIP/2.0 ",
        "OPTIONS sip:a HTTP/1.1",
        "OPT,IONS sip:a SIP/2.0",
        " OPTIONS sip:a SIP/2.0",
    ] {
        assert_eq!(start(broken), StartLine::Broken, "{broken}");
    }
    for broken in [
        "SIP/2.0 20 OK",
        "SIP/2.0 200",
        "SIP/3.0 200 OK",
        "SIP/2.0  200 OK",
        "SIP/2.0 4294967301 better",
    ] {
        assert_eq!(start(broken), StartLine::BrokenResponse, "{broken}");
    }
}

// spec: frame-3
#[test]
fn control_octets_bare_line_ends_and_nameless_lines_are_faults_that_leave_the_rest_readable() {
    for (line, fault) in [
        ("X: a\nb", Fault::Octet),
        ("X: a\rb", Fault::Octet),
        ("X: a\0b", Fault::Octet),
        ("X: \u{7f}", Fault::Octet),
        ("no colon", Fault::Field),
        (": empty", Fault::Field),
        ("X Y: z", Fault::Field),
    ] {
        let (head, found) = read(&alloc::format!(
            "OPTIONS sip:a SIP/2.0\r\n{line}\r\nTo: <sip:a>\r\n\r\n"
        ));
        assert_eq!(found, Some(fault), "{line:?}");
        assert_eq!(head.value(Name::To), Some(&b"<sip:a>"[..]), "{line:?}");
    }
}

#[test]
fn f14_fields_and_values_are_bounded() {
    let many = "A: b\r\n".repeat(HEAD_FIELDS);
    assert_eq!(
        read(&alloc::format!("OPTIONS sip:a SIP/2.0\r\n{many}\r\n")).1,
        None
    );
    assert_eq!(
        read(&alloc::format!("OPTIONS sip:a SIP/2.0\r\n{many}A: b\r\n\r\n")).1,
        Some(Fault::TooManyFields)
    );
    let long = "x".repeat(VALUE_OCTETS + 1);
    assert_eq!(
        read(&alloc::format!("OPTIONS sip:a SIP/2.0\r\nA: {long}\r\n\r\n")).1,
        Some(Fault::ValueTooLong)
    );
}

#[test]
fn f7_lists_join_repeated_fields_and_commas() {
    let (head, _) =
        read("OPTIONS sip:a SIP/2.0\r\nRequire: a, b\r\nAuthorization: X a=1, b=2\r\nrequire: c\r\n\r\n");
    assert_eq!(head.items(Name::Require).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(head.only(Name::Require), None);
    assert_eq!(head.only(Name::Authorization), Some(&b"X a=1, b=2"[..]));
}

#[test]
fn empty_values_are_values() {
    let (head, fault) = read("OPTIONS sip:a SIP/2.0\r\nSupported:\r\nSubject: \t \r\n\r\n");
    assert_eq!(fault, None);
    assert_eq!(head.value(Name::Supported), Some(&b""[..]));
    assert_eq!(head.value(Name::Subject), Some(&b""[..]));
}
