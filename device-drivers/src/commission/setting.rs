//! Speed and parity of a line that nobody has told us yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::spec::{Baud, Parity};

/// Speed and parity; one stop bit, as everywhere on these lines.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Setting {
    /// Speed.
    pub baud: Baud,
    /// Parity.
    pub parity: Parity,
}

/// As it stands in a message: `{"baud": 9600, "parity": "none"}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    baud: u32,
    parity: String,
}

/// A setting that no line has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{baud} baud with parity {parity} is no setting of the field")]
pub struct SettingError {
    baud: u32,
    parity: String,
}

/// Names of the parities, as the configuration writes them.
pub const PARITIES: [(&str, Parity); 3] =
    [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];

/// Speeds in the order in which boards of the field are likely to have them: makers' defaults first.
const LIKELY: [u32; 9] = [9600, 19_200, 115_200, 38_400, 57_600, 4800, 2400, 230_400, 1200];

impl Setting {
    /// Every setting that is to be tried, the likeliest first: each speed without parity, then with even, then with odd.
    /// Empty lists stand for all.
    #[must_use]
    pub fn likely(bauds: &[Baud], parities: &[Parity]) -> Vec<Self> {
        let wanted = |parity: &Parity| parities.is_empty() || parities.contains(parity);
        let speeds = LIKELY.into_iter().filter_map(|baud| Baud::new(baud).ok());
        let speeds: Vec<Baud> = speeds.filter(|baud| bauds.is_empty() || bauds.contains(baud)).collect();
        let parities = PARITIES.into_iter().map(|(_, parity)| parity).filter(wanted);
        parities.flat_map(|parity| speeds.iter().map(move |baud| Self { baud: *baud, parity })).collect()
    }

    /// The parity's name in the configuration.
    #[must_use]
    pub const fn parity_name(&self) -> &'static str {
        match self.parity {
            Parity::None => "none",
            Parity::Even => "even",
            Parity::Odd => "odd",
        }
    }
}

impl TryFrom<Written> for Setting {
    type Error = SettingError;

    fn try_from(written: Written) -> Result<Self, SettingError> {
        let parity = PARITIES.iter().find(|(name, _)| *name == written.parity).map(|(_, parity)| *parity);
        match (Baud::new(written.baud), parity) {
            (Ok(baud), Some(parity)) => Ok(Self { baud, parity }),
            _ => Err(SettingError { baud: written.baud, parity: written.parity }),
        }
    }
}

impl From<Setting> for Written {
    fn from(setting: Setting) -> Self {
        Self { baud: setting.baud.bits_per_second(), parity: setting.parity_name().to_owned() }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(f, "{} 8{letter}1", self.baud.bits_per_second())
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_defaults_are_tried_first_and_every_setting_once() {
        let all = Setting::likely(&[], &[]);
        let first: Vec<String> = all.iter().take(3).map(ToString::to_string).collect();
        assert_eq!(first, ["9600 8N1", "19200 8N1", "115200 8N1"]);
        assert_eq!(all.len(), Baud::ALL.len() * PARITIES.len());
        let even = Setting::likely(&[Baud::new(9600).unwrap()], &[Parity::Even]);
        assert_eq!(even.iter().map(ToString::to_string).collect::<Vec<_>>(), ["9600 8E1"]);
    }
}
