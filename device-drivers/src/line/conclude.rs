//! The end of a transaction: who is told, what is due next, and what it says of the slave.

use crate::device::plan::Lane;
use crate::limits::{DRAW_MARGIN, SET_UP_RETRY, WATCH_PERIOD};
use crate::line::exchange::{Ending, Exchange, Job};
use crate::line::health::{Event, State};
use crate::line::master::{Line, Wire};
use crate::line::parts::NotAll;
use crate::line::set_up::Progress;
use crate::signal::{DeviceState, NotSent, Outcome, Sign, Signal};
use crate::time::Monotonic;

impl Line {
    /// Ends the transaction in flight.
    pub(super) fn conclude(&mut self, ending: Ending, now: Monotonic) {
        let Wire::Awaiting(exchange) = std::mem::replace(&mut self.wire, Wire::Idle) else {
            return;
        };
        self.count(&exchange, &ending, now);
        let place = exchange.slave;
        if let Some(slave) = self.slaves.get_mut(place) {
            slave.rests(now);
        }
        if ending.is_answer() {
            // A read answered without our own bytes before it: the adapter gives nothing back (any more).
            self.local_echo &= exchange.own_echo_seen() || exchange.request.is_write();
            self.slave_answered(place, &exchange, now);
        } else if ending == Ending::Quiet {
            // Its word may still come; that it did not says nothing of the board.
            self.owe(place, &exchange, now);
        } else {
            self.flush = true;
            self.slave_failed(place, &exchange, now);
        }
        if let Some((output, held)) = exchange.pulses() {
            self.supplies.draws(place, output, now + held + DRAW_MARGIN, now);
        }
        match exchange.job {
            Job::Pulse { order, output, .. } => {
                if pulse_is_unanswered(&ending)
                    && let Some(slave) = self.slaves.get_mut(place)
                {
                    slave.pulse_unanswered(output, now);
                }
                let outcome = pulse_outcome(&ending, exchange.sent);
                self.out.push_back(Signal::Ended { order, at: now, outcome });
            }
            Job::SetUp => self.set_up_answered(place, &ending, now),
            Job::Poll(poll) => self.poll_answered(place, poll, &exchange, &ending, now),
            Job::Fence => {}
            Job::Probe => {
                let dead = self.slaves.iter().filter(|slave| slave.state == State::Down).count();
                self.dead.done(place, now, now.since(exchange.begun), dead);
            }
        }
        self.check_exhausted(place, now);
    }

    fn count(&mut self, exchange: &Exchange, ending: &Ending, now: Monotonic) {
        let busy = now.since(exchange.begun);
        self.counters.busy += busy;
        self.counters.occupied += busy + self.timing.gap();
        if exchange.job == Job::Probe {
            self.counters.busy_dead += busy;
        }
        let Some(slave) = self.slaves.get_mut(exchange.slave) else { return };
        match ending {
            Ending::Data(_) | Ending::Echo | Ending::Word => {
                slave.counters.answered(now.since(exchange.sent))
            }
            Ending::Exception(_) => slave.counters.exception += 1,
            Ending::Quiet => {}
            Ending::Silent => slave.counters.timeout += 1,
            Ending::Damaged => slave.counters.crc += 1,
        }
        if !matches!(ending, Ending::Silent | Ending::Quiet) && slave.note_damage(*ending == Ending::Damaged)
        {
            let device = slave.id.clone();
            self.out.push_back(Signal::Sign { device, at: now, sign: Sign::DoubledAddress });
        }
    }

    fn slave_answered(&mut self, place: usize, exchange: &Exchange, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        if exchange.job == Job::Fence {
            // A slave that answers fences and never what it is for is as good as dead: its failures stand.
            slave.owed.lift();
            return;
        }
        slave.failures.clear();
        slave.retry_at = now;
        if exchange.job == Job::Probe {
            slave.failures.begin_probation();
            slave.restart_set_up(now);
            self.slave_event(place, Event::Answered, now);
        }
    }

    fn owe(&mut self, place: usize, exchange: &Exchange, now: Monotonic) {
        if let Some(slave) = self.slaves.get_mut(place) {
            slave.owed.add(exchange.request, exchange.envelope, now);
        }
    }

    fn slave_failed(&mut self, place: usize, exchange: &Exchange, now: Monotonic) {
        self.owe(place, exchange, now);
        let Some(slave) = self.slaves.get_mut(place) else { return };
        slave.failures.add(now, now.since(exchange.begun));
        slave.retry_at = slave.failures.retry_at(now);
    }

    fn check_exhausted(&mut self, place: usize, now: Monotonic) {
        let Some(slave) = self.slaves.get(place) else { return };
        if !matches!(slave.state, State::SettingUp | State::Ready) || !slave.failures.exhausted(now) {
            return;
        }
        let cost = slave.failures.cost();
        self.slave_event(place, Event::Exhausted, now);
        let dead = self.slaves.iter().filter(|slave| slave.state == State::Down).count();
        self.dead.done(place, now, cost, dead);
    }

    fn set_up_answered(&mut self, place: usize, ending: &Ending, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        let steps = &slave.plan().set_up;
        let has_more =
            slave.polls.len() > 1 || slave.polls.first().is_some_and(|state| !state.poll.parts().is_empty());
        let mut set_up = slave.set_up;
        let progress = match ending {
            // One that has not all of its first read is there all the same, and may have the rest.
            Ending::Exception(code) if steps.is_empty() && code.names_no_address() && has_more => {
                Progress::Onward
            }
            Ending::Exception(_) if steps.is_empty() => Progress::Refused("first read"),
            _ => set_up.answered(steps, ending),
        };
        if let Progress::Refused(step) = progress {
            slave.restart_set_up(now + SET_UP_RETRY);
            self.tell_device(place, DeviceState::SetUpFailed { step }, now);
            return;
        }
        let done = ending.is_answer() && set_up.request(steps).is_none();
        slave.set_up = set_up;
        slave.set_up_due = now;
        if done {
            slave.failures.end_probation();
            slave.polls.iter_mut().for_each(|state| state.restart(now));
            self.slave_event(place, Event::SetUpDone, now);
        }
    }

    fn poll_answered(
        &mut self,
        place: usize,
        poll: usize,
        exchange: &Exchange,
        ending: &Ending,
        now: Monotonic,
    ) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        let Some(plan) = slave.polls.get(poll).map(|state| &state.poll) else { return };
        let (lane, period) = (plan.lane, plan.period);
        let watched = self.lanes.watches(place, &plan.meaning);
        let inputs = plan.meaning.is_inputs().then(|| plan.meaning.clone());
        let period = if watched && lane == Lane::Door { WATCH_PERIOD } else { period };
        if ending.is_answer() {
            slave.poll_succeeded(poll, exchange.begun + period);
        } else {
            slave.poll_failed(poll, now);
        }
        slave.hurry(poll, watched);
        if let Ending::Exception(code) = ending
            && code.names_no_address()
            && let Some(NotAll { asked, in_parts }) = slave.refuses(poll, now)
        {
            let (device, sign) = (slave.id.clone(), Sign::NotThere { asked, in_parts });
            self.out.push_back(Signal::Sign { device, at: now, sign });
            if in_parts {
                return;
            }
        }
        if let Some(meaning) = inputs {
            self.lanes.note_read(place, &meaning, matches!(ending, Ending::Data(_)));
        }
        self.report(place, poll, exchange, ending, now);
    }

    /// Applies an event and tells of the change; orders that wait for a slave that is down end.
    pub(super) fn slave_event(&mut self, place: usize, event: Event, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        if !slave.on(event) {
            return;
        }
        match slave.state {
            State::Ready => self.tell_device(place, DeviceState::Online, now),
            State::SettingUp => {}
            State::Down | State::Absent => {
                let out = &mut self.out;
                self.lanes.drop_pulses(Some(place), NotSent::DeviceDown, |order, outcome| {
                    out.push_back(Signal::Ended { order, at: now, outcome });
                });
                self.tell_device(place, DeviceState::Down, now);
            }
        }
    }

    fn tell_device(&mut self, place: usize, state: DeviceState, now: Monotonic) {
        let Some(slave) = self.slaves.get_mut(place) else { return };
        if slave.told != Some(state) {
            slave.told = Some(state);
            self.out.push_back(Signal::Device { device: slave.id.clone(), at: now, state });
        }
    }
}

/// Whether something of its form may still come: the output is held back for longer then.
const fn pulse_is_unanswered(ending: &Ending) -> bool {
    !matches!(ending, Ending::Echo | Ending::Exception(_))
}

const fn pulse_outcome(ending: &Ending, sent: Monotonic) -> Outcome {
    match ending {
        Ending::Echo => Outcome::Acknowledged { sent },
        Ending::Exception(code) => Outcome::Exception { sent, code: *code },
        Ending::Word | Ending::Quiet | Ending::Silent | Ending::Damaged | Ending::Data(_) => {
            Outcome::Unanswered { sent }
        }
    }
}
