//! What a line tells upward: every read, every order's end, and the health of devices and port.

use std::io;
use std::time::Duration;

use crate::channel::{Channel, MAX_CHANNEL};
use crate::device::profile::{FlagName, FlagRole, Span};
use crate::id::{DeviceId, OrderId};
use crate::line::counters::{LineCounters, SlaveCounters};
use crate::time::Monotonic;

/// One thing heard on a line, or decided about it. `at` is when the last byte of the cause arrived or was given up on.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// One read of all inputs of a device.
    Inputs {
        /// The board read.
        device: DeviceId,
        /// When the last byte of the answer arrived.
        at: Monotonic,
        /// Electrical state of each input; polarity is not the driver's.
        states: InputStates,
    },
    /// One sample of one probe, or why there is none.
    Probe {
        /// The device that has the probe.
        device: DeviceId,
        /// When the last byte of the answer arrived, or when it was given up.
        at: Monotonic,
        /// The probe's number on the device.
        channel: Channel,
        /// The value or the fault.
        reading: Reading,
    },
    /// What a controller says of itself, as one read saw it.
    Flag {
        /// The controller.
        device: DeviceId,
        /// When the last byte of the answer arrived.
        at: Monotonic,
        /// Which flag of its profile.
        flag: FlagName,
        /// What it is about.
        role: FlagRole,
        /// Whether it is so.
        raised: bool,
    },
    /// An order has ended. There is exactly one for each accepted order.
    Ended {
        /// The submitter's number.
        order: OrderId,
        /// When it ended.
        at: Monotonic,
        /// How.
        outcome: Outcome,
    },
    /// A device's state changed.
    Device {
        /// The device.
        device: DeviceId,
        /// When.
        at: Monotonic,
        /// What it is now.
        state: DeviceState,
    },
    /// Something about a device that a person must look at; its state is unchanged.
    Sign {
        /// The device.
        device: DeviceId,
        /// When.
        at: Monotonic,
        /// What was seen.
        sign: Sign,
    },
    /// The port changed.
    Port {
        /// When.
        at: Monotonic,
        /// What it is now.
        state: PortState,
    },
    /// Something about the line that a person must look at.
    Line {
        /// When.
        at: Monotonic,
        /// What was seen.
        trouble: LineTrouble,
    },
    /// Totals of one device since the line was started; told every [`COUNTERS_PERIOD`](crate::limits::COUNTERS_PERIOD).
    DeviceCounters {
        /// The device.
        device: DeviceId,
        /// When.
        at: Monotonic,
        /// The totals.
        counters: SlaveCounters,
    },
    /// Totals of the line since it was started; told every [`COUNTERS_PERIOD`](crate::limits::COUNTERS_PERIOD).
    LineCounters {
        /// When.
        at: Monotonic,
        /// The totals.
        counters: LineCounters,
    },
}

/// The inputs of one board as one read saw them, or those of them that are believed; none by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputStates {
    bits: u128,
    /// Which inputs were read.
    read: u128,
}

/// Electrical state of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Energised. A broken wire never reads so.
    On,
    /// Not energised, or a broken wire.
    Off,
}

impl InputStates {
    /// The first `count` inputs, bit 0 of `bits` being channel 1; higher bits are ignored.
    #[must_use]
    pub const fn new(bits: u128, count: u8) -> Self {
        let read = if count >= 128 { u128::MAX } else { (1 << count) - 1 };
        Self { bits: bits & read, read }
    }

    /// One input alone.
    #[must_use]
    pub const fn one(channel: Channel, level: Level) -> Self {
        let read = 1 << channel.index();
        Self { bits: if matches!(level, Level::On) { read } else { 0 }, read }
    }

    /// Level of one input, none where it was not read.
    #[must_use]
    pub const fn get(&self, channel: Channel) -> Option<Level> {
        if self.read >> channel.index() & 1 == 0 {
            return None;
        }
        Some(if self.bits >> channel.index() & 1 == 1 { Level::On } else { Level::Off })
    }

    /// Whether every one is off.
    #[must_use]
    pub const fn none_on(&self) -> bool {
        self.bits == 0
    }

    /// The inputs that both have, at the same level.
    #[must_use]
    pub const fn agreeing(self, other: Self) -> Self {
        let read = self.read & other.read & !(self.bits ^ other.bits);
        Self { bits: self.bits & read, read }
    }

    /// These inputs, with the levels of `newer` where it has them.
    #[must_use]
    pub const fn updated(self, newer: Self) -> Self {
        Self { bits: self.bits & !newer.read | newer.bits, read: self.read | newer.read }
    }

    /// All inputs that were read, in order.
    pub fn iter(self) -> impl Iterator<Item = (Channel, Level)> {
        Channel::first(MAX_CHANNEL).filter_map(move |channel| Some((channel, self.get(channel)?)))
    }
}

/// A probe's sample: a value, or the reason why there is none. Never a number that means "no reading".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Temperature in thousandths of a degree Celsius.
    Temperature(MilliDegC),
    /// Relative humidity in thousandths of a percent.
    Humidity(MilliPercent),
    /// No usable value.
    Fault(ProbeFault),
}

/// Thousandths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MilliDegC(pub i32);

/// Thousandths of a percent of relative humidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MilliPercent(pub i32);

/// Why a probe has no usable value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeFault {
    /// The device sent its code for "no sensor" or "sensor lost".
    Sentinel {
        /// The raw word or words.
        raw: u32,
    },
    /// The value is outside what the place can have.
    OutOfRange {
        /// The value in thousandths of its unit.
        milli: i32,
    },
    /// The value moved faster than the place can.
    RateOfChange {
        /// The value in thousandths of its unit.
        milli: i32,
    },
    /// The device did not answer, or not intelligibly.
    NoReply,
    /// The device answered with a Modbus exception.
    Exception(ExceptionCode),
}

/// Code of a Modbus exception, as the device sent it (1 illegal function, 2 illegal address, 3 illegal value, 4 failure, 6 busy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionCode(pub u8);

impl ExceptionCode {
    /// Whether it says that something asked for is not there: illegal address, and illegal value of the firmwares that check
    /// the count first.
    #[must_use]
    pub const fn names_no_address(self) -> bool {
        matches!(self.0, 2 | 3)
    }
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The board echoed the pulse exactly.
    Acknowledged {
        /// When the last byte of the order left the line's transmitter.
        sent: Monotonic,
    },
    /// The pulse was sent and no answer of its own was heard: the lock may have moved. It is never sent again.
    Unanswered {
        /// When the last byte of the order left the line's transmitter.
        sent: Monotonic,
    },
    /// The board refused the pulse.
    Exception {
        /// When the last byte of the order left the line's transmitter.
        sent: Monotonic,
        /// The board's reason.
        code: ExceptionCode,
    },
    /// Not one byte of the pulse was sent, or the watch never began.
    NotSent(NotSent),
    /// The watch is over.
    Watched {
        /// Reads of the device that succeeded during the watch.
        reads: u16,
        /// Reads that failed.
        missed: u16,
    },
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The deadline passed while the order waited.
    Expired,
    /// The lane was full.
    LaneFull,
    /// The device is down: it has not answered for 3 s and two cycles.
    DeviceDown,
    /// The port is closed or was unplugged.
    PortClosed,
    /// The line was stopped.
    Stopped,
    /// The device or channel is not on this line.
    NoSuchTarget,
    /// It was taken back.
    Cancelled,
    /// The lock was held so often that it would grow too warm before the deadline.
    CoolingDown {
        /// When it can be pulsed again, from now.
        again: Duration,
    },
}

/// A device's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// Answered, and its set-up was verified: orders reach it.
    Online,
    /// Silent or garbled for 3 s and two cycles, or behind a closed port.
    Down,
    /// Answers, but a set-up step was not verified; tried again later, orders wait.
    SetUpFailed {
        /// What was asked of it.
        step: &'static str,
    },
}

/// What a device showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Outputs were on that nobody ordered (bit 0 is channel 1): the board restarted with outputs on, or another master
    /// writes to it. All of its outputs are switched off again.
    OutputsOn {
        /// The outputs found on.
        outputs: InputStates,
    },
    /// Bursts of damaged frames from this address alone: two boards may have the same address.
    DoubledAddress,
    /// It has not all of what one read asks for. Told once a read; what there is of it is asked for in parts from now on.
    NotThere {
        /// What was asked for.
        asked: Span,
        /// Whether parts of it are asked for from now on; what is one point already is tried again once a minute.
        in_parts: bool,
    },
}

/// The port's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortState {
    /// Open and set up.
    Open,
    /// Gone: read of 0 bytes, hang-up or an I/O error. Reopened by path with back-off.
    Unplugged,
    /// Lent to somebody who commissions the line; its devices are down until it is back.
    Lent,
    /// Could not be opened; told once per distinct reason.
    OpenFailed {
        /// What failed, with the system's reason.
        step: &'static str,
        /// The system's kind of error.
        kind: io::ErrorKind,
    },
    /// The adapter holds bytes back for longer than 1 ms (FTDI latency timer), which costs that much on each answer.
    SlowAdapter {
        /// Its latency timer.
        latency: Duration,
    },
}

/// What the line showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTrouble {
    /// Valid frames that nobody here asked for, an answer that was given already among them; told at most once a second.
    ForeignFrames {
        /// Address of the newest.
        address: u8,
        /// Function of the newest.
        function: u8,
        /// How many since the last telling.
        count: u32,
    },
    /// The line is never silent: something babbles.
    Babbling,
    /// The adapter gives our own bytes back; they are told apart from answers from now on.
    LocalEcho,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_count_from_one_and_end_at_the_last() {
        let states = InputStates::new(0xFFFF_FF81, 8);
        let on: Vec<u8> =
            states.iter().filter(|(_, level)| *level == Level::On).map(|(c, _)| c.number()).collect();
        assert_eq!(on, [1, 8]);
        assert_eq!(Channel::new(9).map(|ninth| states.get(ninth)), Ok(None));
        assert_eq!(InputStates::new(u128::MAX, 32).iter().count(), 32);
        let third = Channel::new(3).unwrap();
        let alone = InputStates::one(third, Level::On);
        assert_eq!(alone.iter().collect::<Vec<_>>(), [(third, Level::On)]);
    }
}
