//! The daemon's life after its start, and its end in order: decide no more, say goodbye, let go of the lines.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, watch as flag};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{interval, timeout};
use tracing::{error, info, warn};
use vestibule_core::input::Input;
use vestibule_store::Reader;

use super::mark::Mark;
use super::parts::Parts;
use super::seal::keep_seal;
use super::{RunError, RunOptions, networks};
use crate::config::{Configuration, Origin, keep_last_good};
use crate::memory::forget_start;
use crate::supervise::{Ending, Fallen, Part, Signals, tell, watch};
use crate::watchdog::{self, Look};

/// The engine's last commit: as long as a worn card holds one sync back.
const ENGINE_PATIENCE: Duration = Duration::from_secs(20);
/// Bus and uplink say goodbye; a broker that stalls keeps nobody.
const NETWORK_PATIENCE: Duration = Duration::from_secs(3);
/// Between two marks of how far the record is: one small write, 24 a day.
const MARK_EVERY: Duration = Duration::from_secs(3_600);
/// What is left of the runtime is cut off after this.
pub(super) const RUNTIME_PATIENCE: Duration = Duration::from_secs(1);

/// Runs the networks and waits for a reason to end; returns when everything has ended.
pub(super) async fn until_ended(
    mut parts: Parts,
    configuration: Arc<Configuration>,
    options: &RunOptions,
) -> Result<Ending, RunError> {
    let mut signals =
        Signals::take().map_err(|source| RunError::System { operation: "take signals", source })?;
    let (stop, stopped) = flag::channel(false);
    let mut tasks = JoinSet::new();
    networks::start(&mut tasks, &parts, &configuration, options, &stopped)?;
    ready(&parts, &configuration).await;
    let marking = tasks.spawn(mark_often(parts.reader.clone(), parts.boot, Arc::clone(&configuration)));
    let folder = configuration.local.state_dir.clone();
    let sealing =
        tasks.spawn(keep_seal(parts.engine.clone(), parts.reader.clone(), parts.telemetry.clone(), folder));
    let ending = watch(&parts.health, &parts.engine, &mut parts.alarms, &mut signals).await;
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: last commit, goodbyes")]);
    stop.send_replace(true);
    end_engine(&mut parts, &ending).await;
    marking.abort();
    sealing.abort();
    mark_now(&parts.reader, parts.boot, &configuration);
    if timeout(NETWORK_PATIENCE, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
        info!("a network did not end in time and is cut off");
    }
    tasks.abort_all();
    // Stopping a line waits for the transaction on the wire, which takes milliseconds.
    drop(parts.field);
    drop(parts.readers);
    info!("stopped");
    Ok(ending)
}

/// Keeps the mark beside the record near its end, so that a start finds out when an older one was copied back.
async fn mark_often(reader: Reader, boot: u32, configuration: Arc<Configuration>) {
    let mut due = interval(MARK_EVERY);
    loop {
        due.tick().await;
        let (reader, configuration) = (reader.clone(), Arc::clone(&configuration));
        if spawn_blocking(move || mark_now(&reader, boot, &configuration)).await.is_err() {
            return;
        }
    }
}

fn mark_now(reader: &Reader, boot: u32, configuration: &Configuration) {
    // While the disk is away there is nothing durable to tell of.
    let Ok(meta) = reader.meta() else { return };
    let folder = &configuration.local.state_dir;
    if let Err(why) = Mark::write(folder, &meta.epoch.to_string(), boot, reader.head()) {
        info!(error = %why, "how far the record is cannot be marked beside it; an older one copied back would go unnoticed");
    }
}

/// Says that doors are served: the record is loaded and the first decision is taken. Lines come as they answer.
async fn ready(parts: &Parts, configuration: &Configuration) {
    if timeout(ENGINE_PATIENCE, parts.engine.decided()).await == Ok(true) {
        info!("building is served");
        let status = watchdog::status(&parts.engine.view(), &Look::Progress);
        tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
    } else {
        error!("the engine has not taken its first decision");
    }
    if configuration.origin == Origin::Current
        && let Err(why) = keep_last_good(configuration)
    {
        warn!(error = %why, "configuration cannot be kept as the last good one");
    }
    tokio::spawn(forget_start());
}

/// Lets the engine decide what waits, record it, and end.
async fn end_engine(parts: &mut Parts, ending: &Ending) {
    if *ending != Ending::Fallen(Part::Engine) {
        if parts.engine.submit(Input::Stopping).is_err() {
            warn!("the engine takes no more inputs");
        }
        if timeout(ENGINE_PATIENCE, engine_ended(&mut parts.alarms)).await.is_err() {
            error!("the engine did not end in time; its last observations may be lost");
        }
    }
    if parts.thread.is_finished() {
        info!("engine has ended");
    }
}

async fn engine_ended(alarms: &mut mpsc::Receiver<Fallen>) {
    while let Some(fallen) = alarms.recv().await {
        if fallen == Fallen::Ended(Part::Engine) {
            return;
        }
    }
}
