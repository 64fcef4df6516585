//! One slave as the line master keeps it.

use std::time::Duration;

use crate::channel::{Channel, MAX_CHANNEL};
use crate::device::Model;
use crate::device::plan::{Expect, Lane, Plan};
use crate::device::profile::LastGood;
use crate::frame::Request;
use crate::id::DeviceId;
use crate::limits::DAMAGE_SIGN;
use crate::line::counters::SlaveCounters;
use crate::line::exchange::Job;
use crate::line::health::{Event, Failures, State, next};
use crate::line::lanes::Pulse;
use crate::line::outputs::Outputs;
use crate::line::polls::PollState;
use crate::line::quarantine::Quarantine;
use crate::line::set_up::SetUp;
use crate::signal::DeviceState;
use crate::spec::{Address, DeviceSpec};
use crate::time::Monotonic;

/// One slave.
#[derive(Debug)]
pub struct Slave {
    /// Its name.
    pub id: DeviceId,
    /// Its address.
    pub address: Address,
    model: Model,
    /// Where it stands.
    pub state: State,
    /// What was last told of it.
    pub told: Option<DeviceState>,
    /// Failures in a row.
    pub failures: Failures,
    /// No job but a pulse before this.
    pub retry_at: Monotonic,
    /// Answers that may still come.
    pub owed: Quarantine,
    /// Its set-up.
    pub set_up: SetUp,
    /// When the next set-up step is due.
    pub set_up_due: Monotonic,
    /// Nothing is sent to it before this: it needs its rest.
    rest_until: Monotonic,
    /// The plan's reads, and how each fares.
    pub polls: Vec<PollState>,
    /// Last good value of each probe, by its channel.
    pub last_good: [LastGood; MAX_CHANNEL as usize],
    /// Totals.
    pub counters: SlaveCounters,
    /// Of the last 16 answers, which were damaged.
    damage: u16,
    damage_told: bool,
    outputs: Outputs,
}

/// A job of a slave, ready to be sent from `due` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its lane.
    pub lane: Lane,
    /// When it may go.
    pub due: Monotonic,
    /// What it is.
    pub job: Job,
    /// What to send.
    pub request: Request,
}

impl Slave {
    /// The slave of `spec`, behind a closed port.
    #[must_use]
    pub fn new(spec: &DeviceSpec) -> Self {
        let plan = spec.model.plan();
        let polls = plan.polls.iter().map(|poll| PollState::new(poll.clone(), Monotonic::ZERO)).collect();
        Self {
            id: spec.id.clone(),
            address: spec.address,
            state: State::Absent,
            told: None,
            failures: Failures::default(),
            retry_at: Monotonic::ZERO,
            owed: Quarantine::default(),
            set_up: SetUp::default(),
            set_up_due: Monotonic::ZERO,
            rest_until: Monotonic::ZERO,
            polls,
            last_good: [None; MAX_CHANNEL as usize],
            counters: SlaveCounters::default(),
            damage: 0,
            damage_told: false,
            outputs: Outputs::new(plan.provides.outputs, spec.duty),
            model: spec.model.clone(),
        }
    }

    /// The model's plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.model.plan()
    }

    /// Applies `event`; whether the state changed.
    pub fn on(&mut self, event: Event) -> bool {
        let before = self.state;
        self.state = next(before, event);
        self.state != before
    }

    /// Begins the set-up anew, at `due` or later.
    ///
    /// A first step that is a write (*all off*) goes out without a fence before it, even where an earlier one went
    /// unanswered: no frame may come before it, and not its echo but the read after it says that the outputs are off.
    pub fn restart_set_up(&mut self, due: Monotonic) {
        self.set_up = SetUp::default();
        self.set_up_due = due;
        self.polls.iter_mut().for_each(PollState::forget);
        let first = self.model.plan().set_up.first();
        if let Some(write) = first.filter(|step| step.expect == Expect::Echo) {
            self.owed.forgive(&write.request);
        }
    }

    /// The slave's jobs but pulses and probes of the dead.
    pub fn jobs(&self, now: Monotonic) -> impl Iterator<Item = Due> + '_ {
        let set_up = (self.state == State::SettingUp).then(|| self.set_up_job(now)).flatten();
        let polls = if self.state == State::Ready { self.polls.as_slice() } else { &[] };
        let polls = polls.iter().enumerate().map(move |(index, state)| {
            // A board that fails is not hurried: that would keep the others waiting.
            let hurried = state.hurried && self.failures.is_none();
            let lane = if hurried { Lane::Unlock } else { state.poll.lane };
            let job = Due { lane, due: state.due, job: Job::Poll(index), request: state.poll.request };
            self.unmistakable(job, now)
        });
        set_up.into_iter().chain(polls)
    }

    fn set_up_job(&self, now: Monotonic) -> Option<Due> {
        let request = self.set_up.request(&self.plan().set_up).or_else(|| self.first_contact())?;
        // Set-up goes first, so that a board is soon of use; one that has just failed must not keep the doors waiting.
        let lane = if self.failures.is_none() { Lane::Unlock } else { Lane::Background };
        Some(self.unmistakable(Due { lane, due: self.set_up_due, job: Job::SetUp, request }, now))
    }

    /// A model without set-up is online once it has answered its first poll.
    #[must_use]
    pub fn first_contact(&self) -> Option<Request> {
        self.polls.first().map(|state| state.poll.request)
    }

    /// A transaction with it ended at `now`: it gets the rest that its model needs.
    pub fn rests(&mut self, now: Monotonic) {
        self.rest_until = now + self.model.plan().guard;
    }

    /// The job itself where its answer cannot be mistaken; else a fence before it; else the job after the horizon.
    fn unmistakable(&self, mut job: Due, now: Monotonic) -> Due {
        job.due = job.due.max(self.retry_at).max(self.rest_until);
        let Some(until) = self.owed.blocks(&job.request, now) else { return job };
        let free = |fence: &&Request| self.owed.blocks(fence, now).is_none();
        match self.plan().fences.iter().find(free) {
            Some(fence) => Due { job: Job::Fence, request: *fence, ..job },
            None => Due { due: job.due.max(until), ..job },
        }
    }

    /// When a pulse's echo can no longer be taken for an older one's, and its lock is cool enough.
    #[must_use]
    pub fn pulse_free_at(&self, pulse: &Pulse, now: Monotonic) -> Monotonic {
        let owed_until = self.owed.blocks(&pulse.request, now).unwrap_or(Monotonic::ZERO);
        let free_at = self.outputs.free_at(pulse.output).max(owed_until).max(self.rest_until);
        free_at.max(self.cool_at(pulse, now))
    }

    /// When the pulse's lock is cool enough for it; `now` where it is.
    #[must_use]
    pub fn cool_at(&self, pulse: &Pulse, now: Monotonic) -> Monotonic {
        self.outputs.cool_at(pulse.output, pulse.held(), now)
    }

    /// A pulse's last byte leaves at `sent`; the board holds its output for `held`.
    pub fn pulsed(&mut self, output: Channel, held: Duration, sent: Monotonic) {
        self.outputs.pulsed(output, held, sent);
    }

    /// The last pulse of `output` was given up at `now`: its echo may be on its way for longer.
    pub fn pulse_unanswered(&mut self, output: Channel, now: Monotonic) {
        self.outputs.unanswered(output, now);
    }

    /// Whether any output may be on by a pulse at `now`.
    #[must_use]
    pub fn any_pulse_on(&self, now: Monotonic) -> bool {
        self.outputs.any_on(now)
    }

    /// Notes whether an answer was damaged; true once when so many are that two boards may share the address.
    pub fn note_damage(&mut self, damaged: bool) -> bool {
        self.damage = self.damage << 1 | u16::from(damaged);
        if self.damage == 0 {
            self.damage_told = false;
        }
        let sign = self.damage.count_ones() >= DAMAGE_SIGN && !self.damage_told;
        self.damage_told |= sign;
        sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Envelope;
    use crate::limits::LATE_HORIZON;

    const NOW: Monotonic = Monotonic::from_micros(10_000_000);

    fn to_one() -> Envelope {
        Address::new(1).unwrap().into()
    }

    fn slave(model: &str) -> Slave {
        let model = Model::by_name(model).unwrap();
        Slave::new(&DeviceSpec::new(DeviceId::new("d").unwrap(), Address::new(1).unwrap(), model))
    }

    #[test]
    fn lost_poll_is_asked_again_behind_a_fence() {
        let mut board = slave("discrete-inputs-8");
        board.state = State::Ready;
        let job = |board: &Slave| board.jobs(NOW).next().unwrap();
        let poll = job(&board);
        assert_eq!(poll.job, Job::Poll(0));
        board.owed.add(poll.request, to_one(), NOW);
        let fence = job(&board);
        assert_eq!(fence.job, Job::Fence);
        assert!(!fence.request.answers_alike(&poll.request));
        for fence in board.plan().fences.clone() {
            board.owed.add(fence, to_one(), NOW);
        }
        let waiting = job(&board);
        assert_eq!((waiting.job, waiting.due), (Job::Poll(0), NOW + LATE_HORIZON));
    }

    #[test]
    fn all_off_goes_first_when_an_earlier_one_went_unanswered() {
        let mut board = slave("waveshare-relay-8");
        board.state = State::SettingUp;
        let job = |board: &Slave| board.jobs(NOW).next().unwrap();
        board.restart_set_up(NOW);
        let all_off = job(&board);
        board.owed.add(all_off.request, to_one(), NOW);
        assert_eq!(job(&board).job, Job::Fence, "asked again behind a fence");
        board.restart_set_up(NOW);
        assert_eq!(job(&board), all_off, "a new connect");
    }

    #[test]
    fn doubled_address_is_named_once_a_burst() {
        let mut board = slave("discrete-inputs-8");
        let told: Vec<bool> = (0..8).map(|_| board.note_damage(true)).collect();
        assert_eq!(told.iter().filter(|sign| **sign).count(), 1);
        assert!((0..16).all(|_| !board.note_damage(false)));
        assert!((0..4).any(|_| board.note_damage(true)));
    }
}
