//! The serial lines of the building: one driver thread each, their signals to the engine, its unlocks to them.

mod report;
mod scanner;
mod spec;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Weak};

use device_drivers::port::{self, LineHandle, Loan, NotLent, ScannerHandle};
use device_drivers::signal::Signal;
use tracing::{error, warn};
use vestibule_core::effect::Unlock;
use vestibule_core::effect::Withdrawal;
use vestibule_core::id::{DeviceId, LineId};
use vestibule_core::input::NotSent;

use crate::clock::monotonic;
use crate::config::{Configuration, Line, Spoken};
use crate::engine::{Actuator, EngineHandle};
use crate::health::Health;
use crate::supervise::{Alarm, Part};
use crate::telemetry::Telemetry;
use crate::wiring::{Ear, Hands, Taken, refused, withdrawal};

pub(crate) use report::port_log;
pub use scanner::ScannerError;
pub(crate) use spec::direction;
pub use spec::{LineSpecError, line_spec};

/// Why the field cannot be started. An adapter that is not plugged in is no reason.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// A line is not as drivers need it; the configuration's check finds this too.
    #[error("start line {line}")]
    Spec {
        /// Which line.
        line: LineId,
        /// What is wrong with it.
        #[source]
        source: LineSpecError,
    },
    /// A scanner cannot be started.
    #[error("start scanner {line}")]
    Scanner {
        /// Which.
        line: LineId,
        /// Why.
        #[source]
        source: ScannerError,
    },
    /// The system gives no thread or descriptor.
    #[error("start the thread of line {line}")]
    Thread {
        /// Which line.
        line: LineId,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What the lines report to.
pub struct Ends {
    /// Where inputs go.
    pub engine: EngineHandle,
    /// Where progress is noted.
    pub health: Health,
    /// Where totals are left.
    pub telemetry: Telemetry,
    /// Who is told when a line's thread ends.
    pub alarm: Alarm,
}

/// All lines, running. Dropping it stops them and waits for their threads.
pub struct Field {
    lines: Arc<Lines>,
    /// Each listens until it is dropped.
    _scanners: Vec<ScannerHandle>,
}

struct Lines {
    handles: BTreeMap<LineId, LineHandle>,
    devices: BTreeMap<DeviceId, LineId>,
    hands: Hands,
}

/// Who lends lines to people who commission them. It keeps no line from being stopped.
#[derive(Clone, Default)]
pub struct Loans(Weak<Lines>);

/// The engine's hold of the field.
pub struct LockOrders(Arc<Lines>);

impl Field {
    /// Starts every line.
    ///
    /// # Errors
    /// [`FieldError`] names the line.
    pub fn start(configuration: &Configuration, ends: &Ends) -> Result<Self, FieldError> {
        let mut handles = BTreeMap::new();
        let boards = configuration.lines.iter().filter(|(_, line)| line.protocol != Spoken::Readers);
        for (id, line) in boards {
            let spec = line_spec(line, &configuration.models)
                .map_err(|source| FieldError::Spec { line: id.clone(), source })?;
            let sink = sink(line, Ear::new(id, configuration), ends);
            let handle = port::spawn(&spec, sink, port::monotonic_now)
                .map_err(|source| FieldError::Thread { line: id.clone(), source })?;
            ends.telemetry.keep_tape(id, handle.tape().clone());
            handles.insert(id.clone(), handle);
        }
        let devices = configuration.site.devices.clone();
        let scanners = configuration.scanners.values().map(|one| {
            scanner::start(one, ends).map_err(|source| FieldError::Scanner { line: one.line.clone(), source })
        });
        let scanners = scanners.collect::<Result<_, _>>()?;
        let lines = Arc::new(Lines { handles, devices, hands: Hands::new(configuration) });
        Ok(Self { lines, _scanners: scanners })
    }

    /// What the console lends lines with.
    #[must_use]
    pub fn loans(&self) -> Loans {
        Loans(Arc::downgrade(&self.lines))
    }

    /// What the engine orders locks with.
    #[must_use]
    pub fn orders(&self) -> LockOrders {
        LockOrders(Arc::clone(&self.lines))
    }
}

impl Loans {
    /// Takes a line out of service; see [`LineHandle::lend`].
    ///
    /// # Errors
    /// [`NotLent`]; `granted` is not called then.
    pub fn lend(
        &self,
        line: &LineId,
        granted: impl FnOnce(Result<(), NotLent>) + Send + 'static,
    ) -> Result<Loan, NotLent> {
        let lines = self.0.upgrade().ok_or(NotLent::Stopped)?;
        lines.handles.get(line).ok_or(NotLent::Stopped)?.lend(granted)
    }
}

/// What a line's thread does with each signal: nothing that waits.
fn sink(line: &Line, mut ear: Ear, ends: &Ends) -> impl FnMut(Signal) + Send + 'static {
    let (line, port) = (line.id.clone(), line.port.to_string());
    let beat = ends.health.line(&line);
    let engine = ends.engine.clone();
    let telemetry = ends.telemetry.clone();
    let guard = ends.alarm.guard(Part::Line(line.clone()));
    move |signal| {
        // Named here so that the guard lives in the closure and falls with the thread.
        let _alive = &guard;
        beat.beat(monotonic());
        report::log(&line, &port, &signal);
        match &signal {
            Signal::LineCounters { counters, .. } => telemetry.line(&line, *counters),
            Signal::DeviceCounters { device, counters, .. } => {
                if let Ok(device) = DeviceId::new(device.as_str()) {
                    telemetry.device(device, *counters);
                }
            }
            Signal::Port { state, .. } => report::keep(&telemetry, &line, state),
            Signal::Flag { device, flag, role, raised, .. } => {
                if let Ok(device) = DeviceId::new(device.as_str())
                    && let Some(since) =
                        telemetry.flag(&device, flag.as_str(), role.word(), *raised, monotonic())
                {
                    report::flag(&line, &device, flag, *role, *raised, since);
                }
            }
            _ => {}
        }
        ear.hear(&signal, |input| match engine.submit(input) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::No,
        });
    }
}

impl Actuator for LockOrders {
    fn unlock(&mut self, unlock: &Unlock) -> Result<(), NotSent> {
        let orders = self.0.hands.orders(unlock).inspect_err(|_| {
            let (device, output) = (&unlock.lock.device, unlock.lock.output);
            error!(unlock = %unlock.id, %device, output, "no board can time that pulse on that output");
        })?;
        let line = self.0.line_of(&unlock.lock.device).ok_or(NotSent::Unreachable)?;
        line.submit(orders.pulse).map_err(|why| {
            warn!(unlock = %unlock.id, %why, "pulse order was refused");
            refused(&why)
        })?;
        // The watch goes second: its first read would keep the line from the pulse for a whole transaction, and no door
        // springs open before the pulse's last byte. Without it the ordinary polls tell.
        if let Some((device, watch)) = orders.watch
            && let Some(line) = self.0.line_of(&device)
            && let Err(why) = line.submit(watch)
        {
            warn!(unlock = %unlock.id, %device, %why, "door is not watched closely");
        }
        Ok(())
    }

    fn withdraw(&mut self, of: &Withdrawal) {
        let line = self.0.line_of(&of.device);
        if let (Some(line), Some(order)) = (line, withdrawal(of))
            && let Err(why) = line.submit(order)
        {
            warn!(unlock = %of.id, %why, "pulse could not be taken back");
        }
    }
}

impl Lines {
    fn line_of(&self, device: &DeviceId) -> Option<&LineHandle> {
        self.handles.get(self.devices.get(device)?)
    }
}
