//! The store: one owner of the file, one commit for all that was decided, and a waiting room while the disk is away.

use std::sync::Arc;

use vestibule_contract::event::Envelope;
use vestibule_contract::identity::{BootId, Epoch};
use vestibule_core::event::Event;
use vestibule_core::input::Entropy;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Mono;

use crate::backoff::Backoff;
use crate::batch::{Batch, Committed};
use crate::fault::{Fault, contained};
use crate::journal::{Head, JournalRow, seal_all};
use crate::pending::{Dropped, Pending};
use crate::place::Place;
use crate::reader::{Reader, Shared};
use crate::reopen::Resumption;
use crate::write;

/// The building's durable record.
pub struct Store {
    pub(crate) place: Box<dyn Place>,
    pub(crate) envelope: Envelope,
    pub(crate) entropy: Entropy,
    /// Epochs that began under this start, besides the first.
    pub(crate) epochs: u32,
    pub(crate) shared: Arc<Shared>,
    pub(crate) condition: Condition,
    pub(crate) memory: Memory,
    /// The newest row known to be durable.
    pub(crate) head: Head,
    /// The newest row of a failed commit that may be durable all the same.
    pub(crate) doubt: Option<Head>,
    /// Rows of failed commits that were found durable, until a reopening can tell of them.
    pub(crate) settled: Vec<JournalRow>,
    /// A new epoch that no reopening has told of yet: its first commit failed.
    pub(crate) renewed: Option<Resumption>,
    pub(crate) pending: Pending,
}

/// Whether the file is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Present,
    Away(Backoff),
}

/// Whether the building in memory began with the file's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    Whole,
    Empty,
}

/// Why a batch is not durable. It is held and journalled, in order, when the disk is back; it must not be given again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// This commit failed, and the file is closed until [`Store::reopen`] succeeds.
    #[error("commit {events} events and {rows} state rows: {why}")]
    Failed {
        /// Events in the batch.
        events: usize,
        /// State rows in the batch.
        rows: usize,
        /// What the disk says.
        why: String,
    },
    /// The disk has been away before.
    #[error("hold {events} events and {rows} state rows: the database file is not open")]
    Away {
        /// Events in the batch.
        events: usize,
        /// State rows in the batch.
        rows: usize,
    },
}

impl Store {
    /// Says which start of the daemon the following rows belong to. Called once, before the first commit.
    pub fn begin_boot(&mut self, boot: u32, boot_id: BootId) {
        self.envelope.boot = boot;
        self.envelope.boot_id = boot_id;
    }

    /// Makes a batch durable; when it returns, the batch survives a power cut.
    ///
    /// # Errors
    /// The batch is held in memory; its rows have no sequence until [`Store::reopen`] journals them.
    pub fn commit(&mut self, batch: Batch, now: Mono) -> Result<Committed, CommitError> {
        let (events, rows) = (batch.events.len(), batch.rows.len());
        if self.condition != Condition::Present {
            self.pending.hold(batch);
            return Err(CommitError::Away { events, rows });
        }
        if batch.is_empty() {
            return Ok(Committed::default());
        }
        match self.write(&batch.rows, &batch.events) {
            Ok(rows) => Ok(Committed { rows }),
            Err(fault) => {
                self.pending.hold(batch);
                self.pending.doubt(events);
                self.lose(now);
                Err(CommitError::Failed { events, rows, why: fault.into_text() })
            }
        }
    }

    /// The sequence the next event gets; `None` while the disk is away and rows have none.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u64> {
        (self.condition == Condition::Present).then_some(self.head.sequence + 1)
    }

    /// A reader of the journal.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// The journal's identity; changes only when a reopening says so.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.envelope.epoch
    }

    /// What all rows of this start have in common; also for the provisional rows shown while the disk is away.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Events that wait for the disk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pending.events()
    }

    /// What was dropped since the start because the waiting room was full.
    #[must_use]
    pub const fn dropped(&self) -> Dropped {
        self.pending.dropped()
    }

    /// Seals and writes; on success the head moves.
    pub(crate) fn write(
        &mut self,
        rows: &[(RowKey, Option<Row>)],
        events: &[Event],
    ) -> Result<Vec<JournalRow>, Fault> {
        let sealed = seal_all(&self.envelope, self.head, events);
        let newest = sealed.last().map(|row| Head { sequence: row.sequence, hash: row.hash });
        self.doubt = newest;
        contained("commit", || {
            let guard = self.shared.database();
            let database = guard.as_ref().ok_or(Fault::Missing)?;
            write::commit(database, rows, &sealed)
        })?;
        self.doubt = None;
        if let Some(head) = newest {
            self.head = head;
            self.shared.set_head(head);
        }
        Ok(sealed)
    }

    /// After one I/O error redb's handle is dead: it is closed, and opened anew later.
    pub(crate) fn lose(&mut self, now: Mono) {
        self.condition = Condition::Away(Backoff::begin(now));
        self.shared.put(None);
    }
}
