//! Monotonic time in microseconds: the only clock a line knows.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// Microseconds of `CLOCK_MONOTONIC`. Says nothing about the wall clock, and never goes back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The beginning of the clock (boot).
    pub const ZERO: Self = Self(0);
    /// Further away than any timer.
    pub const NEVER: Self = Self(u64::MAX);

    /// A point `micros` microseconds after the clock's beginning.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock's beginning.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Monotonic {
    type Output = Self;

    /// Saturates at [`Monotonic::NEVER`].
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Monotonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_when_it_would_overflow() {
        assert_eq!(Monotonic::NEVER + Duration::from_secs(1), Monotonic::NEVER);
        assert_eq!(Monotonic::ZERO.since(Monotonic::from_micros(5)), Duration::ZERO);
        assert_eq!(Monotonic::from_micros(7).since(Monotonic::from_micros(5)), Duration::from_micros(2));
    }
}
