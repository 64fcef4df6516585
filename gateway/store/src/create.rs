//! Making the database file so that a power cut at any moment leaves the old state or the complete new one.
//!
//! A new redb file cannot be opened when its first writes are cut, so it is made under another name, synced, and only
//! then renamed to its place. A damaged file stays in its place until that rename, and keeps a second, dated name.

use redb::WriteTransaction;
use vestibule_contract::event::genesis;
use vestibule_contract::identity::Epoch;
use vestibule_core::id::BuildingId;
use vestibule_core::input::Rewound;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Timestamp;

use crate::fault::Fault;
use crate::file::{self, OpenFile};
use crate::journal::Head;
use crate::limits::SET_ASIDE_MAX;
use crate::meta::Meta;
use crate::place::{DATABASE, Place, REWOUND, SET_ASIDE, UNFINISHED};
use crate::tables::{JOURNAL, Kind};
use crate::write::{state_rows, transaction};

/// What a new file holds from its first moment.
pub(crate) struct Birth<'a> {
    pub building: &'a BuildingId,
    pub epoch: Epoch,
    /// State rows of the running building when a damaged file is replaced under it.
    pub rows: &'a [(RowKey, Option<Row>)],
    /// What its first start is told of an older epoch.
    pub rewound: Option<&'a Rewound>,
}

/// Why a file gets a dated name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It is damaged.
    Damaged,
    /// An older record took its place.
    Rewound,
}

impl Aside {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Damaged => SET_ASIDE,
            Self::Rewound => REWOUND,
        }
    }
}

/// Makes the file where there is none.
pub(crate) fn create(place: &dyn Place, birth: &Birth<'_>) -> Result<OpenFile, Fault> {
    build(place, birth, None)?;
    take_its_place(place)?;
    file::open(place, birth.building)
}

/// Makes a new file and gives the present one a dated name; returns that name.
pub(crate) fn replace(
    place: &dyn Place,
    birth: &Birth<'_>,
    aside: Aside,
    now: Timestamp,
) -> Result<(OpenFile, String), Fault> {
    let name = dated_name(place, aside.prefix(), now)?;
    build(place, birth, Some(&name).filter(|_| aside == Aside::Damaged))?;
    place
        .link(DATABASE, &name)
        .map_err(|error| Fault::of_file("give the present database file its dated name", &error))?;
    take_its_place(place)?;
    drop_oldest(place, aside.prefix());
    Ok((file::open(place, birth.building)?, name))
}

fn build(place: &dyn Place, birth: &Birth<'_>, replaces: Option<&String>) -> Result<(), Fault> {
    discard_unfinished(place)?;
    let backend =
        place.create(UNFINISHED).map_err(|error| Fault::of_file("make the new database file", &error))?;
    let database = file::database(backend)?;
    let write = transaction(&database)?;
    tables(&write)?;
    let hash = genesis(birth.building, birth.epoch);
    let meta = Meta {
        format: place.formats().newest,
        building: birth.building.clone(),
        epoch: birth.epoch,
        pruned: Head { sequence: 0, hash },
        replaces: replaces.map(Into::into),
        rewound: birth.rewound.cloned(),
    };
    meta.write(&write)?;
    state_rows(&write, birth.rows)?;
    write.commit().map_err(Fault::at("commit the new database"))?;
    drop(database);
    let finished =
        place.open(UNFINISHED).map_err(|error| Fault::of_file("open the new database file again", &error))?;
    finished.sync_data().map_err(|error| Fault::of_file("sync the new database file", &error))
}

/// Opens every table once, which makes it.
fn tables(write: &WriteTransaction) -> Result<(), Fault> {
    write.open_table(JOURNAL).map_err(Fault::at("make table journal"))?;
    for kind in Kind::ALL {
        write.open_table(kind.table()).map_err(Fault::at("make a state table"))?;
    }
    Ok(())
}

fn take_its_place(place: &dyn Place) -> Result<(), Fault> {
    place
        .rename(UNFINISHED, DATABASE)
        .map_err(|error| Fault::of_file("rename the new database file", &error))?;
    place.sync().map_err(|error| Fault::of_file("sync the database's folder", &error))
}

/// Removes what a cut creation left; it was never anybody's record.
pub(crate) fn discard_unfinished(place: &dyn Place) -> Result<(), Fault> {
    match place.remove(UNFINISHED) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Fault::of_file("remove an unfinished database file", &error))
        }
        _ => Ok(()),
    }
}

/// A name with a date that no file has yet, e.g. `vestibule.redb.damaged-20260301T073000Z`.
fn dated_name(place: &dyn Place, prefix: &str, now: Timestamp) -> Result<String, Fault> {
    let names = place.names().map_err(|error| Fault::of_file("list the database's folder", &error))?;
    let date = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    let first = format!("{prefix}{date}");
    let more = (2..).map(|number| format!("{prefix}{date}-{number}"));
    let free = core::iter::once(first).chain(more).find(|name| !names.contains(name));
    free.ok_or_else(|| Fault::Disk(format!("no free name for a file of {date}")))
}

/// Keeps the newest files of the prefix. Failing to remove one harms nothing now; the next time tries again.
fn drop_oldest(place: &dyn Place, prefix: &str) {
    let mut aside: Vec<String> = place.names().unwrap_or_default();
    aside.retain(|name| name.starts_with(prefix));
    aside.sort();
    let surplus = aside.len().saturating_sub(SET_ASIDE_MAX);
    for name in &aside[..surplus] {
        place.remove(name).ok();
    }
}
