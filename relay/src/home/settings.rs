//! What a relay was made with, in a small file of JSON.

use crate::domain::Access;
use crate::home::disk;
use crate::trouble::{Exit, Trouble};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sipher_wire::{Host, OpeningToken};
use std::path::Path;

/// The settings of a relay.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The name under which clients reach it.
    pub host: Option<Host>,
    /// Who may open boxes.
    pub access: StoredAccess,
}

/// Who may open boxes, as it is kept: of a token its hash only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoredAccess {
    /// Everybody.
    Public,
    /// Who has the token of this SHA-256.
    Token([u8; 32]),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    host: Option<String>,
    public: bool,
    token_sha256: Option<String>,
}

impl Settings {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        let token_sha256 = match &self.access {
            StoredAccess::Public => None,
            StoredAccess::Token(hash) => Some(HEXLOWER.encode(hash)),
        };
        let host = self.host.as_ref().map(ToString::to_string);
        let public = self.access == StoredAccess::Public;
        let written = Written {
            format: FORMAT,
            host,
            public,
            token_sha256,
        };
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Trouble`] if it isn't there or doesn't make sense.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        let text = std::fs::read_to_string(path).map_err(|error| disk(path, "cannot be read", &error))?;
        Self::parse(&text).ok_or_else(|| {
            Trouble::new(
                Exit::Damaged,
                format!("{} cannot be understood", path.display()),
                "it was changed by hand, is damaged, or comes from a newer version",
                "restore it from a backup, or run the version that wrote it",
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let host = match written.host {
            None => None,
            Some(host) => Some(Host::parse(host.as_bytes())?),
        };
        let access = match (written.public, written.token_sha256) {
            (true, None) => StoredAccess::Public,
            (false, Some(hex)) => StoredAccess::Token(HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?),
            _ => return None,
        };
        (written.format == FORMAT).then_some(Self { host, access })
    }
}

impl StoredAccess {
    /// Who has this token.
    pub fn of_token(token: &OpeningToken) -> Self {
        Self::Token(token.hash())
    }

    /// The rule as connections need it.
    pub const fn to_access(&self) -> Access {
        match self {
            Self::Public => Access::Public,
            Self::Token(hash) => Access::Token(*hash),
        }
    }
}

const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_they_were_written() {
        for host in [None, Host::parse(b"relay.example")] {
            for access in [StoredAccess::Public, StoredAccess::Token([7; 32])] {
                let settings = Settings {
                    host: host.clone(),
                    access,
                };
                assert_eq!(Settings::parse(&settings.to_json()), Some(settings));
            }
        }
    }

    #[test]
    fn settings_that_contradict_themselves_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"format":2,"host":null,"public":true,"token_sha256":null}"#,
            r#"{"format":1,"host":null,"public":false,"token_sha256":null}"#,
            r#"{"format":1,"host":null,"public":false,"token_sha256":"00"}"#,
            r#"{"format":1,"host":"a b","public":true,"token_sha256":null}"#,
            r#"{"format":1,"host":null,"public":true,"token_sha256":null,"more":1}"#,
        ] {
            assert_eq!(Settings::parse(text), None, "{text}");
        }
    }
}
