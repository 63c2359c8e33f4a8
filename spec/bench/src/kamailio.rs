//! Users of Kamailio: no proofs, plain TCP, the heads that a SIP client needs.

use crate::frame::BODY_LEN;
use crate::line::{Line, Sender};
use crate::subject::Answers;
use anyhow::Result;
use bytes::Bytes;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// A user who registers.
#[derive(Debug)]
pub(crate) struct User {
    number: u16,
    here: SocketAddr,
}

/// Who sends to users in turn.
#[derive(Debug)]
pub(crate) struct Users {
    boxes: Range<u16>,
    next: Range<u16>,
    here: SocketAddr,
    body: String,
    answers: Answers,
}

impl User {
    /// The user with this number.
    pub(crate) fn new(number: u16, line: &Line) -> Self {
        Self {
            number,
            here: line.here,
        }
    }

    /// Receives on this connection.
    pub(crate) fn register(&self) -> Bytes {
        let contact = format!(
            "Contact: <sip:u{}@{};transport=tcp>\r\nExpires: 3600\r\n",
            self.number, self.here
        );
        request("REGISTER", "sip:127.0.0.1", self.number, self.here, &contact, "")
    }
}

impl Users {
    /// Sends to these users.
    pub(crate) fn new(boxes: Range<u16>, line: &Line) -> Self {
        Self {
            next: boxes.clone(),
            boxes,
            here: line.here,
            body: "x".repeat(BODY_LEN),
            answers: Answers::default(),
        }
    }
}

impl Sender for Users {
    fn request(&mut self) -> Bytes {
        let number = self.next.next().unwrap_or_else(|| {
            self.next = self.boxes.clone();
            self.next.next().unwrap_or_default()
        });
        let uri = format!("sip:u{number}@127.0.0.1");
        request(
            "MESSAGE",
            &uri,
            number,
            self.here,
            "Content-Type: text/plain\r\n",
            &self.body,
        )
    }

    fn answers(&mut self, octets: &[u8]) -> Result<usize> {
        self.answers.count(octets)
    }
}

fn request(method: &str, uri: &str, to: u16, here: SocketAddr, more: &str, body: &str) -> Bytes {
    let id = IDS.fetch_add(1, Ordering::Relaxed);
    let len = body.len();
    Bytes::from(format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TCP {here};branch=z9hG4bK{id:016x};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:anonymous@anonymous.invalid>;tag={id:016x}\r\nTo: <sip:u{to}@127.0.0.1>\r\nCall-ID: {id:032x}\r\n\
         CSeq: 1 {method}\r\n{more}Content-Length: {len}\r\n\r\n{body}"
    ))
}

/// No two requests are alike.
static IDS: AtomicU64 = AtomicU64::new(1);
