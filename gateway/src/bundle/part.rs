//! One file of a bundle: a name and bytes that have passed the scrubber.

use serde::Serialize;

use super::scrub::Scrubber;

/// One file. It can only be made through the scrubber.
pub struct Part {
    name: String,
    bytes: Vec<u8>,
}

/// Something that is not in the bundle, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Part {
    /// A text.
    #[must_use]
    pub fn text(name: &str, scrubber: &Scrubber, text: &str) -> Self {
        let mut clean = scrubber.text(text);
        clean.push('\n');
        Self { name: name.to_owned(), bytes: clean.into_bytes() }
    }

    /// A value as JSON; one that cannot be written is empty, which no value here is.
    #[must_use]
    pub fn json(name: &str, scrubber: &Scrubber, value: &impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        let mut bytes = serde_json::to_vec_pretty(&scrubber.value(&value)).unwrap_or_default();
        bytes.push(b'\n');
        Self { name: name.to_owned(), bytes }
    }

    /// Its name in the bundle.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl LeftOut {
    /// Says it.
    #[must_use]
    pub fn new(what: &str, why: &str) -> Self {
        Self { what: what.to_owned(), why: why.to_owned() }
    }
}
