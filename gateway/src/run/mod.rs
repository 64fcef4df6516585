//! The daemon put together: every part is made here, in the order in which it may act, and ended in the reverse.

mod key;
mod lock;
mod mark;
mod networks;
mod parts;
mod seal;
mod stop;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use vestibule_contract::notice::{NoticeError, NotifierKey};
use vestibule_core::time::Now;
use vestibule_store::{Folder, OpenError, Outlet, Renewal, renew};
use zeroize::Zeroizing;

use crate::clock::{SystemClock, monotonic};
use crate::config::{Configuration, Origin};
use crate::engine::{Boot, Engine, EntropySource, Keep, Opened, Runner, Seam, boot_on};
use crate::field::{Ends, Field, FieldError};
use crate::health::Health;
use crate::mqtt::Publisher;
use crate::readers::{Readers, ReadersError};
use crate::supervise::{Alarm, Ending};
use crate::telemetry::Telemetry;
use parts::Parts;

pub use key::void as void_code_key;
pub use lock::{LockError, StateFolder};
pub use mark::{Mark, mark_folder};
pub use seal::tell_breaks;

/// Blocking jobs at once: names are looked up for bus and uplink, and the console reads the journal.
const BLOCKING_THREADS: usize = 3;
/// Stack of the runtime's threads; TLS handshakes are the deepest.
const STACK_BYTES: usize = 512 * 1024;

/// How `vestibule run` was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Start `vestibule broker` as a child on these configuration files, and start it again whenever it ends.
    pub with_broker: Option<Vec<PathBuf>>,
}

/// Why the daemon does not run, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database.
    #[error("load the database")]
    Store(#[from] OpenError),
    /// The notifier's key.
    #[error("use [cloud] notifier_key")]
    Notifier(#[source] NoticeError),
    /// The serial lines.
    #[error("start the field")]
    Field(#[from] FieldError),
    /// The readers' lines.
    #[error("start the readers")]
    Readers(#[from] ReadersError),
    /// The system refuses what the daemon needs.
    #[error("{operation}")]
    System {
        /// What was tried.
        operation: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something that doors depend on ended, and the daemon with it; the service manager starts it again.
    #[error("the daemon ended: {0:?}")]
    Ended(Ending),
}

/// Runs the daemon until it is asked to stop.
///
/// # Errors
/// [`RunError`] says what kept it from starting, or which part ended it.
pub fn run(configuration: Configuration, options: &RunOptions) -> Result<(), RunError> {
    let state = lock::StateFolder::take(&configuration.local.state_dir)?;
    shout(&configuration);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("network")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|source| RunError::System { operation: "start the runtime", source })?;
    let parts = start(&configuration)?;
    let ending = runtime.block_on(stop::until_ended(parts, Arc::new(configuration), options))?;
    runtime.shutdown_timeout(stop::RUNTIME_PATIENCE);
    drop(state);
    match ending {
        Ending::Asked => Ok(()),
        ending => Err(RunError::Ended(ending)),
    }
}

/// Opens the record, then starts lines and engine. Nothing here waits for a network.
fn start(configuration: &Configuration) -> Result<Parts, RunError> {
    let mut clock = SystemClock::new(configuration.local.clock_marker.clone());
    let (engine, first) = load(configuration, &mut clock)?;
    let reader = engine.reader();
    let envelope = engine.envelope().clone();
    let publisher =
        Publisher::new(envelope.building.clone(), envelope.boot, envelope.boot_id, env!("CARGO_PKG_VERSION"));
    let (alarm, alarms) = Alarm::new();
    let health =
        Health::new(configuration.lines.keys().chain(configuration.scanners.keys()).cloned(), monotonic());
    let telemetry = Telemetry::default();
    let terminals = configuration.site.terminals.keys().cloned();
    let (handle, seam) = Seam::new(terminals, engine.published());
    let ends = Ends {
        engine: handle.clone(),
        health: health.clone(),
        telemetry: telemetry.clone(),
        alarm: alarm.clone(),
    };
    let field = Field::start(configuration, &ends)?;
    let readers = Readers::start(configuration, &ends)?;
    let beat = health.engine();
    let runner = Runner { engine, seam, field: field.orders(), clock, beat, alarm };
    let thread = runner
        .spawn(first)
        .map_err(|source| RunError::System { operation: "start the engine's thread", source })?;
    Ok(Parts {
        engine: handle,
        reader,
        boot: envelope.boot,
        publisher,
        telemetry,
        health,
        alarms,
        field,
        readers,
        thread,
    })
}

fn load(
    configuration: &Configuration,
    clock: &mut SystemClock,
) -> Result<(Engine, vestibule_core::input::Input), RunError> {
    let mut entropy = EntropySource::from_system()
        .map_err(|source| RunError::System { operation: "get randomness", source: source.into() })?;
    let folder = &configuration.local.state_dir;
    let (now, _) = clock.read();
    let opened = opened(configuration, &mut entropy, now)?;
    let (key, key_state) = key::code_key(folder, Zeroizing::new(entropy.draw()));
    let notifier = configuration
        .cloud
        .as_ref()
        .map(|cloud| NotifierKey::from_bytes(&cloud.notifier_key))
        .transpose()
        .map_err(RunError::Notifier)?;
    let outlet = if configuration.cloud.is_some() { Outlet::Cloud } else { Outlet::None };
    let boot = Boot {
        site: configuration.site.clone(),
        key,
        key_state,
        entropy,
        notifier,
        keep: Keep { age: configuration.local.journal_keep, outlet },
        configuration: configuration.digest,
        version: env!("CARGO_PKG_VERSION").into(),
        now,
    };
    Ok(boot_on(opened, boot))
}

/// Opens the record; one that is older than the mark beside it begins anew, and the codes that were told are void.
fn opened(configuration: &Configuration, entropy: &mut EntropySource, now: Now) -> Result<Opened, OpenError> {
    let (folder, site) = (&configuration.local.state_dir, &configuration.site);
    let open = |entropy: &mut EntropySource| Opened::open(Box::new(Folder::new(folder)), site, entropy, now);
    let found = open(entropy)?;
    let Some(mark) = Mark::read(folder) else { return Ok(found) };
    let Some(rewound) = found.rewound(|epoch, boot, reader| mark.rewound(epoch, boot, reader)) else {
        return Ok(found);
    };
    let renewal = Renewal {
        building: &site.building,
        rows: found.into_rows(),
        rewound: &rewound,
        boots: Some(mark.boot),
        entropy: &entropy.entropy(),
        now: now.wall,
    };
    // The key first: the older record with a new key tells new codes, a new record with the old key would take old ones.
    let voided = key::void(folder).map_err(|error| error.to_string());
    match voided.and_then(|()| renew(&Folder::new(folder), renewal).map_err(|error| error.to_string())) {
        Ok(set_aside) => {
            tracing::error!(file = set_aside, "an older database was copied back; a new epoch begins")
        }
        Err(why) => {
            tracing::error!(why, "an older database was copied back, and no new epoch can begin on it")
        }
    }
    open(entropy)
}

/// A daemon on old files serves doors, and somebody must come.
fn shout(configuration: &Configuration) {
    let building = &configuration.site.building;
    match configuration.origin {
        Origin::Current => tracing::info!(%building, version = env!("CARGO_PKG_VERSION"), "starting"),
        Origin::LastGood { problems } => tracing::error!(
            %building, problems,
            "configuration is bad; running with the one of the last good start: see `vestibule check`"
        ),
    }
}
