//! Giving the wire away for a while: to a person who commissions boards, with nothing of the building's in flight.

use crate::line::exchange::Job;
use crate::line::health::Event;
use crate::line::master::{Line, Wire};
use crate::signal::{NotSent, PortState, Signal};
use crate::time::Monotonic;

impl Line {
    /// Whether no pulse is in flight, waits, or may still hold an output on, and nobody watches a door: what a pulse did is seen
    /// before the line is given away.
    #[must_use]
    pub fn can_be_lent(&self, now: Monotonic) -> bool {
        let in_flight =
            matches!(&self.wire, Wire::Awaiting(exchange) if matches!(exchange.job, Job::Pulse { .. }));
        let waits = self.lanes.pulses().next().is_some();
        !in_flight
            && !waits
            && !self.lanes.any_watch()
            && !self.slaves.iter().any(|slave| slave.any_pulse_on(now))
    }

    /// The wire is somebody else's from now on, until [`Line::opened`]: as with a closed port, devices are down and orders end
    /// unsent.
    pub fn lent(&mut self, now: Monotonic) {
        if !matches!(self.wire, Wire::Closed) {
            self.abandon(NotSent::PortClosed, now);
            for place in 0..self.slaves.len() {
                self.slave_event(place, Event::PortClosed, now);
            }
        }
        self.out.push_back(Signal::Port { at: now, state: PortState::Lent });
    }
}
