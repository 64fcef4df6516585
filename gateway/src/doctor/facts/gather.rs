//! Facts of this machine, each look bounded in time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use vestibule_store::{Folder, Reader};

use super::{Facts, JournalFact, Unit};
use crate::clock;
use crate::config::{self, Configuration, Layers, Severity};
use crate::console::Client;
use crate::console::protocol::{JournalRequest, Message, Request};
use crate::console::snapshot::Snapshot;
use crate::doctor::tool::{run, within};

/// Most that gathering takes: configuration and daemon one after the other, systemd last.
pub const GATHER_TIME_MAX: Duration = Duration::from_millis(3_500);
/// The daemon answers within milliseconds, also while its disk is away.
const DAEMON_TIME_MAX: Duration = Duration::from_millis(2_000);
/// systemd's answer.
const UNITS_TIME_MAX: Duration = Duration::from_millis(1_500);
/// Newest journal rows that are looked through: some weeks of a small building.
const ROWS: u64 = 500;
/// Bytes of them.
const ROWS_BYTES: usize = 1024 * 1024;
/// Bytes of systemd's answer.
const UNITS_BYTES: u64 = 64 * 1024;
/// What is asked of each unit.
const PROPERTIES: &str = "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,WatchdogUSec";

const _: () = assert!(
    DAEMON_TIME_MAX.as_millis() + UNITS_TIME_MAX.as_millis() <= GATHER_TIME_MAX.as_millis(),
    "an examination is over in 10 s"
);

impl Facts {
    /// Looks at this machine; the configuration is read from these layers, and the daemon is asked at this socket.
    #[must_use]
    pub fn gather(layers: &Layers, socket: &Path) -> Self {
        let loaded = config::load_for_start(layers);
        let errors = loaded.errors();
        let mut problems = loaded.problems;
        problems.sort_by_key(|problem| problem.severity != Severity::Error);
        let problems = problems.iter().map(|problem| {
            let at = config::locate(problem, &loaded.sources);
            let place = at.file.zip(at.at).map(|(file, at)| format!("{file}:{}: ", at.line));
            format!("{}{}", place.unwrap_or_default(), problem.message)
        });
        let problems = problems.collect();
        let (daemon, journal) = ask(socket, loaded.configuration.as_ref());
        Self {
            root: PathBuf::from("/"),
            now: clock::wall(),
            is_root: rustix::process::geteuid().is_root(),
            configuration: loaded.configuration,
            problems,
            errors,
            daemon,
            journal,
            units: units(),
        }
    }
}

type Asked = (Result<Snapshot, String>, Result<Vec<JournalFact>, String>);

/// A daemon that hangs takes a connection and says nothing, or does not even take it.
fn ask(socket: &Path, configuration: Option<&Configuration>) -> Asked {
    let path = socket.to_owned();
    let place = configuration.map(|one| (one.local.state_dir.clone(), one.site.building.clone()));
    let look = move || {
        let daemon = Client::connect(&path).map_err(|error| error.to_string());
        match daemon.and_then(|mut client| Ok((snapshot(&mut client)?, client))) {
            Ok((snapshot, mut client)) => {
                let rows = rows_of(&mut client, snapshot.gateway.journal);
                (Ok(snapshot), rows)
            }
            Err(why) => {
                let file = place.ok_or_else(|| "there is no usable configuration".to_owned());
                let rows = file.and_then(|(folder, building)| {
                    let reader = Reader::open(&Folder::new(folder), &building);
                    stored(&reader.map_err(|error| error.to_string())?)
                });
                (Err(why), rows)
            }
        }
    };
    within(DAEMON_TIME_MAX, look).unwrap_or_else(|| {
        let why = format!("no answer within {} ms", DAEMON_TIME_MAX.as_millis());
        (Err(why.clone()), Err(why))
    })
}

fn snapshot(client: &mut Client) -> Result<Snapshot, String> {
    client.ask(&Request::Snapshot).map_err(|error| error.to_string())?;
    match client.answer().map_err(|error| error.to_string())? {
        Message::Snapshot(snapshot) => Ok(*snapshot),
        Message::Error { sentence, .. } => Err(sentence),
        _ => Err("the daemon answered something else".to_owned()),
    }
}

fn rows_of(client: &mut Client, head: u64) -> Result<Vec<JournalFact>, String> {
    let request = JournalRequest { after: head.saturating_sub(ROWS), rows: Some(ROWS), follow: false };
    client.ask(&Request::Journal(request)).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    loop {
        match client.answer().map_err(|error| error.to_string())? {
            Message::Row { sequence, event, .. } => rows.extend(fact(sequence, event.get())),
            Message::End => return Ok(rows),
            Message::Error { sentence, .. } => return Err(sentence),
            _ => return Err("the daemon answered something else".to_owned()),
        }
    }
}

fn stored(reader: &Reader) -> Result<Vec<JournalFact>, String> {
    let rows_count = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let after = reader.head().sequence.saturating_sub(ROWS);
    let rows = reader.rows_after(after, rows_count, ROWS_BYTES).map_err(|error| error.to_string())?;
    let text = rows.iter().map(|row| (row.sequence, String::from_utf8_lossy(&row.bytes)));
    Ok(text.filter_map(|(sequence, text)| fact(sequence, &text)).collect())
}

fn fact(sequence: u64, event: &str) -> Option<JournalFact> {
    #[derive(Deserialize)]
    struct Header {
        r#type: String,
        time: String,
    }
    let document: serde_json::Value = serde_json::from_str(event).ok()?;
    let Header { r#type, time } = serde_json::from_value(document.clone()).ok()?;
    Some(JournalFact { sequence, event_type: r#type, time, document })
}

/// The only way to a unit's state is to ask systemd; a machine without it has no units.
fn units() -> Result<Vec<Unit>, String> {
    let arguments = ["show", "vestibule.service", "vestibule-broker.service", PROPERTIES];
    let text = run("systemctl", &arguments, UNITS_BYTES, UNITS_TIME_MAX)?;
    let units: Vec<Unit> = text.split("\n\n").filter_map(parse).collect();
    if units.is_empty() { Err("systemd says nothing of the units".to_owned()) } else { Ok(units) }
}

fn parse(text: &str) -> Option<Unit> {
    let value = |key: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let name = value("Id");
    let unit = Unit {
        load: value("LoadState"),
        active: value("ActiveState"),
        sub: value("SubState"),
        result: value("Result"),
        restarts: value("NRestarts").parse().unwrap_or(0),
        watchdog: !matches!(value("WatchdogUSec").as_str(), "" | "0" | "infinity"),
        name,
    };
    (!unit.name.is_empty()).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_is_read_as_systemd_says_it() {
        let text = "Id=vestibule.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n\
                    NRestarts=2\nWatchdogUSec=30s";
        let unit = parse(text).expect("a unit");
        assert_eq!(
            (unit.name.as_str(), unit.active.as_str(), unit.restarts),
            ("vestibule.service", "active", 2)
        );
        assert!(unit.watchdog);
        assert_eq!(parse("LoadState=not-found"), None);
    }

    #[test]
    fn row_is_a_fact_when_it_can_be_read() {
        let row = r#"{"type":"access.granted","time":"2026-11-01T10:00:00Z","data":{"actor":"os:anna"}}"#;
        let fact = fact(7, row).expect("a row");
        assert_eq!((fact.sequence, fact.event_type.as_str()), (7, "access.granted"));
        assert_eq!(super::fact(7, "{}"), None);
    }
}
