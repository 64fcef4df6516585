//! Ending the retention of old journal rows: by age and never before the cloud has acknowledged them; beyond a number of
//! rows in any case, and then a gap in the journal says how many were lost.

use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};
use vestibule_contract::event::read_header;
use vestibule_core::command::Actor;
use vestibule_core::event::{Event, Fact};
use vestibule_core::time::{ClockTrust, Now, Timestamp};

use crate::fault::{Fault, contained};
use crate::journal::{self, Head, JournalRow, append, seal_all};
use crate::limits::PRUNE_ROWS_MAX;
use crate::meta::{Meta, write_pruned};
use crate::reader::acknowledged;
use crate::store::{Condition, Store};
use crate::tables::JOURNAL;
use crate::write::transaction;

/// Where rows go before they may be pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// A cloud acknowledges them; unacknowledged rows are kept whatever their age.
    Cloud,
    /// The building has no cloud; age alone decides.
    None,
}

/// Which rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Rows recorded before this instant have been kept long enough; `None` while the clock is not trusted.
    pub horizon: Option<Timestamp>,
    /// Most rows, whatever their age and whoever still waits for them.
    pub rows_max: u64,
    /// Who must have them first.
    pub outlet: Outlet,
}

/// What one step pruned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows removed now.
    pub rows: u64,
    /// Those of them that nobody else has.
    pub lost: u64,
    /// The row that tells of the lost ones, durable.
    pub gap: Option<JournalRow>,
    /// Whether another step would remove more.
    pub more: bool,
}

/// Why nothing was pruned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PruneError {
    /// The disk is away; nothing grows on it.
    #[error("prune the journal: the database file is not open")]
    Away,
    /// The disk refuses, or old rows cannot be read.
    #[error("prune the journal: {why}")]
    Failed {
        /// What it says.
        why: String,
    },
}

/// One step: rows from the oldest up to `until`, of which the newest `lost` are nowhere else.
struct Step {
    until: u64,
    lost: u64,
    more: bool,
}

impl Store {
    /// Removes rows whose retention ended, oldest first, at most [`PRUNE_ROWS_MAX`] a step, in one transaction. The newest
    /// acknowledged row is kept, so that `verify` finds its anchor, unless there are more than `rows_max`.
    ///
    /// No decision may be on its way to a commit: a gap takes the sequence that the next event was promised.
    ///
    /// # Errors
    /// Nothing is pruned. After an error of the disk the file is closed until [`Store::reopen`] succeeds.
    pub fn prune(&mut self, retention: &Retention, now: Now) -> Result<Pruned, PruneError> {
        if self.condition != Condition::Present {
            return Err(PruneError::Away);
        }
        let head = self.head;
        let step = self.with_database("read what may be pruned", |database| {
            let read = database.begin_read().map_err(Fault::at("begin reading the journal"))?;
            next_step(&read, head, retention)
        });
        match step {
            Ok(Some(step)) => self.remove(&step, now).map_err(|fault| self.prune_failed(fault, now)),
            Ok(None) => Ok(Pruned::default()),
            Err(fault) => Err(self.prune_failed(fault, now)),
        }
    }

    fn remove(&mut self, step: &Step, now: Now) -> Result<Pruned, Fault> {
        let gap = (step.lost > 0).then(|| gap(step.lost, now));
        let sealed = seal_all(&self.envelope, self.head, gap.as_slice());
        let newest = sealed.last().map(|row| Head { sequence: row.sequence, hash: row.hash });
        self.doubt = newest;
        let rows =
            self.with_database("prune the journal", |database| remove(database, step.until, &sealed))?;
        self.doubt = None;
        if let Some(head) = newest {
            self.head = head;
            self.shared.set_head(head);
        }
        Ok(Pruned { rows, lost: step.lost, gap: sealed.into_iter().next(), more: step.more })
    }

    fn with_database<T>(
        &self,
        operation: &'static str,
        run: impl FnOnce(&Database) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let guard = self.shared.database();
        let database = guard.as_ref().ok_or(Fault::Missing)?;
        contained(operation, || run(database))
    }

    fn prune_failed(&mut self, fault: Fault, now: Now) -> PruneError {
        if !matches!(fault, Fault::Damaged(_)) {
            self.lose(now.mono);
        }
        PruneError::Failed { why: fault.into_text() }
    }
}

fn gap(lost: u64, now: Now) -> Event {
    Event {
        at: now.wall,
        trust: now.trust,
        actor: Actor::Gateway,
        cause: None,
        reason: Some(format!("the journal is full: {lost} rows that nobody else has were removed")),
        fact: Fact::GatewayGap { dropped: lost },
    }
}

fn next_step(read: &ReadTransaction, head: Head, retention: &Retention) -> Result<Option<Step>, Fault> {
    let pruned = Meta::read(read)?.pruned.sequence;
    let acknowledged = acknowledged(read)?.map_or(0, |head| head.sequence);
    let aged = match retention.horizon {
        Some(horizon) => newest_before(read, pruned + 1, head.sequence, horizon)?,
        None => 0,
    };
    let (free, safe) = match retention.outlet {
        Outlet::Cloud => (aged.min(acknowledged.saturating_sub(1)), acknowledged),
        Outlet::None => (aged, aged),
    };
    // A whole step at once: a gap is a row, too, and one for each lost row would fill the journal by itself.
    let full = head.sequence.saturating_sub(pruned) > retention.rows_max;
    let crowded = if full { pruned.saturating_add(PRUNE_ROWS_MAX).min(head.sequence) } else { 0 };
    let due = free.max(crowded);
    let until = due.min(pruned.saturating_add(PRUNE_ROWS_MAX));
    let lost = until.saturating_sub(safe.max(pruned));
    Ok((until > pruned).then_some(Step { until, lost, more: due > until }))
}

/// The newest row that was recorded before an instant, by a clock that was trusted; 0 if there is none. Time never reads
/// earlier than the row before, so that half of the rows can be left out at each look.
///
/// What an untrusted clock recorded (in 1970, say) is as old as the next trusted row says.
fn newest_before(read: &ReadTransaction, oldest: u64, newest: u64, horizon: Timestamp) -> Result<u64, Fault> {
    let table = read.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
    // A row that cannot be read says nothing of its age, and is kept as long as those after it.
    let header = |sequence: u64| -> Result<_, Fault> {
        let Some(value) = table.get(sequence)? else { return Ok(None) };
        Ok(read_header(&journal::stored(sequence, value.value())?.bytes).ok())
    };
    let (mut low, mut high) = (oldest, newest.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        if header(middle)?.is_some_and(|header| header.at < horizon) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for sequence in (oldest..low).rev().take(UNTRUSTED_ROWS_MAX) {
        if header(sequence)?.is_some_and(|header| header.trust != ClockTrust::Untrusted) {
            return Ok(sequence);
        }
    }
    Ok(0)
}

/// Rows looked through for one with a trusted time. Where there are more in a row, they wait for the next trusted one.
const UNTRUSTED_ROWS_MAX: usize = 256;

/// Removes the oldest rows up to a sequence, and appends.
fn remove(database: &Database, until: u64, sealed: &[JournalRow]) -> Result<u64, Fault> {
    let write = transaction(database)?;
    let mut anchor = None;
    let mut rows = 0;
    {
        let mut table = write.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
        loop {
            let Some((key, value)) = table.first()? else { break };
            let sequence = key.value();
            if sequence > until {
                break;
            }
            let hash = journal::stored(sequence, value.value())?.hash;
            drop((key, value));
            table.remove(sequence)?;
            anchor = Some(Head { sequence, hash });
            rows += 1;
        }
    }
    if let Some(anchor) = anchor {
        write_pruned(&write, &anchor)?;
    }
    append(&write, sealed)?;
    write.commit().map_err(Fault::at("commit the pruning"))?;
    Ok(rows)
}
