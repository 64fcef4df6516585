//! Ports, and what lines and boards count since the start of the daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use vestibule_core::time::Mono;

use crate::clock::monotonic;
use crate::config::{Configuration, Device, Line};
use crate::telemetry::{Flag, LineUse, Totals};

/// Every configured line and board, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Lines.
    pub lines: BTreeMap<String, LineTotals>,
    /// Boards.
    pub devices: BTreeMap<String, DeviceTotals>,
}

/// One line: its port and its totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTotals {
    /// The port, as configured: a path, or a serial server's address.
    pub port: String,
    /// Whether the port is open; none before it was tried.
    pub open: Option<bool>,
    /// Why it is not, in words.
    pub reason: Option<String>,
    /// How often it was opened.
    pub opened: u64,
    /// Transactions begun.
    pub transactions: u64,
    /// Time from each request's first byte to its answer's last byte or timeout, in milliseconds.
    pub busy_ms: u64,
    /// Part of it spent on dead boards, in milliseconds.
    pub busy_dead_ms: u64,
    /// Time in which the wire could carry nothing else: transactions, and the silence after each, in milliseconds.
    #[serde(default)]
    pub occupied_ms: u64,
    /// Thousandths of what the wire can carry that were used over the last 10 s; none before it was measured.
    #[serde(default)]
    pub use_permille: Option<u16>,
    /// Valid frames that nobody here asked for.
    pub foreign: u64,
    /// Bytes that made no frame.
    pub noise_bytes: u64,
}

/// One board: where it is and its totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTotals {
    /// Its line.
    pub line: String,
    /// Its address there.
    pub address: u8,
    /// Its model.
    pub model: String,
    /// Transactions answered as asked.
    pub ok: u64,
    /// Transactions without any byte in answer.
    pub timeout: u64,
    /// Transactions whose answer was damaged or cut.
    pub crc: u64,
    /// Transactions answered with an exception.
    pub exception: u64,
    /// Answers that came after their transaction had been given up.
    pub late: u64,
    /// Times to the answers, summed, in milliseconds.
    pub latency_sum_ms: u64,
    /// Mean time to an answer in microseconds; none before the first.
    pub latency_mean_us: Option<u64>,
    /// Longest time to an answer in microseconds; none before the first.
    pub latency_most_us: Option<u64>,
    /// What a controller says of itself, by the flags of its profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, FlagState>,
}

/// One flag of a controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagState {
    /// `defrost`, `door` or `alarm`.
    pub role: String,
    /// Whether it is so.
    pub raised: bool,
    /// Milliseconds since it became so, as far as this daemon saw.
    pub for_ms: u64,
    /// Milliseconds since it was heard last.
    pub heard_ms: u64,
}

pub(super) fn make(configuration: &Configuration, totals: &Totals) -> Field {
    let lines = configuration.lines.values();
    let boards = lines.clone().flat_map(|line| line.devices.iter().map(move |board| (line, board)));
    Field {
        lines: lines.map(|one| (one.id.as_str().to_owned(), line(one, totals))).collect(),
        devices: boards.map(|(on, one)| (one.id.as_str().to_owned(), device(on, one, totals))).collect(),
    }
}

fn line(line: &Line, totals: &Totals) -> LineTotals {
    let port = totals.ports.get(&line.id);
    let counted = totals.lines.get(&line.id).copied().unwrap_or_default();
    LineTotals {
        port: line.port.to_string(),
        open: port.map(|port| port.open),
        reason: port.and_then(|port| port.reason.clone()),
        opened: port.map_or(0, |port| port.opened),
        transactions: counted.transactions,
        busy_ms: millis(counted.busy),
        busy_dead_ms: millis(counted.busy_dead),
        occupied_ms: millis(counted.occupied),
        use_permille: totals.uses.get(&line.id).and_then(LineUse::permille),
        foreign: counted.foreign,
        noise_bytes: counted.noise_bytes,
    }
}

fn device(line: &Line, device: &Device, totals: &Totals) -> DeviceTotals {
    let counted = totals.devices.get(&device.id).copied().unwrap_or_default();
    let mean = counted.latency_mean();
    DeviceTotals {
        line: line.id.as_str().to_owned(),
        address: device.address,
        model: device.model.clone(),
        ok: counted.ok,
        timeout: counted.timeout,
        crc: counted.crc,
        exception: counted.exception,
        late: counted.late,
        latency_sum_ms: millis(counted.latency_sum),
        latency_mean_us: mean.map(micros),
        latency_most_us: mean.map(|_| micros(counted.latency_most)),
        flags: totals.flags.get(&device.id).map(flags).unwrap_or_default(),
    }
}

fn flags(flags: &BTreeMap<String, Flag>) -> BTreeMap<String, FlagState> {
    let now = monotonic();
    let ago = |then: Mono| now.0.saturating_sub(then.0) / 1_000;
    let state = |flag: &Flag| FlagState {
        role: flag.role.to_owned(),
        raised: flag.raised,
        for_ms: ago(flag.since),
        heard_ms: ago(flag.heard),
    };
    flags.iter().map(|(name, flag)| (name.clone(), state(flag))).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
