//! Under which ids rumqttd knows the guard's clients, and how many of them may be lost.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The ids under which rumqttd knows the clients. rumqttd keeps memory for each id for ever, so they are few and used
/// again; and two clients that follow each other under one id are never the same to it.
pub(super) struct Slots {
    free: Mutex<Vec<usize>>,
    /// How many may still be lost before clients would be refused for want of one.
    spare: watch::Sender<usize>,
}

impl Slots {
    /// Twice as many as connections: a slot is lost when rumqttd may still hold what was begun under it.
    pub(super) fn new(connections: usize) -> Self {
        let (spare, _) = watch::channel(connections);
        Self { free: Mutex::new((0..connections * 2).rev().collect()), spare }
    }

    pub(super) fn take(&self) -> Option<usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn give_back(&self, slot: usize) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
    }

    /// One that was taken will not be used again.
    pub(super) fn lose(&self) {
        self.spare.send_modify(|left| *left = left.saturating_sub(1));
    }

    /// Waits until no more may be lost.
    pub(super) async fn spent(&self) {
        // The sender lives as long as this does, so that there is no other way to end.
        drop(self.spare.subscribe().wait_for(|left| *left == 0).await);
    }

    /// The id of a slot, as rumqttd knows it.
    pub(super) fn id(slot: usize) -> String {
        format!("client-{slot}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slots_are_spent_only_when_as_many_as_connections_are_lost() {
        let slots = Slots::new(2);
        let taken: Vec<usize> = std::iter::from_fn(|| slots.take()).collect();
        assert_eq!(taken, [0, 1, 2, 3]);
        slots.give_back(3);
        slots.lose();
        assert!(timeout(Duration::from_secs(1), slots.spent()).await.is_err());
        slots.lose();
        assert!(timeout(Duration::from_secs(1), slots.spent()).await.is_ok());
    }
}
