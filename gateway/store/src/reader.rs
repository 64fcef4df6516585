//! Reading the journal beside the writer: for the uplink, the console and `verify`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use redb::{Database, ReadTransaction, ReadableDatabase as _};
use vestibule_core::id::BuildingId;
use vestibule_core::row::Row;
use vestibule_core::unit::Digest;

use crate::codec::decode;
use crate::fault::{Fault, contained};
use crate::file;
use crate::journal::{self, Head, JournalRow, StoredRow};
use crate::limits::READ_BYTES_MAX;
use crate::meta::Meta;
use crate::place::Place;
use crate::tables::Kind;

/// Why the journal cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The disk is away; the store opens the file again by itself.
    #[error("the database file is not open now")]
    Away,
    /// Reading failed.
    #[error("{0}")]
    Failed(String),
}

/// What store and readers share: the open file, replaced at every reopening.
#[derive(Debug)]
pub(crate) struct Shared {
    database: RwLock<Option<Database>>,
    head: Mutex<Head>,
}

/// A reader of the journal. Cheap to clone, used from any thread, and goes on after the file was opened again.
#[derive(Clone, Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Reader {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Opens the file of a daemon that is stopped, without changing a byte of it.
    ///
    /// # Errors
    /// [`ReadError::Failed`] names what is in the way: no file, a running daemon, damage, another building.
    pub fn open(place: &dyn Place, building: &BuildingId) -> Result<Self, ReadError> {
        let opened = contained("open the database", || file::open_untouched(place, building))
            .map_err(|fault| ReadError::Failed(fault.into_text()))?;
        Ok(Self::new(Arc::new(Shared::new(Some(opened.database), opened.head))))
    }

    /// The newest durable row; sequence 0 with the genesis hash if there is none yet.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.head()
    }

    /// Rows after a sequence, in order: at most `rows` of them and about `bytes` bytes, but one if there is one.
    ///
    /// # Errors
    /// The disk is away, or reading failed.
    pub fn rows_after(&self, sequence: u64, rows: usize, bytes: usize) -> Result<Vec<JournalRow>, ReadError> {
        let found = self.stored_after(sequence, rows, bytes)?;
        Ok(found.into_iter().map(StoredRow::into_journal_row).collect())
    }

    /// The newest row the cloud acknowledged, as the state rows have it.
    ///
    /// # Errors
    /// The disk is away, or reading failed.
    pub fn acknowledged(&self) -> Result<Option<Head>, ReadError> {
        self.read(acknowledged)
    }

    /// What the file says of itself.
    ///
    /// # Errors
    /// The disk is away, or reading failed.
    pub fn meta(&self) -> Result<Meta, ReadError> {
        self.read(Meta::read)
    }

    pub(crate) fn stored_after(
        &self,
        sequence: u64,
        rows: usize,
        bytes: usize,
    ) -> Result<Vec<StoredRow>, ReadError> {
        self.read(|read| journal::after(read, sequence, rows, bytes.min(READ_BYTES_MAX)))
    }

    pub(crate) fn read<T>(
        &self,
        run: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, ReadError> {
        let guard = self.shared.database();
        let database = guard.as_ref().ok_or(ReadError::Away)?;
        contained("read the journal", || {
            run(&database.begin_read().map_err(Fault::at("begin reading the journal"))?)
        })
        .map_err(|fault| ReadError::Failed(fault.into_text()))
    }
}

impl Shared {
    pub(crate) const fn new(database: Option<Database>, head: Head) -> Self {
        Self { database: RwLock::new(database), head: Mutex::new(head) }
    }

    // A panic in redb is caught below these locks; the value behind a poisoned one is whole.
    pub(crate) fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn database_mut(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn head_mut(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn head(&self) -> Head {
        *self.head_mut()
    }

    pub(crate) fn set_head(&self, head: Head) {
        *self.head_mut() = head;
    }

    /// Puts an opened file in place, or takes the dead one away; waits for readings under way, which are short.
    pub(crate) fn put(&self, database: Option<Database>) {
        let old = std::mem::replace(&mut *self.database_mut(), database);
        // Closing writes, and on a dying disk that may panic in redb; the file is opened anew in any case.
        contained("close the database", || {
            drop(old);
            Ok(())
        })
        .ok();
    }
}

/// The cloud's acknowledgement as the gateway's row has it.
pub(crate) fn acknowledged(read: &ReadTransaction) -> Result<Option<Head>, Fault> {
    let table = read.open_table(Kind::Gateway.table()).map_err(Fault::at("open a state table"))?;
    let Some(value) = table.get([].as_slice())? else { return Ok(None) };
    match decode(Kind::Gateway, &[], value.value()) {
        Ok(Row::Gateway(row)) => {
            Ok(row.acknowledged.map(|(sequence, hash): (u64, Digest)| Head { sequence, hash }))
        }
        Ok(_) => Ok(None),
        Err(damage) => Err(Fault::Damaged(format!("read the gateway's row: {damage}"))),
    }
}
