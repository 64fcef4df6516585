//! OSDP readers as terminals: one thread a line, their keys, what they are shown, and the desk where keys are given and taken.
//!
//! A reader's key is written down before the reader is given it, and confirmed when the reader has proven it; a start finds out
//! about one that was given in between by trying it. A reader that should have a key and has none is an alarm and is never given
//! another by itself: somebody forgets the old key here and opens a window at the reader.

mod desk;
mod ear;
pub mod keys;
mod screens;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use device_drivers::id::{DeviceId, IdError, LineId as DriverLine};
use device_drivers::osdp::{ReaderAddress, ReaderKey, ReaderLineSpec, ReaderOrder, ReaderSpec, ReaderTask};
use device_drivers::port::{self, ReaderLine};
use device_drivers::spec::{Baud, SpecError};
use tracing::{error, warn};
use vestibule_core::id::{LineId, TerminalId};

use crate::config::{Configuration, Line, Port, Spoken};
use crate::engine::EngineHandle;
use crate::field::{Ends, direction};
use crate::supervise::Chain;
use crate::telemetry::Telemetry;
use crate::wiring::reader::Keypad;
use keys::{KeyStore, Standing};

pub use desk::DeskError;

/// Why readers cannot be started. An adapter that is not plugged in is no reason.
#[derive(Debug, thiserror::Error)]
pub enum ReadersError {
    /// A name.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A reader behind a network.
    #[error("readers are on a serial port of this computer")]
    Server,
    /// A number.
    #[error(transparent)]
    Spec(#[from] SpecError),
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

/// All readers, running. Dropping the last of it stops their lines.
#[derive(Clone)]
pub struct Readers(Arc<Inner>);

struct Inner {
    lines: OnceLock<BTreeMap<LineId, ReaderLine>>,
    places: BTreeMap<TerminalId, LineId>,
    /// None where keys can be neither read nor written.
    keys: Option<KeyStore>,
    engine: EngineHandle,
    telemetry: Telemetry,
    pads: Mutex<BTreeMap<TerminalId, Pad>>,
    /// Held while a key is given or taken: one window in the building.
    desk: Mutex<()>,
}

/// What the shell keeps of one reader.
struct Pad {
    keypad: Keypad,
    /// Its key may have been given to it; that is found out by trying it.
    standing: Option<Standing>,
}

impl Readers {
    /// No reader at all.
    #[cfg(test)]
    pub(crate) fn none(engine: &EngineHandle) -> Self {
        Self(Arc::new(Inner {
            lines: OnceLock::new(),
            places: BTreeMap::new(),
            keys: None,
            engine: engine.clone(),
            telemetry: Telemetry::default(),
            pads: Mutex::default(),
            desk: Mutex::default(),
        }))
    }

    /// Starts every OSDP line.
    ///
    /// # Errors
    /// [`ReadersError`] names what does not fit.
    pub fn start(configuration: &Configuration, ends: &Ends) -> Result<Self, ReadersError> {
        let places = configuration.readers.iter();
        let places: BTreeMap<_, _> = places.map(|(id, place)| (id.clone(), place.line.clone())).collect();
        let keys = if places.is_empty() { None } else { store(configuration) };
        let inner = Arc::new(Inner {
            lines: OnceLock::new(),
            places,
            keys,
            engine: ends.engine.clone(),
            telemetry: ends.telemetry.clone(),
            pads: Mutex::default(),
            desk: Mutex::default(),
        });
        let mut lines = BTreeMap::new();
        for (id, line) in configuration.lines.iter().filter(|(_, line)| line.protocol == Spoken::Readers) {
            let spec = inner.spec(line, configuration)?;
            let names = configuration.readers.iter().filter(|(_, place)| place.line == *id);
            let sink = ear::sink(line, names.map(|(terminal, _)| terminal), &inner, ends);
            let random = Box::new(|| {
                let mut bytes = [0; 8];
                getrandom::fill(&mut bytes).ok().map(|()| bytes)
            });
            let line = port::spawn_readers(spec, sink, port::monotonic_now, random)
                .map_err(|source| ReadersError::Thread { line: id.clone(), source })?;
            lines.insert(id.clone(), line);
        }
        // Set once, here; before it, what a line has to say to another waits for nobody.
        drop(inner.lines.set(lines));
        Ok(Self(inner))
    }
}

fn store(configuration: &Configuration) -> Option<KeyStore> {
    let building = configuration.site.building.as_str();
    KeyStore::open(&configuration.local.state_dir, building)
        .inspect_err(
            |why| error!(error = %Chain(why), "readers' keys cannot be opened; no reader is believed"),
        )
        .ok()
}

impl Inner {
    fn spec(&self, line: &Line, configuration: &Configuration) -> Result<ReaderLineSpec, ReadersError> {
        let Port::Path(path) = &line.port else { return Err(ReadersError::Server) };
        let on_line = configuration.readers.iter().filter(|(_, place)| place.line == line.id);
        let mut readers = Vec::new();
        for (terminal, place) in on_line {
            let Some(address) = ReaderAddress::new(place.address) else { continue };
            let key = self.key_at_start(terminal);
            readers.push(ReaderSpec { id: DeviceId::new(terminal.as_str())?, address, key });
        }
        let (id, baud) = (DriverLine::new(line.id.as_str())?, Baud::new(line.baud)?);
        let direction = direction(line.direction);
        Ok(ReaderLineSpec { id, port: path.clone(), direction, baud, readers })
    }

    /// The key on the disk. One that cannot be used is no reason to believe a reader without it.
    fn key_at_start(&self, terminal: &TerminalId) -> Option<ReaderKey> {
        let loaded = self.keys.as_ref()?.load(terminal).inspect_err(|why| {
            error!(%terminal, error = %Chain(why), "reader's key cannot be used; forget it and install the reader again");
        });
        let loaded = loaded.ok().flatten();
        let standing = loaded.as_ref().map(|(_, standing)| *standing);
        self.pads().insert(terminal.clone(), Pad { keypad: Keypad::default(), standing });
        self.telemetry.reader(terminal, |totals| totals.keyed = standing.is_some());
        loaded.map(|(key, _)| key)
    }

    fn pads(&self) -> MutexGuard<'_, BTreeMap<TerminalId, Pad>> {
        self.pads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an order to the reader's line; whether it took it.
    fn order(&self, terminal: &TerminalId, task: ReaderTask) -> bool {
        let line = self.places.get(terminal).and_then(|id| self.lines.get()?.get(id));
        let (Some(line), Ok(reader)) = (line, DeviceId::new(terminal.as_str())) else { return false };
        let taken = line.submit(ReaderOrder { reader, task });
        taken.inspect_err(|why| warn!(%terminal, %why, "order for a reader was refused")).is_ok()
    }

    fn order_all(&self, terminal: &TerminalId, tasks: Vec<ReaderTask>) {
        for task in tasks {
            self.order(terminal, task);
        }
    }
}
