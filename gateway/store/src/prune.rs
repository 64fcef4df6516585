//! Ending the retention of old journal rows: never of rows that the cloud has not acknowledged.

use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use crate::fault::{Fault, contained};
use crate::journal::{self, Head};
use crate::limits::PRUNE_ROWS_MAX;
use crate::meta::{Meta, write_pruned};
use crate::reader::acknowledged;
use crate::store::Store;
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

/// What one call pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Rows removed now.
    pub rows: usize,
    /// The last removed row: the journal's anchor from now on.
    pub anchor: Head,
}

/// Why nothing was pruned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PruneError {
    /// The rows are still needed.
    #[error("prune rows before {before}: the cloud has acknowledged rows up to {acknowledged} only")]
    NotAcknowledged {
        /// What was asked.
        before: u64,
        /// The newest acknowledged row; 0 if there is none.
        acknowledged: u64,
    },
    /// The disk refuses.
    #[error("prune rows before {before}: {why}")]
    Failed {
        /// What was asked.
        before: u64,
        /// What it says.
        why: String,
    },
}

impl Store {
    /// Removes rows with a sequence below `before`, at most [`PRUNE_ROWS_MAX`] of them a call, oldest first.
    ///
    /// The newest acknowledged row is always kept, so that `verify` finds its anchor.
    ///
    /// # Errors
    /// Rows would be lost to the cloud, or the disk refuses; then nothing is pruned.
    pub fn prune_before(&mut self, before: u64, outlet: Outlet) -> Result<Pruned, PruneError> {
        let failed = |fault: Fault| PruneError::Failed { before, why: fault.into_text() };
        let guard = self.shared.database();
        let database = guard.as_ref().ok_or(Fault::Missing).map_err(failed)?;
        let read = |run: fn(&ReadTransaction) -> Result<(Meta, u64), Fault>| {
            contained("read what may be pruned", || {
                run(&database.begin_read().map_err(Fault::at("begin reading the journal"))?)
            })
        };
        let (meta, acknowledged) =
            read(|read| Ok((Meta::read(read)?, acknowledged(read)?.map_or(0, |head| head.sequence))))
                .map_err(failed)?;
        if outlet == Outlet::Cloud && before > acknowledged {
            return Err(PruneError::NotAcknowledged { before, acknowledged });
        }
        contained("prune the journal", || remove(database, meta.pruned, before)).map_err(failed)
    }
}

fn remove(database: &redb::Database, pruned: Head, before: u64) -> Result<Pruned, Fault> {
    let write = transaction(database)?;
    let mut anchor = pruned;
    let mut rows = 0;
    {
        let mut table = write.open_table(JOURNAL).map_err(Fault::at("open table journal"))?;
        while rows < PRUNE_ROWS_MAX {
            let Some((key, value)) = table.first()? else { break };
            let sequence = key.value();
            if sequence >= before {
                break;
            }
            let row = journal::stored(sequence, value.value())?;
            drop((key, value));
            table.remove(sequence)?;
            anchor = Head { sequence, hash: row.hash };
            rows += 1;
        }
    }
    write_pruned(&write, &anchor)?;
    write.commit().map_err(Fault::at("commit the pruning"))?;
    Ok(Pruned { rows, anchor })
}
