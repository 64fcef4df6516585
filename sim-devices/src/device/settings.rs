//! Address and rate of a slave, which its own registers can change.

use crate::number::Address;
use crate::wire::Baud;

/// What a slave must share with the line to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The address in the specification: names its terminals for good.
    pub wired_as: Address,
    pub address: Address,
    pub baud: Baud,
}

impl Settings {
    pub fn new(address: Address, baud: Baud) -> Self {
        Self { wired_as: address, address, baud }
    }
}
