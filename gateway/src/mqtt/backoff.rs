//! How long to wait before the next attempt to connect: exponential with full jitter, so that a thousand buildings do
//! not come back in step after the cloud was away.

use std::time::Duration;

/// Bounds of the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

/// Doublings after which the wait certainly is at its most; keeps the shift in range.
const DOUBLINGS_MAX: u32 = 16;

impl Backoff {
    /// Waits of at most `first`, doubled with each failure up to `most`.
    pub(super) const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// A good connection: begin anew.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure: anything from nothing to the current bound, as `random` says.
    pub(super) fn after_failure(&mut self, random: u32) -> Duration {
        let bound = self.first.saturating_mul(1 << self.failures.min(DOUBLINGS_MAX)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_doubles_up_to_the_most_when_attempts_fail() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        let waits: Vec<u64> = (0..6).map(|_| backoff.after_failure(u32::MAX).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        backoff.reset();
        assert_eq!(backoff.after_failure(u32::MAX), Duration::from_secs(1));
        assert_eq!(backoff.after_failure(0), Duration::ZERO);
    }

    #[test]
    fn bound_stays_when_attempts_fail_for_a_month() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
        backoff.failures = u32::MAX;
        assert_eq!(backoff.after_failure(u32::MAX), Duration::from_secs(60));
    }
}
