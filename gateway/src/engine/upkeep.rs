//! The journal's retention: between decisions, old rows are removed a small step at a time.

use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_store::limits::JOURNAL_ROWS_MAX;
use vestibule_store::{JournalRow, Outlet, PruneError, Retention, Store};

use super::published::Counters;

/// How long journal rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Rows that are younger stay.
    pub age: Millis,
    /// Who must have them first.
    pub outlet: Outlet,
}

/// After a start, doors come first.
const FIRST: Millis = Millis::seconds(60);
/// Pause when nothing is old enough, or the disk refused: an hour more or less of a year changes nothing.
const EVERY: Millis = Millis::hours(1);
/// Pause between two steps: the disk has most of its time for decisions, and 10^6 rows are still gone in an hour or so.
const STEP_EVERY: Millis = Millis::seconds(1);

/// When what is done.
pub(super) struct Upkeep {
    keep: Keep,
    due: Mono,
}

impl Upkeep {
    pub(super) const fn new(keep: Keep, now: Mono) -> Self {
        Self { keep, due: now.after(FIRST) }
    }

    pub(super) const fn due(&self) -> Mono {
        self.due
    }

    /// One step, if it is due; gives the row that tells of rows which nobody else has.
    pub(super) fn step(
        &mut self,
        store: &mut Store,
        counters: &mut Counters,
        now: Now,
    ) -> Option<JournalRow> {
        if self.due > now.mono {
            return None;
        }
        self.due = now.mono.after(EVERY);
        let retention =
            Retention { horizon: self.horizon(now), rows_max: JOURNAL_ROWS_MAX, outlet: self.keep.outlet };
        match store.prune(&retention, now) {
            Ok(pruned) => {
                counters.rows_pruned += pruned.rows;
                if pruned.lost > 0 {
                    tracing::error!(
                        rows = pruned.lost,
                        "journal is full; its oldest rows are lost to the cloud"
                    );
                }
                if pruned.more {
                    self.due = now.mono.after(STEP_EVERY);
                }
                pruned.gap
            }
            Err(PruneError::Away) => None,
            Err(error @ PruneError::Failed { .. }) => {
                counters.storage_failures += 1;
                tracing::error!(%error, "old journal rows stay");
                None
            }
        }
    }

    /// Nothing is purged by a clock that nobody trusts.
    fn horizon(&self, now: Now) -> Option<Timestamp> {
        let age = i64::try_from(self.keep.age.0).ok()?;
        (now.trust != ClockTrust::Untrusted).then(|| Timestamp(now.wall.0.saturating_sub(age)))
    }
}
