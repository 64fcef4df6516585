//! The relay boards' holding registers: control modes, UART, address, version.

use crate::number::Address;
use crate::wire::Baud;

/// First control-mode register, one a channel; (D) models only.
pub(super) const CONTROL_MODE: u16 = 0x1000;
/// High byte parity, low byte rate.
pub(super) const UART: u16 = 0x2000;
/// The board's address.
pub(super) const ADDRESS: u16 = 0x4000;
/// Hundredths of the version.
pub(super) const VERSION: u16 = 0x8000;
/// V2.00, the protocol that answers by the standard.
pub(super) const VERSION_VALUE: u16 = 200;

/// What a board's input does to the relay of the same channel ((D) models).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlMode {
    /// Nothing: relays obey the bus only.
    #[default]
    Normal,
    /// The relay follows the input. A door contact wired there fires the lock.
    Linkage,
    /// Each rising edge of the input toggles the relay.
    Toggle,
}

impl ControlMode {
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Normal => 0,
            Self::Linkage => 1,
            Self::Toggle => 2,
        }
    }

    pub(super) const fn from_code(code: u16) -> Option<Self> {
        match code {
            0 => Some(Self::Normal),
            1 => Some(Self::Linkage),
            2 => Some(Self::Toggle),
            _ => None,
        }
    }
}

/// The rate of a UART code (low byte); `None` for a code the document does not list.
pub(super) fn baud_of(uart: u16) -> Option<Baud> {
    let rate = match uart & 0x00FF {
        0 => 4_800,
        1 => 9_600,
        2 => 19_200,
        3 => 38_400,
        4 => 57_600,
        5 => 115_200,
        6 => 128_000,
        7 => 256_000,
        _ => return None,
    };
    Baud::new(rate)
}

/// The address a register value means, 1..=255.
pub(super) fn address_of(value: u16) -> Option<Address> {
    u8::try_from(value).ok().and_then(Address::new)
}
