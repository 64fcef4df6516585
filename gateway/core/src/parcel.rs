//! Parcels and their state.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::id::{CarrierId, CompartmentId, UnitId};
use crate::site::{Climate, PhysicalLock, Size};
use crate::time::Timestamp;

/// A parcel. Kept as a state row until its retention ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Whom it is for.
    pub unit: UnitId,
    /// Who brought it; staff intake may have none.
    pub carrier: Option<CarrierId>,
    /// The carrier's number, if scanned or keyed; at most [`TRACKING_MAX`] visible ASCII characters.
    pub tracking: Option<String>,
    /// Its size class.
    pub size: Size,
    /// Climate it needs.
    pub climate: Climate,
    /// When the gateway took notice of it.
    pub arrived: Timestamp,
    /// Where it is in its life.
    pub state: ParcelState,
}

/// Longest tracking number in characters; GS1 and USPS labels carry up to 34.
pub const TRACKING_MAX: usize = 48;

/// Where a parcel is in its life: exactly one place at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// Logged by staff or announced; not in a compartment.
    Expected,
    /// A compartment is reserved; the deposit is not settled.
    Depositing(Place),
    /// Waiting for its recipient. `code` is the counter of the code in its notice.
    Stored {
        /// Where.
        place: Place,
        /// Counter of the recipient's code.
        code: u32,
    },
    /// Its door was opened for the recipient and the pickup is not complete. A start finds it here after a power
    /// cut in the middle of a pickup: the same code stays good for `Policy::interrupted_grace`.
    Collecting {
        /// Where it is, or was.
        place: Place,
        /// Counter of the recipient's code.
        code: u32,
        /// Since when.
        since: Timestamp,
    },
    /// Taken. The same code reopens until the grace period ends.
    Collected {
        /// Where it was.
        place: Place,
        /// Counter of the recipient's code.
        code: u32,
        /// When.
        at: Timestamp,
        /// Sensed or only assumed.
        proof: CollectionProof,
    },
    /// A person must see to it.
    Exception {
        /// Where it is believed to be.
        place: Option<Place>,
        /// Why.
        kind: ExceptionKind,
        /// Counter of the code its recipient holds, if one was sent; it answers "staff only" from now on.
        code: Option<u32>,
    },
    /// Not delivered after all, or handed back.
    Withdrawn,
}

impl ParcelState {
    /// Where it is, or is believed to be.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Depositing(place)
            | Self::Stored { place, .. }
            | Self::Collecting { place, .. }
            | Self::Collected { place, .. } => Some(place),
            Self::Exception { place, .. } => place.as_ref(),
            Self::Expected | Self::Withdrawn => None,
        }
    }

    /// Counter of the code its recipient holds.
    #[must_use]
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::Stored { code, .. } | Self::Collecting { code, .. } | Self::Collected { code, .. } => {
                Some(*code)
            }
            Self::Exception { code, .. } => *code,
            Self::Expected | Self::Depositing(_) | Self::Withdrawn => None,
        }
    }

    /// Nothing more happens to it.
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self, Self::Collected { .. } | Self::Withdrawn)
    }
}

/// A compartment and the physical lock it had when the parcel was put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The compartment.
    pub compartment: CompartmentId,
    /// Its lock at that time; a start with another mapping serves the parcel to staff only.
    pub lock: PhysicalLock,
}

/// How sure the gateway is that the recipient took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionProof {
    /// The door was sensed open and then at rest shut.
    Confirmed,
    /// It was never sensed; the recipient moved on.
    Assumed,
}

/// Why a parcel is an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// The deposit was cut by power, or its door stayed open.
    InterruptedDelivery,
    /// The compartment's lock mapping changed under it.
    MappingChanged,
    /// The door was opened by force.
    Forced,
    /// The lock jams with the parcel inside.
    Jammed,
    /// The record is older than the building: it may have been fetched, and another may lie in its place.
    Rewound,
}
