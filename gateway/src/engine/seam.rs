//! The engine's side of the seam: what the owner of the state takes from and tells the rest of the daemon.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use vestibule_core::id::TerminalId;
use vestibule_core::screen::Screen;

use super::handle::EngineHandle;
use super::lanes::{Batch, Lanes};
use super::outgoing::{Clients, Outgoing};
use super::published::Published;
use super::terminals::Terminals;

/// The other end of every [`EngineHandle`]. One exists for each engine.
pub struct Seam {
    lanes: Arc<Lanes>,
    clients: Arc<Clients>,
    terminals: Arc<Terminals>,
    publisher: watch::Sender<Arc<Published>>,
}

impl Seam {
    /// Makes both ends, with the snapshot that readers see before the first step.
    #[must_use]
    pub fn new(terminals: impl IntoIterator<Item = TerminalId>, first: Published) -> (EngineHandle, Self) {
        let (publisher, published) = watch::channel(Arc::new(first));
        let seam = Self {
            lanes: Arc::new(Lanes::default()),
            clients: Arc::new(Clients::default()),
            terminals: Arc::new(Terminals::new(terminals)),
            publisher,
        };
        let handle = EngineHandle {
            lanes: Arc::clone(&seam.lanes),
            clients: Arc::clone(&seam.clients),
            terminals: Arc::clone(&seam.terminals),
            published,
        };
        (handle, seam)
    }

    /// Takes what waits; if nothing does, waits for at most `patience` (for ever without one).
    #[must_use]
    pub fn take(&self, patience: Option<Duration>) -> Batch {
        self.lanes.take(patience)
    }

    /// Tells every client it concerns; never waits.
    pub fn tell(&self, message: &Outgoing) {
        self.clients.send(message);
    }

    /// Shows a screen at a terminal.
    pub fn show(&self, terminal: &TerminalId, screen: Screen) {
        self.terminals.show(terminal, screen);
    }

    /// Replaces the snapshot; drops are counted in on the way.
    pub fn publish(&self, mut published: Published) {
        published.counters.inputs_refused = self.lanes.refused();
        published.counters.outgoing_dropped = self.clients.dropped();
        self.publisher.send_replace(Arc::new(published));
    }
}
