//! Messages in the manner of RFC 4475 and RFC 5118: valid ones that look wrong, and wrong ones that look valid.

use super::*;

/// With the right Content-Length and CRLF line ends.
fn framed(head: &str, body: &str) -> String {
    format!(
        "{}Content-Length: {}\r\n\r\n{body}",
        head.replace('\n', "\r\n"),
        body.len()
    )
}

fn good(head: &str) -> Request {
    request(&framed(head, ""))
}

#[test]
fn rfc4475_wsinv_a_short_tortuous_invite_is_good() {
    let request = good(
        "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\n\
         TO :\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\n  ;\n  tag = 98asjd8\n\
         MaX-fOrWaRdS: 0068\n\
         Call-ID: wsinv.ndaksdj@192.0.2.1\n\
         cseq: 0009\n  INVITE\n\
         Via  : SIP  /   2.0\n /UDP\n    192.0.2.2;branch=390skdjuw\n\
         s :\n\
         NewFangledHeader:   newfangled value\n continued newfangled value\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\n\
         Content-Type: application/sdp\n\
         Route:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n\
         v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\n\
         m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n",
    );
    assert_eq!(request.method(), Method::Invite);
    assert_eq!(request.cseq(), 9);
    assert_eq!(request.to().unwrap().tag(), Some(&b"1918181833n"[..]));
    assert_eq!(request.from().unwrap().tag(), Some(&b"98asjd8"[..]));
    let vias: Vec<_> = request
        .head()
        .items(Name::Via)
        .map(|via| Via::parse(via).unwrap().branch())
        .collect();
    assert_eq!(
        vias,
        [
            Some(&b"390skdjuw"[..]),
            Some(b"z9hG4bK9ikj8"),
            Some(b"z9hG4bK30239")
        ]
    );
}

#[test]
fn rfc4475_intmeth_unusual_tokens_are_good() {
    let request = good(
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n\
         Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n\
         To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n\
         From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\";tag=_token~1'+`*%!-.\n\
         Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n\
         CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n\
         Max-Forwards: 255\n\
         extensionHeader-!.%*+_`'~:\u{fffd}\n"
            .replace("\\\x07", "x")
            .replace("\\\x00", "y")
            .replace("\\\x7f", "z")
            .as_str(),
    );
    assert_eq!(request.method(), Method::Other);
    assert_eq!(request.sip_target().unwrap().host(), b"example.com");
}

#[test]
fn rfc4475_escnull_an_escaped_null_in_a_user_part_is_good() {
    let request = good(
        "REGISTER sip:example.com SIP/2.0\n\
         To: sip:null-%00-null@example.com\nFrom: sip:null-%00-null@example.com;tag=839923423\nMax-Forwards: 70\n\
         Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\nCSeq: 14398234 REGISTER\n\
         Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\n\
         Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>\n",
    );
    assert!(matches!(request.contacts(), Contacts::Listed(list) if list.len() == 2));
}

#[test]
fn rfc4475_semiuri_and_transports_are_good() {
    let request = good(
        "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\n\
         To: sip:j_user@example.com\nFrom: sip:caller@example.org;tag=33242\nMax-Forwards: 3\nCall-ID: semiuri.0ha0isndaksdj\n\
         CSeq: 8 OPTIONS\n\
         Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\n\
         Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKkasdjf\n",
    );
    assert_eq!(
        request.sip_target().unwrap().user(),
        Some(&b"user;par=u%40example.net"[..])
    );
}

#[test]
fn rfc4475_unksm_unknown_schemes_are_good_and_told() {
    let request = good(
        "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\n\
         To: <isbn:2983792873>\nFrom: <http://www.example.com>;tag=3234233\nCall-ID: unksm2.7654321\nCSeq: 234902 OPTIONS\n\
         Max-Forwards: 70\nVia: SIP/2.0/TCP host9.example.com:5060;branch=z9hG4bKkdjuw39234\n",
    );
    assert!(matches!(request.target(), Target::OtherScheme));
}

/// A good head in which one line is changed or added.
fn spoiled(start: &str, line: &str) -> String {
    let name = line.split(':').next().unwrap_or_default();
    let mut head = format!("{start}\n");
    for good in [
        "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw",
        "To: sip:j.user@example.com",
        "From: sip:caller@example.net;tag=134161461246",
        "Max-Forwards: 7",
        "Call-ID: spoiled.0ha0isndaksdjasdf3234nas",
        "CSeq: 8 OPTIONS",
    ] {
        if !good.starts_with(name) {
            head.push_str(good);
            head.push('\n');
        }
    }
    framed(&format!("{head}{line}\n"), "")
}

const OPTIONS: &str = "OPTIONS sip:user@example.com SIP/2.0";

#[test]
fn rfc4475_malformed_values_are_400() {
    for line in [
        "Contact: \"Joe\" <sip:joe@example.org>;;;;", // badinv01, separators without values
        "To: \"Mr. J. User <sip:j.user@example.com>", // quotbal, a quote that is never closed
        "To: \"Watson, Thomas\" < sip:t.watson@example.org >", // badaspec, blanks in brackets
        "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E", // regbadct, headers without brackets
        "CSeq: 36893488147419103232 OPTIONS",         // scalar02, a number beyond 2^32
        "CSeq: 8 REGISTER",                           // mismatch01
        "From: <sip:caller@example.net>;tag=",        // an empty parameter
        "Max-Forwards: 300",                          // scalar01's neighbor
        "Call-ID: two words",
    ] {
        assert!(is_400(&spoiled(OPTIONS, line)), "{line}");
    }
}

#[test]
fn rfc4475_a_via_that_cannot_be_read_gets_no_answer() {
    assert!(matches!(
        judge_text(&spoiled(OPTIONS, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,")),
        Verdict::Drop(After::Close)
    ));
}

#[test]
fn rfc4475_malformed_start_lines_are_400() {
    for start in [
        "OPTIONS <sip:user@example.com> SIP/2.0",          // ltgtruri
        "OPTIONS sip:user@example.com; lr SIP/2.0",        // lwsruri
        "OPTIONS  sip:user@example.com  SIP/2.0",          // lwsstart
        "OPTIONS sip:remote-target@example.com SIP/2.0  ", // trws
        "OPTIONS sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", // escruri
        "OPTIONS sip:user%@example.com SIP/2.0",
    ] {
        assert!(is_400(&spoiled(start, "Subject: x")), "{start}");
    }
}

#[test]
fn rfc4475_clerr_and_ncl_a_wrong_length_is_400() {
    let negative = spoiled(OPTIONS, "Subject: x").replace("Content-Length: 0", "Content-Length: -999");
    assert!(is_400(&negative));
}

#[test]
fn rfc5118_an_ipv6_reference_without_brackets_is_400() {
    for start in [
        "OPTIONS sip:2001:db8::10 SIP/2.0",
        "OPTIONS sip:user@2001:db8::10:5060 SIP/2.0",
    ] {
        assert!(is_400(&spoiled(start, "Subject: x")), "{start}");
    }
}

#[test]
fn rfc5118_ipv6_in_request_uri_via_received_and_contact_is_good() {
    let request = request(&framed(
        "REGISTER sip:[2001:db8::10]:5070 SIP/2.0\n\
         To: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\n\
         Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111\n\
         Via: SIP/2.0/UDP [2001:db8::9:2]:6050;received=2001:db8::9:255;branch=z9hG4bKas3\n\
         Call-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\n\
         Contact: \"Caller\" <sip:caller@[::ffff:192.0.2.1]>\nCSeq: 98176 REGISTER\n",
        "",
    ));
    let uri = request.sip_target().unwrap();
    assert_eq!((uri.host(), uri.port()), (&b"[2001:db8::10]"[..], Some(5070)));
}
