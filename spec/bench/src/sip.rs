//! As much SIP as a generator of load needs: it cuts messages, counts answers and acknowledges requests.
//!
//! It checks nothing, so that the generator costs little beside the servers that it measures.

use bytes::{Bytes, BytesMut};

/// Cuts messages out of a stream.
#[derive(Debug, Default)]
pub(crate) struct Scanner(BytesMut);

/// A message that the bench looks at.
#[derive(Debug)]
pub(crate) struct Heard {
    head: Bytes,
}

impl Scanner {
    /// Adds what was read.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    /// The next whole message.
    pub(crate) fn cut(&mut self) -> Option<Heard> {
        while self.0.starts_with(b"\r\n") {
            drop(self.0.split_to(2));
        }
        let end = self.0.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = self.0.get(..end)?;
        let body = lines(head)
            .find_map(|line| value(line, "content-length").or_else(|| value(line, "l")))
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(0);
        if self.0.len() < end + body {
            return None;
        }
        let head = self.0.split_to(end).freeze();
        drop(self.0.split_to(body));
        Some(Heard { head })
    }
}

impl Heard {
    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        let text = self.head.strip_prefix(b"SIP/2.0 ")?.get(..3)?;
        std::str::from_utf8(text).ok()?.parse().ok()
    }

    /// Writes a 200 to a request.
    pub(crate) fn acknowledge(&self, out: &mut BytesMut) {
        out.extend_from_slice(b"SIP/2.0 200 OK\r\n");
        for line in lines(&self.head) {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !matches!(
                name.as_str(),
                "via" | "v" | "from" | "f" | "to" | "t" | "call-id" | "i" | "cseq"
            ) {
                continue;
            }
            out.extend_from_slice(line.as_bytes());
            if matches!(name.as_str(), "to" | "t") && !line.contains(";tag=") {
                out.extend_from_slice(b";tag=bench");
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &str> {
    std::str::from_utf8(head).unwrap_or_default().split("\r\n")
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (before, after) = line.split_once(':')?;
    before.trim().eq_ignore_ascii_case(name).then(|| after.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nVia: SIP/2.0/TCP i;branch=z9hG4bKb\r\n\
        From: <sip:b>;tag=1\r\nTo: <sip:a>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Length: 3\r\n\r\nabc";

    #[test]
    fn messages_are_cut_wherever_the_reads_end() {
        let mut scanner = Scanner::default();
        let mut found = 0;
        for octet in [REQUEST, b"SIP/2.0 202 Accepted\r\nl: 0\r\n\r\n"].concat() {
            scanner.push(&[octet]);
            found += usize::from(scanner.cut().is_some());
        }
        assert_eq!(found, 2);
    }

    #[test]
    fn a_request_is_acknowledged_with_all_its_vias() {
        let mut scanner = Scanner::default();
        scanner.push(REQUEST);
        let mut out = BytesMut::new();
        scanner.cut().unwrap().acknowledge(&mut out);
        let text = std::str::from_utf8(&out).unwrap();
        assert_eq!(text.matches("Via:").count(), 2);
        assert!(text.contains("To: <sip:a>;tag=bench\r\n"));
    }
}
