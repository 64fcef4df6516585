//! The database file as it is found: opened, judged and read.

use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, StorageBackend};
use vestibule_core::id::BuildingId;
use vestibule_core::row::{Row, RowKey};

use crate::backend::Backend;
use crate::codec::{RowDamage, decode};
use crate::fault::{Fault, Refused};
use crate::journal::{self, Head};
use crate::limits::CACHE_BYTES;
use crate::meta::Meta;
use crate::migration::{Formats, Plan};
use crate::overlay::Overlay;
use crate::place::{DATABASE, Place};
use crate::tables::{Kind, key_from};

/// A state row that could not be read; the others are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// Its table.
    pub kind: Kind,
    /// Its key, if that can be read.
    pub key: Option<RowKey>,
    /// What is wrong with it.
    pub damage: RowDamage,
}

/// An open file whose format and building fit.
pub(crate) struct OpenFile {
    pub database: Database,
    pub meta: Meta,
    pub head: Head,
}

/// Every state row of a file.
#[derive(Default)]
pub(crate) struct StateRows {
    pub rows: Vec<(RowKey, Row)>,
    pub damaged: Vec<DamagedRow>,
}

/// Opens the database file to read and write it; redb finishes or undoes what a power cut left.
pub(crate) fn open(place: &dyn Place, building: &BuildingId) -> Result<OpenFile, Fault> {
    let backend = place.open(DATABASE).map_err(|error| Fault::of_file("open the database file", &error))?;
    judge(start(backend)?, building, place.formats())
}

/// Opens the database file without changing a byte of it.
pub(crate) fn open_untouched(place: &dyn Place, building: &BuildingId) -> Result<OpenFile, Fault> {
    let base = place
        .open_for_reading(DATABASE)
        .map_err(|error| Fault::of_file("open the database file for reading", &error))?;
    let overlay = Overlay::new(Backend(base))
        .map_err(|error| Fault::of_file("read the database file's length", &error))?;
    judge(start(Box::new(overlay))?, building, place.formats())
}

/// Starts redb on a file that is not empty: an empty one was never made by us, and redb would make a new one of it.
fn start(backend: Box<dyn StorageBackend>) -> Result<Database, Fault> {
    let len = backend.len().map_err(|error| Fault::of_file("read the database file's length", &error))?;
    if len == 0 {
        return Err(Fault::Damaged("open the database file: it is empty".into()));
    }
    database(backend)
}

/// Starts redb on a backend, also a new one.
pub(crate) fn database(backend: Box<dyn StorageBackend>) -> Result<Database, Fault> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.create_with_backend(Backend(backend)).map_err(Fault::at("open the database"))
}

fn judge(database: Database, building: &BuildingId, formats: &Formats) -> Result<OpenFile, Fault> {
    let mut read = database.begin_read().map_err(Fault::at("begin reading the database"))?;
    let format = Meta::format(&read)?;
    let plan = formats.plan(format);
    match plan {
        Plan::Use | Plan::Migrate => {}
        Plan::RefuseNewer => {
            return Err(Fault::Refused(Refused::NewerFormat { found: format, known: formats.newest }));
        }
        Plan::RefuseUnknown => return Err(Fault::Damaged(format!("read table meta: format {format}"))),
    }
    let found = Meta::building(&read)?;
    if found != *building {
        let expected = building.clone();
        return Err(Fault::Refused(Refused::OtherBuilding { found, expected }));
    }
    if plan == Plan::Migrate {
        drop(read);
        formats.migrate(&database, format)?;
        read = database.begin_read().map_err(Fault::at("begin reading the database"))?;
    }
    let meta = Meta::read(&read)?;
    let head = journal::newest(&read)?.unwrap_or(meta.pruned);
    drop(read);
    Ok(OpenFile { database, meta, head })
}

/// Reads every state row; a row that does not read is named and left out.
pub(crate) fn state_rows(database: &Database) -> Result<StateRows, Fault> {
    let read = database.begin_read().map_err(Fault::at("begin reading the state"))?;
    let mut found = StateRows::default();
    for kind in Kind::ALL {
        table_rows(&read, kind, &mut found)?;
    }
    Ok(found)
}

fn table_rows(read: &ReadTransaction, kind: Kind, found: &mut StateRows) -> Result<(), Fault> {
    let table = read.open_table(kind.table()).map_err(Fault::at("open a state table"))?;
    for entry in table.iter()? {
        let (key_bytes, value) = entry?;
        let key = key_from(kind, key_bytes.value());
        let row = decode(kind, key_bytes.value(), value.value());
        match (key, row) {
            (Some(key), Ok(row)) => found.rows.push((key, row)),
            (None, Ok(_)) => found.damaged.push(DamagedRow { kind, key: None, damage: RowDamage::Key }),
            (key, Err(damage)) => found.damaged.push(DamagedRow { kind, key, damage }),
        }
    }
    Ok(())
}
