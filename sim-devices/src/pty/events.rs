//! Events of a running line, to wait for without sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use crate::event::SimEvent;

/// Events a subscriber may fall behind; more are counted as lost for it.
const MAX_BEHIND: usize = 8_192;

/// Events since the subscription, oldest first.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<SimEvent>,
    lost: Arc<AtomicU64>,
}

/// The runner's end of a subscription.
#[derive(Debug)]
pub(crate) struct Subscriber {
    sender: SyncSender<SimEvent>,
    lost: Arc<AtomicU64>,
}

pub(crate) fn subscription() -> (Subscriber, Events) {
    let (sender, receiver) = sync_channel(MAX_BEHIND);
    let lost = Arc::new(AtomicU64::new(0));
    (Subscriber { sender, lost: Arc::clone(&lost) }, Events { receiver, lost })
}

impl Subscriber {
    /// `false` when nobody listens any more.
    pub fn tell(&self, event: &SimEvent) -> bool {
        match self.sender.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

impl Events {
    /// The next event; `None` when `patience` is over or the line has stopped.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<SimEvent> {
        self.receiver.recv_timeout(patience).ok()
    }

    /// The next event that is already there.
    #[must_use]
    pub fn try_next(&self) -> Option<SimEvent> {
        self.receiver.try_recv().ok()
    }

    /// Passes over events until `wanted` picks one; `None` when `patience` is over or the line has stopped.
    pub fn wait_for<T>(
        &self,
        patience: Duration,
        mut wanted: impl FnMut(&SimEvent) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        loop {
            let event = self.next(deadline.saturating_duration_since(Instant::now()))?;
            if let Some(found) = wanted(&event) {
                return Some(found);
            }
        }
    }

    /// Events this subscription lost because it fell behind.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
