//! Scanners: started, and what they say handed to who knows its meaning.

use std::io;

use device_drivers::id::{IdError, LineId as WireId};
use device_drivers::port::{self, ScannerHandle};
use device_drivers::scanner::{CommandSet, ScannerAlarm, ScannerSignal, ScannerSpec, ScannerState, Undone};
use device_drivers::spec::{Baud, SpecError};
use tracing::{error, info, warn};
use vestibule_core::id::LineId;

use super::{Ends, port_log, spec};
use crate::clock::{monotonic, wall};
use crate::config::{Commands, Scanner};
use crate::supervise::Part;
use crate::wiring::scanner::ScannerEar;

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
    let (line, port) = (scanner.line.clone(), scanner.port.to_string());
    let beat = ends.health.line(&line);
    let (engine, telemetry) = (ends.engine.clone(), ends.telemetry.clone());
    telemetry.scanner_started(&line, scanner.terminal.clone(), wall());
    let guard = ends.alarm.guard(Part::Line(line.clone()));
    let mut ear = ScannerEar::new(scanner.device.clone(), scanner.terminal.clone());
    move |signal| {
        // Named here so that the guard lives in the closure and falls with the thread.
        let _alive = &guard;
        beat.beat(monotonic());
        log(&line, &signal);
        if let ScannerSignal::Port { state, .. } = &signal {
            port_log(&telemetry, &line, &port, state);
        }
        match &signal {
            ScannerSignal::State { state, .. } => telemetry.scanner(&line, *state, wall()),
            ScannerSignal::Counters { counters, .. } => telemetry.scanned(&line, *counters),
            ScannerSignal::Alarm { alarm: ScannerAlarm::SettingsChanged { zone, undone }, .. } => {
                telemetry.scanner_settings(&line, *zone, *undone);
            }
            _ => {}
        }
        for input in ear.hear(&signal) {
            if engine.submit(input).is_err() {
                warn!(%line, "the engine is too busy for a scan");
            }
        }
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
