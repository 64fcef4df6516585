//! What is known of a compartment: its use, and what its door, its latch and its eye read.

use serde::{Deserialize, Serialize};

use crate::id::ParcelId;
use crate::time::Mono;

/// Use of a compartment. Kept as a state row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// May be given to a parcel.
    Free,
    /// Given to a parcel that is not settled yet.
    Reserved(ParcelId),
    /// Holds a settled parcel.
    Occupied(ParcelId),
    /// What lies in it is uncertain; a person must look.
    NeedsInspection(InspectionCause),
    /// Taken out of service by a person or because its lock jams.
    OutOfService(ServiceCause),
}

/// Why a compartment must be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InspectionCause {
    /// A deposit was cut or left open; something may lie in it.
    InterruptedDeposit,
    /// A courier cancelled and the door was not seen shut and empty.
    UnconfirmedReturn,
    /// The door opened without intent.
    Forced,
    /// A start found its door open over a parcel that waited.
    FoundOpen,
    /// A staff member opened it while it was occupied or reserved.
    OpenedByStaff,
    /// A courier reported something lying in it.
    NotEmpty,
    /// A pickup ended without the door being seen shut.
    PickupNotClosed,
    /// The record of what lies in it was lost with a damaged database.
    RecordLost,
    /// The configuration gave its lock to another door, or another door's lock to it, while a parcel lay inside.
    MappingChanged,
    /// The record is older than the building, and nobody knows what happened here since.
    Rewound,
}

/// Why a compartment is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceCause {
    /// The door did not open after a pulse.
    Jammed,
    /// A person took it out.
    Staff,
}

/// Level of a contact, polarity already applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Open,
    Shut,
}

/// Which contact of a compartment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// The door leaf; `Open` or `Shut`.
    Door,
    /// The latch; `Open` is released, `Shut` is latched.
    Latch,
    /// What sees whether something lies inside; `Open` is empty, `Shut` is occupied (the beam is shut off).
    Occupancy,
}

/// A contact's level as believed after debouncing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The level.
    pub level: Level,
    /// Since when it has held.
    pub since: Mono,
    /// When it was last heard.
    pub heard: Mono,
}
