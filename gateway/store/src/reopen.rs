//! The way back after the disk was away: open anew, find out what the last commit did, journal what waited.

use vestibule_contract::event::genesis;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Mono, Now};

use crate::create::{Aside, Birth, create, replace};
use crate::fault::{Fault, contained};
use crate::file::{self, OpenFile};
use crate::journal::{self, Head, JournalRow};
use crate::limits::READ_BYTES_MAX;
use crate::open::epoch_from;
use crate::place::DATABASE;
use crate::store::{Condition, Memory, Store};

/// The disk is back, and nothing waits any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reopened {
    /// Rows that became durable, in order: those whose commit had failed after all was written, and those that waited.
    pub rows: Vec<JournalRow>,
    /// What became of the file.
    pub resumption: Resumption,
}

/// What became of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resumption {
    /// It is the same; the journal goes on.
    #[default]
    Same,
    /// It was damaged, gone, or lacked durable rows: a new one holds the whole state, and a new epoch began.
    /// Sequences and acknowledgements of the old one mean nothing any more: the daemon should start anew.
    Renewed {
        /// Full name of the old file, if there was one.
        set_aside: Option<String>,
        /// What was wrong with it.
        why: String,
    },
}

/// Why the disk is not back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReopenError {
    /// It still refuses; try again at [`Store::next_attempt`].
    #[error("open the database again: {why}")]
    StillAway {
        /// What it says.
        why: String,
    },
    /// The file is readable now, and this start began without its state: the daemon must start anew to load it.
    #[error("the database is readable again; the daemon must start anew to load its state")]
    NotLoaded,
}

impl Store {
    /// When to call [`Store::reopen`]; `None` while the file is open.
    #[must_use]
    pub const fn next_attempt(&self) -> Option<Mono> {
        match self.condition {
            Condition::Present => None,
            Condition::Away(backoff) => Some(backoff.next()),
        }
    }

    /// Opens the file again and journals what waited. `whole` gives every state row of the running building; it is asked
    /// only if the file must be made anew.
    ///
    /// # Errors
    /// The disk is still away; everything goes on waiting.
    pub fn reopen(
        &mut self,
        now: Now,
        whole: &dyn Fn() -> Vec<(RowKey, Row)>,
    ) -> Result<Reopened, ReopenError> {
        let Condition::Away(backoff) = self.condition else { return Ok(Reopened::default()) };
        let result = self.attempt(now, whole);
        self.condition = match result {
            Ok(_) => Condition::Present,
            Err(_) => Condition::Away(backoff.failed(now.mono)),
        };
        if result.is_err() {
            self.shared.put(None);
        }
        result
    }

    fn attempt(&mut self, now: Now, whole: &dyn Fn() -> Vec<(RowKey, Row)>) -> Result<Reopened, ReopenError> {
        let building = self.envelope.building.clone();
        let opened = contained("open the database", || file::open(self.place.as_ref(), &building));
        match opened {
            Ok(_) if self.memory == Memory::Empty => return Err(ReopenError::NotLoaded),
            Ok(file) if file.meta.epoch == self.envelope.epoch => match self.position(&file) {
                Position::Known => self.resume(file),
                Position::Doubtful => self.resume_after_doubt(file)?,
                Position::Foreign(why) => {
                    drop(file);
                    self.renew(now, whole, why)?;
                }
            },
            Ok(file) => {
                let why = format!("its epoch {} is not the running one", file.meta.epoch);
                drop(file);
                self.renew(now, whole, why)?;
            }
            Err(Fault::Missing) => self.make_again(now, whole)?,
            Err(Fault::Damaged(why)) => self.renew(now, whole, why)?,
            Err(fault) => return Err(away(fault)),
        }
        let batch = self.pending.batch();
        match self.write(&batch.rows, &batch.events) {
            Ok(rows) => {
                self.pending.clear();
                let mut all = std::mem::take(&mut self.settled);
                all.extend(rows);
                Ok(Reopened { rows: all, resumption: self.renewed.take().unwrap_or_default() })
            }
            Err(fault) => {
                self.pending.doubt(batch.events.len());
                Err(away(fault))
            }
        }
    }

    fn position(&self, file: &OpenFile) -> Position {
        if file.head == self.head {
            Position::Known
        } else if Some(file.head) == self.doubt {
            Position::Doubtful
        } else {
            let (found, known) = (file.head.sequence, self.head.sequence);
            Position::Foreign(format!("it ends at row {found}, and row {known} was durable"))
        }
    }

    fn resume(&mut self, file: OpenFile) {
        self.pending.settle_lost();
        self.doubt = None;
        self.memory = Memory::Whole;
        self.head = file.head;
        self.shared.set_head(file.head);
        self.shared.put(Some(file.database));
    }

    /// The commit that failed had written everything: its rows are durable and wait no more.
    fn resume_after_doubt(&mut self, file: OpenFile) -> Result<(), ReopenError> {
        let rows = contained("read the rows of the last commit", || {
            let read = redb::ReadableDatabase::begin_read(&file.database)
                .map_err(Fault::at("begin reading the journal"))?;
            journal::after(&read, self.head.sequence, usize::MAX, READ_BYTES_MAX)
        })
        .map_err(away)?;
        self.pending.settle_durable();
        self.settled.extend(rows.into_iter().map(journal::StoredRow::into_journal_row));
        self.resume(file);
        Ok(())
    }

    fn make_again(&mut self, now: Now, whole: &dyn Fn() -> Vec<(RowKey, Row)>) -> Result<(), ReopenError> {
        if self.head.sequence > 0 {
            return self.renew(now, whole, "it is gone".into());
        }
        let rows = state(whole);
        let birth = Birth {
            building: &self.envelope.building,
            epoch: self.envelope.epoch,
            rows: &rows,
            rewound: None,
        };
        let file = contained("make the database", || create(self.place.as_ref(), &birth)).map_err(away)?;
        self.resume(file);
        Ok(())
    }

    fn renew(
        &mut self,
        now: Now,
        whole: &dyn Fn() -> Vec<(RowKey, Row)>,
        why: String,
    ) -> Result<(), ReopenError> {
        let building = self.envelope.building.clone();
        let epoch = epoch_from(&self.entropy, self.epochs + 1);
        let rows = state(whole);
        let birth = Birth { building: &building, epoch, rows: &rows, rewound: None };
        let present = self.place.names().map(|names| names.iter().any(|name| name == DATABASE));
        let made = contained("replace the database", || match present {
            Ok(false) => create(self.place.as_ref(), &birth).map(|file| (file, None)),
            _ => replace(self.place.as_ref(), &birth, Aside::Damaged, now.wall)
                .map(|(file, name)| (file, Some(name))),
        });
        let (file, name) = made.map_err(away)?;
        self.epochs += 1;
        self.envelope.epoch = epoch;
        self.head = Head { sequence: 0, hash: genesis(&building, epoch) };
        self.resume(file);
        // The new file has the whole state; rows that wait are no newer, and may name the old epoch's sequences.
        self.pending.forget_rows();
        let set_aside = name.map(|name| self.place.describe(&name));
        self.renewed = Some(Resumption::Renewed { set_aside, why });
        Ok(())
    }
}

enum Position {
    /// The last commit did not happen.
    Known,
    /// The last commit happened although it failed.
    Doubtful,
    /// Somebody else wrote it, or the disk lost what it had promised to keep.
    Foreign(String),
}

fn away(fault: Fault) -> ReopenError {
    ReopenError::StillAway { why: fault.into_text() }
}

/// The whole state for a new epoch: what names sequences of the old one is left out.
fn state(whole: &dyn Fn() -> Vec<(RowKey, Row)>) -> Vec<(RowKey, Option<Row>)> {
    whole().into_iter().map(|(key, row)| (key, Some(fresh(row)))).collect()
}

/// A row without what names sequences of an older epoch.
pub(crate) fn fresh(row: Row) -> Row {
    match row {
        Row::Gateway(mut row) => {
            row.acknowledged = None;
            Row::Gateway(row)
        }
        Row::Command(mut outcome) => {
            outcome.events.clear();
            Row::Command(outcome)
        }
        other => other,
    }
}
