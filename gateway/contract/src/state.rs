//! State payloads: the last known truth of each thing, rendered from the core's snapshot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::effect::Thing;
use vestibule_core::unit::MilliCelsius;
use vestibule_core::view::{self, CompartmentView, Presence, ReaderView, Seen, TerminalUse, View};

use crate::identity::BootId;
use crate::telemetry::celsius;
use crate::words::{
    ClockWord, CompartmentUse, Connection, HousingWord, Occupancy, Position, PresenceWord, Quality,
    ReaderWord, StorageWord, TerminalWord,
};
use crate::{PayloadError, time, written};

/// A state message: what is known of one thing, and how far to believe it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct State<V, D> {
    /// The last value, if there ever was one.
    pub value: Option<V>,
    /// How far to believe it.
    pub quality: Quality,
    /// When it was last heard, RFC 3339; for a compartment's use: since when it holds.
    pub observed_at: Option<String>,
    /// Count of starts of the daemon. A payload of an older boot is never newer.
    pub boot: u32,
    /// Counts the state messages of this boot: (boot, sequence) orders two payloads of a topic. A last will has none:
    /// it counts unless its boot is older.
    pub sequence: Option<u64>,
    /// More about it.
    #[serde(flatten)]
    pub details: D,
}

/// State of the gateway itself.
pub type GatewayState = State<Connection, GatewayDetails>;
/// State of a compartment.
pub type CompartmentState = State<CompartmentUse, CompartmentDetails>;
/// State of a compartment's door.
pub type DoorState = State<Position, DoorDetails>;
/// State of a probe, in degrees Celsius.
pub type ProbeState = State<f64, NoDetails>;
/// State of a board or a line.
pub type PresenceState = State<PresenceWord, NoDetails>;
/// State of a terminal.
pub type TerminalState = State<TerminalWord, TerminalDetails>;

/// More about the gateway. Absent fields: the last will does not know them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayDetails {
    /// Identity of this start of the daemon.
    pub boot_id: String,
    /// Version of the daemon.
    pub version: String,
    /// When it started, RFC 3339.
    pub started_at: Option<String>,
    /// Trust in its clock.
    pub clock: Option<ClockWord>,
    /// Whether rows can be made durable.
    pub storage: Option<StorageWord>,
}

/// More about a compartment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompartmentDetails {
    /// What the sticker says.
    pub label: String,
    /// What the eye inside sees, whatever the record says; absent where none is wired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupancy: Option<Occupancy>,
    /// How far to believe the eye; absent where none is wired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupancy_quality: Option<Quality>,
}

/// More about a door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoorDetails {
    /// What the sticker says.
    pub label: String,
    /// The latch, where one is wired: `shut` is latched.
    pub latch: Option<Position>,
    /// How far to believe the latch; absent where none is wired.
    pub latch_quality: Option<Quality>,
}

/// More about a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalDetails {
    /// Absent where it is no reader, or nothing was told of it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderDetails>,
}

/// A terminal's reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReaderDetails {
    /// Its channel; absent before it was told.
    pub channel: Option<ReaderWord>,
    /// Its housing; absent before it was told.
    pub housing: Option<HousingWord>,
    /// Since when it is like that, RFC 3339.
    pub since: Option<String>,
}

/// Nothing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoDetails {}

/// Who renders, and the how-manieth state message it is.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Identity of this start.
    pub boot_id: BootId,
    /// Count of starts.
    pub boot: u32,
    /// Number of this state message within the boot.
    pub sequence: u64,
}

/// Every thing that has state, the gateway first.
#[must_use]
pub fn every_thing(view: &View) -> Vec<Thing> {
    let doors = view.compartments.iter().filter(|(_, compartment)| compartment.door.is_some());
    std::iter::once(Thing::Gateway)
        .chain(view.compartments.keys().cloned().map(Thing::Compartment))
        .chain(doors.map(|(id, _)| Thing::Door(id.clone())))
        .chain(view.probes.keys().cloned().map(Thing::Probe))
        .chain(view.devices.keys().cloned().map(Thing::Device))
        .chain(view.lines.keys().cloned().map(Thing::Line))
        .chain(view.terminals.keys().cloned().map(Thing::Terminal))
        .collect()
}

/// The state payload of a thing; `None` if the building has no such thing, so that its retained topic is to be cleared.
///
/// # Errors
/// [`PayloadError`] only by a defect in a payload type.
pub fn render(view: &View, thing: &Thing, stamp: Stamp) -> Result<Option<Vec<u8>>, PayloadError> {
    match thing {
        Thing::Gateway => written("state of gateway", &birth(view, stamp)).map(Some),
        Thing::Compartment(id) => {
            some(view.compartments.get(id).map(|compartment| of_compartment(compartment, stamp)))
        }
        Thing::Door(id) => {
            some(view.compartments.get(id).and_then(|compartment| of_door(compartment, stamp)))
        }
        Thing::Probe(id) => some(view.probes.get(id).map(|seen| of_probe(seen, stamp))),
        Thing::Device(id) => some(view.devices.get(id).map(|seen| of_presence(seen, stamp))),
        Thing::Line(id) => some(view.lines.get(id).map(|seen| of_presence(seen, stamp))),
        Thing::Terminal(id) => {
            some(view.terminals.get(id).map(|usage| of_terminal(*usage, view.readers.get(id), stamp)))
        }
    }
}

/// What `state/gateway/self` says while the gateway is connected.
#[must_use]
pub fn birth(view: &View, stamp: Stamp) -> GatewayState {
    let gateway = &view.gateway;
    State {
        value: Some(Connection::Online),
        quality: Quality::Good,
        observed_at: None,
        boot: stamp.boot,
        sequence: Some(stamp.sequence),
        details: GatewayDetails {
            boot_id: stamp.boot_id.to_string(),
            version: gateway.version.clone(),
            started_at: Some(time::text(gateway.started)),
            clock: Some(gateway.clock.into()),
            storage: Some(gateway.storage.into()),
        },
    }
}

/// What the broker says of the gateway when the connection is lost.
///
/// # Errors
/// [`PayloadError`] only by a defect in the payload type.
pub fn will(boot: u32, boot_id: BootId, version: &str) -> Result<Vec<u8>, PayloadError> {
    let will: GatewayState = State {
        value: Some(Connection::Offline),
        quality: Quality::Good,
        observed_at: None,
        boot,
        sequence: None,
        details: GatewayDetails {
            boot_id: boot_id.to_string(),
            version: version.into(),
            ..GatewayDetails::default()
        },
    };
    written("last will", &will)
}

fn some<V: Serialize, D: Serialize>(state: Option<State<V, D>>) -> Result<Option<Vec<u8>>, PayloadError> {
    state.map(|state| written("state", &state)).transpose()
}

fn of_compartment(compartment: &CompartmentView, stamp: Stamp) -> CompartmentState {
    State {
        value: Some(CompartmentUse::from(&compartment.usage)),
        quality: Quality::Good,
        observed_at: Some(time::text(compartment.since)),
        boot: stamp.boot,
        sequence: Some(stamp.sequence),
        details: CompartmentDetails {
            label: compartment.label.clone(),
            occupancy: compartment.occupancy.as_ref().and_then(|eye| eye.value).map(Occupancy::from),
            occupancy_quality: compartment.occupancy.as_ref().map(|eye| eye.quality.into()),
        },
    }
}

fn of_door(compartment: &CompartmentView, stamp: Stamp) -> Option<DoorState> {
    let details = DoorDetails {
        label: compartment.label.clone(),
        latch: compartment.latch.as_ref().and_then(|latch| latch.value).map(Position::from),
        latch_quality: compartment.latch.as_ref().map(|latch| latch.quality.into()),
    };
    compartment.door.as_ref().map(|door| seen(door, |level| Position::from(*level), stamp, details))
}

fn of_probe(probe: &Seen<MilliCelsius>, stamp: Stamp) -> ProbeState {
    seen(probe, |value| celsius(*value), stamp, NoDetails {})
}

fn of_presence(presence: &Seen<Presence>, stamp: Stamp) -> PresenceState {
    seen(presence, |presence| PresenceWord::from(*presence), stamp, NoDetails {})
}

fn of_terminal(usage: TerminalUse, reader: Option<&ReaderView>, stamp: Stamp) -> TerminalState {
    let now = Seen { value: Some(usage), quality: view::Quality::Good, observed_at: None };
    let reader = reader.map(|reader| ReaderDetails {
        channel: reader.channel.map(ReaderWord::from),
        housing: reader.housing.map(HousingWord::from),
        since: reader.since.map(time::text),
    });
    seen(&now, |usage| TerminalWord::from(*usage), stamp, TerminalDetails { reader })
}

fn seen<C, V, D>(seen: &Seen<C>, value: impl Fn(&C) -> V, stamp: Stamp, details: D) -> State<V, D> {
    State {
        value: seen.value.as_ref().map(value),
        quality: seen.quality.into(),
        observed_at: seen.observed_at.map(time::text),
        boot: stamp.boot,
        sequence: Some(stamp.sequence),
        details,
    }
}
