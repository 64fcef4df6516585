//! A made-up machine for the tests of checks: a folder that stands for its root, a configuration, a daemon that answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use vestibule_core::time::Timestamp;

use super::facts::{Facts, JournalFact, Unit};
use super::finding::Standing;
use super::{Check, Examined, examine};
use crate::commission::{SealStanding, SealState};
use crate::config::{Layers, load_for_elsewhere};
use crate::console::snapshot::{
    Compartment, DeviceTotals, Field, Gateway, LineTotals, Link, Links, Named, Probe, Read, Snapshot,
};
use crate::engine::Counters;
use vestibule_contract::words::{
    ClimateWord, ClockWord, CompartmentUse, Position, PresenceWord, Quality, StorageWord,
};

/// The machine's clock: 2026-09-21.
pub const NOW: i64 = 1_790_000_000_000;
/// One day in milliseconds.
pub const DAY: i64 = 86_400_000;

const SITE: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "UTC"
support = "+1 312 555 0134"
[[line]]
id = "rs485-1"
port = "/dev/vestibule/port-1"
protocol = "modbus-rtu"
[[device]]
id = "locks"
line = "rs485-1"
address = 1
model = "waveshare-relay-8"
[[device]]
id = "doors"
line = "rs485-1"
address = 2
model = "discrete-inputs-8"
[[terminal]]
id = "lobby"
[[bank]]
id = "a"
top_mm = 1000
columns = [["small", "small"]]
labels = "{BANK}{number}"
locks = "locks/1.."
doors = { inputs = "doors/1..", shut_when = "on" }
terminals = ["lobby"]
"#;

/// TLS ends as an installed building has them.
pub const BROKER: &str = r#"
[broker]
listen = "127.0.0.1:8883"
connect = "localhost:8883"
ca = "/etc/vestibule/tls/ca.pem"
certificate = "/etc/vestibule/tls/broker-local.pem"
key = "/etc/vestibule/tls/broker-local.key"
client_certificate = "/etc/vestibule/tls/gateway-gateway.pem"
client_key = "/etc/vestibule/tls/gateway-gateway.key"
"#;

/// A machine.
pub struct Bench {
    /// Removed with it.
    _folder: TempDir,
    /// What checks see.
    pub facts: Facts,
}

impl Bench {
    /// An empty machine: no files, no configuration, no daemon.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let silent = || "cannot reach the daemon at /run/vestibule/console.sock".to_owned();
        let facts = Facts {
            root: folder.path().to_owned(),
            now: Timestamp(NOW),
            is_root: true,
            configuration: None,
            problems: vec!["there is no configuration file".to_owned()],
            errors: 1,
            daemon: Err(silent()),
            journal: Err(silent()),
            units: Err("no systemd".to_owned()),
        };
        Self { _folder: folder, facts }
    }

    /// A machine with a building's configuration and these further sections.
    pub fn configured(more: &str) -> Self {
        let mut bench = Self::new();
        let path = bench.file("/etc/vestibule/vestibule.toml", &format!("{SITE}{more}"));
        let loaded = load_for_elsewhere(&Layers::Given(vec![path]));
        assert!(loaded.configuration.is_some(), "{:?}", loaded.problems);
        bench.facts.configuration = loaded.configuration;
        bench.facts.problems.clear();
        bench.facts.errors = 0;
        bench
    }

    /// The same with a daemon that is well.
    pub fn served(more: &str) -> Self {
        let mut bench = Self::configured(more);
        bench.facts.daemon = Ok(snapshot());
        bench.facts.journal = Ok(Vec::new());
        bench
    }

    /// Writes a file of the machine.
    pub fn file(&mut self, path: &str, text: &str) -> PathBuf {
        let file = self.facts.path(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Makes a symbolic link of the machine.
    pub fn link(&mut self, path: &str, to: impl AsRef<Path>) {
        let file = self.facts.path(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, file).unwrap();
    }

    /// The line's port leads to this kernel device.
    pub fn plug(&mut self, tty: &str) {
        self.file(&format!("/dev/{tty}"), "");
        self.link("/dev/vestibule/port-1", format!("../{tty}"));
    }

    /// What the daemon says.
    pub fn daemon(&mut self) -> &mut Snapshot {
        self.facts.daemon.as_mut().unwrap()
    }

    /// Adds a journal row.
    pub fn row(&mut self, event_type: &str) {
        let rows = self.facts.journal.as_mut().unwrap();
        let sequence = u64::try_from(rows.len()).unwrap() + 1;
        let time = "2026-09-20T10:00:00Z".to_owned();
        let document = serde_json::Value::Null;
        rows.push(JournalFact { sequence, event_type: event_type.to_owned(), time, document });
    }

    /// A unit as systemd has it.
    pub fn unit(&mut self, name: &str, active: &str, restarts: u64) {
        let unit = Unit {
            name: name.to_owned(),
            load: "loaded".into(),
            active: active.into(),
            restarts,
            watchdog: true,
            ..Unit::default()
        };
        match &mut self.facts.units {
            Ok(units) => units.push(unit),
            Err(_) => self.facts.units = Ok(vec![unit]),
        }
    }

    /// Takes the facts; the machine's folder is gone after it.
    pub fn into_facts(self) -> Facts {
        self.facts
    }

    /// What a check says, and what it says in words, all findings joined.
    pub fn ask(&mut self, check: Check) -> (Standing, String) {
        let facts = std::mem::replace(&mut self.facts, Self::new().facts);
        let facts = Arc::new(facts);
        let examined = examine(&facts, &[check], |_| {});
        self.facts = Arc::into_inner(facts).expect("the check has ended");
        let Examined { standing, findings, .. } = examined.into_iter().next().unwrap();
        let words = findings.iter().map(|f| format!("{} {}", f.what, f.next.as_deref().unwrap_or_default()));
        (standing, words.collect::<Vec<_>>().join("; "))
    }

    /// How a check stands.
    pub fn standing(&mut self, check: Check) -> Standing {
        self.ask(check).0
    }
}

/// A value that was read well.
pub fn good<T>(value: T) -> Read<T> {
    Read { value: Some(value), quality: Quality::Good, observed_at: Some(NOW - 20_000) }
}

/// A building that is well.
pub fn snapshot() -> Snapshot {
    let named = |id: &str| Named { id: id.into(), presence: good(PresenceWord::Online) };
    let device = |address| DeviceTotals {
        line: "rs485-1".into(),
        address,
        model: "waveshare-relay-8".into(),
        ok: 100_000,
        ..DeviceTotals::default()
    };
    let line = LineTotals { open: Some(true), opened: 1, transactions: 200_000, ..LineTotals::default() };
    let up = || Some(Link { connected: true, since: Some(NOW - DAY), made: 1, reason: None });
    Snapshot {
        building: "maple-court".into(),
        name: "Maple Court".into(),
        gateway: Gateway {
            version: env!("CARGO_PKG_VERSION").into(),
            boot: 3,
            started: NOW - DAY,
            now: NOW,
            clock: ClockWord::Synchronised,
            storage: StorageWord::Good,
            waiting_rows: 0,
            journal: 1_234,
            journal_hash: None,
            acknowledged: Some(1_234),
            waiting_notices: 0,
            configuration: String::new(),
            configuration_problems: 0,
            counters: Counters { unlocks: 7, last_commit_us: 2_100, ..Counters::default() },
        },
        compartments: vec![Compartment {
            id: "a-1".into(),
            label: "A1".into(),
            usage: CompartmentUse::Free,
            cause: None,
            since: NOW - DAY,
            door: Some(good(Position::Shut)),
            latch: None,
            occupancy: None,
            contradicts: false,
            lock: None,
            input: None,
        }],
        probes: vec![Probe {
            id: "cold-1".into(),
            climate: ClimateWord::Chilled,
            milli_celsius: good(3_440),
            source: Some("rack/1".into()),
        }],
        devices: vec![named("locks"), named("doors")],
        lines: vec![named("rs485-1")],
        terminals: Vec::new(),
        readers: Vec::new(),
        scanners: Vec::new(),
        field: Field {
            lines: [("rs485-1".into(), line)].into(),
            devices: [("locks".into(), device(1)), ("doors".into(), device(2))].into(),
        },
        links: Links { bus: up(), cloud: up() },
        seal: SealStanding {
            state: SealState::Whole,
            by: Some("os:anna".into()),
            at: Some(NOW - 2 * DAY),
            ..SealStanding::default()
        },
    }
}
