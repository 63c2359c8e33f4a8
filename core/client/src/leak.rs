//! A client that leaks, on purpose: the test that looks for planted texts in what a relay sees must be able to fail.
//!
//! Only in builds with the feature `leak-for-canary-test`, which nothing but that test turns on. It adds the text
//! of the last message in clear, as a header field that no relay needs, to every MESSAGE that leaves.

use bytes::{Bytes, BytesMut};
use sipher_engine::Command;

/// The text that leaks.
#[derive(Debug, Default)]
pub(crate) struct Leak(String);

impl Leak {
    /// Keeps the first text of a message, on one line.
    pub(crate) fn remember(&mut self, command: &Command) {
        if let Command::Send { texts, .. } = command
            && let Some(text) = texts.first()
        {
            self.0 = text.replace(['\r', '\n'], " ");
        }
    }

    /// Adds the text to a request of the method MESSAGE, after its first line; anything else is left as it is.
    pub(crate) fn add_to(&self, octets: Bytes) -> Bytes {
        let end_of_line = octets.windows(2).position(|two| two == b"\r\n");
        let Some((line, rest)) = end_of_line.and_then(|end| octets.split_at_checked(end + 2)) else {
            return octets;
        };
        if self.0.is_empty() || !line.starts_with(b"MESSAGE ") {
            return octets;
        }
        let mut leaking = BytesMut::from(line);
        leaking.extend_from_slice(b"Subject: ");
        leaking.extend_from_slice(self.0.as_bytes());
        leaking.extend_from_slice(b"\r\n");
        leaking.extend_from_slice(rest);
        leaking.freeze()
    }
}
