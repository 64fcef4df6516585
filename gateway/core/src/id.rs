//! Names of things: one newtype each, so that a bank is never taken for a terminal.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// Longest id in bytes. Topics carry up to three ids and must stay within the 256 bytes small brokers accept.
pub const ID_MAX: usize = 32;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadId {
    /// Nothing between the quotes.
    Empty,
    /// More than [`ID_MAX`] bytes.
    TooLong,
    /// A character outside `[a-z0-9-]`, at this byte offset.
    BadCharacter(usize),
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "an id must not be empty"),
            Self::TooLong => write!(f, "an id has at most {ID_MAX} characters"),
            Self::BadCharacter(at) => {
                write!(f, "character {} is not one of a-z, 0-9 and '-'", at + 1)
            }
        }
    }
}

impl core::error::Error for BadId {}

fn checked(text: &str) -> Result<Box<str>, BadId> {
    if text.is_empty() {
        return Err(BadId::Empty);
    }
    if text.len() > ID_MAX {
        return Err(BadId::TooLong);
    }
    match text.bytes().position(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
        Some(at) => Err(BadId::BadCharacter(at)),
        None => Ok(text.into()),
    }
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks a text against `[a-z0-9-]{1,32}`.
            ///
            /// # Errors
            /// [`BadId`] names the first thing wrong.
            pub fn new(text: &str) -> Result<Self, BadId> {
                checked(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::new(&text)
            }
        }

        impl core::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

id! {
    /// A building, as in topics and certificates.
    BuildingId,
    /// A run of locker compartments.
    BankId,
    /// One compartment, `{bank}-{number}`.
    CompartmentId,
    /// A place where people type, tap or scan.
    TerminalId,
    /// An apartment.
    UnitId,
    /// A carrier company.
    CarrierId,
    /// A temperature probe.
    ProbeId,
    /// A serial line.
    LineId,
    /// A board or instrument on a line.
    DeviceId,
}

/// Number that is unique per database: the count of daemon starts and a running number within this start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serial {
    /// Count of starts of the daemon on this database file, from 1.
    pub boot: u32,
    /// Running number within the start, from 1.
    pub number: u32,
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.boot, self.number)
    }
}

macro_rules! serial_id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Serial);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

serial_id! {
    /// A parcel this gateway has taken notice of.
    ParcelId,
    /// One intent to pulse one lock. Never reused, so "at most one pulse" is a statement about this id.
    UnlockId,
    /// A notice to a recipient, until the notifier acknowledged it.
    NoticeId,
}

/// A caller's command id: free text of 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CommandId(Box<str>);

impl CommandId {
    /// Longest command id in bytes: a UUID has 36, a URN with prefix fits as well.
    pub const MAX: usize = 64;

    /// Checks a text.
    ///
    /// # Errors
    /// [`BadId`] names the first thing wrong.
    pub fn new(text: &str) -> Result<Self, BadId> {
        if text.is_empty() {
            return Err(BadId::Empty);
        }
        if text.len() > Self::MAX {
            return Err(BadId::TooLong);
        }
        match text.bytes().position(|b| !b.is_ascii_graphic()) {
            Some(at) => Err(BadId::BadCharacter(at)),
            None => Ok(Self(text.into())),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommandId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        Self::new(&text)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_refused_when_a_character_would_break_a_topic() {
        assert_eq!(UnitId::new("4B"), Err(BadId::BadCharacter(1)));
        assert_eq!(UnitId::new("a/b"), Err(BadId::BadCharacter(1)));
        assert_eq!(UnitId::new(""), Err(BadId::Empty));
        assert_eq!(UnitId::new(&"a".repeat(33)), Err(BadId::TooLong));
        assert!(UnitId::new("4b").is_ok());
    }
}
