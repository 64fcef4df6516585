//! Probing of dead slaves: one probe for all of them together, and at most 5 % of the line's time.

use std::time::Duration;

use crate::limits::{DEAD_RETRY, DEAD_SHARE};
use crate::time::Monotonic;

/// When the next dead slave is probed, and whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadProbes {
    due: Monotonic,
    turn: usize,
}

impl Default for DeadProbes {
    fn default() -> Self {
        Self { due: Monotonic::ZERO, turn: 0 }
    }
}

impl DeadProbes {
    /// When the next probe may go.
    #[must_use]
    pub const fn due(&self) -> Monotonic {
        self.due
    }

    /// The first of the dead at or after the turn; `dead` in ascending order.
    #[must_use]
    pub fn pick(&self, dead: impl Iterator<Item = usize> + Clone) -> Option<usize> {
        dead.clone().find(|slave| *slave >= self.turn).or_else(|| dead.min())
    }

    /// A transaction with dead slave `slave` ended at `now` after `cost` on the wire, `dead` being dead in all.
    ///
    /// The distance of two probes of one slave is max([`DEAD_RETRY`], dead x cost / 5 %), the cost being all that the probe
    /// takes (request, timeout), not the timeout alone. The pause does not count the probe itself, which keeps it a little
    /// below.
    pub fn done(&mut self, slave: usize, now: Monotonic, cost: Duration, dead: usize) {
        let dead = u32::try_from(dead.max(1)).unwrap_or(u32::MAX);
        self.turn = slave + 1;
        self.due = now + (DEAD_RETRY / dead).max(cost * DEAD_SHARE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_goes_round_all_the_dead() {
        let mut probes = DeadProbes::default();
        let dead = [2, 5, 9];
        let turns: Vec<usize> = (0..4)
            .filter_map(|_| {
                let slave = probes.pick(dead.iter().copied())?;
                probes.done(slave, Monotonic::ZERO, Duration::from_millis(112), dead.len());
                Some(slave)
            })
            .collect();
        assert_eq!(turns, [2, 5, 9, 2]);
        assert_eq!(probes.pick([].into_iter()), None);
    }

    #[test]
    fn distance_is_ten_seconds_for_one_and_five_percent_for_many() {
        let after = |dead| {
            let mut probes = DeadProbes::default();
            probes.done(0, Monotonic::ZERO, Duration::from_millis(100), dead);
            probes.due().as_micros() / 1_000
        };
        assert_eq!(after(1), 10_000);
        assert_eq!(after(2), 5_000);
        assert_eq!(after(31), 2_000);
    }
}
