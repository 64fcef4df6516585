//! The line itself: takes bytes, orders and time; gives bytes, signals and the time of the next step.

use std::collections::VecDeque;
use std::time::Duration;

use crate::frame::{Envelope, FrameBytes, Request};
use crate::limits::{
    COUNTERS_PERIOD, DRAW_MARGIN, LISTEN_HALF_CHARACTERS, PULSE_LATE_HORIZON, SILENCE_PATIENCE,
};
use crate::line::counters::LineCounters;
use crate::line::dead::DeadProbes;
use crate::line::exchange::{Exchange, Job};
use crate::line::foreign::Foreign;
use crate::line::health::{Event, State};
use crate::line::lanes::{Lanes, Pulse};
use crate::line::orders::still_cooling;
use crate::line::receiver::Receiver;
use crate::line::schedule::{Choice, Schedule};
use crate::line::slave::Slave;
use crate::line::supplies::Supplies;
use crate::line::timing::Timing;
use crate::signal::{LineTrouble, NotSent, PortState, Signal};
use crate::spec::{LineSpec, SpecError};
use crate::time::Monotonic;
use crate::trace::{Kind, Tape};

/// What the owner of the port does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Write these bytes now, all of them.
    Transmit(FrameBytes),
    /// Throw away what is waiting in the port, both ways.
    Flush,
    /// Tell this upward.
    Signal(Signal),
    /// Wait for an input, at most until then.
    Wait {
        /// When to call [`Line::poll`] again at the latest.
        until: Monotonic,
        /// What for.
        why: Reason,
    },
}

/// Why the line waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A slave owes an answer.
    Answer,
    /// The silence between two frames.
    Gap,
    /// Nothing is due.
    NothingDue,
    /// The port is closed.
    PortClosed,
}

#[derive(Debug)]
pub(super) enum Wire {
    Closed,
    Idle,
    Awaiting(Exchange),
}

/// One line.
#[derive(Debug)]
pub struct Line {
    pub(super) timing: Timing,
    response_timeout: Duration,
    pub(super) slaves: Vec<Slave>,
    pub(super) lanes: Lanes,
    pub(super) supplies: Supplies,
    schedule: Schedule,
    pub(super) dead: DeadProbes,
    pub(super) receiver: Receiver,
    pub(super) wire: Wire,
    /// Reads in a row that must agree before a change of inputs is believed.
    pub(super) agreeing_reads: u8,
    /// Number of the newest transaction.
    number: u16,
    /// End of our own last frame.
    own_end: Monotonic,
    /// Until then the echo of a pulse may come, late or doubled; it must not meet another pulse.
    echoes_until: Monotonic,
    pub(super) local_echo: bool,
    /// Since when a frame of ours has waited for silence.
    noisy_since: Option<Monotonic>,
    babbling: bool,
    pub(super) foreign: Foreign,
    pub(super) flush: bool,
    /// Drained by [`Line::poll`] before it does anything else; one input makes a few signals for each order and device.
    pub(super) out: VecDeque<Signal>,
    pub(super) counters: LineCounters,
    pub(super) tape: Tape,
    counters_due: Monotonic,
}

impl Line {
    /// The line of `spec` with its port closed.
    ///
    /// # Errors
    /// [`SpecError`] where the specification contradicts itself.
    pub fn new(spec: &LineSpec, now: Monotonic) -> Result<Self, SpecError> {
        spec.check()?;
        Ok(Self {
            timing: Timing::new(spec.baud, spec.parity).behind(spec.port.medium()),
            response_timeout: spec.response_timeout,
            slaves: spec.devices.iter().map(Slave::new).collect(),
            lanes: Lanes::default(),
            supplies: Supplies::new(spec),
            schedule: Schedule::default(),
            dead: DeadProbes::default(),
            receiver: Receiver::new(spec.protocol),
            wire: Wire::Closed,
            agreeing_reads: spec.protocol.agreeing_reads(),
            number: 0,
            own_end: now,
            echoes_until: now,
            local_echo: false,
            noisy_since: None,
            babbling: false,
            foreign: Foreign::default(),
            flush: false,
            out: VecDeque::new(),
            counters: LineCounters::default(),
            tape: Tape::default(),
            counters_due: now + COUNTERS_PERIOD,
        })
    }

    /// The port was opened: every device is set up before anything else is asked of it.
    pub fn opened(&mut self, now: Monotonic) {
        self.wire = Wire::Idle;
        // A board may be in the middle of hearing somebody: one gap of silence goes first.
        self.own_end = now;
        self.local_echo = false;
        self.receiver.drop_run();
        self.trace(now, Kind::Opened, None, &[]);
        self.out.push_back(Signal::Port { at: now, state: PortState::Open });
        for slave in &mut self.slaves {
            slave.on(Event::PortOpened);
            slave.failures.end_probation();
            slave.retry_at = now;
            slave.restart_set_up(now);
        }
    }

    /// The port was closed or lost: the pulse in flight is unanswered, those waiting are not sent.
    pub fn closed(&mut self, now: Monotonic) {
        if matches!(self.wire, Wire::Closed) {
            return;
        }
        self.abandon(NotSent::PortClosed, now);
        self.trace(now, Kind::Closed, None, &[]);
        self.out.push_back(Signal::Port { at: now, state: PortState::Unplugged });
        for place in 0..self.slaves.len() {
            self.slave_event(place, Event::PortClosed, now);
        }
    }

    /// What to do next; to be called until it says [`Output::Wait`].
    pub fn poll(&mut self, now: Monotonic) -> Output {
        self.keep_house(now);
        if let Wire::Awaiting(exchange) = &self.wire
            && now >= exchange.deadline
        {
            let (given_up, address) = (exchange.given_up(), exchange.envelope.address.number());
            self.receiver.drop_run();
            self.trace_given_up(address, &given_up, now);
            self.conclude(given_up, now);
        }
        if let Some(signal) = self.out.pop_front() {
            return Output::Signal(signal);
        }
        if std::mem::take(&mut self.flush) {
            return Output::Flush;
        }
        let (until, why) = match &self.wire {
            Wire::Closed => (Monotonic::NEVER, Reason::PortClosed),
            Wire::Awaiting(exchange) => (exchange.deadline, Reason::Answer),
            Wire::Idle => match self.silent_from(now) {
                silent if now < silent => (silent, Reason::Gap),
                _ => match self.start_next(now) {
                    Ok(frame) => return Output::Transmit(frame),
                    Err(_) if !self.out.is_empty() => return self.poll(now),
                    Err(due) => (due, Reason::NothingDue),
                },
            },
        };
        Output::Wait { until: until.min(self.house_due()), why }
    }

    /// When the wire has been silent for a gap; not later than patience with a wire that never is. A pulse that could meet
    /// the echo of another is more patient: it would rather come too late than open another door.
    fn silent_from(&mut self, now: Monotonic) -> Monotonic {
        let may_meet = now < self.echoes_until && self.lanes.pulses().next().is_some();
        let (listening, patience_ends) = match may_meet {
            true => (self.timing.characters(1) * LISTEN_HALF_CHARACTERS / 2, self.echoes_until),
            false => (Duration::ZERO, now),
        };
        let silent = self.receiver.last_byte().max(self.own_end) + self.timing.gap() + listening;
        if now >= silent {
            self.noisy_since = None;
            return silent;
        }
        let noisy_since = *self.noisy_since.get_or_insert(now);
        silent.min(patience_ends.max(noisy_since + SILENCE_PATIENCE))
    }

    fn start_next(&mut self, now: Monotonic) -> Result<FrameBytes, Monotonic> {
        self.note_babbling(now);
        let (slaves, supplies) = (&self.slaves, &self.supplies);
        let ready = |pulse: &Pulse| pulse_due(slaves, supplies, pulse, now) <= now && now < pulse.deadline;
        if let Some(Pulse { order, slave, output, length, request, .. }) = self.lanes.take(ready) {
            return self.start(slave, Job::Pulse { order, output, length }, request, now);
        }
        match self.schedule.choose(&self.slaves, &self.dead, now) {
            Choice::Run { slave, job, request } => self.start(slave, job, request, now),
            Choice::Wait(due) => Err(due.min(self.next_held_pulse(now))),
        }
    }

    fn start(
        &mut self,
        place: usize,
        job: Job,
        request: Request,
        now: Monotonic,
    ) -> Result<FrameBytes, Monotonic> {
        let slave = self.slaves.get_mut(place).ok_or(Monotonic::NEVER)?;
        self.number = self.number.wrapping_add(1);
        let envelope = Envelope { address: slave.address, number: self.number };
        let timeout = self.response_timeout;
        let exchange = Exchange::begin(place, envelope, job, request, &self.timing, timeout, now);
        if let Some((output, held)) = exchange.pulses() {
            slave.pulsed(output, held, exchange.sent);
            self.supplies.draws(place, output, exchange.deadline + held + DRAW_MARGIN, now);
            self.echoes_until = exchange.sent + PULSE_LATE_HORIZON;
        }
        // Whatever is half received cannot be part of the answer.
        self.receiver.drop_run();
        self.receiver.expect(request.answer_bytes());
        self.own_end = exchange.sent;
        self.counters.transactions += 1;
        let frame = exchange.frame;
        self.wire = Wire::Awaiting(exchange);
        self.trace(now, Kind::Sent, Some(envelope.address.number()), &frame);
        Ok(frame)
    }

    /// When the first pulse to a device that is ready is no longer held back.
    fn next_held_pulse(&self, now: Monotonic) -> Monotonic {
        let held = self.lanes.pulses().map(|pulse| pulse_due(&self.slaves, &self.supplies, pulse, now));
        held.min().unwrap_or(Monotonic::NEVER)
    }

    /// A frame goes out without the silence that should be before it.
    fn note_babbling(&mut self, now: Monotonic) {
        let noisy = now < self.receiver.last_byte() + self.timing.gap();
        if noisy && !self.babbling {
            self.out.push_back(Signal::Line { at: now, trouble: LineTrouble::Babbling });
        }
        self.babbling = noisy;
    }

    /// Ends what time alone ends, and tells what is due.
    fn keep_house(&mut self, now: Monotonic) {
        let out = &mut self.out;
        let slaves = &self.slaves;
        let cooling = |pulse: &Pulse| still_cooling(slaves.get(pulse.slave)?, pulse, now);
        let why = |pulse: &Pulse| cooling(pulse).unwrap_or(NotSent::Expired);
        self.lanes
            .expire(now, why, |order, outcome| out.push_back(Signal::Ended { order, at: now, outcome }));
        if let Some(trouble) = self.foreign.take(now) {
            out.push_back(Signal::Line { at: now, trouble });
        }
        if now >= self.counters_due {
            self.counters_due = now + COUNTERS_PERIOD;
            for slave in &self.slaves {
                let (device, counters) = (slave.id.clone(), slave.counters);
                out.push_back(Signal::DeviceCounters { device, at: now, counters });
            }
            out.push_back(Signal::LineCounters { at: now, counters: self.counters });
        }
    }

    fn house_due(&self) -> Monotonic {
        self.lanes.next_end().min(self.foreign.due()).min(self.counters_due)
    }
}

/// When a pulse may go: its device is ready, its echo cannot be mistaken, its lock is cool and its supply can drive it.
fn pulse_due(slaves: &[Slave], supplies: &Supplies, pulse: &Pulse, now: Monotonic) -> Monotonic {
    match slaves.get(pulse.slave) {
        Some(slave) if slave.state == State::Ready => {
            slave.pulse_free_at(pulse, now).max(supplies.free_at(pulse.slave, now))
        }
        _ => Monotonic::NEVER,
    }
}
