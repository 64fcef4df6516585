//! The newest totals of lines and boards: for telemetry messages, `status`, and people who look for a bad cable.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use device_drivers::line::counters::{LineCounters, SlaveCounters};
use vestibule_core::id::{DeviceId, LineId};

/// Totals since each line was started; they never go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of each line that has told them.
    pub lines: BTreeMap<LineId, LineCounters>,
    /// Of each board that has told them.
    pub devices: BTreeMap<DeviceId, SlaveCounters>,
}

/// Where the line threads leave their totals. Bounded by the configuration's lines and boards.
#[derive(Clone, Debug, Default)]
pub struct Telemetry(Arc<Mutex<Totals>>);

impl Telemetry {
    /// The newest totals.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.lock().clone()
    }

    /// Replaces a line's totals.
    pub fn line(&self, line: &LineId, counters: LineCounters) {
        self.lock().lines.insert(line.clone(), counters);
    }

    /// Replaces a board's totals.
    pub fn device(&self, device: DeviceId, counters: SlaveCounters) {
        self.lock().devices.insert(device, counters);
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
