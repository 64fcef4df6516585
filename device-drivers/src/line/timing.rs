//! How long things take on the wire.

use std::time::Duration;

use crate::limits::{NETWORK_PIECES, NETWORK_RESYNC, RESYNC};
use crate::spec::{Baud, Medium, Parity};
use crate::time::Monotonic;

/// Above this speed the silences of Modbus RTU no longer shrink (serial line guide, 2.5.1.1).
const FIXED_GAP_ABOVE: u32 = 19_200;
/// Silence between frames above [`FIXED_GAP_ABOVE`].
const FIXED_GAP: Duration = Duration::from_micros(1_750);

/// Times of one line, from its speed and parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    bits_per_second: u64,
    bits_per_character: u64,
    medium: Medium,
}

impl Timing {
    /// Times at `baud`: ten bits a character without parity, eleven with.
    #[must_use]
    pub const fn new(baud: Baud, parity: Parity) -> Self {
        let bits_per_character = match parity {
            Parity::None => 10,
            Parity::Even | Parity::Odd => 11,
        };
        Self { bits_per_second: baud.bits_per_second() as u64, bits_per_character, medium: Medium::Wire }
    }

    /// The same line behind `medium`.
    #[must_use]
    pub const fn behind(mut self, medium: Medium) -> Self {
        self.medium = medium;
        self
    }

    /// When the answer to a request can begin that is written at `begun` and has left by `sent`. Behind a network nobody sees
    /// the wire: a server may be faster than it should.
    #[must_use]
    pub const fn answer_from(&self, begun: Monotonic, sent: Monotonic) -> Monotonic {
        match self.medium {
            Medium::Wire => sent,
            Medium::Network => begun,
        }
    }

    /// Time that an answer of `bytes` characters takes from its first byte on.
    #[must_use]
    pub fn answer(&self, bytes: usize) -> Duration {
        match self.medium {
            Medium::Wire => self.characters(bytes),
            Medium::Network => self.characters(bytes) + NETWORK_PIECES,
        }
    }

    /// Silence after which an unfinished frame is forgotten.
    #[must_use]
    pub const fn resync(&self) -> Duration {
        match self.medium {
            Medium::Wire => RESYNC,
            Medium::Network => NETWORK_RESYNC,
        }
    }

    /// Time that `bytes` characters take, rounded up to a microsecond.
    #[must_use]
    pub fn characters(&self, bytes: usize) -> Duration {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(self.bits_per_character);
        Duration::from_micros(bits.saturating_mul(1_000_000).div_ceil(self.bits_per_second))
    }

    /// Silence that ends a frame: 3.5 characters, but 1.75 ms above 19200 baud.
    #[must_use]
    pub fn gap(&self) -> Duration {
        if self.bits_per_second > u64::from(FIXED_GAP_ABOVE) {
            return FIXED_GAP;
        }
        Duration::from_micros((self.bits_per_character * 3_500_000).div_ceil(self.bits_per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(baud: u32, parity: Parity) -> Timing {
        Timing::new(Baud::new(baud).unwrap(), parity)
    }

    #[test]
    fn gap_is_three_and_a_half_characters_up_to_19200_and_fixed_above() {
        assert_eq!(at(9_600, Parity::None).gap(), Duration::from_micros(3_646));
        assert_eq!(at(19_200, Parity::None).gap(), Duration::from_micros(1_823));
        assert_eq!(at(19_200, Parity::Even).gap(), Duration::from_micros(2_006));
        assert_eq!(at(38_400, Parity::None).gap(), FIXED_GAP);
        assert_eq!(at(115_200, Parity::None).gap(), FIXED_GAP);
    }

    #[test]
    fn frame_time_follows_speed_and_parity() {
        assert_eq!(at(9_600, Parity::None).characters(8), Duration::from_micros(8_334));
        assert_eq!(at(9_600, Parity::Even).characters(8), Duration::from_micros(9_167));
        assert_eq!(at(115_200, Parity::None).characters(8), Duration::from_micros(695));
    }
}
