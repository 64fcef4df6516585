//! Whether a slave can be given orders: a table of states and events.

use std::time::Duration;

use crate::limits::{DOWN_AFTER, DOWN_CYCLES, SUSPECT_PERIOD};
use crate::time::Monotonic;

/// What a slave is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The port is closed.
    Absent,
    /// Its set-up is under way; nothing else is asked of it.
    SettingUp,
    /// Orders and polls reach it.
    Ready,
    /// Silent; only probed.
    Down,
}

/// What happened to a slave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The port was opened.
    PortOpened,
    /// The port was closed or lost.
    PortClosed,
    /// It answered anything valid.
    Answered,
    /// Its set-up is verified.
    SetUpDone,
    /// Outputs were on that nobody ordered.
    OutputsOn,
    /// It failed for so long and so often that it is down.
    Exhausted,
}

/// The state after `event`; unchanged where the event means nothing.
#[must_use]
pub const fn next(state: State, event: Event) -> State {
    match (state, event) {
        (_, Event::PortClosed) => State::Absent,
        (State::Absent, Event::PortOpened) | (State::Down, Event::Answered) => State::SettingUp,
        (State::SettingUp, Event::SetUpDone) => State::Ready,
        (State::Ready, Event::OutputsOn) => State::SettingUp,
        (State::SettingUp | State::Ready, Event::Exhausted) => State::Down,
        (unchanged, _) => unchanged,
    }
}

/// Failures of a slave in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    since: Option<Monotonic>,
    count: u32,
    /// Time on the wire that the row has cost.
    cost: Duration,
    /// The slave has just come back from the dead: two failures send it back at once, or a slave that answers only now
    /// and then would take more than the share of the dead.
    on_probation: bool,
}

impl Failures {
    /// A good answer ends the row.
    pub fn clear(&mut self) {
        *self = Self { on_probation: self.on_probation, ..Self::default() };
    }

    /// The slave is back from the dead, and not set up yet.
    pub fn begin_probation(&mut self) {
        *self = Self { on_probation: true, ..Self::default() };
    }

    /// The slave's set-up is verified.
    pub fn end_probation(&mut self) {
        *self = Self::default();
    }

    /// A transaction failed at `now` after `cost` on the wire.
    pub fn add(&mut self, now: Monotonic, cost: Duration) {
        self.since.get_or_insert(now);
        self.count = self.count.saturating_add(1);
        self.cost += cost;
    }

    /// Time on the wire that the row has cost.
    #[must_use]
    pub const fn cost(&self) -> Duration {
        self.cost
    }

    /// Whether the last transaction was a good one.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Whether the slave is down at `now`.
    #[must_use]
    pub fn exhausted(&self, now: Monotonic) -> bool {
        let long = self.on_probation || self.since.is_some_and(|since| now.since(since) >= DOWN_AFTER);
        long && self.count >= DOWN_CYCLES
    }

    /// When the slave may be asked again after a failure at `now`: one lost frame costs nothing, a row of them makes room.
    #[must_use]
    pub fn retry_at(&self, now: Monotonic) -> Monotonic {
        if self.count < DOWN_CYCLES { now } else { now + SUSPECT_PERIOD }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 4] = [State::Absent, State::SettingUp, State::Ready, State::Down];
    const EVENTS: [Event; 6] = [
        Event::PortOpened,
        Event::PortClosed,
        Event::Answered,
        Event::SetUpDone,
        Event::OutputsOn,
        Event::Exhausted,
    ];

    #[test]
    fn table_is_as_drawn() {
        let grid: Vec<String> = STATES
            .iter()
            .map(|state| EVENTS.map(|event| format!("{:?}", next(*state, event))).join(" "))
            .map(|row| row.replace("SettingUp", "Set"))
            .collect();
        // Columns: PortOpened PortClosed Answered SetUpDone OutputsOn Exhausted
        assert_eq!(
            grid,
            [
                "Set Absent Absent Absent Absent Absent",
                "Set Absent Set Ready Set Down",
                "Ready Absent Ready Ready Set Down",
                "Down Absent Set Down Down Down",
            ]
        );
    }

    #[test]
    fn slave_is_exhausted_only_after_both_three_seconds_and_two_failures() {
        let at = |ms: u64| Monotonic::from_micros(ms * 1_000);
        let cost = Duration::from_millis(112);
        let mut failures = Failures::default();
        failures.add(at(1_000), cost);
        assert!(!failures.exhausted(at(9_000)), "one failure");
        assert_eq!(failures.retry_at(at(1_000)), at(1_000));
        failures.add(at(3_999), cost);
        assert!(!failures.exhausted(at(3_999)), "too early");
        assert!(failures.exhausted(at(4_000)));
        assert_eq!(failures.retry_at(at(4_000)), at(4_500));
        assert_eq!(failures.cost(), cost * 2);
        failures.clear();
        assert!(failures.is_none() && !failures.exhausted(at(9_000)));
    }

    #[test]
    fn slave_on_probation_is_exhausted_by_two_failures_whatever_the_time() {
        let mut failures = Failures::default();
        failures.begin_probation();
        failures.add(Monotonic::ZERO, Duration::ZERO);
        failures.clear();
        failures.add(Monotonic::ZERO, Duration::ZERO);
        assert!(!failures.exhausted(Monotonic::ZERO));
        failures.add(Monotonic::ZERO, Duration::ZERO);
        assert!(failures.exhausted(Monotonic::ZERO));
        failures.end_probation();
        assert!(!failures.exhausted(Monotonic::ZERO));
    }
}
