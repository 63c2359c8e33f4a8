//! Named values of a vector: octets as hexadecimal, numbers, texts and lists.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The generator or a file is wrong: not a refusal, but a mistake of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    /// A fault with these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The same, with the place in front.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

/// Values by name, written in the order of their names.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// With these octets too.
    #[must_use]
    pub fn octets(mut self, name: &str, octets: &[u8]) -> Self {
        self.0
            .insert(name.to_owned(), Value::String(HEXLOWER.encode(octets)));
        self
    }

    /// With this number too.
    #[must_use]
    pub fn number(mut self, name: &str, number: u64) -> Self {
        self.0.insert(name.to_owned(), Value::from(number));
        self
    }

    /// With this value too.
    #[must_use]
    pub fn value(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// With these named values inside.
    #[must_use]
    pub fn object(self, name: &str, fields: Self) -> Self {
        self.value(name, fields.into_value())
    }

    /// With this text too.
    #[must_use]
    pub fn text(self, name: &str, text: impl Into<String>) -> Self {
        self.value(name, Value::String(text.into()))
    }

    /// Octets of that name.
    ///
    /// # Errors
    /// [`Fault`] if there are none.
    pub fn get_octets(&self, name: &str) -> Result<Vec<u8>, Fault> {
        decode(self.get_text(name)?).ok_or_else(|| Fault::new(format!("{name} is not hexadecimal")))
    }

    /// Exactly `N` octets of that name.
    ///
    /// # Errors
    /// [`Fault`] if there are none, or more, or fewer.
    pub fn get_array<const N: usize>(&self, name: &str) -> Result<[u8; N], Fault> {
        self.get_octets(name)?
            .try_into()
            .map_err(|_| Fault::new(format!("{name} has not {N} octets")))
    }

    /// A number of that name.
    ///
    /// # Errors
    /// [`Fault`] if there is none.
    pub fn get_number(&self, name: &str) -> Result<u64, Fault> {
        self.get(name)?
            .as_u64()
            .ok_or_else(|| Fault::new(format!("{name} is not a number")))
    }

    /// A number of that name that fits 32 bits.
    ///
    /// # Errors
    /// [`Fault`] if there is none.
    pub fn get_u32(&self, name: &str) -> Result<u32, Fault> {
        u32::try_from(self.get_number(name)?).map_err(|_| Fault::new(format!("{name} is too large")))
    }

    /// A number of that name that fits 8 bits.
    ///
    /// # Errors
    /// [`Fault`] if there is none.
    pub fn get_u8(&self, name: &str) -> Result<u8, Fault> {
        u8::try_from(self.get_number(name)?).map_err(|_| Fault::new(format!("{name} is too large")))
    }

    /// A text of that name.
    ///
    /// # Errors
    /// [`Fault`] if there is none.
    pub fn get_text(&self, name: &str) -> Result<&str, Fault> {
        self.get(name)?
            .as_str()
            .ok_or_else(|| Fault::new(format!("{name} is not a text")))
    }

    /// Named values inside a value of that name.
    ///
    /// # Errors
    /// [`Fault`] if there are none.
    pub fn get_object(&self, name: &str) -> Result<Self, Fault> {
        let map = self
            .get(name)?
            .as_object()
            .ok_or_else(|| Fault::new(format!("{name} is no object")))?;
        Ok(Self(map.clone()))
    }

    /// A list of that name, each entry with named values.
    ///
    /// # Errors
    /// [`Fault`] if there is none.
    pub fn get_list(&self, name: &str) -> Result<Vec<Self>, Fault> {
        let list = self
            .get(name)?
            .as_array()
            .ok_or_else(|| Fault::new(format!("{name} is not a list")))?;
        let entry = |value: &Value| value.as_object().map(|map| Self(map.clone()));
        list.iter()
            .map(entry)
            .collect::<Option<_>>()
            .ok_or_else(|| Fault::new(format!("{name} has no objects")))
    }

    /// Whether there is a value of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// These values as one JSON value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// The first name whose value differs.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |name: &&String| self.0.get(*name) != other.0.get(*name);
        self.0.keys().chain(other.0.keys()).find(differs).cloned()
    }

    fn get(&self, name: &str) -> Result<&Value, Fault> {
        self.0
            .get(name)
            .ok_or_else(|| Fault::new(format!("{name} is missing")))
    }
}

/// Octets of a hexadecimal text in small letters.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}
