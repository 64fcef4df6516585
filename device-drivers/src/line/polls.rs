//! The reads of one slave: when each is due, how it fares, and what of it is believed.

use std::time::Duration;

use crate::channel::Channel;
use crate::device::plan::{Meaning, Poll};
use crate::limits::{POLL_RETRY_MOST, SUSPECT_PERIOD};
use crate::line::agreement::Agreement;
use crate::line::slave::Slave;
use crate::signal::InputStates;
use crate::time::Monotonic;

/// One read that is made again and again.
#[derive(Debug, Clone)]
pub struct PollState {
    /// What is read; what the device has not all of was replaced by its parts.
    pub poll: Poll,
    /// When it is due.
    pub due: Monotonic,
    /// Failures in a row.
    failures: u32,
    /// What it read so far, where it reads inputs.
    agreement: Agreement,
    /// It reads a single input that somebody waits for: it goes before the others.
    pub(super) hurried: bool,
    /// It cannot be split and was refused: told once.
    pub(super) refused: bool,
}

impl PollState {
    /// A read of which nothing is known, due at `due`.
    #[must_use]
    pub fn new(poll: Poll, due: Monotonic) -> Self {
        Self { poll, due, failures: 0, agreement: Agreement::default(), hurried: false, refused: false }
    }

    /// Due at `due` as if it had never failed.
    pub fn restart(&mut self, due: Monotonic) {
        (self.failures, self.due) = (0, due);
    }

    /// The board was away: nothing of before is believed.
    pub fn forget(&mut self) {
        self.agreement.forget();
    }

    /// It failed at `now`. One lost frame is asked for again at once; a read that never succeeds on a board that answers
    /// others makes room for the line.
    fn failed(&mut self, now: Monotonic) {
        self.failures = self.failures.saturating_add(1);
        self.agreement.interrupt();
        let doublings = self.failures.saturating_sub(2).min(8);
        let pause = if self.failures == 1 { Duration::ZERO } else { SUSPECT_PERIOD * (1 << doublings) };
        self.due = now + pause.min(POLL_RETRY_MOST);
    }

    /// Somebody waits for what it reads, or nobody does.
    fn hurry(&mut self, awaited: bool) {
        self.hurried = awaited && matches!(self.poll.meaning, Meaning::Input(_));
    }
}

impl Slave {
    /// Makes the next read of an input due at `now` where it would be later.
    pub fn read_input_at(&mut self, input: Channel, now: Monotonic) {
        for state in self.polls.iter_mut().filter(|state| state.poll.meaning.reads(input)) {
            state.due = state.due.min(now);
            state.hurry(true);
        }
    }

    /// What is believed of what a poll read, where `needed` reads must agree.
    pub fn believe(&mut self, poll: usize, read: InputStates, needed: u8) -> InputStates {
        self.polls.get_mut(poll).map_or(read, |state| state.agreement.hear(read, needed))
    }

    /// What a poll read may be bent: it is read again at `now`.
    pub fn ask_again(&mut self, poll: usize, now: Monotonic) {
        if let Some(state) = self.polls.get_mut(poll) {
            state.hurry(true);
            state.restart(now);
        }
    }

    /// Somebody waits for what a poll reads, or nobody does.
    pub fn hurry(&mut self, poll: usize, awaited: bool) {
        if let Some(state) = self.polls.get_mut(poll) {
            state.hurry(awaited);
        }
    }

    /// A poll was answered; it is due again at `due`.
    pub fn poll_succeeded(&mut self, poll: usize, due: Monotonic) {
        if let Some(state) = self.polls.get_mut(poll) {
            state.restart(due);
        }
    }

    /// A poll failed at `now`.
    pub fn poll_failed(&mut self, poll: usize, now: Monotonic) {
        if let Some(state) = self.polls.get_mut(poll) {
            state.failed(now);
        }
    }
}
