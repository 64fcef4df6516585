//! Serial scanners: lines of text that somebody holds before a window, and the few commands that keep strangers' set-up
//! barcodes from changing the scanner. Stepped with time and without I/O, like the line master; see [`Scanner`].

pub mod framer;
pub mod gm65;
mod guard;
mod repeats;
mod scanning;
mod set_up_code;
mod text;

#[cfg(test)]
mod tests;

pub use scanning::{Output, Scanner};
pub use set_up_code::looks_like_set_up;
pub use text::ScanText;

use crate::id::LineId;
use crate::signal::PortState;
use crate::spec::{Baud, Parity, PortSpec};
use crate::time::Monotonic;

/// Which commands a scanner takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommandSet {
    /// None that we know: it is only listened to.
    #[default]
    Plain,
    /// Hangzhou Grow GM65 and its relatives (GM60, GM67, GM805, GM861): settings in zones, which are read back.
    Gm65,
}

/// One scanner, which has its port for itself.
#[derive(Debug, Clone)]
pub struct ScannerSpec {
    /// Name of its line.
    pub id: LineId,
    /// Where it is.
    pub port: PortSpec,
    /// Speed.
    pub baud: Baud,
    /// Parity.
    pub parity: Parity,
    /// Which commands it takes.
    pub commands: CommandSet,
}

/// What a scanner tells upward.
#[derive(Debug)]
pub enum ScannerSignal {
    /// Something was scanned.
    Scan {
        /// When its last byte had come.
        at: Monotonic,
        /// What it says; it may be somebody's code.
        text: ScanText,
    },
    /// Something came that is no scan.
    Dropped {
        /// When.
        at: Monotonic,
        /// Why it is none.
        why: Dropped,
    },
    /// Something that a person must look at.
    Alarm {
        /// When.
        at: Monotonic,
        /// What.
        alarm: ScannerAlarm,
    },
    /// The scanner's state changed.
    State {
        /// When.
        at: Monotonic,
        /// What it is now.
        state: ScannerState,
    },
    /// The port changed.
    Port {
        /// When.
        at: Monotonic,
        /// What it is now.
        state: PortState,
    },
    /// It is alive, and so is the thread that listens; told every
    /// [`COUNTERS_PERIOD`](crate::limits::COUNTERS_PERIOD).
    Counters {
        /// When.
        at: Monotonic,
        /// Totals since the start.
        counters: ScannerCounters,
    },
}

/// Why bytes are no scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// More bytes than any label has.
    TooLong,
    /// Bytes that are no text.
    Binary,
    /// Its end did not come.
    Cut,
    /// The same was read a moment ago.
    Repeated,
    /// A command's reply with wrong check bytes, or one that nobody waits for.
    Reply,
}

/// What a person must look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerAlarm {
    /// Somebody held a vendor's set-up barcode before it. It is not passed on.
    SetUpCode,
    /// Its settings were not what they should be.
    SettingsChanged {
        /// Which zone of its settings.
        zone: u16,
        /// Whether they are again.
        undone: Undone,
    },
}

/// Whether settings are back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// Written and read back.
    Yes,
    /// It does not take them; tried again.
    NotYet,
}

/// A scanner's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerState {
    /// Its port is open; where it takes commands, its settings are as they should be and set-up barcodes are off.
    Ready,
    /// It does not answer commands.
    Silent,
    /// Its port is closed.
    Away,
}

/// Totals since the scanner's line was started; they never go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScannerCounters {
    /// Scans passed on.
    pub scans: u64,
    /// The same read once more.
    pub repeated: u64,
    /// What was dropped for another reason.
    pub dropped: u64,
    /// Commands sent.
    pub commands: u64,
    /// Commands without a good reply.
    pub unanswered: u64,
    /// Set-up barcodes of vendors that somebody held before it; none was passed on.
    pub set_up_codes: u64,
    /// Settings that were found changed.
    pub changed: u64,
    /// Settings that were put back.
    pub undone: u64,
}
