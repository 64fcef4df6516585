//! Telemetry: samples that may be lost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::time::Timestamp;
use vestibule_core::unit::MilliCelsius;
use vestibule_core::view::{Quality, Seen};

use crate::{PayloadError, time, written};

/// One sample of a thing: named numbers, with the unit last in each name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Telemetry {
    /// When it was taken, RFC 3339.
    pub at: String,
    /// Count of starts of the daemon; counters begin at 0 with each.
    pub boot: u32,
    /// The numbers.
    pub values: BTreeMap<String, f64>,
}

impl Telemetry {
    /// A sample of these numbers.
    #[must_use]
    pub fn new(at: Timestamp, boot: u32, values: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { at: time::text(at), boot, values }
    }

    /// A probe's temperature; `None` unless it was heard within the stale age.
    #[must_use]
    pub fn of_probe(boot: u32, seen: &Seen<MilliCelsius>) -> Option<Self> {
        match (seen.quality, seen.value, seen.observed_at) {
            (Quality::Good, Some(value), Some(at)) => {
                Some(Self::new(at, boot, [("temperature_c", celsius(value))]))
            }
            _ => None,
        }
    }

    /// The payload.
    ///
    /// # Errors
    /// [`PayloadError`] only by a defect in this type.
    pub fn bytes(&self) -> Result<Vec<u8>, PayloadError> {
        written("telemetry", self)
    }
}

/// Degrees Celsius; three decimals are exact enough to be written shortest.
pub(crate) fn celsius(value: MilliCelsius) -> f64 {
    f64::from(value.0) / 1_000.0
}
