//! Identities that stand in messages: of a database, of a start of the daemon, of a client.

use std::fmt;
use std::str::FromStr;

use vestibule_core::id::{BadId, TerminalId};

use crate::hex;

/// Identity of a journal: made at random with the database file; a new one begins after a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub [u8; 8]);

/// Identity of one start of the daemon, made at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootId(pub [u8; 16]);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// A text is not an [`Epoch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is 16 hexadecimal digits")]
pub struct BadEpoch;

impl FromStr for Epoch {
    type Err = BadEpoch;

    fn from_str(text: &str) -> Result<Self, BadEpoch> {
        hex::decode(text).map(Self).ok_or(BadEpoch)
    }
}

/// A client's name, as its certificate says it: `[a-z0-9-]{1,32}`, so that it fits a topic level.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientName(Box<str>);

impl ClientName {
    /// Checks a text.
    ///
    /// # Errors
    /// [`BadId`] names the first thing wrong.
    pub fn new(text: &str) -> Result<Self, BadId> {
        // The alphabet of names is the core's alphabet of ids; any id type checks it.
        TerminalId::new(text).map(|_| Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
