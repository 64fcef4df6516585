//! The state as it is at one moment, to be kept elsewhere, and a record that begins anew from it: a new epoch, because rows of
//! the old one may have been shown to others since.

use redb::{ReadTransaction, ReadableTable as _};
use serde::{Deserialize, Serialize};
use vestibule_contract::identity::Epoch;
use vestibule_core::id::BuildingId;
use vestibule_core::input::{Entropy, Rewound};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Timestamp;
use vestibule_core::unit::Digest;

use crate::codec::decode;
use crate::create::{Aside, Birth, create, replace};
use crate::fault::{Fault, contained};
use crate::journal::{self, Head};
use crate::meta::Meta;
use crate::open::epoch_from;
use crate::place::{DATABASE, Place};
use crate::reader::{ReadError, Reader, acknowledged};
use crate::reopen::fresh;
use crate::tables::{Kind, key_from};

/// Version of a snapshot's bytes.
const VERSION: u8 = 1;
/// Starts that a restored record leaves out when nothing tells how many there were since: numbers of parcels and unlocks
/// begin with the start's, and must not come twice.
const BOOTS_UNKNOWN: u32 = 1_000;

/// The state in one moment: facts about the file and every state row, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    version: u8,
    format: u32,
    building: String,
    epoch: [u8; 8],
    pruned: (u64, [u8; 32]),
    head: (u64, [u8; 32]),
    acknowledged: Option<u64>,
    /// Table, key, value.
    rows: Vec<(String, Vec<u8>, Vec<u8>)>,
}

/// Why bytes are not a snapshot, or are none for this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// They do not have its form.
    #[error("the state is not readable")]
    Form,
    /// A newer program wrote it.
    #[error("a newer program wrote it (version {0}); install that version first")]
    Newer(u8),
    /// The file it was taken of had another format.
    #[error(
        "it was taken of a database of format {found}, and this program knows {known}; install the version that wrote it"
    )]
    Format {
        /// Its format.
        found: u32,
        /// The one known here.
        known: u32,
    },
    /// A row of it is damaged.
    #[error("a row of table {table} is damaged: {why}")]
    Row {
        /// The table.
        table: String,
        /// What is wrong.
        why: String,
    },
}

impl Snapshot {
    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`SnapshotError::Form`] or [`SnapshotError::Newer`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&newer) if newer > VERSION => return Err(SnapshotError::Newer(newer)),
            _ => return Err(SnapshotError::Form),
        }
        match postcard::take_from_bytes::<Self>(bytes) {
            Ok((snapshot, [])) => Ok(snapshot),
            _ => Err(SnapshotError::Form),
        }
    }

    /// As bytes, for a backup.
    ///
    /// # Errors
    /// Postcard's error; it cannot happen with the types as they are.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// Whose it is.
    #[must_use]
    pub fn building(&self) -> &str {
        &self.building
    }

    /// The journal's identity.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        Epoch(self.epoch)
    }

    /// The newest row that the state knows of.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { sequence: self.head.0, hash: Digest(self.head.1) }
    }

    /// The newest row that was pruned.
    #[must_use]
    pub const fn pruned(&self) -> Head {
        Head { sequence: self.pruned.0, hash: Digest(self.pruned.1) }
    }

    /// The newest row that the cloud has acknowledged.
    #[must_use]
    pub const fn acknowledged(&self) -> Option<u64> {
        self.acknowledged
    }

    /// Every row, decoded.
    ///
    /// # Errors
    /// The first row that is damaged, or the format is not this program's.
    pub fn rows(&self) -> Result<Vec<(RowKey, Row)>, SnapshotError> {
        if self.format != crate::meta::FORMAT {
            return Err(SnapshotError::Format { found: self.format, known: crate::meta::FORMAT });
        }
        let one = |(table, key, value): &(String, Vec<u8>, Vec<u8>)| {
            let damaged = |why: String| SnapshotError::Row { table: table.clone(), why };
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == table);
            let kind = kind.ok_or_else(|| damaged("there is no such table".into()))?;
            let row = decode(kind, key, value).map_err(|damage| damaged(damage.to_string()))?;
            let key = key_from(kind, key).ok_or_else(|| damaged("its key is not one".into()))?;
            Ok((key, row))
        };
        self.rows.iter().map(one).collect()
    }
}

impl Reader {
    /// The state as it is durable now, in one reading.
    ///
    /// # Errors
    /// The disk is away, or reading failed.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        self.read(|read| {
            let meta = Meta::read(read)?;
            let head = journal::newest(read)?.unwrap_or(meta.pruned);
            let mut rows = Vec::new();
            for kind in Kind::ALL {
                raw_rows(read, kind, &mut rows)?;
            }
            Ok(Snapshot {
                version: VERSION,
                format: meta.format,
                building: meta.building.as_str().into(),
                epoch: meta.epoch.0,
                pruned: (meta.pruned.sequence, meta.pruned.hash.0),
                head: (head.sequence, head.hash.0),
                acknowledged: acknowledged(read)?.map(|head| head.sequence),
                rows,
            })
        })
    }
}

fn raw_rows(
    read: &ReadTransaction,
    kind: Kind,
    rows: &mut Vec<(String, Vec<u8>, Vec<u8>)>,
) -> Result<(), Fault> {
    let table = read.open_table(kind.table()).map_err(Fault::at("open a state table"))?;
    for entry in table.iter()? {
        let (key, value) = entry?;
        rows.push((kind.name().into(), key.value().to_vec(), value.value().to_vec()));
    }
    Ok(())
}

/// A record that begins anew.
pub struct Renewal<'a> {
    /// Whose record it is.
    pub building: &'a BuildingId,
    /// The state it begins with.
    pub rows: Vec<(RowKey, Row)>,
    /// What the first start is told.
    pub rewound: &'a Rewound,
    /// The newest start that is known of, where anything tells.
    pub boots: Option<u32>,
    /// For the id of the new epoch.
    pub entropy: &'a Entropy,
    /// For the dated name of the present file.
    pub now: Timestamp,
}

/// Why a record did not begin anew; the present one is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("begin a new record: {0}")]
pub struct RenewalError(String);

/// Makes a new database file with this state and an empty journal of a new epoch, and gives the present one a dated name,
/// which is returned. No process may hold the present one.
///
/// # Errors
/// The disk refuses.
pub fn renew(place: &dyn Place, renewal: Renewal<'_>) -> Result<Option<String>, RenewalError> {
    let Renewal { building, rows, rewound, boots, entropy, now } = renewal;
    let counted = |row: Row| match fresh(row) {
        Row::Gateway(mut row) => {
            row.boot = match boots {
                Some(boots) => row.boot.max(boots),
                None => row.boot.saturating_add(BOOTS_UNKNOWN),
            };
            Row::Gateway(row)
        }
        other => other,
    };
    let rows: Vec<_> = rows.into_iter().map(|(key, row)| (key, Some(counted(row)))).collect();
    let epoch = epoch_from(entropy, 0);
    let birth = Birth { building, epoch, rows: &rows, rewound: Some(rewound) };
    let made = contained("make the new database", || {
        let names = place.names().map_err(|error| Fault::of_file("list the database's folder", &error))?;
        match names.iter().any(|name| name == DATABASE) {
            true => replace(place, &birth, Aside::Rewound, now).map(|(_, name)| Some(place.describe(&name))),
            false => create(place, &birth).map(|_| None),
        }
    });
    made.map_err(|fault| RenewalError(fault.into_text()))
}
