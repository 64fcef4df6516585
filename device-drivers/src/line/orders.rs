//! Orders in, and the end of all of them when port or line goes.

use crate::line::exchange::{Exchange, Job};
use crate::line::health::State;
use crate::line::lanes::Pulse;
use crate::line::master::{Line, Wire};
use crate::line::slave::Slave;
use crate::order::{Order, Task};
use crate::signal::{NotSent, Outcome, Signal};
use crate::time::Monotonic;

impl Line {
    /// The line ends: every open order gets its outcome.
    pub fn stop(&mut self, now: Monotonic) {
        self.abandon(NotSent::Stopped, now);
    }

    pub(super) fn abandon(&mut self, why: NotSent, now: Monotonic) {
        if let Wire::Awaiting(exchange) = std::mem::replace(&mut self.wire, Wire::Closed) {
            self.abandon_exchange(&exchange, now);
        }
        let out = &mut self.out;
        let mut end = |order, outcome| out.push_back(Signal::Ended { order, at: now, outcome });
        self.lanes.drop_pulses(None, why, &mut end);
        self.lanes.end_watches(&mut end);
    }

    /// The transaction in flight is over without an answer; one may still come, through the port's next opening too: a serial
    /// server gives whoever connects then what the wire said meanwhile.
    fn abandon_exchange(&mut self, exchange: &Exchange, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(exchange.slave) else { return };
        slave.owed.add(exchange.request, exchange.envelope, now);
        let Job::Pulse { order, output, .. } = exchange.job else { return };
        slave.pulse_unanswered(output, now);
        let outcome = Outcome::Unanswered { sent: exchange.sent };
        self.out.push_back(Signal::Ended { order, at: now, outcome });
    }

    /// Takes an order. A pulse or a watch ends with exactly one [`Signal::Ended`].
    pub fn submit(&mut self, order: Order, now: Monotonic) {
        let id = order.id;
        if let Task::Withdraw { .. } = order.task {
            if self.lanes.withdraw(id) {
                let outcome = Outcome::NotSent(NotSent::Cancelled);
                self.out.push_back(Signal::Ended { order: id, at: now, outcome });
            }
            return;
        }
        if let Err(why) = self.admit(order, now) {
            self.out.push_back(Signal::Ended { order: id, at: now, outcome: Outcome::NotSent(why) });
        }
    }

    fn admit(&mut self, order: Order, now: Monotonic) -> Result<(), NotSent> {
        let asked = order.task.device();
        let place = self.slaves.iter().position(|slave| slave.id == *asked).ok_or(NotSent::NoSuchTarget)?;
        let slave = self.slaves.get_mut(place).ok_or(NotSent::NoSuchTarget)?;
        match slave.state {
            State::Absent => return Err(NotSent::PortClosed),
            State::Down => return Err(NotSent::DeviceDown),
            State::SettingUp | State::Ready => {}
        }
        match order.task {
            Task::Pulse { output, length, deadline, .. } => {
                let request = slave.plan().pulse.and_then(|pulse| pulse(output, length));
                let request = request.ok_or(NotSent::NoSuchTarget)?;
                let pulse = Pulse { order: order.id, slave: place, output, length, deadline, request };
                match still_cooling(slave, &pulse, now) {
                    Some(why) if slave.cool_at(&pulse, now) >= deadline => Err(why),
                    _ => self.lanes.add_pulse(pulse),
                }
            }
            // Nothing is left of it that could be refused.
            Task::Withdraw { .. } => Ok(()),
            Task::Watch { input, .. } => {
                if input.number() > slave.plan().provides.inputs {
                    return Err(NotSent::NoSuchTarget);
                }
                slave.read_input_at(input, now);
                self.lanes.add_watch(order.id, place, input, now)
            }
        }
    }
}

/// Why a pulse cannot leave at `now` where its lock is too warm for it.
pub(super) fn still_cooling(slave: &Slave, pulse: &Pulse, now: Monotonic) -> Option<NotSent> {
    let again = slave.cool_at(pulse, now).since(now);
    (!again.is_zero()).then_some(NotSent::CoolingDown { again })
}
