//! The whole building for a person or a program to look at, made from the engine's snapshot. No secret, no person.

use serde::{Deserialize, Serialize};
use vestibule_core::compartment::{Contact, Level, Use};
use vestibule_core::id::{CompartmentId, DeviceId, ProbeId};
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_core::view::{CompartmentView, Presence, Quality, Seen, StorageView, TerminalUse};

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
    /// `synchronised`, `holdover` or `untrusted`.
    pub clock: String,
    /// `good` or `degraded`.
    pub storage: String,
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
    /// `good`, `stale`, `fault` or `unknown`.
    pub quality: String,
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
    /// `free`, `reserved`, `occupied`, `needs_inspection` or `out_of_service`.
    pub usage: String,
    /// Why it needs inspection or is out of service.
    pub cause: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// `open` or `shut`; absent where no contact is wired.
    pub door: Option<Read<String>>,
    /// `open` (released) or `shut` (latched); absent where no contact is wired.
    pub latch: Option<Read<String>>,
    /// What the eye inside sees, `empty` or `occupied`; absent where none is wired.
    pub occupancy: Option<Read<String>>,
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
    /// What it should read: `ambient`, `chilled` or `frozen`.
    pub climate: String,
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
    /// `online`, `degraded` or `offline`.
    pub presence: Read<String>,
}

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its id.
    pub id: String,
    /// `idle`, `courier` or `resident`.
    pub usage: String,
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
    let climate = |id| configuration.site.probes.get(id).map_or("", |probe| climate_word(probe.climate));
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
            .map(|(id, seen)| Probe {
                id: id.as_str().to_owned(),
                climate: climate(id).to_owned(),
                milli_celsius: read(seen, |temperature| temperature.0),
                source: source_of(configuration, id),
            })
            .collect(),
        devices: view.devices.iter().map(|(id, seen)| named(id.as_str(), seen)).collect(),
        lines: view.lines.iter().map(|(id, seen)| named(id.as_str(), seen)).collect(),
        terminals: view
            .terminals
            .iter()
            .map(|(id, usage)| Terminal {
                id: id.as_str().to_owned(),
                usage: terminal_word(*usage).to_owned(),
            })
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
        clock: match view.clock {
            ClockTrust::Synchronised => "synchronised",
            ClockTrust::Holdover => "holdover",
            ClockTrust::Untrusted => "untrusted",
        }
        .to_owned(),
        storage: match view.storage {
            StorageView::Good => "good",
            StorageView::Degraded => "degraded",
        }
        .to_owned(),
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
    let (usage, cause) = match &view.usage {
        Use::Free => ("free", None),
        Use::Reserved(_) => ("reserved", None),
        Use::Occupied(_) => ("occupied", None),
        Use::NeedsInspection(cause) => ("needs_inspection", word(cause)),
        Use::OutOfService(cause) => ("out_of_service", word(cause)),
    };
    let words = |open: &'static str, shut: &'static str| {
        move |seen: &Seen<Level>| {
            read(seen, |level| match level {
                Level::Open => open.to_owned(),
                Level::Shut => shut.to_owned(),
            })
        }
    };
    Compartment {
        id: id.to_owned(),
        label: view.label.clone(),
        usage: usage.to_owned(),
        cause,
        since: view.since.0,
        door: view.door.as_ref().map(words("open", "shut")),
        latch: view.latch.as_ref().map(words("open", "shut")),
        occupancy: view.occupancy.as_ref().map(words("empty", "occupied")),
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

fn read<T, U>(seen: &Seen<T>, convert: impl Fn(&T) -> U) -> Read<U> {
    Read {
        value: seen.value.as_ref().map(convert),
        quality: match seen.quality {
            Quality::Good => "good",
            Quality::Stale => "stale",
            Quality::Fault => "fault",
            Quality::Unknown => "unknown",
        }
        .to_owned(),
        observed_at: seen.observed_at.map(|at| at.0),
    }
}

fn named(id: &str, seen: &Seen<Presence>) -> Named {
    let presence = read(seen, |presence| {
        match presence {
            Presence::Online => "online",
            Presence::Degraded => "degraded",
            Presence::Offline => "offline",
        }
        .to_owned()
    });
    Named { id: id.to_owned(), presence }
}

const fn climate_word(climate: vestibule_core::site::Climate) -> &'static str {
    match climate {
        vestibule_core::site::Climate::Ambient => "ambient",
        vestibule_core::site::Climate::Chilled => "chilled",
        vestibule_core::site::Climate::Frozen => "frozen",
    }
}

const fn terminal_word(usage: TerminalUse) -> &'static str {
    match usage {
        TerminalUse::Idle => "idle",
        TerminalUse::Courier => "courier",
        TerminalUse::Resident => "resident",
    }
}
