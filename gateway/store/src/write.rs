//! Write transactions: the one way bytes get into the file.

use std::collections::BTreeMap;

use redb::{Database, WriteTransaction};
use vestibule_core::row::{Row, RowKey};

use crate::codec::encode;
use crate::fault::Fault;
use crate::journal::{JournalRow, append};
use crate::tables::{Kind, key_bytes};

/// Begins a transaction that survives a power cut at any write and needs no repair afterwards.
pub(crate) fn transaction(database: &Database) -> Result<WriteTransaction, Fault> {
    let mut write = database.begin_write().map_err(Fault::at("begin a commit"))?;
    write.set_two_phase_commit(true);
    write.set_quick_repair(true);
    Ok(write)
}

/// State rows and journal rows in one transaction. Returns when they are on the disk.
pub(crate) fn commit(
    database: &Database,
    rows: &[(RowKey, Option<Row>)],
    journal: &[JournalRow],
) -> Result<(), Fault> {
    let write = transaction(database)?;
    state_rows(&write, rows)?;
    append(&write, journal)?;
    write.commit().map_err(Fault::at("commit"))
}

/// Writes or erases state rows; of several entries of one key the last counts.
pub(crate) fn state_rows(write: &WriteTransaction, rows: &[(RowKey, Option<Row>)]) -> Result<(), Fault> {
    let mut tables: BTreeMap<Kind, BTreeMap<&RowKey, Option<&Row>>> = BTreeMap::new();
    for (key, row) in rows {
        tables.entry(Kind::of(key)).or_default().insert(key, row.as_ref());
    }
    for (kind, rows) in tables {
        let mut table = write.open_table(kind.table()).map_err(Fault::at("open a state table"))?;
        for (key, row) in rows {
            let key = key_bytes(key).map_err(unencodable)?;
            match row {
                Some(row) => {
                    let value = encode(kind, &key, row).map_err(unencodable)?;
                    table.insert(key.as_slice(), value.as_slice())?;
                }
                None => {
                    table.remove(key.as_slice())?;
                }
            }
        }
    }
    Ok(())
}

fn unencodable(error: postcard::Error) -> Fault {
    Fault::Disk(format!("encode a state row: {error}"))
}
