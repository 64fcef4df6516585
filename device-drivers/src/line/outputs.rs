//! The outputs of one slave: until when each may be on, when another pulse of it can be told apart, and how warm its lock is.

use std::time::Duration;

use crate::channel::Channel;
use crate::duty::{Duty, Heat};
use crate::limits::{LATE_HORIZON, PULSE_LATE_HORIZON, PULSE_MARGIN};
use crate::time::Monotonic;

/// All outputs of one slave.
#[derive(Debug)]
pub struct Outputs {
    logs: Vec<OutputLog>,
    duty: Duty,
}

/// What the last pulses of an output leave behind.
#[derive(Debug, Clone, Copy, Default)]
struct OutputLog {
    /// The output may be on until then.
    on_until: Monotonic,
    /// No other pulse of this output before then: its echo would look like the last one's.
    held_until: Monotonic,
    /// What its lock was held for.
    heat: Heat,
}

impl Outputs {
    /// `count` outputs that rest, with locks that bear `duty`.
    #[must_use]
    pub fn new(count: u8, duty: Duty) -> Self {
        Self { logs: vec![OutputLog::default(); usize::from(count)], duty }
    }

    /// When a pulse of `output` can no longer be answered by an older one's echo.
    #[must_use]
    pub fn free_at(&self, output: Channel) -> Monotonic {
        self.log(output).map_or(Monotonic::NEVER, |log| log.held_until)
    }

    /// When the lock at `output` has cooled so far that it bears another `held`; a moment before `now` where it has.
    #[must_use]
    pub fn cool_at(&self, output: Channel, held: Duration, now: Monotonic) -> Monotonic {
        self.log(output).map_or(Monotonic::NEVER, |log| log.heat.bears_at(held, self.duty, now))
    }

    /// A pulse's last byte leaves at `sent`; the board holds its output for `held`.
    pub fn pulsed(&mut self, output: Channel, held: Duration, sent: Monotonic) {
        let duty = self.duty;
        if let Some(log) = self.log_mut(output) {
            let over = sent + held;
            log.on_until = over + PULSE_MARGIN;
            log.held_until = over + LATE_HORIZON;
            log.heat.add(held, duty, sent);
        }
    }

    /// The last pulse of `output` was given up at `now`: its echo may be on its way for longer.
    pub fn unanswered(&mut self, output: Channel, now: Monotonic) {
        if let Some(log) = self.log_mut(output) {
            log.held_until = log.held_until.max(now + PULSE_LATE_HORIZON);
        }
    }

    /// Whether any output may be on by a pulse at `now`.
    #[must_use]
    pub fn any_on(&self, now: Monotonic) -> bool {
        self.logs.iter().any(|log| log.on_until > now)
    }

    fn log(&self, output: Channel) -> Option<&OutputLog> {
        self.logs.get(usize::from(output.index()))
    }

    fn log_mut(&mut self, output: Channel) -> Option<&mut OutputLog> {
        self.logs.get_mut(usize::from(output.index()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Monotonic = Monotonic::from_micros(10_000_000);
    const HELD: Duration = Duration::from_millis(700);

    #[test]
    fn second_pulse_of_an_output_waits_until_the_first_ones_echo_cannot_come() {
        let mut outputs = Outputs::new(8, Duty::default());
        let (one, two) = (Channel::new(1).unwrap(), Channel::new(2).unwrap());
        outputs.pulsed(one, HELD, NOW);
        assert_eq!(outputs.free_at(one), NOW + Duration::from_millis(1_700));
        assert_eq!(outputs.free_at(two), Monotonic::ZERO);
        outputs.unanswered(one, NOW);
        assert_eq!(outputs.free_at(one), NOW + PULSE_LATE_HORIZON);
        assert!(outputs.any_on(NOW) && !outputs.any_on(NOW + Duration::from_millis(1_200)));
        assert_eq!(outputs.free_at(Channel::new(9).unwrap()), Monotonic::NEVER, "it has eight");
    }

    #[test]
    fn each_lock_warms_and_cools_by_itself() {
        let mut outputs = Outputs::new(2, Duty::new(Duration::from_secs(1), 10).unwrap());
        let (one, two) = (Channel::new(1).unwrap(), Channel::new(2).unwrap());
        assert!(outputs.cool_at(one, HELD, NOW) <= NOW);
        outputs.pulsed(one, HELD, NOW);
        // 400 ms above the budget, at 10 %.
        assert_eq!(outputs.cool_at(one, HELD, NOW), NOW + Duration::from_secs(4));
        assert!(outputs.cool_at(two, HELD, NOW) <= NOW);
    }
}
