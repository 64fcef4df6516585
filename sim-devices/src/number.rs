//! The numbers people and wires use: slave addresses, channels as printed on a board, doors.

use std::fmt;

/// A slave's Modbus address, 1..=255 (the relay boards accept more than the standard's 247).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(u8);

impl Address {
    /// `None` for 0, which is the broadcast address.
    #[must_use]
    pub const fn new(address: u8) -> Option<Self> {
        if address == 0 { None } else { Some(Self(address)) }
    }

    /// The byte on the wire.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A channel as printed on the board: counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(u8);

impl Channel {
    /// `None` for 0: no board prints a channel 0.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The channel of a coil or input address, which count from 0; `None` beyond 254.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        u8::try_from(index).ok()?.checked_add(1).map(Self)
    }

    /// The printed number, 1..=255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The coil or input address: the printed number less one.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0) - 1
    }
}

/// A door of the simulated bank, counted from 1 in the order of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DoorNumber(u8);

impl DoorNumber {
    /// `None` for 0.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The door at a position in the specification's list; `None` beyond 254.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        u8::try_from(index).ok()?.checked_add(1).map(Self)
    }

    /// The number, 1..=255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0) - 1
    }
}

/// A screw terminal: one channel of the board that had `address` when the building was wired. Stays the same
/// terminal when somebody gives the board another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Terminal {
    /// The board's address in the specification.
    pub board: Address,
    /// The channel as printed.
    pub channel: Channel,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DoorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "board {} channel {}", self.board, self.channel)
    }
}
