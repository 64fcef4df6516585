//! Orders that wait or are under way: the unlock lane and the watches. Both are bounded.

use std::collections::VecDeque;
use std::time::Duration;

use crate::channel::Channel;
use crate::device::plan::Meaning;
use crate::frame::Request;
use crate::id::OrderId;
use crate::limits::{UNLOCK_LANE, WATCH_LANE, WATCH_SPAN};
use crate::order::PulseLength;
use crate::signal::{NotSent, Outcome};
use crate::time::Monotonic;

/// A pulse that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Its order.
    pub order: OrderId,
    /// Place of the slave on the line.
    pub slave: usize,
    /// The output.
    pub output: Channel,
    /// How long the board holds it.
    pub length: PulseLength,
    /// Not sent at or after this.
    pub deadline: Monotonic,
    /// What is sent.
    pub request: Request,
}

impl Pulse {
    /// How long the board holds the output.
    #[must_use]
    pub fn held(&self) -> Duration {
        self.request.held(self.length)
    }
}

/// A watch under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Watch {
    order: OrderId,
    slave: usize,
    input: Channel,
    until: Monotonic,
    reads: u16,
    missed: u16,
}

impl Watch {
    const fn outcome(&self) -> Outcome {
        Outcome::Watched { reads: self.reads, missed: self.missed }
    }
}

/// The waiting orders. Each leaves exactly once: by [`Lanes::take`] or with its outcome.
#[derive(Debug, Default)]
pub struct Lanes {
    pulses: VecDeque<Pulse>,
    watches: Vec<Watch>,
}

impl Lanes {
    /// Queues a pulse.
    ///
    /// # Errors
    /// [`NotSent::LaneFull`].
    pub fn add_pulse(&mut self, pulse: Pulse) -> Result<(), NotSent> {
        if self.pulses.len() >= UNLOCK_LANE {
            return Err(NotSent::LaneFull);
        }
        self.pulses.push_back(pulse);
        Ok(())
    }

    /// Begins a watch of a slave's input at `now`.
    ///
    /// # Errors
    /// [`NotSent::LaneFull`].
    pub fn add_watch(
        &mut self,
        order: OrderId,
        slave: usize,
        input: Channel,
        now: Monotonic,
    ) -> Result<(), NotSent> {
        if self.watches.len() >= WATCH_LANE {
            return Err(NotSent::LaneFull);
        }
        self.watches.push(Watch { order, slave, input, until: now + WATCH_SPAN, reads: 0, missed: 0 });
        Ok(())
    }

    /// Takes the first pulse that `ready` lets go.
    pub fn take(&mut self, ready: impl Fn(&Pulse) -> bool) -> Option<Pulse> {
        let place = self.pulses.iter().position(ready)?;
        self.pulses.remove(place)
    }

    /// Takes back a pulse; whether it waited.
    pub fn withdraw(&mut self, order: OrderId) -> bool {
        self.take(|pulse| pulse.order == order).is_some()
    }

    /// The waiting pulses, oldest first.
    pub fn pulses(&self) -> impl Iterator<Item = &Pulse> {
        self.pulses.iter()
    }

    /// Whether any watch is under way.
    #[must_use]
    pub const fn any_watch(&self) -> bool {
        !self.watches.is_empty()
    }

    /// Whether something is watched of what a poll of a slave tells.
    #[must_use]
    pub fn watches(&self, slave: usize, told: &Meaning) -> bool {
        self.watches.iter().any(|watch| watch.slave == slave && told.reads(watch.input))
    }

    /// A poll that tells of inputs succeeded or failed.
    pub fn note_read(&mut self, slave: usize, told: &Meaning, succeeded: bool) {
        let watches = self.watches.iter_mut();
        for watch in watches.filter(|watch| watch.slave == slave && told.reads(watch.input)) {
            let count = if succeeded { &mut watch.reads } else { &mut watch.missed };
            *count = count.saturating_add(1);
        }
    }

    /// When the next order ends by time alone.
    #[must_use]
    pub fn next_end(&self) -> Monotonic {
        let deadlines = self.pulses.iter().map(|pulse| pulse.deadline);
        deadlines.chain(self.watches.iter().map(|watch| watch.until)).min().unwrap_or(Monotonic::NEVER)
    }

    /// Ends what is over at `now`: pulses past their deadline for the reason that `why` gives, watches past their time.
    pub fn expire(
        &mut self,
        now: Monotonic,
        why: impl Fn(&Pulse) -> NotSent,
        mut end: impl FnMut(OrderId, Outcome),
    ) {
        self.pulses.retain(|pulse| {
            let over = now >= pulse.deadline;
            if over {
                end(pulse.order, Outcome::NotSent(why(pulse)));
            }
            !over
        });
        self.watches.retain(|watch| {
            let over = now >= watch.until;
            if over {
                end(watch.order, watch.outcome());
            }
            !over
        });
    }

    /// Ends the waiting pulses of one slave, or of all, for `why`.
    pub fn drop_pulses(&mut self, slave: Option<usize>, why: NotSent, mut end: impl FnMut(OrderId, Outcome)) {
        self.pulses.retain(|pulse| {
            let dropped = slave.is_none_or(|slave| slave == pulse.slave);
            if dropped {
                end(pulse.order, Outcome::NotSent(why));
            }
            !dropped
        });
    }

    /// Ends all watches with what they have seen.
    pub fn end_watches(&mut self, mut end: impl FnMut(OrderId, Outcome)) {
        for watch in self.watches.drain(..) {
            end(watch.order, watch.outcome());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::modbus_rtu;

    fn input() -> Channel {
        Channel::new(1).unwrap()
    }

    fn pulse(order: u64, slave: usize, deadline_ms: u64) -> Pulse {
        Pulse {
            order: OrderId(order),
            slave,
            output: Channel::new(1).unwrap(),
            length: PulseLength::from_millis(700).unwrap(),
            deadline: Monotonic::from_micros(deadline_ms * 1_000),
            request: modbus_rtu::Request::all_off().into(),
        }
    }

    #[test]
    fn lanes_refuse_when_full() {
        let mut lanes = Lanes::default();
        for order in 0..32 {
            assert_eq!(lanes.add_pulse(pulse(order, 0, 9)), Ok(()));
            assert_eq!(lanes.add_watch(OrderId(100 + order), 0, input(), Monotonic::ZERO), Ok(()));
        }
        assert_eq!(lanes.add_pulse(pulse(99, 0, 9)), Err(NotSent::LaneFull));
        assert_eq!(lanes.add_watch(OrderId(199), 0, input(), Monotonic::ZERO), Err(NotSent::LaneFull));
    }

    #[test]
    fn pulse_that_must_wait_is_passed_by_the_next() {
        let mut lanes = Lanes::default();
        lanes.add_pulse(pulse(1, 0, 9)).unwrap();
        lanes.add_pulse(pulse(2, 1, 9)).unwrap();
        assert_eq!(lanes.take(|pulse| pulse.slave == 1).map(|pulse| pulse.order), Some(OrderId(2)));
        assert_eq!(lanes.take(|_| true).map(|pulse| pulse.order), Some(OrderId(1)));
    }

    #[test]
    fn every_order_ends_once() {
        let mut lanes = Lanes::default();
        lanes.add_pulse(pulse(1, 0, 5)).unwrap();
        lanes.add_pulse(pulse(2, 1, 5_000)).unwrap();
        lanes.add_pulse(pulse(3, 2, 5_000)).unwrap();
        lanes.add_watch(OrderId(4), 1, input(), Monotonic::ZERO).unwrap();
        lanes.note_read(1, &Meaning::Inputs, true);
        lanes.note_read(1, &Meaning::Input(input()), false);
        lanes.note_read(1, &Meaning::Input(Channel::new(2).unwrap()), true);
        lanes.note_read(2, &Meaning::Inputs, true);
        let mut ended = Vec::new();
        let (now, why) = (Monotonic::from_micros(5_000), |_: &Pulse| NotSent::Expired);
        lanes.expire(now, why, |order, outcome| ended.push((order.0, outcome)));
        lanes.drop_pulses(Some(1), NotSent::DeviceDown, |order, outcome| ended.push((order.0, outcome)));
        lanes.drop_pulses(None, NotSent::Stopped, |order, outcome| ended.push((order.0, outcome)));
        assert!(lanes.any_watch());
        lanes.end_watches(|order, outcome| ended.push((order.0, outcome)));
        assert!(!lanes.any_watch());
        let not_sent = Outcome::NotSent;
        let expected = [
            (1, not_sent(NotSent::Expired)),
            (2, not_sent(NotSent::DeviceDown)),
            (3, not_sent(NotSent::Stopped)),
            (4, Outcome::Watched { reads: 1, missed: 1 }),
        ];
        assert_eq!(ended, expected);
        assert_eq!(lanes.next_end(), Monotonic::NEVER);
    }
}
