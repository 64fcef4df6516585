//! Time as an input: wall clock with a trust level, and the monotonic clock that decides deadlines.

use serde::{Deserialize, Serialize};

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Monotonic time in microseconds (CLOCK_MONOTONIC); comparable only within one start of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mono(pub u64);

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Millis(pub u64);

/// How far the wall clock may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockTrust {
    /// Synchronised to a source now.
    Synchronised,
    /// Was synchronised since the start; the source is gone.
    Holdover,
    /// Never synchronised since the start, or stepped: nothing expires on it.
    Untrusted,
}

/// The instant a decision is taken at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Wall clock; never earlier than the newest journal row.
    pub wall: Timestamp,
    /// Trust in `wall`.
    pub trust: ClockTrust,
    /// Monotonic clock.
    pub mono: Mono,
}

impl Millis {
    /// As seconds, the last one begun counts.
    #[must_use]
    pub const fn whole_seconds(self) -> u64 {
        self.0.div_ceil(1_000)
    }

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// A span of whole hours.
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Self(n * 3_600_000)
    }
}

impl Mono {
    /// This instant moved later, saturating.
    #[must_use]
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0.saturating_mul(1_000)))
    }

    /// This instant moved earlier, saturating.
    #[must_use]
    pub const fn before(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span.0.saturating_mul(1_000)))
    }

    /// Span since an earlier instant, zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0) / 1_000)
    }
}

impl Timestamp {
    /// This instant moved later, saturating.
    #[must_use]
    pub fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// Span since an earlier instant, zero if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}
