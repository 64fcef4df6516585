//! The public truth as a snapshot: what bus, cloud and command line may see. No secret, no person.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::Serialize;

use crate::compartment::{Level, Use};
use crate::id::{CompartmentId, DeviceId, LineId, ProbeId, TerminalId};
use crate::reader::Housing;
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
    /// Whether latch and door contact contradict each other, and have for so long that it was told.
    pub contradicts: bool,
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

/// How a reader's channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderChannel {
    /// Up under its own key.
    Secure,
    /// It does not answer.
    Silent,
    /// It has no key of this gateway.
    Uninstalled,
    /// It should have one and has none.
    Keyless,
    /// It has another than it was given.
    WrongKey,
    /// It refuses a channel.
    NoChannel,
}

/// A terminal that is a reader, as it was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderView {
    /// Its channel; none before it was told.
    pub channel: Option<ReaderChannel>,
    /// Its housing; none before it was told.
    pub housing: Option<Housing>,
    /// Since when it is like that.
    pub since: Option<Timestamp>,
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
    /// Those of them that are readers and were told of.
    pub readers: BTreeMap<TerminalId, ReaderView>,
}
