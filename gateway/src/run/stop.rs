//! The daemon's life after its start, and its end in order: decide no more, say goodbye, let go of the lines.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, watch as flag};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info, warn};
use vestibule_core::input::Input;

use super::parts::Parts;
use super::{RunError, RunOptions};
use crate::config::Configuration;
use crate::supervise::{ChildCommand, Ending, Fallen, Part, Signals, child, keep, tell, watch};

/// The engine's last commit: as long as a worn card holds one sync back.
const ENGINE_PATIENCE: Duration = Duration::from_secs(20);
/// Bus and uplink say goodbye; a broker that stalls keeps nobody.
const NETWORK_PATIENCE: Duration = Duration::from_secs(3);
/// What is left of the runtime is cut off after this.
pub(super) const RUNTIME_PATIENCE: Duration = Duration::from_secs(1);

/// Runs the networks and waits for a reason to end; returns when everything has ended.
pub(super) async fn until_ended(
    mut parts: Parts,
    configuration: Configuration,
    options: &RunOptions,
) -> Result<Ending, RunError> {
    let mut signals =
        Signals::take().map_err(|source| RunError::System { operation: "take signals", source })?;
    let (stop, stopped) = flag::channel(false);
    let mut tasks = JoinSet::new();
    networks(&mut tasks, &parts, &configuration, options, &stopped)?;
    ready(&parts).await;
    let ending = watch(&parts.health, &mut parts.alarms, &mut signals).await;
    tell(&[NotifyState::Stopping]);
    stop.send_replace(true);
    end_engine(&mut parts, &ending).await;
    if timeout(NETWORK_PATIENCE, async { while tasks.join_next().await.is_some() {} }).await.is_err() {
        info!("a network did not end in time and is cut off");
    }
    tasks.abort_all();
    // Stopping a line waits for the transaction on the wire, which takes milliseconds.
    drop(parts.field);
    info!("stopped");
    Ok(ending)
}

/// Starts what doors do not wait for.
fn networks(
    tasks: &mut JoinSet<()>,
    _parts: &Parts,
    _configuration: &Configuration,
    options: &RunOptions,
    stopped: &flag::Receiver<bool>,
) -> Result<(), RunError> {
    if let Some(files) = &options.with_broker {
        let command = broker_command(files)?;
        let mut stop = stopped.clone();
        let kept = keep("broker", stopped.clone(), move || child(command.clone()));
        // A child has nobody else to tell it: it ends when its keeper does.
        tasks.spawn(async move {
            tokio::select! {
                () = kept => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    }
    Ok(())
}

fn broker_command(files: &[std::path::PathBuf]) -> Result<ChildCommand, RunError> {
    let program = std::env::current_exe()
        .map_err(|source| RunError::System { operation: "find the own program", source })?;
    let configured = files.iter().flat_map(|file| ["--config".into(), file.clone().into_os_string()]);
    Ok(ChildCommand { program, arguments: std::iter::once("broker".into()).chain(configured).collect() })
}

/// Says that doors are served: the record is loaded and the first decision is taken. Lines come as they answer.
async fn ready(parts: &Parts) {
    let mut published = parts.engine.changed();
    let started = published.wait_for(|published| published.counters.inputs > 0);
    match timeout(ENGINE_PATIENCE, started).await {
        Ok(Ok(_)) => {
            info!("building is served");
            tell(&[NotifyState::Ready]);
        }
        _ => error!("the engine has not taken its first decision"),
    }
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
