//! `vestibule run` and `vestibule broker`: the two processes that stay.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::arguments::{Broker, Run};
use super::{Exit, Failure, Out};
use crate::broker::{self, BrokerSettings, Limits, Metrics, RoleTable, TlsFiles};
use crate::config::{self, Layers, Problem, Severity, Source, render};
use crate::decommission;
use crate::memory::forget_start;
use crate::run::{RunOptions, run as run_daemon};
use crate::supervise::{Chain, feed, tell as tell_systemd};
use crate::watchdog;

/// Runs the daemon until it is asked to stop.
///
/// # Errors
/// There is neither a good configuration nor a last good one, or the daemon ended by itself.
pub fn run(options: &[PathBuf], arguments: &Run) -> Result<Exit, Failure> {
    let loaded = config::load_for_start(&Layers::from_options(options));
    let filter =
        loaded.configuration.as_ref().map_or("info", |configuration| configuration.local.log.as_str());
    crate::log::init(filter).map_err(Failure::new)?;
    tell(&loaded.problems, &loaded.sources);
    let gone = loaded.configuration.as_ref().and_then(|one| decommission::mark(&one.local.state_dir));
    if let Some(when) = gone {
        let words =
            format!("this gateway was decommissioned ({when}); enrol it anew: vestibule enroll --request");
        return Err(Failure::new(words));
    }
    for (what, next) in super::enroll::pending(options) {
        tracing::warn!(next, "not enrolled yet: {what}");
    }
    let Some(configuration) = loaded.configuration else {
        return Err(Failure::new(
            "the configuration is bad and no earlier one is kept; see `vestibule check`",
        ));
    };
    let with_broker = arguments.with_broker.then(|| options.to_vec());
    run_daemon(configuration, &RunOptions { with_broker }).map_err(|error| Failure::chain(&error))?;
    Ok(Exit::Done)
}

/// Runs the broker until it is asked to stop.
///
/// # Errors
/// Its sections of the configuration are bad, it cannot start, or its inner broker died.
pub fn broker(arguments: &Broker, options: &[PathBuf], out: &mut Out) -> Result<Exit, Failure> {
    if let Some(parent) = arguments.child_of {
        end_with(parent)?;
    }
    let layers = Layers::from_options(options);
    let config::BrokerStart { building, broker: settings, metrics: export, log } =
        config::load_broker(&layers).map_err(|(problems, sources)| {
            let shown: Vec<_> = problems.iter().map(|problem| render(problem, &sources)).collect();
            Failure::new(format!("the configuration is bad\n{}", shown.join("\n")))
        })?;
    crate::log::init(&log).map_err(Failure::new)?;
    let metrics = Arc::new(Metrics::default());
    let settings = BrokerSettings {
        building: building.as_str().to_owned(),
        listen: settings.listen,
        tls: TlsFiles {
            ca: settings.server.ca,
            certificate: settings.server.certificate,
            key: settings.server.key,
            revoked: settings.revoked,
        },
        roles: roles(settings.roles.as_deref())?,
        limits: Limits::default(),
        metrics: Arc::clone(&metrics),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        if let Some(listen) = export.broker_listen {
            tokio::spawn(serve_metrics(listen, Arc::clone(&metrics)));
        }
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                never = fed(&metrics) => match never {},
            }
            tell_systemd(&[NotifyState::Stopping]);
        };
        let ready = |address| {
            // Whoever started us may not listen; the log says it too.
            drop(out.line(format!("READY {address}")));
            tell_systemd(&[NotifyState::Ready, NotifyState::Status(&format!("serving on {address}"))]);
            tokio::spawn(forget_start());
        };
        broker::run(settings, shutdown, ready).await.map_err(|error| Failure::chain(&error))
    })?;
    Ok(Exit::Done)
}

/// Without its port for collectors the broker serves its clients all the same.
async fn serve_metrics(listen: SocketAddr, metrics: Arc<Metrics>) {
    match crate::metrics::bind(listen).await {
        Ok(listener) => {
            match crate::metrics::serve(listener, move || crate::metrics::broker_text(&metrics)).await {}
        }
        Err(error) => tracing::error!(error = %Chain(&error), "no metrics of the broker"),
    }
}

/// Feeds the watchdog with heartbeats that came back through the inner broker.
async fn fed(metrics: &Metrics) -> Infallible {
    let mut echoes = watchdog::Echoes::default();
    let period = watchdog::period(sd_notify::watchdog_enabled());
    let mut look = interval_at(Instant::now() + period, period);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        feed(&echoes.look(metrics.heartbeats.get()), &metrics.to_string());
    }
}

/// A child that outlived a killed daemon would keep the port from the next one's.
fn end_with(parent: i32) -> Result<(), Failure> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|errno| Failure::chain(&errno))?;
    // The parent may have died before the line above.
    match getppid() {
        Some(now) if now.as_raw_pid() == parent => Ok(()),
        _ => Err(Failure::new(format!("process {parent}, which started this broker, is gone"))),
    }
}

fn roles(path: Option<&Path>) -> Result<RoleTable, Failure> {
    let table = match path {
        Some(path) => RoleTable::read(path),
        None => RoleTable::building(),
    };
    table.map_err(|error| Failure::chain(&error))
}

/// Each problem in the log, so that whoever reads it there need not log in to run `check`.
fn tell(problems: &[Problem], sources: &[Source]) {
    for problem in problems {
        let located = config::locate(problem, sources);
        let file = located.file.as_deref().unwrap_or("");
        let (line, column) = located.at.map_or((0, 0), |at| (at.line, at.column));
        match problem.severity {
            Severity::Error => tracing::error!(file, line, column, "configuration: {}", problem.message),
            Severity::Warning => tracing::warn!(file, line, column, "configuration: {}", problem.message),
            Severity::Note => tracing::info!(file, line, column, "configuration: {}", problem.message),
        }
    }
}
