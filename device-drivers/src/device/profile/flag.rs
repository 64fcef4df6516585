//! Something that a controller says is so or is not: a door, a defrost, an alarm.

use std::fmt;
use std::sync::Arc;

use super::Span;
use crate::frame::modbus_rtu::Table;

/// Longest name of a flag in bytes: names become labels of metrics and keys of messages.
pub const FLAG_NAME_MAX: usize = 32;

/// A flag's name: 1 to [`FLAG_NAME_MAX`] characters of a-z, 0-9 and '-'.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlagName(Arc<str>);

impl FlagName {
    /// The name `text`; none where it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=FLAG_NAME_MAX).contains(&text.len());
        let plain = text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
        (fits && plain).then(|| Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FlagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// What a flag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagRole {
    /// Its evaporator is being defrosted: the air is warmer for a while.
    Defrost,
    /// The door of the cold room or cabinet stands open, as the controller sees it.
    Door,
    /// The controller's own alarm.
    Alarm,
}

impl FlagRole {
    /// All, with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("defrost", Self::Defrost), ("door", Self::Door), ("alarm", Self::Alarm)];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Defrost => "defrost",
            Self::Door => "door",
            Self::Alarm => "alarm",
        }
    }
}

/// One flag in a poll's answer.
#[derive(Debug, Clone)]
pub struct FlagField {
    /// Its name, unique in the profile.
    pub name: FlagName,
    /// What it is about.
    pub role: FlagRole,
    pub(super) span: Span,
    /// Bit of the register, from 0; none where the whole register is 0 or is not.
    pub(super) bit: Option<u8>,
    /// What the device says while it is so.
    pub(super) raised_when: bool,
}

impl FlagField {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// Whether it is so by `data`, a read that began at `first`; none where the data do not reach it.
    #[must_use]
    pub fn raised(&self, data: &[u8], first: u16) -> Option<bool> {
        let place = usize::from(self.span.first.checked_sub(first)?);
        let set = match self.span.table {
            Table::Coils | Table::DiscreteInputs => data.get(place / 8)? >> (place % 8) & 1 == 1,
            Table::HoldingRegisters | Table::InputRegisters => {
                let Some([high, low]) = data.get(place * 2..place * 2 + 2) else { return None };
                let word = u16::from_be_bytes([*high, *low]);
                self.bit.map_or(word != 0, |bit| word >> bit & 1 == 1)
            }
        };
        Some(set == self.raised_when)
    }
}
