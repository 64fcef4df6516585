//! Channel numbers as printed on the board, from 1.

use std::fmt;
use std::num::NonZeroU8;

/// Most channels on one board: the largest lock boards of the field have 48 locks with two signals each.
pub const MAX_CHANNEL: u8 = 96;

/// Number of an input, an output or a probe as printed on the board: 1 to [`MAX_CHANNEL`]. Drivers subtract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(NonZeroU8);

/// A number that no channel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("channel {number} does not exist: boards number their channels 1 to {most}")]
pub struct ChannelError {
    /// The number asked for.
    pub number: u8,
    /// The highest number there is.
    pub most: u8,
}

impl Channel {
    /// Channel `number`, counted from 1.
    ///
    /// # Errors
    /// [`ChannelError`] for 0 and above [`MAX_CHANNEL`].
    pub const fn new(number: u8) -> Result<Self, ChannelError> {
        match NonZeroU8::new(number) {
            Some(some) if number <= MAX_CHANNEL => Ok(Self(some)),
            _ => Err(ChannelError { number, most: MAX_CHANNEL }),
        }
    }

    /// The number as printed, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// The channel's place in a frame, from 0.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0.get() - 1
    }

    /// Channels 1 to `count` (at most [`MAX_CHANNEL`]).
    pub fn first(count: u8) -> impl Iterator<Item = Self> {
        (1..=count.min(MAX_CHANNEL)).filter_map(|number| Self::new(number).ok())
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_is_refused_when_zero_or_beyond_the_largest_board() {
        assert_eq!(Channel::new(0), Err(ChannelError { number: 0, most: 96 }));
        assert!(Channel::new(97).is_err());
        assert_eq!(Channel::new(96).map(Channel::index), Ok(95));
        assert_eq!(Channel::first(3).map(Channel::number).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
