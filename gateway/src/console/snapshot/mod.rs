//! The whole building for a person or a program to look at, made from the engine's snapshot. No secret, no person.

use serde::{Deserialize, Serialize};
use vestibule_contract::words::{
    ClimateWord, ClockWord, CompartmentUse, Occupancy, Position, PresenceWord, Quality, StorageWord,
    TerminalWord,
};
use vestibule_core::compartment::{Contact, Use};
use vestibule_core::id::{CompartmentId, DeviceId, ProbeId};
use vestibule_core::time::Timestamp;
use vestibule_core::view::{CompartmentView, Presence, Seen};

use crate::commission::SealStanding;
use crate::config::{Configuration, Origin};
use crate::engine::{Counters, Published};
use crate::telemetry::Totals;

mod field;
mod links;
mod readers;
mod scanners;
mod words;

pub use field::{DeviceTotals, Field, FlagState, LineTotals};
pub use links::{Link, Links};
pub use readers::{Reader, STATES as READER_STATES};
pub use scanners::{STATES as SCANNER_STATES, Scanner};

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The building's id.
    pub building: String,
    /// Its name.
    pub name: String,
    /// The gateway itself.
    pub gateway: Gateway,
    /// Every compartment, by id.
    pub compartments: Vec<Compartment>,
    /// Every probe.
    pub probes: Vec<Probe>,
    /// Every board.
    pub devices: Vec<Named>,
    /// Every line.
    pub lines: Vec<Named>,
    /// Every terminal.
    pub terminals: Vec<Terminal>,
    /// Every terminal that is a reader.
    #[serde(default)]
    pub readers: Vec<Reader>,
    /// Every scanner.
    #[serde(default)]
    pub scanners: Vec<Scanner>,
    /// Ports, and what lines and boards count; empty from a daemon that is older than this.
    #[serde(default)]
    pub field: Field,
    /// The connections to the brokers that are configured.
    #[serde(default)]
    pub links: Links,
    /// The seal of commissioning.
    #[serde(default)]
    pub seal: SealStanding,
}

/// The gateway itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// Version of the daemon.
    pub version: String,
    /// Count of starts.
    pub boot: u32,
    /// When it started, in milliseconds since 1970.
    pub started: i64,
    /// Its wall clock when this was asked, likewise.
    pub now: i64,
    /// Trust in that clock.
    pub clock: ClockWord,
    /// Whether rows can be made durable.
    pub storage: StorageWord,
    /// Rows that wait for the disk.
    pub waiting_rows: u64,
    /// Sequence of the newest durable row; 0 if there is none.
    pub journal: u64,
    /// Its hash.
    pub journal_hash: Option<String>,
    /// The newest row that the cloud acknowledged; none before the first, or where there is no cloud.
    #[serde(default)]
    pub acknowledged: Option<u64>,
    /// Notices that the notifier has not acknowledged yet.
    #[serde(default)]
    pub waiting_notices: usize,
    /// SHA-256 over the files of the configuration that runs.
    #[serde(default)]
    pub configuration: String,
    /// Problems of the files where an older configuration runs; 0 where the files are in force.
    pub configuration_problems: usize,
    /// What the engine counts since the start.
    #[serde(default)]
    pub counters: Counters,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read<T> {
    /// The last value, if there ever was one.
    pub value: Option<T>,
    /// How far to believe it.
    pub quality: Quality,
    /// When it was last heard, in milliseconds since 1970.
    pub observed_at: Option<i64>,
}

/// One compartment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compartment {
    /// Its id.
    pub id: String,
    /// What the sticker says.
    pub label: String,
    /// What it is used for.
    pub usage: CompartmentUse,
    /// Why it needs inspection or is out of service.
    pub cause: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// Absent where no contact is wired.
    pub door: Option<Read<Position>>,
    /// `open` is released, `shut` latched; absent where no contact is wired.
    pub latch: Option<Read<Position>>,
    /// What the eye inside sees; absent where none is wired.
    pub occupancy: Option<Read<Occupancy>>,
    /// Whether latch and door contact contradict each other, and have for so long that it was told.
    #[serde(default)]
    pub contradicts: bool,
    /// Its lock: a board and one of its outputs, as `bank-a-locks/3`.
    #[serde(default)]
    pub lock: Option<String>,
    /// The input that its door's contact hangs on, likewise; none where none is wired.
    #[serde(default)]
    pub input: Option<String>,
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Its id.
    pub id: String,
    /// What it should read.
    pub climate: ClimateWord,
    /// Thousandths of a degree Celsius.
    pub milli_celsius: Read<i32>,
    /// Where it hangs: an instrument and one of its channels, as `bank-c-temps/1`.
    #[serde(default)]
    pub source: Option<String>,
}

/// A board or a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Whether it answers.
    pub presence: Read<PresenceWord>,
}

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its id.
    pub id: String,
    /// Whom it serves.
    pub usage: TerminalWord,
}

/// Makes a snapshot.
#[must_use]
pub fn make(
    configuration: &Configuration,
    published: &Published,
    totals: &Totals,
    now: Timestamp,
) -> Snapshot {
    let view = &published.view;
    Snapshot {
        building: configuration.site.building.as_str().to_owned(),
        name: configuration.name.clone(),
        gateway: gateway(configuration, published, now),
        compartments: view
            .compartments
            .iter()
            .map(|(id, one)| Compartment {
                lock: configuration
                    .site
                    .compartments
                    .get(id)
                    .map(|site| at(&site.lock.device, site.lock.output)),
                input: input_of(configuration, id),
                ..compartment(id.as_str(), one)
            })
            .collect(),
        probes: view
            .probes
            .iter()
            .filter_map(|(id, seen)| {
                Some(Probe {
                    id: id.as_str().to_owned(),
                    climate: configuration.site.probes.get(id)?.climate.into(),
                    milli_celsius: read(seen, |temperature| temperature.0),
                    source: source_of(configuration, id),
                })
            })
            .collect(),
        devices: view.devices.iter().map(|(id, seen)| named(id.as_str(), seen)).collect(),
        lines: view.lines.iter().map(|(id, seen)| named(id.as_str(), seen)).collect(),
        terminals: view
            .terminals
            .iter()
            .map(|(id, usage)| Terminal { id: id.as_str().to_owned(), usage: (*usage).into() })
            .collect(),
        readers: readers::make(configuration, totals),
        scanners: scanners::make(configuration, totals),
        field: field::make(configuration, totals),
        links: links::make(configuration, totals),
        seal: totals.seal.clone(),
    }
}

fn gateway(configuration: &Configuration, published: &Published, now: Timestamp) -> Gateway {
    let view = &published.view.gateway;
    Gateway {
        version: view.version.clone(),
        boot: view.boot,
        started: view.started.0,
        now: now.0,
        clock: view.clock.into(),
        storage: view.storage.into(),
        waiting_rows: published.waiting_rows,
        journal: published.head.map_or(0, |head| head.sequence),
        journal_hash: published.head.map(|head| head.hash.to_string()),
        acknowledged: published.acknowledged,
        waiting_notices: published.waiting_notices,
        configuration: configuration.digest.to_string(),
        configuration_problems: match configuration.origin {
            Origin::Current => 0,
            Origin::LastGood { problems } => problems,
        },
        counters: published.counters,
    }
}

fn compartment(id: &str, view: &CompartmentView) -> Compartment {
    let cause = match &view.usage {
        Use::Free | Use::Reserved(_) | Use::Occupied(_) => None,
        Use::NeedsInspection(cause) => word(cause),
        Use::OutOfService(cause) => word(cause),
    };
    Compartment {
        id: id.to_owned(),
        label: view.label.clone(),
        usage: (&view.usage).into(),
        cause,
        since: view.since.0,
        door: view.door.as_ref().map(|seen| read(seen, Position::from)),
        latch: view.latch.as_ref().map(|seen| read(seen, Position::from)),
        occupancy: view.occupancy.as_ref().map(|seen| read(seen, Occupancy::from)),
        contradicts: view.contradicts,
        lock: None,
        input: None,
    }
}

fn at(device: &DeviceId, channel: u16) -> String {
    format!("{device}/{channel}")
}

fn input_of(configuration: &Configuration, id: &CompartmentId) -> Option<String> {
    let mut wired = configuration.wiring.contacts.iter();
    let found = wired.find(|(_, wire)| wire.compartment == *id && wire.contact == Contact::Door);
    found.map(|(place, _)| at(&place.device, place.channel))
}

fn source_of(configuration: &Configuration, id: &ProbeId) -> Option<String> {
    let mut wired = configuration.wiring.probes.iter();
    wired.find(|(_, probe)| *probe == id).map(|(place, _)| at(&place.device, place.channel))
}

/// The word that serde gives a unit variant: the same as in topics and events.
fn word(cause: &impl Serialize) -> Option<String> {
    serde_json::to_value(cause).ok()?.as_str().map(str::to_owned)
}

fn read<T: Copy, U>(seen: &Seen<T>, convert: impl FnOnce(T) -> U) -> Read<U> {
    Read {
        value: seen.value.map(convert),
        quality: seen.quality.into(),
        observed_at: seen.observed_at.map(|at| at.0),
    }
}

fn named(id: &str, seen: &Seen<Presence>) -> Named {
    Named { id: id.to_owned(), presence: read(seen, PresenceWord::from) }
}
