//! Opening the store at a start: no state of the disk stops the boot.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use vestibule_contract::event::{Envelope, genesis};
use vestibule_contract::identity::{BootId, Epoch};
use vestibule_core::id::BuildingId;
use vestibule_core::input::{Entropy, Rewound};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Mono, Timestamp};

use crate::backoff::Backoff;
use crate::create::{Aside, Birth, create, discard_unfinished, replace};
use crate::fault::{Fault, Refused, contained};
use crate::file::{self, DamagedRow, OpenFile, StateRows};
use crate::journal::Head;
use crate::pending::Pending;
use crate::place::{DATABASE, Place};
use crate::reader::Shared;
use crate::store::{Condition, Memory, Store};

/// What a start knows before the file is open.
pub struct Opening {
    /// Whose record it is.
    pub building: BuildingId,
    /// For the ids of new epochs.
    pub entropy: Entropy,
    /// For the dated name of a damaged file.
    pub now: Timestamp,
}

/// What the file held.
#[derive(Debug)]
pub struct Loaded {
    /// Every state row that could be read, by table.
    pub rows: Vec<(RowKey, Row)>,
    /// State rows that could not; what they told of is uncertain.
    pub damaged: Vec<DamagedRow>,
    /// How the file was found.
    pub origin: Origin,
    /// The journal's identity.
    pub epoch: Epoch,
    /// The newest durable row of the journal.
    pub head: Head,
}

/// How the file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// There was none; it is new.
    Created,
    /// It was whole.
    Existing,
    /// It was damaged and kept under another name; the file is new and the state is lost.
    Renewed {
        /// Full name of the damaged file.
        set_aside: String,
        /// What was wrong; empty when an earlier start found it and ended before its first commit.
        why: String,
    },
    /// It began anew from an older record, and no start has told of it yet.
    Rewound(Rewound),
    /// It was read and cannot be written: the store begins degraded, with its state.
    ReadOnly {
        /// What the disk says.
        why: String,
    },
    /// It could be neither read nor made, or a newer program wrote it: the store begins degraded, without state.
    Unreadable {
        /// What the disk says.
        why: String,
    },
}

/// Why the daemon must not run on this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process holds it.
    #[error("open {file}: another process holds it; is the daemon running already?")]
    Locked {
        /// Its full name.
        file: String,
    },
    /// It is whole and not for this program.
    #[error("open {file}: {why}")]
    Refused {
        /// Its full name.
        file: String,
        /// Why.
        why: Refused,
    },
}

impl Store {
    /// Opens or makes the database file and reads the state.
    ///
    /// A damaged file is set aside and named in [`Loaded::origin`]. A disk that refuses leaves the store degraded:
    /// commits are held until [`Store::reopen`] succeeds.
    ///
    /// # Errors
    /// Only what a person must decide: another process holds the file, or it is another building's.
    pub fn open(place: Box<dyn Place>, opening: Opening) -> Result<(Self, Loaded), OpenError> {
        let Opening { building, entropy, now } = opening;
        let birth = Birth { building: &building, epoch: epoch_from(&entropy, 0), rows: &[], rewound: None };
        let found = match contained("open the database", || load(place.as_ref(), &building)) {
            Ok(found) => found,
            Err(fault) => recover(place.as_ref(), &birth, now, fault)?,
        };
        let hash = genesis(&building, birth.epoch);
        let (database, epoch, head) = match found.file {
            Some(OpenFile { database, meta, head }) => (Some(database), meta.epoch, head),
            None => (None, birth.epoch, Head { sequence: 0, hash }),
        };
        // A file that was only read is closed again: it must be opened anew to be written.
        let database = if found.origin.is_writable() { database } else { None };
        let condition = match database {
            Some(_) => Condition::Present,
            None => Condition::Away(Backoff::begin(Mono(0))),
        };
        let memory =
            if matches!(found.origin, Origin::Unreadable { .. }) { Memory::Empty } else { Memory::Whole };
        let store = Self {
            place,
            envelope: Envelope { building, epoch, boot: 0, boot_id: BootId([0; 16]) },
            entropy,
            epochs: 0,
            shared: Arc::new(Shared::new(database, head)),
            condition,
            memory,
            head,
            doubt: None,
            settled: Vec::new(),
            renewed: None,
            pending: Pending::default(),
        };
        let StateRows { rows, damaged } = found.state;
        Ok((store, Loaded { rows, damaged, origin: found.origin, epoch, head }))
    }
}

impl Origin {
    const fn is_writable(&self) -> bool {
        matches!(self, Self::Created | Self::Existing | Self::Renewed { .. } | Self::Rewound(_))
    }
}

struct Found {
    file: Option<OpenFile>,
    state: StateRows,
    origin: Origin,
}

fn load(place: &dyn Place, building: &BuildingId) -> Result<Found, Fault> {
    let file = file::open(place, building)?;
    let state = file::state_rows(&file.database)?;
    // What a cut creation left is only in the way; a disk that refuses to remove it is noticed by the next commit.
    discard_unfinished(place).ok();
    let origin = match (&file.meta.replaces, &file.meta.rewound) {
        // It is told with the first row; without one, it was not.
        (_, Some(rewound)) if file.head.sequence == 0 => Origin::Rewound(rewound.clone()),
        // The state was lost, and no decision has been recorded since: whoever must know has not acted on it yet.
        (Some(name), _) if file.head.sequence == 0 && state.rows.is_empty() => {
            Origin::Renewed { set_aside: place.describe(name), why: String::new() }
        }
        _ => Origin::Existing,
    };
    Ok(Found { file: Some(file), state, origin })
}

fn recover(place: &dyn Place, birth: &Birth<'_>, now: Timestamp, fault: Fault) -> Result<Found, OpenError> {
    let file = || place.describe(DATABASE);
    match fault {
        Fault::Locked => Err(OpenError::Locked { file: file() }),
        // Its state is whole and not ours to read: doors are served without it, and it waits untouched for its program.
        Fault::Refused(why @ Refused::NewerFormat { .. }) => Ok(unreadable(why.to_string())),
        Fault::Refused(why) => Err(OpenError::Refused { file: file(), why }),
        Fault::Missing => Ok(fresh(contained("make the database", || create(place, birth)))),
        Fault::Damaged(why) => Ok(renewed(place, birth, now, why)),
        Fault::Disk(why) => Ok(only_read(place, birth.building, why)),
    }
}

fn fresh(made: Result<OpenFile, Fault>) -> Found {
    match made {
        Ok(file) => Found { file: Some(file), state: StateRows::default(), origin: Origin::Created },
        Err(fault) => unreadable(fault.into_text()),
    }
}

fn renewed(place: &dyn Place, birth: &Birth<'_>, now: Timestamp, why: String) -> Found {
    match contained("replace the database", || replace(place, birth, Aside::Damaged, now)) {
        Ok((file, name)) => Found {
            file: Some(file),
            state: StateRows::default(),
            origin: Origin::Renewed { set_aside: place.describe(&name), why },
        },
        Err(fault) => unreadable(format!("{why}; {}", fault.into_text())),
    }
}

fn only_read(place: &dyn Place, building: &BuildingId, why: String) -> Found {
    let read = contained("read the database", || {
        let file = file::open_untouched(place, building)?;
        let state = file::state_rows(&file.database)?;
        Ok((file, state))
    });
    match read {
        Ok((file, state)) => Found { file: Some(file), state, origin: Origin::ReadOnly { why } },
        Err(fault) => unreadable(format!("{why}; {}", fault.into_text())),
    }
}

fn unreadable(why: String) -> Found {
    Found { file: None, state: StateRows::default(), origin: Origin::Unreadable { why } }
}

/// The id of the `number`th epoch that begins under one start.
pub(crate) fn epoch_from(entropy: &Entropy, number: u32) -> Epoch {
    let digest = Sha256::new()
        .chain_update("vestibule-epoch/1")
        .chain_update(entropy.0)
        .chain_update(number.to_be_bytes());
    let mut epoch = [0; 8];
    epoch.copy_from_slice(&digest.finalize()[..8]);
    Epoch(epoch)
}
