//! The public truth as a snapshot: what bus, cloud and command line may see. No secret, no person.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::Serialize;

use crate::compartment::{Level, Use};
use crate::id::{CompartmentId, DeviceId, LineId, ProbeId, TerminalId};
use crate::time::{ClockTrust, Timestamp};
use crate::unit::MilliCelsius;

/// How far a value may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Heard within the stale age.
    Good,
    /// Older than the stale age.
    Stale,
    /// The sensor says that it is broken.
    Fault,
    /// Never heard since the start.
    Unknown,
}

/// A value with its quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen<T> {
    /// The last value, if there ever was one.
    pub value: Option<T>,
    /// How far to believe it.
    pub quality: Quality,
    /// When it was last heard.
    pub observed_at: Option<Timestamp>,
}

/// A compartment as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompartmentView {
    /// What the sticker says.
    pub label: String,
    /// Its use.
    pub usage: Use,
    /// Since when.
    pub since: Timestamp,
    /// The door contact; `None` where none is wired.
    pub door: Option<Seen<Level>>,
    /// The latch contact; `None` where none is wired.
    pub latch: Option<Seen<Level>>,
    /// The eye inside, `Open` empty and `Shut` occupied; `None` where none is wired.
    pub occupancy: Option<Seen<Level>>,
}

/// Whether something answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Presence {
    Online,
    Degraded,
    Offline,
}

/// Whether a terminal serves somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TerminalUse {
    Idle,
    Courier,
    Resident,
}

/// The gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayView {
    /// Count of starts.
    pub boot: u32,
    /// Version of the daemon.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// Trust in its clock.
    pub clock: ClockTrust,
    /// Whether rows can be made durable.
    pub storage: StorageView,
}

/// Whether rows can be made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StorageView {
    Good,
    Degraded,
}

/// The whole building.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The gateway.
    pub gateway: GatewayView,
    /// Compartments and their doors.
    pub compartments: BTreeMap<CompartmentId, CompartmentView>,
    /// Probes.
    pub probes: BTreeMap<ProbeId, Seen<MilliCelsius>>,
    /// Boards.
    pub devices: BTreeMap<DeviceId, Seen<Presence>>,
    /// Lines.
    pub lines: BTreeMap<LineId, Seen<Presence>>,
    /// Terminals.
    pub terminals: BTreeMap<TerminalId, TerminalUse>,
}
