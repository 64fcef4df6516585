//! Console, bus, uplink and, where asked for, the broker as a child: what doors do not wait for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch::Receiver as Flag;
use tokio::task::JoinSet;
use tracing::error;

use super::parts::Parts;
use super::{RunError, RunOptions};
use crate::config::Configuration;
use crate::console::{Console, snapshot};
use crate::supervise::{Chain, ChildCommand, TaskResult, child, keep};
use crate::{bus, clock, metrics, uplink};

/// Starts every network as a kept task. None of them can keep the daemon from serving doors.
pub(super) fn start(
    tasks: &mut JoinSet<()>,
    parts: &Parts,
    configuration: &Arc<Configuration>,
    options: &RunOptions,
    stopped: &Flag<bool>,
) -> Result<(), RunError> {
    if let Some(files) = &options.with_broker {
        start_broker(tasks, files, stopped)?;
    }
    start_console(tasks, parts, configuration, stopped);
    start_screens(tasks, parts, stopped);
    start_metrics(tasks, parts, configuration, stopped);
    let (engine, telemetry) = (parts.engine.clone(), parts.telemetry.clone());
    let (shared, publisher) = (Arc::clone(configuration), parts.publisher.clone());
    tasks.spawn(keep("bus", stopped.clone(), move || {
        bus::run(Arc::clone(&shared), publisher.clone(), engine.clone(), telemetry.clone())
    }));
    let (engine, telemetry, journal) = (parts.engine.clone(), parts.telemetry.clone(), parts.reader.clone());
    let (shared, publisher) = (Arc::clone(configuration), parts.publisher.clone());
    tasks.spawn(keep("uplink", stopped.clone(), move || {
        let journal = Arc::new(journal.clone());
        uplink::run(Arc::clone(&shared), publisher.clone(), journal, engine.clone(), telemetry.clone())
    }));
    Ok(())
}

/// The first socket is bound here, so that whoever hears that the building is served finds the console.
fn start_console(
    tasks: &mut JoinSet<()>,
    parts: &Parts,
    configuration: &Arc<Configuration>,
    stopped: &Flag<bool>,
) {
    let (engine, journal, telemetry) = (parts.engine.clone(), parts.reader.clone(), parts.telemetry.clone());
    let (shared, loans) = (Arc::clone(configuration), parts.field.loans());
    let readers = parts.readers.clone();
    let bind = move || {
        let (engine, journal, telemetry) = (engine.clone(), journal.clone(), telemetry.clone());
        Console::bind((*shared).clone(), engine, journal, telemetry, loans.clone(), readers.clone())
    };
    let mut bound =
        bind().inspect_err(|why| error!(error = %Chain(why), "there is no console; trying again")).ok();
    let stop = stopped.clone();
    tasks.spawn(keep("console", stopped.clone(), move || {
        let console = bound.take().map_or_else(&bind, Ok);
        let mut stop = stop.clone();
        async move {
            let asked = async move { drop(stop.wait_for(|stop| *stop).await) };
            console?.serve(asked).await;
            TaskResult::Ok(())
        }
    }));
}

/// Each reader shows what the engine shows at its terminal.
fn start_screens(tasks: &mut JoinSet<()>, parts: &Parts, stopped: &Flag<bool>) {
    for terminal in parts.readers.terminals() {
        let (readers, terminal, stop) = (parts.readers.clone(), terminal.clone(), stopped.clone());
        tasks.spawn(keep("reader's screen", stopped.clone(), move || {
            let following = readers.clone().follow(terminal.clone(), stop.clone());
            async move { TaskResult::Ok(following.await?) }
        }));
    }
}

/// Collectors of metrics see what the console's snapshot shows.
fn start_metrics(
    tasks: &mut JoinSet<()>,
    parts: &Parts,
    configuration: &Arc<Configuration>,
    stopped: &Flag<bool>,
) {
    let Some(listen) = configuration.metrics.listen else { return };
    let (engine, telemetry) = (parts.engine.clone(), parts.telemetry.clone());
    let shared = Arc::clone(configuration);
    let text = Arc::new(move || {
        metrics::daemon_text(snapshot::make(&shared, &engine.view(), &telemetry.totals(), clock::wall()))
    });
    tasks.spawn(keep("metrics", stopped.clone(), move || {
        let text = Arc::clone(&text);
        async move { match metrics::serve(metrics::bind(listen).await?, move || text()).await {} }
    }));
}

/// The broker ends with its keeper: a child has nobody else to tell it.
fn start_broker(tasks: &mut JoinSet<()>, files: &[PathBuf], stopped: &Flag<bool>) -> Result<(), RunError> {
    let program = std::env::current_exe()
        .map_err(|source| RunError::System { operation: "find the own program", source })?;
    let configured =
        files.iter().flat_map(|file| [OsString::from("--config"), file.clone().into_os_string()]);
    let own = [OsString::from("broker"), "--child-of".into(), std::process::id().to_string().into()];
    let arguments = own.into_iter().chain(configured).collect();
    let command = ChildCommand { program, arguments };
    let mut stop = stopped.clone();
    let kept = keep("broker", stopped.clone(), move || child(command.clone()));
    tasks.spawn(async move {
        tokio::select! {
            () = kept => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
    Ok(())
}
