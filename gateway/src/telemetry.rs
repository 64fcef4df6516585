//! The newest totals of lines, boards and connections: for telemetry messages, `status`, `doctor`, and people who look for
//! a bad cable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use device_drivers::line::counters::{LineCounters, SlaveCounters};
use device_drivers::osdp::{Identity, ReaderCounters, ReaderState, Tamper};
use device_drivers::scanner::{ScannerCounters, ScannerState, Undone};
use device_drivers::time::Monotonic;
use device_drivers::trace::Tape;
use vestibule_core::id::{DeviceId, LineId, TerminalId};
use vestibule_core::time::{Mono, Timestamp};

use crate::clock::monotonic;
use crate::commission::SealStanding;

mod usage;

pub use usage::LineUse;

/// Totals since each line was started; they never go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of each line that has told them.
    pub lines: BTreeMap<LineId, LineCounters>,
    /// Of each board that has told them.
    pub devices: BTreeMap<DeviceId, SlaveCounters>,
    /// How much each of these lines used of its wire lately.
    pub uses: BTreeMap<LineId, LineUse>,
    /// Each reader.
    pub readers: BTreeMap<TerminalId, Reader>,
    /// Each scanner, by its line.
    pub scanners: BTreeMap<LineId, Scanner>,
    /// The port of each line that has said something of it.
    pub ports: BTreeMap<LineId, Port>,
    /// What controllers say of themselves, by device and flag.
    pub flags: BTreeMap<DeviceId, BTreeMap<String, Flag>>,
    /// The seal of commissioning at the last look.
    pub seal: SealStanding,
    /// The connection to the building's own broker.
    pub bus: Connection,
    /// The connection to the cloud's broker.
    pub cloud: Connection,
}

/// What a controller said of itself last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// `defrost`, `door` or `alarm`.
    pub role: &'static str,
    /// Whether it is so.
    pub raised: bool,
    /// Since when, as far as this daemon saw.
    pub since: Mono,
    /// When it was heard last.
    pub heard: Mono,
}

/// Whether a flag was never heard before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FirstHeard {
    Yes,
    No,
}

/// How a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its standing.
    pub state: ReaderState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Whether it has proven a key of this gateway since it was installed.
    pub keyed: bool,
    /// Its tamper switch; none before it was heard.
    pub tamper: Option<Tamper>,
    /// What it says that it is.
    pub identity: Option<Identity>,
    /// Its totals.
    pub counters: ReaderCounters,
    /// Until when its install window is open.
    pub window: Option<Monotonic>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: ReaderState::Unknown,
            since: None,
            keyed: false,
            tamper: None,
            identity: None,
            counters: ReaderCounters::default(),
            window: None,
        }
    }
}

/// How a scanner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// Whether it is there and takes commands.
    pub state: ScannerState,
    /// Since when.
    pub since: Timestamp,
    /// The terminal at which its scans are typed.
    pub terminal: Option<TerminalId>,
    /// Zones of its settings that somebody changed and that are not put back.
    pub wrong: BTreeSet<u16>,
    /// Its totals.
    pub counters: ScannerCounters,
}

/// How a line's port is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Whether it is open.
    pub open: bool,
    /// Why it is not, in words.
    pub reason: Option<String>,
    /// How often it was opened since the start: more than once is an adapter that comes and goes.
    pub opened: u64,
}

/// How the connection to a broker is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Whether it stands: CONNACK came.
    pub connected: bool,
    /// When it was made or lost last; none before the first attempt ended.
    pub since: Option<Timestamp>,
    /// How often it was made since the start.
    pub made: u64,
    /// Why it was lost or not made last, in words; none while it stands.
    pub reason: Option<String>,
}

/// Which broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The building's own.
    Bus,
    /// The cloud's.
    Cloud,
}

/// Where line threads and clients leave what they know. Bounded by the configuration's lines and boards.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    totals: Arc<Mutex<Totals>>,
    tapes: Arc<Mutex<BTreeMap<LineId, Tape>>>,
}

impl Telemetry {
    /// The newest totals.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.lock().clone()
    }

    /// From now on this is the line's tape.
    pub fn keep_tape(&self, line: &LineId, tape: Tape) {
        self.tapes.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone(), tape);
    }

    /// The last frames of a line; none for a line that was not started.
    #[must_use]
    pub fn tape(&self, line: &LineId) -> Option<Tape> {
        self.tapes.lock().unwrap_or_else(PoisonError::into_inner).get(line).cloned()
    }

    /// Replaces a line's totals.
    pub fn line(&self, line: &LineId, counters: LineCounters) {
        let mut totals = self.lock();
        let used = totals.uses.entry(line.clone()).or_default();
        *used = used.reported(counters.occupied, monotonic());
        totals.lines.insert(line.clone(), counters);
    }

    /// A scanner is there, at that terminal; nothing was heard of it yet.
    pub fn scanner_started(&self, line: &LineId, terminal: Option<TerminalId>, now: Timestamp) {
        let (state, counters) = (ScannerState::Away, ScannerCounters::default());
        let scanner = Scanner { state, since: now, terminal, wrong: BTreeSet::new(), counters };
        self.lock().scanners.insert(line.clone(), scanner);
    }

    /// A scanner's state changed at `now`.
    pub fn scanner(&self, line: &LineId, state: ScannerState, now: Timestamp) {
        if let Some(scanner) = self.lock().scanners.get_mut(line) {
            (scanner.state, scanner.since) = (state, now);
        }
    }

    /// Somebody changed a zone of a scanner's settings, or it is as it should be again.
    pub fn scanner_settings(&self, line: &LineId, zone: u16, undone: Undone) {
        if let Some(scanner) = self.lock().scanners.get_mut(line) {
            match undone {
                Undone::NotYet => scanner.wrong.insert(zone),
                Undone::Yes => scanner.wrong.remove(&zone),
            };
        }
    }

    /// Replaces a scanner's totals; one that was never heard has none.
    pub fn scanned(&self, line: &LineId, counters: ScannerCounters) {
        if let Some(scanner) = self.lock().scanners.get_mut(line) {
            scanner.counters = counters;
        }
    }

    /// Replaces a board's totals.
    pub fn device(&self, device: DeviceId, counters: SlaveCounters) {
        self.lock().devices.insert(device, counters);
    }

    /// A controller said something of itself; whether that is news.
    pub fn flag(
        &self,
        device: &DeviceId,
        name: &str,
        role: &'static str,
        raised: bool,
        now: Mono,
    ) -> Option<FirstHeard> {
        let mut totals = self.lock();
        let flags = totals.flags.entry(device.clone()).or_default();
        match flags.get_mut(name) {
            Some(flag) if flag.raised == raised => {
                flag.heard = now;
                None
            }
            known => {
                let news = if known.is_some() { FirstHeard::No } else { FirstHeard::Yes };
                flags.insert(name.to_owned(), Flag { role, raised, since: now, heard: now });
                Some(news)
            }
        }
    }

    /// Notes something of a reader.
    pub fn reader(&self, terminal: &TerminalId, note: impl FnOnce(&mut Reader)) {
        note(self.lock().readers.entry(terminal.clone()).or_default());
    }

    /// Somebody looked at the seal.
    pub fn seal(&self, standing: SealStanding) {
        self.lock().seal = standing;
    }

    /// A line's port was opened.
    pub fn port_opened(&self, line: &LineId) {
        let mut totals = self.lock();
        let port = totals.ports.entry(line.clone()).or_default();
        *port = Port { open: true, reason: None, opened: port.opened + 1 };
    }

    /// A line's port is gone or cannot be opened.
    pub fn port_closed(&self, line: &LineId, reason: String) {
        let mut totals = self.lock();
        let port = totals.ports.entry(line.clone()).or_default();
        *port = Port { open: false, reason: Some(reason), opened: port.opened };
    }

    /// A connection was made.
    pub fn connected(&self, link: Link, at: Timestamp) {
        let mut totals = self.lock();
        let connection = totals.connection(link);
        let made = connection.made + 1;
        *connection = Connection { connected: true, since: Some(at), made, reason: None };
    }

    /// A connection was lost, or could not be made.
    pub fn lost(&self, link: Link, at: Timestamp, reason: &str) {
        let mut totals = self.lock();
        let connection = totals.connection(link);
        if connection.connected || connection.since.is_none() {
            connection.since = Some(at);
        }
        connection.connected = false;
        connection.reason = Some(reason.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    const fn connection(&mut self, link: Link) -> &mut Connection {
        match link {
            Link::Bus => &mut self.bus,
            Link::Cloud => &mut self.cloud,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_begins_when_the_connection_was_lost_and_not_at_its_last_attempt() {
        let telemetry = Telemetry::default();
        telemetry.connected(Link::Cloud, Timestamp(1));
        telemetry.lost(Link::Cloud, Timestamp(5), "refused");
        telemetry.lost(Link::Cloud, Timestamp(9), "no route");
        let Totals { cloud, bus, .. } = telemetry.totals();
        let reason = Some("no route".to_owned());
        assert_eq!(cloud, Connection { connected: false, since: Some(Timestamp(5)), made: 1, reason });
        assert_eq!(bus, Connection::default());
    }

    #[test]
    fn flag_is_news_when_it_changes_and_keeps_since_when() {
        let telemetry = Telemetry::default();
        let device = DeviceId::new("cold").expect("id");
        let heard = |raised, at| telemetry.flag(&device, "defrost", "defrost", raised, Mono(at));
        assert_eq!(heard(false, 1), Some(FirstHeard::Yes));
        assert_eq!(heard(false, 2), None);
        assert_eq!(heard(true, 3), Some(FirstHeard::No));
        assert_eq!(heard(true, 9), None);
        let flag = Flag { role: "defrost", raised: true, since: Mono(3), heard: Mono(9) };
        assert_eq!(telemetry.totals().flags[&device]["defrost"], flag);
    }

    #[test]
    fn port_that_comes_and_goes_is_counted() {
        let telemetry = Telemetry::default();
        let line = LineId::new("one").expect("id");
        telemetry.port_opened(&line);
        telemetry.port_closed(&line, "unplugged".into());
        telemetry.port_opened(&line);
        assert_eq!(telemetry.totals().ports[&line], Port { open: true, reason: None, opened: 2 });
    }
}
