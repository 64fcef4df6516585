//! Telemetry: samples that may be lost. One type of values for each kind of thing, with the unit last in each name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::time::Timestamp;
use vestibule_core::unit::MilliCelsius;
use vestibule_core::view::{Quality, Seen};

use crate::{PayloadError, time, written};

/// One sample of a thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample<V> {
    /// When it was taken, RFC 3339.
    pub at: String,
    /// Count of starts of the daemon; totals begin at 0 with each.
    pub boot: u32,
    /// The numbers.
    pub values: V,
}

/// Numbers of the gateway itself, since its start where a name ends in `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayValues {
    /// Inputs decided.
    pub inputs_total: u64,
    /// Commits that became durable.
    pub commits_total: u64,
    /// Journal rows that became durable.
    pub rows_total: u64,
    /// Journal rows whose retention ended.
    pub rows_pruned_total: u64,
    /// Commits, prunings and reopenings that failed.
    pub storage_failures_total: u64,
    /// Unlock orders handed to the field.
    pub unlocks_total: u64,
    /// Unlocks that were not released because their intent could not be recorded.
    pub unlocks_withheld_total: u64,
    /// Inputs refused because their lane was full.
    pub inputs_refused_total: u64,
    /// Messages that a slow bus, uplink or console did not get.
    pub outgoing_dropped_total: u64,
    /// Length of the last step that made rows durable.
    pub last_commit_us: u64,
    /// Rows that wait in memory for the disk.
    pub waiting_rows: u64,
    /// Samples that this connection dropped, oldest first.
    pub samples_dropped_total: u64,
    /// Messages that this connection dropped.
    pub messages_dropped_total: u64,
}

/// A probe's reading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeValues {
    /// Degrees Celsius, three decimals at most.
    pub temperature_c: f64,
}

/// Totals of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineValues {
    /// Transactions begun.
    pub transactions_total: u64,
    /// Seconds from each request's first byte to its answer's last byte or timeout, summed.
    pub busy_s: f64,
    /// Part of `busy_s` spent on dead devices.
    pub busy_dead_s: f64,
    /// Valid frames that nobody here asked for.
    pub foreign_frames_total: u64,
    /// Bytes that made no frame.
    pub noise_bytes_total: u64,
}

/// Totals of a device on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceValues {
    /// Transactions answered as asked.
    pub ok_total: u64,
    /// Transactions without any byte in answer.
    pub timeout_total: u64,
    /// Transactions whose answer was damaged or cut.
    pub crc_total: u64,
    /// Transactions answered with an exception.
    pub exception_total: u64,
    /// Valid answers that came after their transaction had been given up.
    pub late_total: u64,
    /// Absent before the first answer.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// Seconds from the gateway's last byte to the answer's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The shortest.
    pub latency_least_s: f64,
    /// The longest.
    pub latency_most_s: f64,
    /// The mean.
    pub latency_mean_s: f64,
}

/// Totals of what hangs at a terminal; absent where it has none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalValues {
    /// Its reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderValues>,
    /// Its scanner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner: Option<ScannerValues>,
}

/// Totals of a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReaderValues {
    /// Commands answered.
    pub answered_total: u64,
    /// Commands without an answer in time.
    pub unanswered_total: u64,
    /// Secure channels made.
    pub channels_total: u64,
    /// Cards and keys in clear text, ignored.
    pub clear_reads_total: u64,
    /// Other frames that were not believed.
    pub distrusted_total: u64,
}

/// Totals of a scanner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScannerValues {
    /// Scans passed on.
    pub scans_total: u64,
    /// The same read once more.
    pub repeated_total: u64,
    /// What came and was no scan.
    pub dropped_total: u64,
    /// Commands sent.
    pub commands_total: u64,
    /// Commands without a good reply.
    pub unanswered_total: u64,
    /// Set-up barcodes that somebody held before it.
    pub set_up_codes_total: u64,
    /// Settings that were found changed.
    pub settings_changed_total: u64,
    /// Settings that were put back.
    pub settings_undone_total: u64,
}

impl<V: Serialize> Sample<V> {
    /// A sample of these numbers.
    #[must_use]
    pub fn new(at: Timestamp, boot: u32, values: V) -> Self {
        Self { at: time::text(at), boot, values }
    }

    /// The payload.
    ///
    /// # Errors
    /// [`PayloadError`] only by a defect in this type.
    pub fn bytes(&self) -> Result<Vec<u8>, PayloadError> {
        written("telemetry", self)
    }
}

impl Sample<ProbeValues> {
    /// A probe's temperature; `None` unless it was heard within the stale age.
    #[must_use]
    pub fn of_probe(boot: u32, seen: &Seen<MilliCelsius>) -> Option<Self> {
        match (seen.quality, seen.value, seen.observed_at) {
            (Quality::Good, Some(value), Some(at)) => {
                Some(Self::new(at, boot, ProbeValues { temperature_c: celsius(value) }))
            }
            _ => None,
        }
    }
}

/// Degrees Celsius; three decimals are exact enough to be written shortest.
pub(crate) fn celsius(value: MilliCelsius) -> f64 {
    f64::from(value.0) / 1_000.0
}
