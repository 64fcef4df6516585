//! What the main thread does while everything runs: wait for a reason to end, and feed the watchdog with real progress.

use std::io;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{error, info, warn};

use super::alarm::{Fallen, Part};
use crate::clock::monotonic;
use crate::engine::EngineHandle;
use crate::health::Health;
use crate::watchdog::{self, Look};

/// Why the daemon ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody asked for it.
    Asked,
    /// A part that doors depend on is gone.
    Fallen(Part),
    /// The disk holds a state that only a new start can load.
    Restart(String),
}

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes both signals from now on; must be called within the runtime.
    ///
    /// # Errors
    /// The system's reason.
    pub fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits until the daemon must end. A stuck part keeps the watchdog unfed, and systemd ends the daemon.
pub async fn watch(
    health: &Health,
    engine: &EngineHandle,
    alarms: &mut mpsc::Receiver<Fallen>,
    signals: &mut Signals,
) -> Ending {
    let period = watchdog::period(sd_notify::watchdog_enabled());
    let mut look = interval_at(Instant::now() + period, period);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = signals.any() => {
                info!("asked to stop");
                return Ending::Asked;
            }
            Some(fallen) = alarms.recv() => return ending(fallen),
            _ = look.tick() => {
                let found = watchdog::daemon(health, monotonic());
                let status = watchdog::status(&engine.view(), &found);
                feed(&found, &status);
            }
        }
    }
}

/// Tells systemd what a look found, and feeds the watchdog if there was progress.
pub fn feed(found: &Look, status: &str) {
    match found {
        Look::Progress => tell(&[NotifyState::Watchdog, NotifyState::Status(status)]),
        Look::Stalled(parts) => {
            error!(?parts, "no progress; the watchdog is not fed");
            tell(&[NotifyState::Status(status)]);
        }
    }
}

/// Tells systemd how the process is; nobody listens outside of systemd.
pub fn tell(state: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(state) {
        warn!(error = %why, "systemd cannot be told");
    }
}

fn ending(fallen: Fallen) -> Ending {
    match fallen {
        Fallen::Ended(part) => {
            error!(?part, "a part that doors depend on has ended; the daemon ends in order");
            Ending::Fallen(part)
        }
        Fallen::Restart(why) => {
            error!(why, "the daemon ends in order to start anew");
            Ending::Restart(why)
        }
    }
}
