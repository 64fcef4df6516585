//! Baud rates and the times that follow from them.

use std::time::Duration;

use crate::time::SimTime;

/// Start bit, eight data bits, stop bit (8N1).
const BITS_PER_CHARACTER: u64 = 10;
/// Above this rate the gap between frames no longer shrinks (Modbus over serial line V1.02, 2.5.1.1).
const FIXED_GAP_ABOVE: u32 = 19_200;
/// The gap above that rate.
const FIXED_GAP: Duration = Duration::from_micros(1_750);

/// A line rate in bits a second; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baud(u32);

impl Baud {
    /// The factory rate of every device simulated here.
    pub const B9600: Self = Self(9_600);
    /// The fastest rate on which the gap still follows the rate.
    pub const B19200: Self = Self(19_200);
    /// The fastest rate in common use.
    pub const B115200: Self = Self(115_200);

    /// `None` for 0.
    #[must_use]
    pub const fn new(bits_per_second: u32) -> Option<Self> {
        if bits_per_second == 0 { None } else { Some(Self(bits_per_second)) }
    }

    /// Bits a second.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Time that `count` characters of 10 bits take, rounded up to the microsecond.
    #[must_use]
    pub fn characters(self, count: usize) -> Duration {
        let bits = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(BITS_PER_CHARACTER);
        Duration::from_micros(bits.saturating_mul(1_000_000).div_ceil(u64::from(self.0)))
    }

    /// The silence that ends a frame: 3.5 characters, 1.75 ms above 19,200 baud.
    #[must_use]
    pub fn silence(self) -> Duration {
        if self.0 > FIXED_GAP_ABOVE {
            return FIXED_GAP;
        }
        Duration::from_micros((BITS_PER_CHARACTER * 3_500_000).div_ceil(u64::from(self.0)))
    }
}

/// One character on the wire and the moment its stop bit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireByte {
    /// When it had arrived whole.
    pub at: SimTime,
    /// The character.
    pub byte: u8,
}
