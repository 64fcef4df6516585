//! Scanners: how each stands, and what it counts since the start of the daemon.

use device_drivers::scanner::ScannerState;
use serde::{Deserialize, Serialize};

use crate::config::{Commands, Configuration, Scanner as Place};
use crate::telemetry::{Scanner as Known, Totals};

/// One scanner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    /// Its line, and its name as a device.
    pub id: String,
    /// The terminal at which its scans are typed; none where nobody named it.
    pub terminal: Option<String>,
    /// The port, as configured.
    pub port: String,
    /// Why the port is shut, in words; none while it is open.
    pub reason: Option<String>,
    /// `unknown`, `away`, `silent` or `ready`.
    pub state: String,
    /// Since when, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Whether it takes commands that we know, so that its settings are looked after.
    pub guarded: bool,
    /// Whether settings that somebody changed are not put back.
    pub unsettled: bool,
    /// Scans passed on.
    pub scans: u64,
    /// The same read once more.
    pub repeated: u64,
    /// What came and was no scan.
    pub dropped: u64,
    /// Commands sent.
    pub commands: u64,
    /// Commands without a good reply.
    pub unanswered: u64,
    /// Set-up barcodes of vendors that somebody held before it.
    pub set_up_codes: u64,
    /// Settings that were found changed.
    pub changed: u64,
    /// Settings that were put back.
    pub undone: u64,
}

/// Every word of [`Scanner::state`] but `unknown`.
pub const STATES: &[&str] = &["away", "silent", "ready"];

pub(super) fn make(configuration: &Configuration, totals: &Totals) -> Vec<Scanner> {
    configuration.scanners.values().map(|place| scanner(place, totals)).collect()
}

fn scanner(place: &Place, totals: &Totals) -> Scanner {
    let known: Option<&Known> = totals.scanners.get(&place.line);
    let counters = known.map(|known| known.counters).unwrap_or_default();
    let port = totals.ports.get(&place.line);
    // One whose port was never open has told no state.
    let shut = port.is_some_and(|port| !port.open);
    Scanner {
        id: place.line.as_str().to_owned(),
        terminal: place.terminal.as_ref().map(|terminal| terminal.as_str().to_owned()),
        port: place.port.to_string(),
        reason: port.and_then(|port| port.reason.clone()),
        state: known.map_or(if shut { "away" } else { "unknown" }, |known| word(known.state)).to_owned(),
        since: known.map(|known| known.since.0),
        guarded: place.commands != Commands::None,
        unsettled: known.is_some_and(|known| !known.wrong.is_empty()),
        scans: counters.scans,
        repeated: counters.repeated,
        dropped: counters.dropped,
        commands: counters.commands,
        unanswered: counters.unanswered,
        set_up_codes: counters.set_up_codes,
        changed: counters.changed,
        undone: counters.undone,
    }
}

const fn word(state: ScannerState) -> &'static str {
    match state {
        ScannerState::Away => "away",
        ScannerState::Silent => "silent",
        ScannerState::Ready => "ready",
    }
}

impl Scanner {
    /// What is wrong with it and what to do; nothing while all is well.
    #[must_use]
    pub fn attention(&self) -> Option<(String, &'static str)> {
        let id = &self.id;
        let serves =
            self.terminal.as_ref().map(|terminal| format!(" of terminal {terminal}")).unwrap_or_default();
        match self.state.as_str() {
            "away" => {
                let why = self.reason.as_deref().unwrap_or("its port is shut");
                Some((
                    format!("scanner {id}{serves} is away: {}: {why}", self.port),
                    "check its plug; it is opened again by itself",
                ))
            }
            "silent" => Some((
                format!("scanner {id}{serves} answers no commands; its set-up barcodes may be on"),
                "is it the model that [[line]] says, at that speed? reset it by its maker's sheet, then plug it in again",
            )),
            _ if self.unsettled => Some((
                format!("the settings of scanner {id}{serves} were CHANGED and are not put back"),
                "somebody held a set-up barcode before it; look at it, and unplug it if it does not come right",
            )),
            _ => None,
        }
    }
}
