//! Refusals: a domain value with a machine word and a sentence that says what to do. Not an error.

use serde::{Deserialize, Serialize};

/// Why something is not done. Closed list; the words are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The command was retained by a broker.
    Retained,
    /// No `not_after`.
    NoDeadline,
    /// `not_after` has passed.
    Expired,
    /// `not_after` lies too far ahead.
    DeadlineTooFar,
    /// The nonce is missing, used, foreign or older than 120 s.
    BadNonce,
    /// A cloud unlock without a staff key.
    StaffKeyRequired,
    /// The caller's role does not allow it.
    NotAllowed,
    /// No such compartment, unit or carrier.
    NotFound,
    /// The batch is older than what is in force.
    OldVersion,
    /// Too many, too long, or malformed.
    Malformed,
    /// Rows cannot be made durable; deposits and remote unlocks wait.
    StorageDegraded,
    /// An unlock of that door is still under way.
    Busy,
    /// The lock's board or line is not reachable.
    Unreachable,
    /// Too many commands are remembered already.
    TooManyCommands,
    /// The check digit is wrong: a typo.
    Typo,
    /// No such code.
    UnknownCode,
    /// No such fob or card.
    UnknownCard,
    /// The code is known and its parcel is gone or its time is over.
    ExpiredCode,
    /// The parcel is still being delivered.
    BeingDelivered,
    /// The code alone is not enough now; unit and code are asked.
    UnitRequired,
    /// Too many misses for that unit today.
    TooManyMisses,
    /// Too many misses at that terminal just now; it takes the next try after a pause.
    TryLater,
    /// No such unit.
    UnknownUnit,
    /// Nothing fits.
    NothingFits,
    /// The gateway has just started, and a door that may fit was not heard yet.
    Starting,
    /// This session holds too many unsettled doors.
    TooManyOpenDoors,
    /// The first door must be shut first.
    ShutFirst,
    /// That key means nothing here.
    NotNow,
    /// Nobody is served any more; the code opens the door again.
    TypeAgain,
    /// That number is none of the sizes shown.
    NoSuchSize,
    /// This compartment is served by staff only.
    StaffOnly,
    /// The parcel waits where this terminal opens no door.
    Elsewhere,
    /// As many parcels are on record as the gateway holds.
    Full,
    /// That door did not open and nothing else can be offered here.
    DidNotOpen,
}

impl Refusal {
    /// The machine word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retained => "retained",
            Self::NoDeadline => "no_deadline",
            Self::Expired => "expired",
            Self::DeadlineTooFar => "deadline_too_far",
            Self::BadNonce => "bad_nonce",
            Self::StaffKeyRequired => "staff_key_required",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::OldVersion => "old_version",
            Self::Malformed => "malformed",
            Self::StorageDegraded => "storage_degraded",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::TooManyCommands => "too_many_commands",
            Self::Typo => "typo",
            Self::UnknownCode => "unknown_code",
            Self::UnknownCard => "unknown_card",
            Self::ExpiredCode => "expired_code",
            Self::BeingDelivered => "being_delivered",
            Self::UnitRequired => "unit_required",
            Self::TooManyMisses => "too_many_misses",
            Self::TryLater => "try_later",
            Self::UnknownUnit => "unknown_unit",
            Self::NothingFits => "nothing_fits",
            Self::Starting => "starting",
            Self::TooManyOpenDoors => "too_many_open_doors",
            Self::ShutFirst => "shut_first",
            Self::NotNow => "not_now",
            Self::TypeAgain => "type_again",
            Self::NoSuchSize => "no_such_size",
            Self::StaffOnly => "staff_only",
            Self::Elsewhere => "elsewhere",
            Self::Full => "full",
            Self::DidNotOpen => "did_not_open",
        }
    }

    /// A sentence for a person, saying what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Retained => "Commands must not be retained; send it again without the retain flag.",
            Self::NoDeadline => "Add not_after: the time until which you still want this.",
            Self::Expired => "not_after has passed; send a new command with a new id.",
            Self::DeadlineTooFar => "not_after is too far ahead: 120 s for unlock, 24 h for others.",
            Self::BadNonce => "Ask command/challenge for a nonce and use it once within 120 s.",
            Self::StaffKeyRequired => {
                "An unlock cannot be signed from the cloud yet; use the building's broker or `vestibule unlock` on site."
            }
            Self::NotAllowed => {
                "Your role does not allow this; ask somebody whose certificate or group is staff's to do it."
            }
            Self::NotFound => "There is no such thing in this building; check the id.",
            Self::OldVersion => {
                "This version or a newer one is in force already; send the whole list with a higher version."
            }
            Self::Malformed => "The request does not have the expected form or is too large.",
            Self::StorageDegraded => {
                "The gateway cannot write its journal now; only pickups and staff on site are served."
            }
            Self::Busy => "That door is being opened already; wait for its outcome.",
            Self::Unreachable => "The lock's board does not answer; check its power and its line.",
            Self::TooManyCommands => "Too many commands are waiting to expire; try again later.",
            Self::Typo => "That code has a typing error; please look again.",
            Self::UnknownCode => "This code is not known here; please look again or call the office.",
            Self::UnknownCard => "This card is not known here; please use your code or call the office.",
            Self::ExpiredCode => {
                "Nothing waits under this code any more; a fresh notice is sent if something does."
            }
            Self::BeingDelivered => "Your parcel is being delivered right now; try again in a minute.",
            Self::UnitRequired => "Please enter your unit first, then the code.",
            Self::TooManyMisses => {
                "Too many wrong codes for this unit today; please call the office, or try again tomorrow."
            }
            Self::TryLater => "Too many wrong codes were typed here; please wait a little and try again.",
            Self::UnknownUnit => "There is no such unit in this building; please check the label.",
            Self::NothingFits => "No compartment fits; please use the package room or call the office.",
            Self::Starting => {
                "The gateway has just started and still looks at its doors; please try again in a few seconds."
            }
            Self::TooManyOpenDoors => "Please shut the open doors first.",
            Self::ShutFirst => "Please shut the first door first.",
            Self::NotNow => "That key does nothing now; please do what was asked before, or cancel.",
            Self::TypeAgain => "Please type the same code again: it reopens your door for a while.",
            Self::NoSuchSize => "That size is not offered; please type one of the numbers shown, or cancel.",
            Self::StaffOnly => "This compartment is opened by staff only; please call the office.",
            Self::Elsewhere => "Your parcel waits at another terminal; please see your notice.",
            Self::Full => {
                "As many parcels wait as the gateway can keep; please have the office see to those that lie longest."
            }
            Self::DidNotOpen => "The door did not open; please try again or call the office.",
        }
    }
}
