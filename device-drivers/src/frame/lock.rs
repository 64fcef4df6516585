//! A lock of a dedicated lock board: typed, so that no frame can be built for a lock that the format has not, nor a code of
//! all of them.

use crate::channel::Channel;

/// A lock of a board of a format whose largest board has `MOST` of them: 1 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock<const MOST: u8>(Channel);

impl<const MOST: u8> Lock<MOST> {
    /// Locks of the format's largest board.
    pub const COUNT: u8 = MOST;

    /// The lock printed as `channel`; none above `MOST`.
    #[must_use]
    pub const fn new(channel: Channel) -> Option<Self> {
        if channel.number() <= MOST { Some(Self(channel)) } else { None }
    }

    /// The channel that is printed beside it.
    #[must_use]
    pub const fn channel(self) -> Channel {
        self.0
    }

    /// Its number as printed, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0.number()
    }

    /// Its place, from 0.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0.index()
    }
}
