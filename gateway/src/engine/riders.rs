//! Changes that wait for the next commit: observations, counters and cursors ride, decisions force.

use vestibule_core::command::CommandKey;
use vestibule_core::event::{Durability, Event};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Millis, Mono};
use vestibule_store::Batch;

/// Longest a change rides before it gets a commit of its own: what a power cut may take of observations.
pub const RIDE_MAX: Millis = Millis::seconds(5);
/// Events that ride at most: a flapping building makes no larger commits than this.
pub const RIDERS_MAX: usize = 512;

/// What waits for the next commit.
#[derive(Default)]
pub(crate) struct Riders {
    batch: Batch,
    since: Option<Mono>,
}

impl Riders {
    /// Sequences each command's events of this step will get, if the next commit begins at `next`.
    pub(crate) fn sequences(&self, next: u64, events: &[Event]) -> Vec<(CommandKey, Vec<u64>)> {
        let mut all: Vec<(CommandKey, Vec<u64>)> = Vec::new();
        let first = next.saturating_add(u64::try_from(self.batch.events.len()).unwrap_or(u64::MAX));
        for (sequence, event) in (first..).zip(events) {
            let Some(key) = &event.cause else { continue };
            match all.iter_mut().find(|(known, _)| known == key) {
                Some((_, sequences)) => sequences.push(sequence),
                None => all.push((key.clone(), vec![sequence])),
            }
        }
        all
    }

    pub(crate) fn add(&mut self, rows: Vec<(RowKey, Option<Row>)>, events: Vec<Event>, now: Mono) {
        if rows.is_empty() && events.is_empty() {
            return;
        }
        self.since.get_or_insert(now);
        self.batch.extend(Batch { rows, events });
    }

    /// Whether a commit is due by itself.
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.batch.durability() == Durability::Forces
            || self.batch.events.len() >= RIDERS_MAX
            || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// When what rides now gets a commit of its own.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.since.map(|since| since.after(RIDE_MAX))
    }

    pub(crate) fn take(&mut self) -> Batch {
        self.since = None;
        std::mem::take(&mut self.batch)
    }
}
