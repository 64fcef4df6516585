//! A line on a pseudo-terminal with true wire timing: what the daemon and the demo are run against.

mod clock;
mod events;
mod port;
mod runner;
mod shared;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use events::Events;
pub(crate) use port::{Port, PortError};
use runner::Runner;
pub(crate) use shared::Shared;

use crate::number::DoorNumber;
use crate::plant::{DoorView, Energising};
use crate::simulation::Simulation;
use crate::spec::{LineSpec, SpecError};
use crate::time::SimTime;
use crate::witness::{Witness, WitnessError};

/// Opening or closing a pair takes microseconds; a thread that has not done it after this long is stuck.
const PLUG_PATIENCE: Duration = Duration::from_secs(5);

/// Who answers for Modbus devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServedBy {
    /// The simulators of this crate.
    #[default]
    Simulators,
    /// tokio-modbus's RTU server, each slave on a pseudo-terminal of its own. Its codec refuses a coil write that is
    /// neither FF00 nor 0000, and its server ends at one: those (Waveshare's pulses) the simulators answer.
    TokioModbus,
}

/// What to run and where.
#[derive(Clone, Debug)]
pub struct PtySpec {
    /// The line.
    pub line: LineSpec,
    /// The path that shall point at the port: a symlink, replaced at each replug, removed at each unplug.
    pub path: PathBuf,
    /// Who answers for Modbus devices.
    pub served_by: ServedBy,
}

/// Why a line did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The specification contradicts itself.
    #[error("simulated line: {0}")]
    Spec(#[from] SpecError),
    /// No pseudo-terminal, or no symlink to it.
    #[error("simulated line at {path}: {reason}")]
    Port {
        /// Where it should have been.
        path: PathBuf,
        /// Which step failed and how.
        reason: String,
    },
    /// No eventfd or no thread.
    #[error("simulated line: {operation}: {source}")]
    System {
        /// What was tried.
        operation: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The tokio-modbus servers did not come up.
    #[error("simulated line: tokio-modbus servers: {0}")]
    Witness(String),
}

/// Why waiting ended without what was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// Patience was over.
    #[error("waited {0:?} in vain")]
    TimedOut(Duration),
    /// The line's thread has ended.
    #[error("the simulated line has failed: {0}")]
    Failed(String),
}

/// A running line. Dropping it hangs up, removes the path and ends its threads.
#[derive(Debug)]
pub struct PtyLine {
    shared: Arc<Shared>,
    path: PathBuf,
    thread: Option<JoinHandle<()>>,
    _witness: Option<Witness>,
}

impl PtyLine {
    /// Opens the port and starts the line's thread. When this returns, `spec.path` can be opened.
    ///
    /// # Errors
    /// [`StartError`] names the step that failed; nothing is left behind.
    pub fn start(spec: &PtySpec, seed: u64) -> Result<Self, StartError> {
        let system = |operation| move |source| StartError::System { operation, source };
        let shared = Arc::new(Shared::new(Simulation::new(&spec.line, seed)?).map_err(system("eventfd"))?);
        let (witness, wires) = match spec.served_by {
            ServedBy::Simulators => (None, crate::witness::Wires::default()),
            ServedBy::TokioModbus => {
                let started = Witness::start(&spec.line, &shared);
                let (witness, wires) =
                    started.map_err(|error: WitnessError| StartError::Witness(error.to_string()))?;
                (Some(witness), wires)
            }
        };
        let port = Port::open_at(&spec.path).map_err(|error: PortError| StartError::Port {
            path: spec.path.clone(),
            reason: error.to_string(),
        })?;
        let runner = Runner::new(Arc::clone(&shared), spec.path.clone(), port, wires);
        let thread = thread::Builder::new()
            .name("sim-line".to_owned())
            .spawn(move || runner.run())
            .map_err(system("spawn thread"))?;
        Ok(Self { shared, path: spec.path.clone(), thread: Some(thread), _witness: witness })
    }

    /// What the daemon opens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at or changes the simulation at this moment. Keep it short: the line stands still meanwhile.
    pub fn with<R>(&self, change: impl FnOnce(&mut Simulation) -> R) -> R {
        let result = {
            let mut state = self.shared.lock();
            state.sim.advance(self.shared.clock.now());
            change(&mut state.sim)
        };
        self.shared.wake();
        result
    }

    /// One door now.
    #[must_use]
    pub fn door(&self, number: DoorNumber) -> Option<DoorView> {
        self.with(|sim| sim.plant().door(number))
    }

    /// Every closing of every relay so far, oldest first.
    #[must_use]
    pub fn energisings(&self) -> Vec<Energising> {
        self.with(|sim| sim.plant().energisings().cloned().collect())
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        let (subscriber, events) = events::subscription();
        self.shared.lock().subscribers.push(subscriber);
        events
    }

    /// Waits until `done` gives something; it is asked after everything that happens on the line.
    ///
    /// # Errors
    /// [`WaitError`] when `patience` is over or the line's thread has failed.
    pub fn wait_until<T>(
        &self,
        patience: Duration,
        mut done: impl FnMut(&Simulation) -> Option<T>,
    ) -> Result<T, WaitError> {
        self.shared
            .wait_until(patience, |state| done(&state.sim))
            .ok_or_else(|| self.failure().map_or(WaitError::TimedOut(patience), WaitError::Failed))
    }

    /// Waits until everything that was written to the port before has been heard and answered, and no more is on its way.
    /// Meant for after the daemon's death: a living one is never silent for long.
    ///
    /// # Errors
    /// [`WaitError`] when `patience` is over or the line's thread has failed.
    pub fn wait_silent(&self, patience: Duration) -> Result<(), WaitError> {
        // The first silence may have been found by a read that began before this call; the second was not.
        for _ in 0..2 {
            let before = self.shared.lock().silences;
            self.shared.wake();
            let silent = |state: &mut shared::State| (state.silences > before).then_some(());
            self.shared
                .wait_until(patience, silent)
                .ok_or_else(|| self.failure().map_or(WaitError::TimedOut(patience), WaitError::Failed))?;
        }
        Ok(())
    }

    /// Pulls the adapter: the path goes, the daemon's descriptor hangs up. Returns when it is done.
    ///
    /// # Errors
    /// [`WaitError`] when the line's thread is stuck or has failed.
    pub fn unplug(&self) -> Result<(), WaitError> {
        self.with(Simulation::unplug);
        self.wait_port(false)
    }

    /// Puts the adapter back: another pseudo-terminal at the same path. Returns when it can be opened.
    ///
    /// # Errors
    /// [`WaitError`] when the line's thread is stuck or has failed.
    pub fn replug(&self) -> Result<(), WaitError> {
        self.with(Simulation::plug);
        self.wait_port(true)
    }

    /// The moment on this process's clock.
    #[must_use]
    pub fn instant(&self, at: SimTime) -> Instant {
        self.shared.clock.instant(at)
    }

    /// The moment in CLOCK_MONOTONIC microseconds, which other processes can compare with theirs.
    #[must_use]
    pub fn monotonic_micros(&self, at: SimTime) -> u64 {
        self.shared.clock.monotonic_micros(at)
    }

    /// Now, on the simulation's clock.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.shared.clock.now()
    }

    /// Characters the daemon left unread until the port's buffer was full.
    #[must_use]
    pub fn overrun(&self) -> u64 {
        self.shared.lock().overrun
    }

    /// The most by which this line has handed a character over too late since it was last asked: what a
    /// measurement through it cannot resolve. A busy machine makes it grow.
    #[must_use]
    pub fn take_lateness(&self) -> Duration {
        std::mem::take(&mut self.shared.lock().lateness)
    }

    /// Why the line's thread has ended, if it has.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.lock().failure.clone()
    }

    fn wait_port(&self, open: bool) -> Result<(), WaitError> {
        self.shared
            .wait_until(PLUG_PATIENCE, |state| (state.port_open == open).then_some(()))
            .ok_or_else(|| self.failure().map_or(WaitError::TimedOut(PLUG_PATIENCE), WaitError::Failed))
    }
}

impl Drop for PtyLine {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // It reports its own failure; a panic of it has already been printed.
            drop(thread.join());
        }
    }
}
