//! What is asked of a line. Every pulse and watch that is accepted ends with exactly one [`Outcome`](crate::signal::Outcome).

use std::time::Duration;

use crate::channel::Channel;
use crate::id::{DeviceId, OrderId};
use crate::time::Monotonic;

/// Longest pulse a board is asked for, in units of 100 ms: a room door's strike holds 10 s, a locker solenoid burns after that.
pub const MAX_PULSE_UNITS: u8 = 100;

/// How long a board holds an output on: 1 to [`MAX_PULSE_UNITS`] units of 100 ms, timed by the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PulseLength(u8);

/// A pulse length that no board is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pulse of {millis} ms: must be a multiple of 100 ms from 100 to {max} ms", max = MAX_PULSE_UNITS as u32 * 100)]
pub struct PulseLengthError {
    /// The length asked for.
    pub millis: u32,
}

impl PulseLength {
    /// A pulse of `millis` milliseconds.
    ///
    /// # Errors
    /// [`PulseLengthError`] unless it is a multiple of 100 ms, above zero and at most 10 s.
    pub fn from_millis(millis: u32) -> Result<Self, PulseLengthError> {
        match u8::try_from(millis / 100) {
            Ok(units) if millis.is_multiple_of(100) && (1..=MAX_PULSE_UNITS).contains(&units) => {
                Ok(Self(units))
            }
            _ => Err(PulseLengthError { millis }),
        }
    }

    /// Length in units of 100 ms, as boards count it.
    #[must_use]
    pub const fn units(self) -> u8 {
        self.0
    }

    /// Length as a span of time.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64 * 100)
    }
}

/// Lengths, shortest first, as a person says them: `500 ms only`, `100 ms to 10 s in steps of 100 ms`.
#[must_use]
pub fn in_words(lengths: &[PulseLength]) -> String {
    let words = |units: u8| match units {
        whole if whole.is_multiple_of(10) => format!("{} s", whole / 10),
        tenths => format!("{} ms", u32::from(tenths) * 100),
    };
    let (Some(least), Some(most)) = (lengths.first(), lengths.last()) else { return "none".to_owned() };
    let Some(next) = lengths.get(1) else { return format!("{} only", words(least.0)) };
    let steps = lengths.windows(2).all(|pair| matches!(pair, [a, b] if b.0 - a.0 == next.0 - least.0));
    if steps {
        return format!("{} to {} in steps of {}", words(least.0), words(most.0), words(next.0 - least.0));
    }
    lengths.iter().map(|length| words(length.0)).collect::<Vec<_>>().join(", ")
}

/// One thing asked of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The submitter's number, given back with the outcome.
    pub id: OrderId,
    /// What is to be done.
    pub task: Task,
}

/// What an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Energise one output once, for a time that the board keeps. Sent at most once, ever.
    Pulse {
        /// The board.
        device: DeviceId,
        /// The output, as printed on the board.
        output: Channel,
        /// How long the board holds it.
        length: PulseLength,
        /// Checked when the pulse is taken from its lane: at or past it, the pulse is not sent.
        deadline: Monotonic,
    },
    /// Take back the pulse that has this order's id, if it has not left: it ends with
    /// [`NotSent::Cancelled`](crate::signal::NotSent::Cancelled). This has no end of its own.
    Withdraw {
        /// The pulse's board.
        device: DeviceId,
    },
    /// Read the device of a door input every 50 ms for 3 s from now on; each read is an ordinary
    /// [`Signal::Inputs`](crate::signal::Signal::Inputs).
    Watch {
        /// The board that has the input.
        device: DeviceId,
        /// The input, as printed on the board.
        input: Channel,
    },
}

impl Task {
    /// The device the task is about.
    #[must_use]
    pub const fn device(&self) -> &DeviceId {
        match self {
            Self::Pulse { device, .. } | Self::Withdraw { device } | Self::Watch { device, .. } => device,
        }
    }
}

/// Why an order was not taken. It has no effect then, and no outcome follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The line's inbox is full.
    #[error("the line's inbox is full ({limit} orders)")]
    InboxFull {
        /// The inbox's size.
        limit: usize,
    },
    /// The line's thread has ended.
    #[error("the line is stopped")]
    Stopped,
    /// No device of that name is on this line.
    #[error("no device {0} on this line")]
    UnknownDevice(DeviceId),
    /// The device has no such output or input.
    #[error("device {device} has no {kind} {channel}: its model {model} has {most}")]
    NoSuchChannel {
        /// The device asked.
        device: DeviceId,
        /// Its model.
        model: Box<str>,
        /// `output` or `input`.
        kind: &'static str,
        /// The channel asked for.
        channel: Channel,
        /// How many it has.
        most: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_as_a_person_says_them() {
        let lengths = |all: &[u32]| {
            let all: Vec<_> = all.iter().map(|millis| PulseLength::from_millis(*millis).unwrap()).collect();
            in_words(&all)
        };
        assert_eq!(lengths(&[500]), "500 ms only");
        assert_eq!(lengths(&[100, 200, 300]), "100 ms to 300 ms in steps of 100 ms");
        assert_eq!(lengths(&[1_000, 2_000, 3_000]), "1 s to 3 s in steps of 1 s");
        assert_eq!(lengths(&[100, 500, 2_000]), "100 ms, 500 ms, 2 s");
        assert_eq!(lengths(&[]), "none");
    }

    #[test]
    fn pulse_length_is_refused_when_the_board_cannot_count_it() {
        for bad in [0, 50, 150, 10_100, 25_700, u32::MAX] {
            assert_eq!(PulseLength::from_millis(bad), Err(PulseLengthError { millis: bad }));
        }
        assert_eq!(PulseLength::from_millis(700).map(PulseLength::units), Ok(7));
        assert_eq!(PulseLength::from_millis(10_000).map(PulseLength::duration), Ok(Duration::from_secs(10)));
    }
}
