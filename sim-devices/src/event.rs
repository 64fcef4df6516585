//! What happens in the simulated building, in order: the ground truth that tests and the demo read.

use std::collections::VecDeque;
use std::fmt;

use crate::fault::Injected;
use crate::number::{Address, DoorNumber, Terminal};
use crate::time::SimTime;

/// Events kept until somebody takes them; beyond that the oldest is dropped and counted. A door opening makes
/// about ten, so this holds more than a thousand openings.
const MAX_KEPT: usize = 16_384;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimEvent {
    /// When it happened.
    pub at: SimTime,
    /// What happened.
    pub what: Happening,
}

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// A relay closed that was open: current flows.
    RelayEnergised(Terminal),
    /// A command reached a relay that was already closed.
    RelayHeldLonger(Terminal),
    /// A relay opened.
    RelayReleased(Terminal),
    /// Current came and went before the latch could move.
    PulseTooShort(DoorNumber),
    /// The lock had its pulse and did not move.
    DoorJammed(DoorNumber),
    /// The latch let go; the door will spring.
    DoorUnlatched(DoorNumber),
    /// The door sprang ajar; its contact now reads open.
    DoorAjar(DoorNumber),
    /// A person opened the door wide.
    DoorOpened(DoorNumber),
    /// A person broke a latched door open.
    DoorForced(DoorNumber),
    /// A person pulled at a door that held.
    DoorHeld(DoorNumber),
    /// The door touched its frame; the contact reads shut (once bouncing ends).
    DoorShut(DoorNumber),
    /// The latch caught.
    DoorLatched(DoorNumber),
    /// A parcel was put in.
    ParcelIn(DoorNumber),
    /// A parcel was taken out.
    ParcelOut(DoorNumber),
    /// A frame for this slave was heard whole and answered or obeyed.
    Served {
        /// The slave.
        address: Address,
        /// The function code.
        function: u8,
    },
    /// Bytes between two silences that are no valid frame, or a valid frame that is no request.
    Garbled {
        /// How many characters.
        characters: usize,
    },
    /// The master's port is set to another rate than the line's: only noise is heard.
    WrongBaud {
        /// What the port is set to, bits a second.
        port: u32,
    },
    /// A fault was injected.
    Fault(Injected),
    /// The board lost its supply, or got it back.
    Powered {
        /// The board.
        board: Address,
        /// Whether it has supply now.
        on: bool,
    },
    /// The adapter was pulled.
    Unplugged,
    /// The adapter is there (again).
    Plugged,
}

impl fmt::Display for Happening {
    /// One line for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RelayEnergised(relay) => write!(f, "{relay}: relay closed"),
            Self::RelayHeldLonger(relay) => write!(f, "{relay}: relay told to close again"),
            Self::RelayReleased(relay) => write!(f, "{relay}: relay opened"),
            Self::PulseTooShort(door) => write!(f, "door {door}: pulse too short for its latch"),
            Self::DoorJammed(door) => write!(f, "door {door}: jammed"),
            Self::DoorUnlatched(door) => write!(f, "door {door}: latch let go"),
            Self::DoorAjar(door) => write!(f, "door {door}: sprang ajar"),
            Self::DoorOpened(door) => write!(f, "door {door}: opened wide"),
            Self::DoorForced(door) => write!(f, "door {door}: forced open"),
            Self::DoorHeld(door) => write!(f, "door {door}: pulled at, held"),
            Self::DoorShut(door) => write!(f, "door {door}: pushed shut"),
            Self::DoorLatched(door) => write!(f, "door {door}: latch caught"),
            Self::ParcelIn(door) => write!(f, "door {door}: parcel put in"),
            Self::ParcelOut(door) => write!(f, "door {door}: parcel taken out"),
            Self::Served { address, function } => write!(f, "slave {address}: function {function:#04x}"),
            Self::Garbled { characters } => write!(f, "{characters} characters that are no frame"),
            Self::WrongBaud { port } => write!(f, "the master's port is set to {port} baud"),
            Self::Fault(injected) => write!(f, "fault at request {}: {:?}", injected.request, injected.fault),
            Self::Powered { board, on: true } => write!(f, "board {board}: supply on"),
            Self::Powered { board, on: false } => write!(f, "board {board}: supply off"),
            Self::Unplugged => f.write_str("adapter pulled"),
            Self::Plugged => f.write_str("adapter put back"),
        }
    }
}

/// A bounded record of events.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    kept: VecDeque<SimEvent>,
    dropped: u64,
}

impl EventLog {
    pub fn record(&mut self, at: SimTime, what: Happening) {
        if self.kept.len() == MAX_KEPT {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(SimEvent { at, what });
    }

    pub fn take(&mut self) -> Vec<SimEvent> {
        self.kept.drain(..).collect()
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
