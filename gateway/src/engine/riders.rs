//! Changes that wait for the next commit: observations, counters and cursors ride, decisions force.

use vestibule_core::command::{CommandKey, Outcome, Status};
use vestibule_core::effect::Effect;
use vestibule_core::event::{Durability, Event, Fact};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Millis, Mono};
use vestibule_store::Batch;

/// Longest a change rides before it gets a commit of its own: what a power cut may take of observations.
pub const RIDE_MAX: Millis = Millis::seconds(5);
/// Events that ride at most: a flapping building makes no larger commits than this.
pub const RIDERS_MAX: usize = 512;

/// Which answer to a command names a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The outcome, which is remembered.
    Outcome,
    /// The conflict that another payload met: what is remembered for the id stays as it was, and does not grow.
    Conflict,
}

impl NamedBy {
    const fn of_event(event: &Event) -> Self {
        match event.fact {
            Fact::CommandConflict { .. } => Self::Conflict,
            _ => Self::Outcome,
        }
    }

    /// Whether this answer is the one.
    pub(crate) fn is(self, outcome: &Outcome) -> bool {
        (self == Self::Conflict) == (outcome.status == Status::Conflict)
    }
}

/// Rows of one step that one command caused.
pub(crate) struct Caused {
    pub(crate) key: CommandKey,
    pub(crate) named_by: NamedBy,
    pub(crate) sequences: Vec<u64>,
}

/// What waits for the next commit.
#[derive(Default)]
pub(crate) struct Riders {
    batch: Batch,
    since: Option<Mono>,
}

impl Riders {
    /// Sequences each command's events of this step will get, if the next commit begins at `next`.
    pub(crate) fn sequences(&self, next: u64, events: &[Event]) -> Vec<Caused> {
        let mut all: Vec<Caused> = Vec::new();
        let first = next.saturating_add(u64::try_from(self.batch.events.len()).unwrap_or(u64::MAX));
        for (sequence, event) in (first..).zip(events) {
            let (Some(key), named_by) = (&event.cause, NamedBy::of_event(event)) else { continue };
            match all.iter_mut().find(|caused| caused.key == *key && caused.named_by == named_by) {
                Some(caused) => caused.sequences.push(sequence),
                None => all.push(Caused { key: key.clone(), named_by, sequences: vec![sequence] }),
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

/// Adds the sequences of this step's rows to the answers that leave with it.
pub(crate) fn name_rows(effects: &mut [Effect], caused: &Caused) {
    for effect in effects {
        if let Effect::Reply { key, outcome } | Effect::Resync { key, outcome } = effect
            && *key == caused.key
            && caused.named_by.is(outcome)
        {
            outcome.events.extend_from_slice(&caused.sequences);
        }
    }
}
