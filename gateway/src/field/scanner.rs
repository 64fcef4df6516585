//! Scanners: what is scanned is typed at the scanner's terminal, and how a scanner is, is told as of a board.

use std::io;
use std::time::Duration;

use device_drivers::id::{IdError, LineId as WireId};
use device_drivers::port::{self, ScannerHandle};
use device_drivers::scanner::{CommandSet, ScannerAlarm, ScannerSignal, ScannerSpec, ScannerState, Undone};
use device_drivers::spec::{Baud, SpecError};
use device_drivers::time::Monotonic;
use tracing::{error, info, warn};
use vestibule_core::id::{DeviceId, LineId, TerminalId};
use vestibule_core::input::{Entry, Health, Input, Typed};

use super::{Ends, report, spec};
use crate::clock::monotonic;
use crate::config::{Commands, Scanner};
use crate::supervise::Part;

/// A scanner that somebody tried to set up is shown as degraded for so long, so that whoever looks in a minute sees it.
const ALARM_REST: Duration = Duration::from_secs(60);

/// Why a scanner cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ScannerError {
    /// Its name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Its speed.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The system gives no thread or descriptor.
    #[error("start its thread")]
    Thread(#[source] io::Error),
}

/// Starts one scanner.
pub(super) fn start(scanner: &Scanner, ends: &Ends) -> Result<ScannerHandle, ScannerError> {
    let spec = ScannerSpec {
        id: WireId::new(scanner.line.as_str())?,
        port: spec::port_spec(&scanner.port, scanner.direction),
        baud: Baud::new(scanner.baud)?,
        parity: spec::parity(scanner.parity),
        commands: match scanner.commands {
            Commands::None => CommandSet::Plain,
            Commands::Gm65 => CommandSet::Gm65,
        },
    };
    let handle = port::spawn_scanner(&spec, sink(scanner, ends), port::monotonic_now);
    let handle = handle.map_err(ScannerError::Thread)?;
    ends.telemetry.keep_tape(&scanner.line, handle.tape().clone());
    Ok(handle)
}

/// What a scanner's thread does with each signal: nothing that waits.
fn sink(scanner: &Scanner, ends: &Ends) -> impl FnMut(ScannerSignal) + Send + 'static {
    let line = scanner.line.clone();
    let beat = ends.health.line(&line);
    let (engine, telemetry) = (ends.engine.clone(), ends.telemetry.clone());
    let guard = ends.alarm.guard(Part::Line(line.clone()));
    let mut ear = ScannerEar::new(scanner.device.clone(), scanner.terminal.clone());
    move |signal| {
        // Named here so that the guard lives in the closure and falls with the thread.
        let _alive = &guard;
        beat.beat(monotonic());
        log(&line, &signal);
        if let ScannerSignal::Port { state, .. } = &signal {
            report::port(&line, state);
            report::keep(&telemetry, &line, state);
        }
        for input in ear.hear(&signal) {
            if engine.submit(input).is_err() {
                warn!(%line, "the engine is too busy for a scan");
            }
        }
    }
}

/// What one scanner's signals mean.
struct ScannerEar {
    device: DeviceId,
    terminal: Option<TerminalId>,
    state: ScannerState,
    told: Option<Health>,
    alarmed: Option<Monotonic>,
}

impl ScannerEar {
    const fn new(device: DeviceId, terminal: Option<TerminalId>) -> Self {
        Self { device, terminal, state: ScannerState::Away, told: None, alarmed: None }
    }

    fn hear(&mut self, signal: &ScannerSignal) -> Vec<Input> {
        let mut inputs = Vec::new();
        match signal {
            ScannerSignal::Scan { text, .. } => {
                // Longer than what anybody may type is no code and no label.
                let typed = Typed::new(text.expose());
                if let (Some(typed), Some(terminal)) = (typed, &self.terminal) {
                    inputs.push(Input::Entry { terminal: terminal.clone(), entry: Entry::Typed(typed) });
                }
            }
            ScannerSignal::Alarm { at, .. } => self.alarmed = Some(*at),
            ScannerSignal::State { state, .. } => self.state = *state,
            ScannerSignal::Counters { at, .. } => {
                self.alarmed = self.alarmed.filter(|alarmed| at.since(*alarmed) < ALARM_REST);
            }
            ScannerSignal::Dropped { .. } | ScannerSignal::Port { .. } => {}
        }
        inputs.extend(self.health().map(|health| Input::Device { device: self.device.clone(), health }));
        inputs
    }

    /// How it is, where that has changed.
    fn health(&mut self) -> Option<Health> {
        let health = match (self.state, self.alarmed) {
            (ScannerState::Away, _) => Health::Offline,
            (ScannerState::Silent, _) | (ScannerState::Ready, Some(_)) => Health::Degraded,
            (ScannerState::Ready, None) => Health::Online,
        };
        (self.told.replace(health) != Some(health)).then_some(health)
    }
}

/// What the tech reads of a scanner; never what was scanned.
fn log(line: &LineId, signal: &ScannerSignal) {
    match signal {
        ScannerSignal::Alarm { alarm, .. } => match alarm {
            ScannerAlarm::SetUpCode => error!(%line, "somebody held a set-up barcode before the scanner"),
            ScannerAlarm::SettingsChanged { zone, undone: Undone::NotYet } => {
                error!(%line, zone, "the scanner's settings were changed; they are being put back");
            }
            ScannerAlarm::SettingsChanged { zone, undone: Undone::Yes } => {
                info!(%line, zone, "the scanner's settings are as they should be again");
            }
        },
        ScannerSignal::State { state, .. } => match state {
            ScannerState::Ready => info!(%line, "scanner is ready"),
            ScannerState::Silent => {
                warn!(%line, "scanner answers no commands; its set-up barcodes may be on: is it the configured model?");
            }
            ScannerState::Away => {}
        },
        ScannerSignal::Dropped { why, .. } => tracing::debug!(%line, ?why, "no scan"),
        ScannerSignal::Scan { .. } | ScannerSignal::Port { .. } | ScannerSignal::Counters { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use device_drivers::scanner::{ScanText, ScannerCounters};

    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn ear() -> ScannerEar {
        ScannerEar::new("lobby-scanner".parse().expect("id"), Some("lobby".parse().expect("id")))
    }

    fn healths(ear: &mut ScannerEar, signal: &ScannerSignal) -> Vec<Health> {
        let inputs = ear.hear(signal);
        inputs
            .iter()
            .filter_map(|i| if let Input::Device { health, .. } = i { Some(*health) } else { None })
            .collect()
    }

    #[test]
    fn scan_is_typed_at_its_terminal() {
        let mut ear = ear();
        let _offline = ear.hear(&ScannerSignal::State { at: at(0), state: ScannerState::Ready });
        let text = ScanText::of(b"271-828-1828").expect("text");
        let inputs = ear.hear(&ScannerSignal::Scan { at: at(1), text });
        let [Input::Entry { terminal, entry: Entry::Typed(typed) }] = &inputs[..] else { panic!("no entry") };
        assert_eq!((terminal.as_str(), typed.expose()), ("lobby", "271-828-1828"));
        let long = ScanText::of(&[b'7'; 100]).expect("text");
        assert!(ear.hear(&ScannerSignal::Scan { at: at(1), text: long }).is_empty());
    }

    #[test]
    fn alarm_shows_for_a_minute() {
        let mut ear = ear();
        let ready = ScannerSignal::State { at: at(0), state: ScannerState::Ready };
        let counters = |s| ScannerSignal::Counters { at: at(s), counters: ScannerCounters::default() };
        let alarm = ScannerSignal::Alarm { at: at(10), alarm: ScannerAlarm::SetUpCode };
        assert_eq!(healths(&mut ear, &ready), [Health::Online]);
        assert_eq!(healths(&mut ear, &alarm), [Health::Degraded]);
        assert_eq!(healths(&mut ear, &counters(60)), []);
        assert_eq!(healths(&mut ear, &counters(70)), [Health::Online]);
        let away = ScannerSignal::State { at: at(80), state: ScannerState::Away };
        assert_eq!(healths(&mut ear, &away), [Health::Offline]);
    }
}
