//! The writes that move relays, each by a typed output. There is none that takes a coil's or a register's number from its
//! caller, so the codes that open every lock of a board (coil 0x00FF, register 0 with 0x07xx) cannot be built.

use super::Request;
use crate::channel::Channel;
use crate::order::PulseLength;

/// Most outputs of one Modbus board of the field.
pub const OUTPUTS_MAX: u8 = 32;
/// Where Waveshare's timed pulses begin: 0x0200 + output.
const FLASH_ON: u16 = 0x0200;
/// Waveshare's coil of all outputs; only ever written to switch them off.
const WAVESHARE_ALL: u16 = 0x00FF;
/// Eletechsup's command "on, and off again after so many seconds", in the high byte.
const DELAY: u16 = 0x0600;
/// Eletechsup's register and command of all outputs; only the one that switches them off.
const ELETECHSUP_ALL: u16 = 0;
const ALL_OFF: u16 = 0x0800;
/// Where Ebyte keeps what its outputs do when power comes.
const POWER_ON_STATES: u16 = 0x0064;
/// A coil's value "on" in the Modbus protocol.
const ON: u16 = 0xFF00;

/// One output of a relay board that times its own pulses, 1 to as many as the board has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayOutput(u8);

/// Whole seconds of a pulse, 1 to 10: all that some boards can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeSeconds(u8);

impl RelayOutput {
    /// The output printed as `channel` on a board with `outputs` of them (at most 32); none beyond the last.
    #[must_use]
    pub const fn new(channel: Channel, outputs: u8) -> Option<Self> {
        if channel.number() <= outputs && channel.number() <= OUTPUTS_MAX {
            Some(Self(channel.index()))
        } else {
            None
        }
    }
}

impl WholeSeconds {
    /// `length` in seconds; none when it is not a whole number of them.
    #[must_use]
    pub const fn new(length: PulseLength) -> Option<Self> {
        if length.units().is_multiple_of(10) { Some(Self(length.units() / 10)) } else { None }
    }
}

impl Request {
    /// Waveshare's flash-on: `output` on now, and off again by the board after `length` (coil 0x0200 + n, value in 100 ms).
    #[must_use]
    pub const fn flash_on(output: RelayOutput, length: PulseLength) -> Self {
        Self::write(5, FLASH_ON + output.0 as u16, length.units() as u16)
    }

    /// Waveshare's all off (coil 0x00FF, value 0).
    #[must_use]
    pub const fn all_off() -> Self {
        Self::write(5, WAVESHARE_ALL, 0)
    }

    /// Eletechsup's delay: `output` on now, and off again by the board after `seconds` (register n, value 0x06NN).
    #[must_use]
    pub const fn on_for(output: RelayOutput, seconds: WholeSeconds) -> Self {
        Self::write(6, 1 + output.0 as u16, DELAY | seconds.0 as u16)
    }

    /// Eletechsup's all off (register 0, value 0x0800).
    #[must_use]
    pub const fn registers_all_off() -> Self {
        Self::write(6, ELETECHSUP_ALL, ALL_OFF)
    }

    /// Begins the pulse of an Ebyte output whose pulse mode and width its set-up has verified (coil n on).
    #[must_use]
    pub const fn begin_pulse(output: RelayOutput) -> Self {
        Self::write(5, output.0 as u16, ON)
    }

    /// Switches one output off by its coil.
    #[must_use]
    pub const fn output_off(output: RelayOutput) -> Self {
        Self::write(5, output.0 as u16, 0)
    }

    /// Keeps an Ebyte output off when power comes (coil 0x0064 + n off).
    #[must_use]
    pub const fn off_at_power_on(output: RelayOutput) -> Self {
        Self::write(5, POWER_ON_STATES + output.0 as u16, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_output() -> impl Iterator<Item = RelayOutput> {
        Channel::first(u8::MAX).filter_map(|channel| RelayOutput::new(channel, OUTPUTS_MAX))
    }

    #[test]
    fn output_beyond_the_boards_last_is_none() {
        let nine = Channel::new(9).unwrap();
        assert_eq!(RelayOutput::new(nine, 8), None);
        assert_eq!(RelayOutput::new(nine, 16), Some(RelayOutput(8)));
        assert_eq!(every_output().count(), 32);
    }

    #[test]
    fn no_output_is_an_all_open_code() {
        let longest = PulseLength::from_millis(10_000).unwrap();
        for output in every_output() {
            assert!((0x0200..0x0220).contains(&Request::flash_on(output, longest).first));
            let delay = Request::on_for(output, WholeSeconds::new(longest).unwrap());
            assert!((1..=32).contains(&delay.first) && delay.second == 0x060A, "{delay:?}");
            assert!(Request::begin_pulse(output).first < 32);
        }
    }

    #[test]
    fn whole_seconds_are_whole() {
        let seconds = |millis| WholeSeconds::new(PulseLength::from_millis(millis).unwrap());
        assert_eq!(seconds(500), None);
        assert_eq!(seconds(1_500), None);
        assert_eq!(seconds(1_000), Some(WholeSeconds(1)));
        assert_eq!(seconds(10_000), Some(WholeSeconds(10)));
    }
}
