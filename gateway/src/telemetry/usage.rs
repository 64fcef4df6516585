//! How much of what its wire can carry a line used lately, from two reports of its totals.

use std::time::Duration;

use vestibule_core::time::Mono;

/// Two reports nearer to each other than this say nothing: a line tells its totals every 10 s.
const SPAN_LEAST_US: u64 = 1_000_000;

/// The newest report of a line's time, and what the last span between two came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineUse {
    at: Option<Mono>,
    occupied: Duration,
    permille: Option<u16>,
}

impl LineUse {
    /// Thousandths of what the wire can carry, over the last 10 s or so; none before there were two reports.
    #[must_use]
    pub const fn permille(&self) -> Option<u16> {
        self.permille
    }

    /// The use once `occupied` is reported at `now`.
    #[must_use]
    pub fn reported(self, occupied: Duration, now: Mono) -> Self {
        let Some(before) = self.at else { return Self { at: Some(now), occupied, permille: None } };
        let span = now.0.saturating_sub(before.0);
        if span < SPAN_LEAST_US {
            return self;
        }
        let used = u64::try_from(occupied.saturating_sub(self.occupied).as_micros()).unwrap_or(u64::MAX);
        let permille = used.saturating_mul(1_000).checked_div(span).unwrap_or(0).min(1_000);
        Self { at: Some(now), occupied, permille: u16::try_from(permille).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_that_of_the_last_span_and_never_above_all() {
        let second = |count: u64| Mono(count * 1_000_000);
        let first = LineUse::default().reported(Duration::from_secs(100), second(1_000));
        assert_eq!(first.permille(), None, "of one report nothing follows");
        let busy = first.reported(Duration::from_millis(109_500), second(1_010));
        assert_eq!(busy.permille(), Some(950));
        let soon = busy.reported(Duration::from_secs(200), Mono(1_010_000_001));
        assert_eq!(soon, busy, "too soon after the last");
        let idle = busy.reported(Duration::from_millis(109_500), second(1_020));
        assert_eq!(idle.permille(), Some(0));
        let late = idle.reported(Duration::from_secs(900), second(1_030));
        assert_eq!(late.permille(), Some(1_000), "a timeout that began in the span before");
    }
}
