//! Commands from outside: who asks, what, and the outcome that is remembered.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{CarrierId, CommandId, CompartmentId, ParcelId, UnitId};
use crate::site::{Climate, Size};
use crate::time::Timestamp;
use crate::unit::Digest;

/// Way a command came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The unix socket.
    Console,
    /// The building's own broker.
    Bus,
    /// The cloud's broker.
    Cloud,
}

/// Who did something: as proven by certificate, socket peer or credential, never as claimed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The gateway itself.
    Gateway,
    /// A carrier's courier, by the carrier's code.
    Courier(CarrierId),
    /// Somebody with a code of this unit.
    Resident(UnitId),
    /// A staff member by certificate name or `os:{user}`.
    Staff(Box<str>),
    /// A cloud service by certificate name.
    Cloud(Box<str>),
    /// Nobody known, at a terminal.
    Anonymous,
}

/// What makes a command unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandKey {
    /// The way in.
    pub channel: Channel,
    /// The authenticated name.
    pub actor: Actor,
    /// The caller's id.
    pub id: CommandId,
}

/// A single-use number from `challenge`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Nonce(pub [u8; 16]);

impl core::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// Whether the broker kept the message for later subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Retention {
    Live,
    Retained,
}

/// A command as it arrived.
#[derive(Clone)]
pub struct CommandRequest {
    /// Who, how, which.
    pub key: CommandKey,
    /// SHA-256 of the payload as received.
    pub digest: Digest,
    /// Retained commands are refused.
    pub retention: Retention,
    /// After this the caller no longer wants it.
    pub not_after: Option<Timestamp>,
    /// Nonce from `challenge`; required by `unlock` over a broker.
    pub nonce: Option<Nonce>,
    /// Why, in words; at most [`REASON_MAX`] bytes.
    pub reason: Option<String>,
    /// What.
    pub command: Command,
}

/// Longest reason in bytes.
pub const REASON_MAX: usize = 200;

/// The commands built so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Asks for a nonce.
    Challenge,
    /// Opens one compartment.
    Unlock {
        /// Which.
        compartment: CompartmentId,
    },
    /// Opens several compartments, one after the other.
    UnlockMany {
        /// Which, in order; 1 to [`ROUND_DOORS`](crate::limits::ROUND_DOORS), none twice.
        compartments: Vec<CompartmentId>,
    },
    /// Takes back what an `unlock` or `unlock.many` has not opened yet.
    UnlockCancel {
        /// The other command's id, whoever gave it.
        id: CommandId,
    },
    /// Logs a parcel by hand.
    ParcelIntake(Intake),
    /// Replaces the unit directory.
    DirectorySync(Directory),
    /// Replaces the carriers.
    CarriersSync(Carriers),
    /// Publishes all state again, then a marker.
    Resync,
}

/// A parcel logged by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// For whom.
    pub unit: UnitId,
    /// Brought by.
    pub carrier: Option<CarrierId>,
    /// The carrier's number.
    pub tracking: Option<String>,
    /// Size class.
    pub size: Size,
    /// Climate it needs.
    pub climate: Climate,
    /// When it happened, if entered later.
    pub occurred_at: Option<Timestamp>,
}

/// One unit of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id, as a courier keys it.
    pub id: UnitId,
    /// Whether somebody there needs doors within accessible reach.
    pub reach: Reach,
}

/// What reach a recipient needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Any door.
    Any,
    /// Handle and sill between 380 and 1220 mm.
    Accessible,
}

/// All units, as one versioned batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Grows with each change at the owner; an older batch is refused.
    pub version: u64,
    /// The units; at most [`UNITS_MAX`].
    pub units: Vec<Unit>,
}

/// One carrier. Debug shows no digest: a code of six digits is found from it in a second.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Its id.
    pub id: CarrierId,
    /// SHA-256 of `vestibule-carrier-code/1:{building}:{carrier}:{code}`.
    pub code_digest: Digest,
}

impl core::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Carrier({})", self.id)
    }
}

/// All carriers, as one versioned batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carriers {
    /// Grows with each change at the owner; an older batch is refused.
    pub version: u64,
    /// The carriers; at most [`CARRIERS_MAX`].
    pub carriers: Vec<Carrier>,
}

/// Most units in a building: the largest towers have 1,000; twice that with commercial units.
pub const UNITS_MAX: usize = 2_000;
/// Most carriers; each code entry hashes once per carrier.
pub const CARRIERS_MAX: usize = 64;

/// Final word on a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted and begun; a final status follows.
    Received,
    /// Done.
    Done,
    /// Not allowed or not possible; nothing moved.
    Refused,
    /// Tried, and it did not happen.
    Failed,
    /// Tried, and nobody knows.
    Unknown,
    /// Same id, other payload.
    Conflict,
}

/// What is answered, and answered again to a repetition. Kept as a state row until `keep_until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Digest of the payload it answers.
    pub digest: Digest,
    /// The status.
    pub status: Status,
    /// Machine word, e.g. `staff_key_required`.
    pub detail: String,
    /// The same for a person, saying what to do.
    pub sentence: String,
    /// Sequences of the journal rows it caused; empty while the disk is away. Filled in by the engine.
    pub events: Vec<u64>,
    /// What was made or found out.
    pub answer: Answer,
    /// `not_after` plus 24 h.
    pub keep_until: Timestamp,
}

/// What a command gives back besides its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing.
    None,
    /// The parcel logged.
    Parcel(ParcelId),
    /// The version now in force.
    Version(u64),
    /// A nonce from `challenge`.
    Nonce(Nonce),
}
