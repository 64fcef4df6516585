//! Everything that can happen to a building, in one closed list.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

use crate::command::CommandRequest;
use crate::compartment::{Contact, Level};
use crate::id::{CompartmentId, DeviceId, LineId, NoticeId, ProbeId, TerminalId, UnlockId};
use crate::reader::ReaderReport;
use crate::time::{Millis, Mono, Timestamp};
use crate::unit::{Digest, MilliCelsius};

/// One input to `decide`.
pub enum Input {
    /// The daemon has loaded the database and the field is about to start. Always first, once.
    Started(Started),
    /// The daemon is asked to stop.
    Stopping,
    /// A deadline from `next_deadline` has come.
    Tick,
    /// A contact changed, or was heard again at half the stale age.
    Contact {
        /// Which compartment.
        compartment: CompartmentId,
        /// Which contact of it.
        contact: Contact,
        /// Its level, polarity applied.
        level: Level,
        /// When the reply's last byte was heard.
        at: Mono,
    },
    /// A probe was read.
    Probe {
        /// Which.
        probe: ProbeId,
        /// What it said.
        reading: ProbeReading,
    },
    /// A board came, went or misbehaves.
    Device {
        /// Which.
        device: DeviceId,
        /// How it is.
        health: Health,
    },
    /// A line came, went or misbehaves.
    Line {
        /// Which.
        line: LineId,
        /// How it is.
        health: Health,
    },
    /// Valid frames on a line that nobody here asked for.
    ForeignFrame {
        /// Which line.
        line: LineId,
        /// How many since the last such input.
        frames: u32,
    },
    /// What a reader of fobs and keys is like, or what somebody did about it.
    Reader {
        /// Its terminal.
        terminal: TerminalId,
        /// What.
        report: ReaderReport,
    },
    /// What became of a pulse order.
    Pulse {
        /// The intent.
        unlock: UnlockId,
        /// What the line master says.
        report: PulseReport,
    },
    /// Somebody typed at a terminal.
    Entry {
        /// Where.
        terminal: TerminalId,
        /// What.
        entry: Entry,
    },
    /// A command from console, bus or cloud.
    Command(Box<CommandRequest>),
    /// The disk went away or came back.
    Storage(StorageHealth),
    /// Somebody moved locks or set boards past the daemon, on a site that was commissioned.
    SealBroken(SealBreak),
    /// Somebody walked the doors of the site, and all is as it should be.
    SealSet {
        /// Who, as `os:{user}`.
        by: Box<str>,
        /// When, by the computer's clock.
        at: Timestamp,
    },
    /// The notifier's broker acknowledged a notice.
    NoticeAcknowledged(NoticeId),
    /// The cloud acknowledged the journal up to here.
    JournalAcknowledged {
        /// Newest acknowledged sequence.
        sequence: u64,
        /// Its hash.
        hash: Digest,
    },
}

/// A break of the seal, as it was noted down where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealBreak {
    /// Who, as `os:{user}`.
    pub by: Box<str>,
    /// The second person, where one was there.
    pub second: Option<String>,
    /// When, by the computer's clock.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: String,
}

/// What is known at a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Count of starts on this database file, from 1.
    pub boot: u32,
    /// SHA-256 over the configuration files in force.
    pub configuration: Digest,
    /// Version of the daemon.
    pub version: String,
    /// Whether codes that were told before still open doors.
    pub key: KeyState,
    /// Whether the record is older than what this building has lived through.
    pub rewound: Option<Rewound>,
}

/// The record is older than what this building has lived through: what happened since is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewound {
    /// How that came about.
    pub cause: RewindCause,
    /// The journal's identity before, 16 hexadecimal digits.
    pub epoch: String,
    /// Newest row of that epoch that the record knows of.
    pub restored: u64,
    /// Newest row of that epoch that is known to have been written, where anything tells.
    pub known: Option<u64>,
    /// Where something may have happened since.
    pub changed: Changed,
}

/// How a record came to be older than its building.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewindCause {
    /// A person restored a backup.
    Restored,
    /// A start found an older database than the one that ran here before.
    CopiedBack,
}

/// Compartments of which the record may tell less than happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Changed {
    /// Nothing tells: every one.
    All,
    /// These, as a later record or a person tells.
    These(BTreeSet<CompartmentId>),
}

impl Changed {
    /// Whether this compartment is among them.
    #[must_use]
    pub fn holds(&self, compartment: &CompartmentId) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => these.contains(compartment),
        }
    }
}

/// What became of the key of all pickup codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is the one of the last start.
    Kept,
    /// It is a new one: a code that was told before opens nothing.
    Renewed,
}

/// How a device or a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Health {
    Online,
    Degraded,
    Offline,
}

/// How the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageHealth {
    /// A commit failed; rows wait in memory.
    Degraded,
    /// The waiting rows are durable.
    Recovered,
}

/// What a probe said. There is no number that means "no reading".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeReading {
    /// A plausible temperature.
    Temperature(MilliCelsius),
    /// Why there is none.
    Fault(ProbeFault),
}

/// Why a probe has no temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeFault {
    /// It does not answer.
    Silent,
    /// It answers with its fault number.
    Sentinel,
    /// Outside the profile's plausible range.
    Implausible,
    /// Changed faster than the profile allows.
    TooFast,
}

/// What became of a pulse order. Exactly one per order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PulseReport {
    /// The board echoed the order exactly.
    Acknowledged {
        /// When the order's last byte left.
        sent: Mono,
    },
    /// The order left, and no valid echo came.
    Unanswered {
        /// When the order's last byte left.
        sent: Mono,
    },
    /// The order left, and the board refused it.
    Rejected {
        /// When the order's last byte left.
        sent: Mono,
        /// Modbus exception code.
        exception: u8,
    },
    /// The order never left, and never will.
    NotSent(NotSent),
}

/// Why a pulse order never left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// Its deadline passed in the queue.
    Expired,
    /// The line is unplugged or the board is down or not set up.
    Unreachable,
    /// The line's queue was full.
    QueueFull,
    /// The engine kept it back: its intent could not be made durable and its purpose is not allowed without a disk.
    Withheld,
    /// Somebody took it back before it left.
    Cancelled,
    /// The lock was held so often that it would grow too warm.
    CoolingDown {
        /// When it can be pulsed again, from the report on.
        again: Millis,
    },
}

/// One thing done at a terminal.
#[derive(Debug)]
pub enum Entry {
    /// Text closed with the enter key: a code, a unit, a size choice.
    Typed(Typed),
    /// A function key.
    Key(Key),
    /// A fob or card.
    Card(Card),
}

/// A card's whole number, most significant bit first: whoever knows it can copy many cards, so it has no Display and its
/// memory is wiped.
#[derive(ZeroizeOnDrop)]
pub struct Card {
    bits: u16,
    number: Vec<u8>,
}

impl Card {
    /// Longest number, in bits.
    pub const BITS_MAX: u16 = 256;

    /// Takes 1 to [`Self::BITS_MAX`] bits in as many bytes as they need.
    #[must_use]
    pub fn new(bits: u16, number: &[u8]) -> Option<Self> {
        let fits = (1..=Self::BITS_MAX).contains(&bits) && usize::from(bits.div_ceil(8)) == number.len();
        fits.then(|| Self { bits, number: number.into() })
    }

    /// How many bits.
    #[must_use]
    pub const fn bits(&self) -> u16 {
        self.bits
    }

    /// The number, for comparing.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.number
    }
}

impl core::fmt::Debug for Card {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Card({} bits)", self.bits)
    }
}

/// Keys of a terminal besides digits and letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Yes, go on.
    Confirm,
    /// No, back, or end of the session.
    Cancel,
    /// The next of my parcels; the next delivery.
    Next,
    /// I did not put the parcel in.
    NotDelivered,
    /// Open that door once more.
    Reopen,
    /// It does not fit.
    NeedLarger,
    /// Something lies in it already.
    NotEmpty,
}

/// Typed text; may be a code, so it has no Display and its memory is wiped.
#[derive(ZeroizeOnDrop)]
pub struct Typed(String);

impl Typed {
    /// Longest text a terminal accepts, in bytes: a carrier's label.
    pub const MAX: usize = crate::parcel::TRACKING_MAX;

    /// Takes text of at most [`Self::MAX`] visible ASCII characters and spaces.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() <= Self::MAX && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        fits.then(|| Self(text.trim().into()))
    }

    /// The text, for comparing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Typed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// Randomness handed to one decision.
pub struct Entropy(pub [u8; 32]);
