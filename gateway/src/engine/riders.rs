//! Changes that wait for the next commit, each for as long as a power cut may take it: decisions force one.

use vestibule_core::command::{CommandKey, Outcome, Status};
use vestibule_core::effect::Effect;
use vestibule_core::event::{Durability, Event, Fact};
use vestibule_core::row::{GatewayRow, Row, RowKey};
use vestibule_core::time::{Millis, Mono};
use vestibule_store::Batch;

/// Longest an observation rides before it gets a commit of its own: what a power cut may take of what nothing else tells.
pub const RIDE_MAX: Millis = Millis::seconds(5);
/// Longest a step of a visit waits for the visit's next decision: people shut a door after 10 to 20 s, and who has done
/// nothing at a terminal for 30 s is gone. Until then its row is not in the journal, whereas doors are shown at once.
pub const FOLLOW_MAX: Millis = Millis::seconds(30);
/// Longest a cursor lingers. A repetition costs its receiver nothing, a commit 55 kB: more than an hour gains nothing in a
/// building where somebody comes each hour, and less would add two commits to each parcel of a small one.
pub const LINGER_MAX: Millis = Millis::hours(1);
/// Journal rows that a power cut may have sent again at most, those of [`RIDE_MAX`] apart: a second or so of a connection.
pub const REPEATED_ROWS_MAX: u64 = 1_000;
/// Events that ride at most: a flapping building makes no larger commits than this.
pub const RIDERS_MAX: usize = 512;
/// State rows that ride at most: each acknowledgement is one.
pub const RIDING_ROWS_MAX: usize = 1_024;

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
    due: Option<Mono>,
    /// Up to where the cloud has the journal, and how much of that is on the disk.
    acknowledged: u64,
    acknowledged_on_disk: u64,
}

impl Riders {
    /// Nothing rides, and the disk says that the cloud has the journal up to here.
    pub(crate) fn since(acknowledged: Option<u64>) -> Self {
        let acknowledged = acknowledged.unwrap_or(0);
        Self { acknowledged, acknowledged_on_disk: acknowledged, ..Self::default() }
    }

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

    /// Takes what a step leaves to be written, as urgent as `durability` says.
    pub(crate) fn add(
        &mut self,
        rows: Vec<(RowKey, Option<Row>)>,
        events: Vec<Event>,
        durability: Durability,
        now: Mono,
    ) {
        if rows.is_empty() && events.is_empty() {
            return;
        }
        for (_, row) in &rows {
            if let Some(Row::Gateway(GatewayRow { acknowledged: Some((sequence, _)), .. })) = row {
                self.acknowledged = *sequence;
            }
        }
        let repeated = self.acknowledged.saturating_sub(self.acknowledged_on_disk);
        let far = if repeated > REPEATED_ROWS_MAX { Durability::Rides } else { Durability::Lingers };
        let due = now.after(ride_max(durability.max(far)));
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        self.batch.extend(Batch { rows, events });
    }

    /// Whether a commit is due by itself.
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.batch.events.len() >= RIDERS_MAX
            || self.batch.rows.len() >= RIDING_ROWS_MAX
            || self.due.is_some_and(|due| due <= now)
    }

    /// When what rides now gets a commit of its own.
    pub(crate) const fn deadline(&self) -> Option<Mono> {
        self.due
    }

    /// Whether events ride, which may have been promised their sequences.
    pub(crate) const fn hold_events(&self) -> bool {
        !self.batch.events.is_empty()
    }

    pub(crate) fn take(&mut self) -> Batch {
        self.due = None;
        self.acknowledged_on_disk = self.acknowledged;
        std::mem::take(&mut self.batch)
    }
}

/// How long what is this urgent waits for the commit of something else.
const fn ride_max(durability: Durability) -> Millis {
    match durability {
        Durability::Lingers => LINGER_MAX,
        Durability::Follows => FOLLOW_MAX,
        Durability::Rides => RIDE_MAX,
        Durability::Forces => Millis(0),
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
