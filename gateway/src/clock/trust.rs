//! How far the wall clock may be believed: sans-IO, fed with readings.

use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};

/// A larger difference between the two clocks' progress is a step: workflow.md's 5 min. A month without a source
/// drifts by about one.
pub const STEP_MAX: Millis = Millis::seconds(300);

/// The wall clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it would have read.
    pub expected: Timestamp,
    /// What it reads.
    pub found: Timestamp,
}

/// Remembers where the wall clock should be.
#[derive(Debug, Default)]
pub struct TrustKeeper {
    /// A pair of readings that belong together.
    last: Option<(Timestamp, Mono)>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Never synchronised since the start.
    #[default]
    Never,
    /// A source agreed at some time since the start.
    Agreed,
    /// Stepped after a source had agreed; the correction is the wall clock minus the former scale.
    Stepped { correction_ms: i64 },
}

impl TrustKeeper {
    /// Takes one reading of both clocks, and whether a source says that the wall clock is synchronised.
    ///
    /// The first synchronisation may set the clock by years: a gateway without a battery boots in the past. A later
    /// step is not believed until the clock is back on its former scale or the daemon is started again, because NTP
    /// is not authenticated.
    pub fn observe(&mut self, wall: Timestamp, mono: Mono, marked: bool) -> (Now, Option<Step>) {
        let step = self.step(wall, mono);
        self.last = Some((wall, mono));
        self.state = match (self.state, step, marked) {
            (State::Never, _, false) => State::Never,
            (State::Never, _, true) | (State::Agreed, None, _) => State::Agreed,
            (State::Agreed, Some(step), _) => State::Stepped { correction_ms: step.correction_ms() },
            (State::Stepped { correction_ms }, None, _) => State::Stepped { correction_ms },
            (State::Stepped { correction_ms }, Some(step), _) => {
                let correction_ms = correction_ms.saturating_add(step.correction_ms());
                if within(correction_ms) { State::Agreed } else { State::Stepped { correction_ms } }
            }
        };
        let trust = match (self.state, marked) {
            (State::Never | State::Stepped { .. }, _) => ClockTrust::Untrusted,
            (State::Agreed, true) => ClockTrust::Synchronised,
            (State::Agreed, false) => ClockTrust::Holdover,
        };
        (Now { wall, trust, mono }, step)
    }

    fn step(&self, wall: Timestamp, mono: Mono) -> Option<Step> {
        let (last_wall, last_mono) = self.last?;
        let step = Step { expected: last_wall.after(mono.since(last_mono)), found: wall };
        (!within(step.correction_ms())).then_some(step)
    }
}

impl Step {
    /// How far the clock was moved, in milliseconds; negative is back.
    #[must_use]
    pub const fn correction_ms(self) -> i64 {
        self.found.0.saturating_sub(self.expected.0)
    }
}

fn within(correction_ms: i64) -> bool {
    correction_ms.unsigned_abs() <= STEP_MAX.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings as (wall in s, monotonic in s, marked) and the trust after each.
    fn trusts(readings: &[(i64, u64, bool)]) -> Vec<(ClockTrust, bool)> {
        let mut keeper = TrustKeeper::default();
        let observe = |&(wall, mono, marked): &(i64, u64, bool)| {
            let (now, step) = keeper.observe(Timestamp(wall * 1_000), Mono(mono * 1_000_000), marked);
            (now.trust, step.is_some())
        };
        readings.iter().map(observe).collect()
    }

    use ClockTrust::{Holdover, Synchronised, Untrusted};

    #[test]
    fn first_synchronisation_is_believed_when_the_clock_started_in_1970() {
        assert_eq!(
            trusts(&[(0, 10, false), (1_700_000_000, 20, true), (1_700_000_010, 30, false)]),
            [(Untrusted, false), (Synchronised, true), (Holdover, false)]
        );
    }

    #[test]
    fn later_step_is_distrusted_until_the_clock_is_back() {
        assert_eq!(
            trusts(&[
                (1_000, 0, true),
                (5_000, 10, true),
                (5_010, 20, true),
                (1_030, 30, true),
                (1_040, 40, true)
            ]),
            [
                (Synchronised, false),
                (Untrusted, true),
                (Untrusted, false),
                (Synchronised, true),
                (Synchronised, false)
            ]
        );
    }

    #[test]
    fn slow_correction_is_no_step() {
        assert_eq!(
            trusts(&[(1_000, 0, true), (1_280, 10, true), (1_560, 20, true)]),
            [(Synchronised, false); 3]
        );
    }
}
