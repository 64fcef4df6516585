//! Rows that wait in memory while the disk is away: bounded, telemetry dropped first, each drop accounted for.

use std::collections::{BTreeMap, VecDeque};

use vestibule_core::command::Actor;
use vestibule_core::event::{Event, Fact, Worth};
use vestibule_core::row::{Row, RowKey};

use crate::batch::Batch;
use crate::limits::{WAITING_BYTES_MAX, WAITING_ERASURES_MAX, WAITING_EVENTS_MAX};

/// Bytes of an event's ids on the heap, about: four ids of a dozen letters with their allocations.
const IDS_BYTES: usize = 96;

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Observations, counters.
    pub telemetry: u64,
    /// Decisions, and what became of them.
    pub records: u64,
    /// Erasures of state rows; their rows come back at the next start.
    pub erasures: u64,
}

impl Dropped {
    const fn events(self) -> u64 {
        self.telemetry + self.records
    }
}

/// The waiting room.
#[derive(Debug, Default)]
pub struct Pending {
    events: VecDeque<Event>,
    bytes: usize,
    rows: BTreeMap<RowKey, Option<Row>>,
    erasures: usize,
    /// The first events were in a commit that failed and may be durable all the same; they are not dropped.
    in_doubt: usize,
    /// Drops that no gap has told of yet.
    unsaid: Dropped,
    /// All drops since the start.
    dropped: Dropped,
    /// The first dropped event, which becomes the gap: it has its time.
    gap: Option<Event>,
}

impl Pending {
    /// Puts a batch behind what waits.
    pub fn hold(&mut self, batch: Batch) {
        for (key, row) in batch.rows {
            self.hold_row(key, row);
        }
        for event in batch.events {
            self.bytes += size(&event);
            self.events.push_back(event);
            self.shrink();
        }
    }

    /// Says that the first `events` were in a commit whose end is not known.
    pub fn doubt(&mut self, events: usize) {
        self.in_doubt = events.min(self.events.len());
    }

    /// The doubtful events turned out durable: they wait no more.
    pub fn settle_durable(&mut self) {
        for event in self.events.drain(..self.in_doubt) {
            self.bytes = self.bytes.saturating_sub(size(&event));
        }
        self.in_doubt = 0;
    }

    /// The doubtful events turned out lost: they wait like the others.
    pub fn settle_lost(&mut self) {
        self.in_doubt = 0;
    }

    /// Everything that waits, as one batch. A gap comes first, as an event of its own. What waits stays until [`Pending::clear`].
    pub fn batch(&mut self) -> Batch {
        if let Some(mut gap) = self.gap.take() {
            let Dropped { telemetry, records, erasures } = self.unsaid;
            gap.fact = Fact::GatewayGap { dropped: self.unsaid.events() };
            gap.reason = Some(format!("{telemetry} observations, {records} records, {erasures} erasures"));
            self.bytes += size(&gap);
            self.events.push_front(gap);
            self.unsaid = Dropped::default();
        }
        Batch {
            rows: self.rows.iter().map(|(key, row)| (key.clone(), row.clone())).collect(),
            events: self.events.iter().cloned().collect(),
        }
    }

    /// The state rows became durable another way; the events still wait.
    pub fn forget_rows(&mut self) {
        self.rows.clear();
        self.erasures = 0;
    }

    /// Everything became durable.
    pub fn clear(&mut self) {
        *self = Self { dropped: self.dropped, ..Self::default() };
    }

    /// Events that wait.
    #[must_use]
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// All drops since the start.
    #[must_use]
    pub const fn dropped(&self) -> Dropped {
        self.dropped
    }

    fn hold_row(&mut self, key: RowKey, row: Option<Row>) {
        let erases = row.is_none();
        let erased = matches!(self.rows.insert(key, row), Some(None));
        self.erasures = self.erasures + usize::from(erases) - usize::from(erased);
        if self.erasures > WAITING_ERASURES_MAX
            && let Some(key) = self.rows.iter().find(|(_, row)| row.is_none()).map(|(key, _)| key.clone())
        {
            self.rows.remove(&key);
            self.erasures -= 1;
            self.unsaid.erasures += 1;
            self.dropped.erasures += 1;
        }
    }

    fn shrink(&mut self) {
        while self.events.len() > WAITING_EVENTS_MAX || self.bytes > WAITING_BYTES_MAX {
            let free = self.in_doubt..self.events.len();
            let observed = |at: &usize| self.events[*at].fact.worth() == Worth::Observation;
            let Some(at) = free.clone().find(observed).or_else(|| free.clone().next()) else { return };
            let Some(event) = self.events.remove(at) else { return };
            self.bytes = self.bytes.saturating_sub(size(&event));
            self.count(event);
        }
    }

    fn count(&mut self, event: Event) {
        match event.fact {
            // A gap that is dropped in turn carries its count on; it was counted in the total when it was made.
            Fact::GatewayGap { dropped } => self.unsaid.records += dropped,
            ref fact => {
                let worth = fact.worth();
                for dropped in [&mut self.unsaid, &mut self.dropped] {
                    match worth {
                        Worth::Observation => dropped.telemetry += 1,
                        Worth::Record => dropped.records += 1,
                    }
                }
            }
        }
        self.forget_sequences();
        self.gap.get_or_insert(Event { actor: Actor::Gateway, cause: None, ..event });
    }

    /// Outcomes that named the sequences of waiting rows are wrong once a row before them is gone.
    fn forget_sequences(&mut self) {
        if self.gap.is_some() {
            return;
        }
        for row in self.rows.values_mut().flatten() {
            if let Row::Command(outcome) = row {
                outcome.events.clear();
            }
        }
    }
}

fn size(event: &Event) -> usize {
    size_of::<Event>() + IDS_BYTES + event.reason.as_ref().map_or(0, String::len)
}
