//! The part of a presence document that the chain knows. Spec: presence, "Document".

use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::DOCUMENT_LEN;
use crate::encoding::{Malformed, Reader, Writer};
use crate::time::Time;

/// `published u64, valid_until u64, rights digest[8], length u16, content`, then zero octets. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    published: Time,
    valid_until: Time,
    rights: [u8; Self::RIGHTS_LEN],
    content: Zeroizing<Vec<u8>>,
}

impl Document {
    /// Octets of content at most: the redaction cuts to this.
    pub const MAX_CONTENT_LEN: usize = DOCUMENT_LEN - 8 - 8 - Self::RIGHTS_LEN - 2;
    /// Octets of the digest of the rights under which it was redacted.
    pub const RIGHTS_LEN: usize = 8;

    /// A document.
    ///
    /// # Errors
    /// [`DocumentError`] if the content is too long, or the validity ends before it begins.
    pub fn new(
        published: Time,
        valid_until: Time,
        rights: [u8; Self::RIGHTS_LEN],
        content: &[u8],
    ) -> Result<Self, DocumentError> {
        if content.len() > Self::MAX_CONTENT_LEN {
            return Err(DocumentError::TooLong);
        }
        if valid_until < published {
            return Err(DocumentError::Dates);
        }
        Ok(Self {
            published,
            valid_until,
            rights,
            content: Zeroizing::new(content.to_vec()),
        })
    }

    /// When its author made it, by his clock.
    pub const fn published(&self) -> Time {
        self.published
    }

    /// Past this nobody may show it as a state.
    pub const fn valid_until(&self) -> Time {
        self.valid_until
    }

    /// Digest of the rights under which it was redacted.
    pub const fn rights(&self) -> &[u8; Self::RIGHTS_LEN] {
        &self.rights
    }

    /// Content in the engine's notation.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    pub(super) fn to_padded(&self) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let mut writer = Writer::with_capacity(DOCUMENT_LEN);
        writer
            .u64(self.published.as_unix_seconds())
            .u64(self.valid_until.as_unix_seconds());
        writer
            .put(&self.rights)
            .short(&self.content)?
            .pad_to(DOCUMENT_LEN)?;
        Ok(writer.finish())
    }

    pub(super) fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        let published = Time::from_unix_seconds(reader.u64()?);
        let valid_until = Time::from_unix_seconds(reader.u64()?);
        let rights = *reader.array()?;
        let document = Self::new(
            published,
            valid_until,
            rights,
            reader.short(Self::MAX_CONTENT_LEN)?,
        )
        .map_err(|_| Malformed)?;
        reader.finish_padding()?;
        Ok(document)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document(..)")
    }
}

/// Why something is no document.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// More than [`Document::MAX_CONTENT_LEN`] octets.
    #[error("content does not fit a document")]
    TooLong,
    /// It would end before it begins.
    #[error("validity ends before it begins")]
    Dates,
}
