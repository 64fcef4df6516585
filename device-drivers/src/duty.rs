//! What the coil of a lock bears: how long it may be held in a row, and which share of the time for ever.
//!
//! A solenoid lock takes 20 to 40 W for the moment that it opens, and its housing gets rid of one or two. Its data sheet says
//! how long it may be held at once (10 s for the cam locks of lockers) and its relative duty (DIN VDE 0580: 1 to 5 % of
//! the time). Both together are a bucket of on-time: each pulse puts its length in, and it runs out at the share.

use std::time::Duration;

use crate::time::Monotonic;

/// What locks of one board bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// On-time in a row, from cold.
    on_time: Duration,
    /// Share of the time in per cent, for ever.
    percent: u8,
}

/// A duty that no lock has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{on_time:?} at once and {percent} % of the time: {MIN_ON_TIME:?} to {MAX_ON_TIME:?} and 1 to 100 % are allowed"
)]
pub struct DutyError {
    /// The on-time asked for.
    pub on_time: Duration,
    /// The share asked for.
    pub percent: u8,
}

/// Least on-time in a row: the shortest pulse.
pub const MIN_ON_TIME: Duration = Duration::from_millis(100);
/// Most on-time in a row: what needs more has a strike for continuous duty, and a share of 100 %.
pub const MAX_ON_TIME: Duration = Duration::from_secs(600);
/// On-time in a row where nobody says more: what data sheets of 12 V cam locks (2 A, ED 1 to 5 %) allow at once. With the usual
/// pulse of 500 ms it is a door opened 20 times in a row, and 24 times at one opening each 2 s.
pub const DEFAULT_ON_TIME: Duration = Duration::from_secs(10);
/// Share of the time where nobody says more: the upper end of what those locks are sold for. After a full bucket it is one
/// pulse of 500 ms each 10 s.
pub const DEFAULT_PERCENT: u8 = 5;

impl Duty {
    /// For locks that may be held all the time, such as strikes: no pulse waits for them to cool.
    pub const CONTINUOUS: Self = Self { on_time: MAX_ON_TIME, percent: 100 };

    /// Locks that bear `on_time` at once and `percent` of the time.
    ///
    /// # Errors
    /// [`DutyError`] for an on-time outside [`MIN_ON_TIME`] to [`MAX_ON_TIME`] and a share outside 1 to 100 %.
    pub fn new(on_time: Duration, percent: u8) -> Result<Self, DutyError> {
        if !(MIN_ON_TIME..=MAX_ON_TIME).contains(&on_time) || !(1..=100).contains(&percent) {
            return Err(DutyError { on_time, percent });
        }
        Ok(Self { on_time, percent })
    }

    /// How long a cold lock may be held in all before it has to cool.
    #[must_use]
    pub const fn on_time(self) -> Duration {
        self.on_time
    }

    /// Time in which `on_time` runs out of the bucket, to a microsecond more.
    fn cools_in(self, on_time: Duration) -> Duration {
        let micros = (on_time * 100).as_micros().div_ceil(self.percent.max(1).into());
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// On-time that runs out of the bucket in `span`.
    fn cooled_in(self, span: Duration) -> Duration {
        span.saturating_mul(self.percent.into()) / 100
    }
}

impl Default for Duty {
    /// [`DEFAULT_ON_TIME`] and [`DEFAULT_PERCENT`].
    fn default() -> Self {
        Self { on_time: DEFAULT_ON_TIME, percent: DEFAULT_PERCENT }
    }
}

/// How warm a lock is, in on-time that has not run out yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heat {
    on_time: Duration,
    at: Monotonic,
}

impl Heat {
    /// The lock is held for `held` from `at` on. What was not answered counts too: it may have been held.
    pub fn add(&mut self, held: Duration, duty: Duty, at: Monotonic) {
        *self = Self { on_time: self.left(duty, at) + held, at };
    }

    /// When the lock bears another `held`; `now` where it does already. A pulse longer than the whole budget waits for a cold lock.
    #[must_use]
    pub fn bears_at(&self, held: Duration, duty: Duty, now: Monotonic) -> Monotonic {
        let wanted = self.left(duty, now) + held.min(duty.on_time);
        now + duty.cools_in(wanted.saturating_sub(duty.on_time))
    }

    fn left(&self, duty: Duty, now: Monotonic) -> Duration {
        self.on_time.saturating_sub(duty.cooled_in(now.since(self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Duration = Duration::from_millis(500);

    fn ms(ms: u64) -> Monotonic {
        Monotonic::from_micros(ms * 1_000)
    }

    /// How many pulses a cold lock takes at one each `period`, of at most 1,000.
    fn in_a_row(duty: Duty, period: Duration) -> usize {
        let (mut heat, mut now) = (Heat::default(), ms(7));
        for count in 0..1_000 {
            if heat.bears_at(HELD, duty, now) > now {
                return count;
            }
            heat.add(HELD, duty, now);
            now = now + period;
        }
        1_000
    }

    #[test]
    fn usual_lock_opens_a_dozen_times_in_a_row_and_not_for_hours() {
        let duty = Duty::default();
        assert_eq!(in_a_row(duty, HELD), 21);
        assert_eq!(in_a_row(duty, Duration::from_secs(2)), 24);
        assert_eq!(in_a_row(duty, Duration::from_secs(10)), 1_000, "its share of the time, for ever");
        assert_eq!(in_a_row(Duty::CONTINUOUS, HELD), 1_000);
    }

    #[test]
    fn lock_at_its_limit_cools_by_its_share() {
        let (duty, mut heat) = (Duty::default(), Heat::default());
        (0..20).for_each(|_| heat.add(HELD, duty, ms(0)));
        let again = heat.bears_at(HELD, duty, ms(0));
        assert_eq!(again, ms(10_000));
        assert!(heat.bears_at(HELD, duty, ms(9_999)) > ms(9_999));
        assert!(heat.bears_at(HELD, duty, again) <= again, "what was promised holds");
    }

    #[test]
    fn on_time_in_any_five_minutes_is_bounded() {
        // Whoever asks as often as the lock bears it: the budget once, and its share of the five minutes.
        let (duty, mut heat, mut now) = (Duty::default(), Heat::default(), ms(0));
        let mut pulses = Vec::new();
        while now < ms(3_600_000) {
            heat.add(HELD, duty, now);
            pulses.push(now);
            now = heat.bears_at(HELD, duty, now + HELD);
        }
        let most = pulses.iter().map(|from| {
            let end = *from + Duration::from_secs(300);
            pulses.iter().filter(|at| (*from..end).contains(at)).count()
        });
        // 10 s and 5 % of 300 s are 25 s; in an hour they are 190 s.
        let most = most.max().unwrap();
        assert!((45..=50).contains(&most), "{most} in five minutes");
        assert!((370..=380).contains(&pulses.len()), "{} in an hour", pulses.len());
    }

    #[test]
    fn pulse_beyond_the_budget_waits_for_a_cold_lock() {
        let duty = Duty::new(Duration::from_millis(300), 50).unwrap();
        let mut heat = Heat::default();
        assert_eq!(heat.bears_at(HELD, duty, ms(0)), ms(0));
        heat.add(HELD, duty, ms(0));
        assert_eq!(heat.bears_at(HELD, duty, ms(0)), ms(1_000));
    }

    #[test]
    fn duty_is_refused_when_no_lock_has_it() {
        let second = Duration::from_secs(1);
        for (on_time, percent) in [(Duration::ZERO, 5), (second * 601, 5), (second, 0), (second, 101)] {
            assert_eq!(Duty::new(on_time, percent), Err(DutyError { on_time, percent }));
        }
    }
}
