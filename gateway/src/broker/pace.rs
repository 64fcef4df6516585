//! How fast one client may send: a burst at once, then a steady rate. What is over waits in its socket, nothing is lost.

use std::time::{Duration, Instant};

/// A rate with a burst, kept as the moment until which the sent units have used it up.
#[derive(Debug)]
pub(super) struct Pace {
    unit: Duration,
    burst: Duration,
    used_until: Instant,
}

impl Pace {
    /// `per_second` units in the long run, `burst` units at once.
    pub(super) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let unit = Duration::from_secs(1) / per_second.max(1);
        Self { unit, burst: unit * burst, used_until: now }
    }

    /// Counts `units` sent now.
    pub(super) fn spend(&mut self, units: u32, now: Instant) {
        self.used_until = self.used_until.max(now) + self.unit * units;
    }

    /// When more may be read; in the past if now.
    pub(super) fn ready_at(&self) -> Instant {
        self.used_until.checked_sub(self.burst).unwrap_or(self.used_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5, start);
        pace.spend(5, start);
        assert!(pace.ready_at() <= start);
        pace.spend(1, start);
        assert_eq!(pace.ready_at(), start + Duration::from_millis(100));
        let later = start + Duration::from_secs(60);
        pace.spend(1, later);
        assert!(pace.ready_at() <= later, "an idle time restores the burst and no more");
        pace.spend(5, later);
        assert_eq!(pace.ready_at(), later + Duration::from_millis(100));
    }
}
