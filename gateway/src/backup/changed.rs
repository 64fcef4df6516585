//! What may have happened since a backup: told by the record that it replaces, if that one goes on from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use vestibule_core::id::{BuildingId, CompartmentId};
use vestibule_core::input::Changed;
use vestibule_core::row::{Row, RowKey};
use vestibule_store::{Place, Reader, Snapshot};

/// Rows of the present journal read at once.
const PAGE_ROWS: usize = 512;
/// Bytes read at once.
const PAGE_BYTES: usize = 1024 * 1024;

/// What the present record tells of the time since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// Where something may have happened.
    pub changed: Changed,
    /// The newest row of the backup's epoch.
    pub known: Option<u64>,
    /// The newest start.
    pub boots: Option<u32>,
}

impl Since {
    const NOTHING_KNOWN: Self = Self { changed: Changed::All, known: None, boots: None };
}

/// Compares the present record with a backup. A record that cannot be read, or does not go on from the backup, tells nothing:
/// then anything may have happened anywhere.
pub fn since(place: &dyn Place, building: &BuildingId, backup: &Snapshot) -> Since {
    let Ok(reader) = Reader::open(place, building) else { return Since::NOTHING_KNOWN };
    let Ok(present) = reader.snapshot() else { return Since::NOTHING_KNOWN };
    let (Ok(now), Ok(then)) = (present.rows(), backup.rows()) else { return Since::NOTHING_KNOWN };
    let boots = now.iter().find_map(|(_, row)| match row {
        Row::Gateway(gateway) => Some(gateway.boot),
        _ => None,
    });
    if present.epoch() != backup.epoch() || !goes_on(&reader, &present, backup) {
        return Since { boots, ..Since::NOTHING_KNOWN };
    }
    let mut doors = differences(&now, &then);
    match mentioned(&reader, backup.head().sequence) {
        Some(mentioned) => doors.extend(mentioned),
        None => return Since { boots, ..Since::NOTHING_KNOWN },
    }
    Since { changed: Changed::These(doors), known: Some(present.head().sequence), boots }
}

/// Whether the backup's newest row stands in the present journal.
fn goes_on(reader: &Reader, present: &Snapshot, backup: &Snapshot) -> bool {
    let head = backup.head();
    if head == present.head() || head == present.pruned() {
        return true;
    }
    let row = reader.rows_after(head.sequence.saturating_sub(1), 1, PAGE_BYTES);
    row.is_ok_and(|rows| {
        rows.first().is_some_and(|row| row.sequence == head.sequence && row.hash == head.hash)
    })
}

/// Doors whose use or whose parcel is another one.
fn differences(now: &[(RowKey, Row)], then: &[(RowKey, Row)]) -> BTreeSet<CompartmentId> {
    let (now, then) = (table(now), table(then));
    let mut doors = BTreeSet::new();
    for key in now.keys().chain(then.keys()) {
        let both = [now.get(key), then.get(key)];
        match key {
            RowKey::Compartment(id) => {
                let [a, b] = both.map(|row| row.map(|row| usage(row)));
                if a != b {
                    doors.insert(id.clone());
                }
            }
            RowKey::Parcel(_) if both[0] != both[1] => {
                doors.extend(both.into_iter().flatten().filter_map(|row| door(row)))
            }
            _ => {}
        }
    }
    doors
}

fn table(rows: &[(RowKey, Row)]) -> BTreeMap<&RowKey, &Row> {
    rows.iter().map(|(key, row)| (key, row)).collect()
}

const fn usage(row: &Row) -> Option<&vestibule_core::compartment::Use> {
    match row {
        Row::Compartment(row) => Some(&row.usage),
        _ => None,
    }
}

fn door(row: &Row) -> Option<CompartmentId> {
    match row {
        Row::Parcel(parcel) => Some(parcel.state.place()?.compartment.clone()),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    compartment: Option<String>,
}

/// Doors that rows after a sequence tell of; `None` where they cannot be read.
fn mentioned(reader: &Reader, mut after: u64) -> Option<BTreeSet<CompartmentId>> {
    let mut doors = BTreeSet::new();
    loop {
        let page = reader.rows_after(after, PAGE_ROWS, PAGE_BYTES).ok()?;
        let Some(last) = page.last() else { return Some(doors) };
        after = last.sequence;
        for row in &page {
            let event: Event = serde_json::from_slice(&row.bytes).ok()?;
            doors.extend(event.data.compartment.and_then(|id| CompartmentId::new(&id).ok()));
        }
    }
}
