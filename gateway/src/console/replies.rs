//! Answers of the engine find the connection that asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use vestibule_core::command::{CommandKey, Outcome, Status};

use crate::engine::Outgoing;

/// Answers one command can have: `received` and the final one, twice over.
const ANSWERS_MAX: usize = 4;

/// Who waits for which answer.
#[derive(Default)]
pub struct Replies {
    waiting: Mutex<BTreeMap<CommandKey, Vec<mpsc::Sender<Outcome>>>>,
}

impl Replies {
    /// Waits for answers to this command from now on. The receiver ends after the final answer, or if answers were lost.
    pub fn listen(&self, key: &CommandKey) -> mpsc::Receiver<Outcome> {
        let (sender, receiver) = mpsc::channel(ANSWERS_MAX);
        let mut waiting = self.lock();
        // Connections that gave up leave their senders here; their number is bounded by that of connections.
        waiting.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiting.entry(key.clone()).or_default().push(sender);
        receiver
    }

    /// Hands out what the engine says until it stops.
    pub async fn route(&self, mut outgoing: mpsc::Receiver<Outgoing>) {
        while let Some(message) = outgoing.recv().await {
            match message {
                Outgoing::Reply { key, outcome } | Outgoing::Resync { key, outcome } => {
                    self.answer(&key, &outcome)
                }
                // Nobody knows whose answers are gone; who waits asks again with the same id.
                Outgoing::Missed { .. } | Outgoing::Stopping => self.lock().clear(),
                Outgoing::Changed(_)
                | Outgoing::Row(_)
                | Outgoing::Witness { .. }
                | Outgoing::NoticeWaiting => {}
            }
        }
        self.lock().clear();
    }

    fn answer(&self, key: &CommandKey, outcome: &Outcome) {
        let mut waiting = self.lock();
        let Some(senders) = waiting.get(key) else { return };
        for sender in senders {
            // A full queue is a connection that already has more answers than there can be.
            drop(sender.try_send(outcome.clone()));
        }
        if outcome.status != Status::Received {
            waiting.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CommandKey, Vec<mpsc::Sender<Outcome>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
