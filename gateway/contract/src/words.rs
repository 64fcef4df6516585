//! Closed lists of words, as payloads, `status --json` and metrics have them. What a snapshot says of readers and scanners
//! has lists of its own, since it knows more of them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::compartment::{Level, Use};
use vestibule_core::reader::Housing;
use vestibule_core::site::Climate;
use vestibule_core::time::ClockTrust;
use vestibule_core::view::{self, Presence, ReaderChannel, StorageView, TerminalUse};

/// Declares closed lists.
macro_rules! closed {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[allow(missing_docs, reason = "where nothing is said, the name says it")]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of its words.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    )+};
}

/// Declares closed lists that mirror one of the core, with the compiler watching both.
macro_rules! mirrored {
    ($($(#[$doc:meta])* $name:ident of $core:ty {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)?
    })+) => {$(
        closed! { $(#[$doc])* $name { $($(#[$variant_doc])* $variant = $word),+ } }

        impl From<$core> for $name {
            fn from(core: $core) -> Self {
                type Core = $core;
                match core { $(Core::$variant => Self::$variant),+ }
            }
        }
    )+};
}

mirrored! {
    /// How far a value may be believed.
    Quality of view::Quality {
        /// Heard within the stale age.
        Good = "good",
        /// Older than the stale age.
        Stale = "stale",
        /// The sensor says that it is broken.
        Fault = "fault",
        /// Never heard since the start.
        Unknown = "unknown",
    }
    /// Whether something answers.
    PresenceWord of Presence { Online = "online", Degraded = "degraded", Offline = "offline" }
    /// Whom a terminal serves.
    TerminalWord of TerminalUse { Idle = "idle", Courier = "courier", Resident = "resident" }
    /// How a reader's channel is.
    ReaderWord of ReaderChannel {
        /// Up under its own key.
        Secure = "secure",
        /// It does not answer.
        Silent = "silent",
        /// It has no key of this gateway; nothing it says is believed.
        Uninstalled = "uninstalled",
        /// It should have a key and has none: it was reset, or another is in its place.
        Keyless = "keyless",
        /// It has another key than it was given.
        WrongKey = "wrong_key",
        /// It refuses a channel.
        NoChannel = "no_channel",
    }
    /// A reader's housing, by its tamper switch.
    HousingWord of Housing { Opened = "opened", Closed = "closed" }
    /// Position of a door or latch.
    Position of Level { Open = "open", Shut = "shut" }
    /// Whether rows can be made durable.
    StorageWord of StorageView { Good = "good", Degraded = "degraded" }
    /// Climate that a compartment keeps and a parcel needs.
    #[derive(Default)]
    ClimateWord of Climate {
        /// Room temperature.
        #[default]
        Ambient = "ambient",
        /// 0 to 5 degC.
        Chilled = "chilled",
        /// -18 degC or colder.
        Frozen = "frozen",
    }
    /// Trust in the gateway's clock.
    ClockWord of ClockTrust { Synchronised = "synchronised", Holdover = "holdover", Untrusted = "untrusted" }
}

closed! {
    /// Whether the gateway is connected to this broker.
    Connection { Online = "online", Offline = "offline" }
    /// What an eye inside a compartment sees.
    Occupancy { Empty = "empty", Occupied = "occupied" }
    /// Use of a compartment; what lies in it is in the events.
    CompartmentUse {
        Free = "free",
        Reserved = "reserved",
        Occupied = "occupied",
        NeedsInspection = "needs_inspection",
        OutOfService = "out_of_service",
    }
}

impl From<ClimateWord> for Climate {
    fn from(word: ClimateWord) -> Self {
        match word {
            ClimateWord::Ambient => Self::Ambient,
            ClimateWord::Chilled => Self::Chilled,
            ClimateWord::Frozen => Self::Frozen,
        }
    }
}

impl From<Level> for Occupancy {
    fn from(level: Level) -> Self {
        match level {
            Level::Open => Self::Empty,
            Level::Shut => Self::Occupied,
        }
    }
}

impl From<&Use> for CompartmentUse {
    fn from(usage: &Use) -> Self {
        match usage {
            Use::Free => Self::Free,
            Use::Reserved(_) => Self::Reserved,
            Use::Occupied(_) => Self::Occupied,
            Use::NeedsInspection(_) => Self::NeedsInspection,
            Use::OutOfService(_) => Self::OutOfService,
        }
    }
}
