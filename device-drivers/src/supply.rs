//! How many locks one power supply drives at once.

/// Most locks that are said to be driven at once: more than the largest lock board has, so that it is no limit there.
pub const MOST_AT_ONCE: u8 = 64;
/// Locks at once where nobody says more. A bank's usual supply gives 5 A at 12 V: two locks of 2 A and their board.
pub const DEFAULT_AT_ONCE: u8 = 2;

/// Locks that may be energised at the same time: 1 to [`MOST_AT_ONCE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocksAtOnce(u8);

/// A number of locks that no supply is said to drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{locks} locks at once: 1 to {MOST_AT_ONCE} are allowed")]
pub struct LocksAtOnceError {
    /// The number asked for.
    pub locks: u8,
}

impl LocksAtOnce {
    /// More than any board has: nothing waits for anything.
    pub const UNLIMITED: Self = Self(MOST_AT_ONCE);

    /// `locks` at once.
    ///
    /// # Errors
    /// [`LocksAtOnceError`] for none and for more than [`MOST_AT_ONCE`].
    pub const fn new(locks: u8) -> Result<Self, LocksAtOnceError> {
        if locks == 0 || locks > MOST_AT_ONCE {
            return Err(LocksAtOnceError { locks });
        }
        Ok(Self(locks))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for LocksAtOnce {
    /// [`DEFAULT_AT_ONCE`].
    fn default() -> Self {
        Self(DEFAULT_AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supply_drives_at_least_one_lock_and_not_any_number() {
        for locks in [0, MOST_AT_ONCE + 1, u8::MAX] {
            assert_eq!(LocksAtOnce::new(locks), Err(LocksAtOnceError { locks }));
        }
        assert_eq!(LocksAtOnce::new(DEFAULT_AT_ONCE), Ok(LocksAtOnce::default()));
    }
}
