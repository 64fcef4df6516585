//! How each type of a fact's field is spelled in JSON, with its schema.

use schemars::{Schema, json_schema};
use vestibule_core::command::Channel;
use vestibule_core::compartment::{InspectionCause, Level, ServiceCause};
use vestibule_core::effect::Purpose;
use vestibule_core::event::{Evidence, UnlockFailure};
use vestibule_core::id::{
    BankId, CarrierId, CompartmentId, DeviceId, ID_MAX, LineId, NoticeId, ParcelId, ProbeId, TerminalId,
    UnitId, UnlockId,
};
use vestibule_core::input::{NotSent, ProbeFault, RewindCause};
use vestibule_core::parcel::{CollectionProof, ExceptionKind};
use vestibule_core::reader::{Housing, InstallStep, ReaderFault};
use vestibule_core::site::{PhysicalLock, Size};
use vestibule_core::time::{ClockTrust, Timestamp};
use vestibule_core::unit::Digest;

use crate::canonical::Json;
use crate::{hex, time};

/// A type that stands in a fact.
pub(super) trait Field {
    /// Its value in JSON.
    fn json(&self) -> Json;
    /// The schema of that value.
    fn schema() -> Schema;
}

/// Closed lists: one word a variant.
macro_rules! words {
    ($($type:ty { $($variant:pat => $word:literal),+ $(,)? })+) => {$(
        impl Field for $type {
            fn json(&self) -> Json {
                Json::Text(match self { $($variant => $word),+ }.into())
            }
            fn schema() -> Schema {
                json_schema!({ "type": "string", "enum": [$($word),+] })
            }
        }
    )+};
}

words! {
    Channel { Self::Console => "console", Self::Bus => "bus", Self::Cloud => "cloud" }
    ClockTrust {
        Self::Synchronised => "synchronised", Self::Holdover => "holdover", Self::Untrusted => "untrusted",
    }
    CollectionProof { Self::Confirmed => "confirmed", Self::Assumed => "assumed" }
    ExceptionKind {
        Self::InterruptedDelivery => "interrupted_delivery", Self::MappingChanged => "mapping_changed",
        Self::Forced => "forced", Self::Jammed => "jammed",
        Self::Rewound => "rewound",
    }
    InspectionCause {
        Self::InterruptedDeposit => "interrupted_deposit", Self::UnconfirmedReturn => "unconfirmed_return",
        Self::Forced => "forced", Self::OpenedByStaff => "opened_by_staff", Self::NotEmpty => "not_empty",
        Self::PickupNotClosed => "pickup_not_closed", Self::MappingChanged => "mapping_changed",
        Self::RecordLost => "record_lost", Self::FoundOpen => "found_open",
        Self::Rewound => "rewound",
    }
    ReaderFault { Self::Keyless => "keyless", Self::WrongKey => "wrong_key", Self::NoChannel => "no_channel" }
    Housing { Self::Opened => "opened", Self::Closed => "closed" }
    InstallStep {
        Self::WindowOpened => "window_opened", Self::Done => "done", Self::Expired => "expired",
        Self::Refused => "refused", Self::WindowClosed => "window_closed", Self::Forgotten => "forgotten",
    }
    RewindCause { Self::Restored => "restored", Self::CopiedBack => "copied_back" }
    Level { Self::Open => "open", Self::Shut => "shut" }
    ProbeFault {
        Self::Silent => "silent", Self::Sentinel => "sentinel", Self::Implausible => "implausible",
        Self::TooFast => "too_fast",
    }
    Purpose {
        Self::Deposit => "deposit", Self::Pickup => "pickup", Self::StaffOnSite => "staff_on_site",
        Self::StaffRemote => "staff_remote",
    }
    ServiceCause { Self::Jammed => "jammed", Self::Staff => "staff" }
    Size {
        Self::Small => "small", Self::Medium => "medium", Self::Large => "large", Self::ExtraLarge => "extra-large",
    }
    UnlockFailure {
        Self::DidNotOpen => "did_not_open", Self::Rejected => "rejected",
        Self::NotSent(NotSent::Expired) => "not_sent_expired",
        Self::NotSent(NotSent::Unreachable) => "not_sent_unreachable",
        Self::NotSent(NotSent::QueueFull) => "not_sent_queue_full",
        Self::NotSent(NotSent::Withheld) => "not_sent_withheld",
        Self::NotSent(NotSent::Cancelled) => "not_sent_cancelled",
        Self::NotSent(NotSent::CoolingDown { .. }) => "not_sent_cooling_down",
    }
}

/// Ids: their text, with their alphabet as a pattern.
macro_rules! ids {
    ($($type:ty),+ => $pattern:expr) => {$(
        impl Field for $type {
            fn json(&self) -> Json {
                Json::text(self)
            }
            fn schema() -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )+};
}

ids!(BankId, CarrierId, CompartmentId, DeviceId, LineId, ProbeId, TerminalId, UnitId => format!("^[a-z0-9-]{{1,{ID_MAX}}}$"));
ids!(NoticeId, ParcelId, UnlockId => "^[0-9]+-[0-9]+$");

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn json(&self) -> Json {
                Json::Number((*self).into())
            }
            fn schema() -> Schema {
                json_schema!({ "type": "integer", "minimum": 0 })
            }
        }
    )+};
}

numbers!(u16, u32, u64);

impl Field for bool {
    fn json(&self) -> Json {
        Json::Bool(*self)
    }
    fn schema() -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

impl Field for String {
    fn json(&self) -> Json {
        Json::Text(self.clone())
    }
    fn schema() -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Field for Digest {
    fn json(&self) -> Json {
        Json::Text(hex::encode(&self.0))
    }
    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

impl Field for Timestamp {
    fn json(&self) -> Json {
        Json::Text(time::text(*self))
    }
    fn schema() -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// `{device}/{output}`, as in the configuration.
impl Field for PhysicalLock {
    fn json(&self) -> Json {
        Json::Text(format!("{}/{}", self.device, self.output))
    }
    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9-]+/[0-9]+$" })
    }
}

/// What was sensed; `null` where nothing is wired or heard.
impl Field for Evidence {
    fn json(&self) -> Json {
        let Self { acknowledged, door, latch } = self;
        Json::Object(vec![
            ("acknowledged", acknowledged.json()),
            ("door", door.json()),
            ("latch", latch.json()),
        ])
    }
    fn schema() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "acknowledged": bool::schema(),
                "door": Option::<Level>::schema(),
                "latch": Option::<Level>::schema(),
            },
            "required": ["acknowledged", "door", "latch"],
        })
    }
}

impl<T: Field> Field for Option<T> {
    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Field::json)
    }
    fn schema() -> Schema {
        json_schema!({ "anyOf": [T::schema(), { "type": "null" }] })
    }
}
