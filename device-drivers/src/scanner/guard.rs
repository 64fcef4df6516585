//! Keeps a scanner's settings as they should be: set-up barcodes off on every connect, the rest as it was found first, looked
//! at every few seconds and put back.
//!
//! What it does next is a table of its steps: one command is under way at a time, and a round of reads goes over all zones.

use super::gm65::{
    Command, END_ZONE, MODE_COMMANDED, MODE_ZONE, Reply, SET_UP_CLOSED, SET_UP_SHOWN, SET_UP_ZONE,
};
use super::{ScannerAlarm, ScannerState, Undone};
use crate::limits::{SCAN_LOOK_EVERY, SCAN_REPLY, SCAN_TRIGGER_EVERY, SCAN_UNANSWERED};
use crate::time::Monotonic;

/// Zones that are looked at. The speed is none of them: at another speed nothing can be read.
const ZONES: [u16; 3] = [SET_UP_ZONE, MODE_ZONE, END_ZONE];

/// What the guard does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Waits for the next round.
    Resting,
    /// Reads that zone of [`ZONES`].
    Reading(usize),
    /// Puts that zone back.
    Writing(usize),
    /// Has the scanner keep what was written.
    Saving(usize),
    /// Reads that zone again, to see whether it was taken.
    Checking(usize),
    /// Asks for a label, where the scanner waits to be asked.
    Triggering,
}

/// Keeper of one scanner's settings.
#[derive(Debug)]
pub struct Guard {
    step: Step,
    /// When the step's command goes out, or is given up while it is under way.
    due: Monotonic,
    under_way: bool,
    unanswered: u8,
    /// A round has ended well since the port was opened.
    known: bool,
    wanted: [Option<u8>; ZONES.len()],
    trigger_due: Monotonic,
    /// An alarm was raised about the zone that is being put back.
    alarmed: bool,
    told: Option<ScannerState>,
}

/// What the guard tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Alarm(ScannerAlarm),
    State(ScannerState),
}

impl Guard {
    pub fn new() -> Self {
        Self {
            step: Step::Resting,
            due: Monotonic::NEVER,
            under_way: false,
            unanswered: 0,
            known: false,
            wanted: [None; ZONES.len()],
            trigger_due: Monotonic::ZERO,
            alarmed: false,
            told: None,
        }
    }

    /// The port was opened. What was learnt of the settings before holds: somebody may have changed them meanwhile.
    pub fn opened(&mut self, now: Monotonic) {
        (self.step, self.due, self.under_way) = (Step::Reading(0), now, false);
        (self.unanswered, self.known, self.told) = (0, false, None);
    }

    pub fn closed(&mut self) {
        (self.step, self.due, self.under_way) = (Step::Resting, Monotonic::NEVER, false);
    }

    /// Somebody may have changed something: looks now.
    pub fn suspect(&mut self, now: Monotonic) {
        if self.step == Step::Resting && self.due != Monotonic::NEVER {
            (self.step, self.due) = (Step::Reading(0), now);
        }
    }

    /// A label was read: one that reads on command may be asked for the next.
    pub fn scanned(&mut self, now: Monotonic) {
        self.trigger_due = now;
        if self.step == Step::Resting && self.is_commanded() {
            self.due = self.due.min(now);
        }
    }

    pub const fn due(&self) -> Monotonic {
        self.due
    }

    /// The command to send now.
    pub fn command(&mut self, now: Monotonic) -> Option<Command> {
        if now < self.due || self.under_way {
            return None;
        }
        if self.step == Step::Resting {
            self.step = if self.is_commanded() && now >= self.trigger_due {
                Step::Triggering
            } else {
                Step::Reading(0)
            };
        }
        let command = match self.step {
            Step::Resting => return None,
            Step::Reading(at) | Step::Checking(at) => Command::Read(zone(at)),
            Step::Writing(at) => Command::Write(zone(at), self.wanted_of(at)?),
            Step::Saving(_) => Command::Save,
            Step::Triggering => Command::Trigger,
        };
        (self.under_way, self.due) = (true, now + SCAN_REPLY);
        Some(command)
    }

    /// A command was given up: whether one was.
    pub fn give_up(&mut self, now: Monotonic) -> (bool, Option<News>) {
        if !self.under_way || now < self.due {
            return (false, None);
        }
        self.under_way = false;
        self.unanswered = self.unanswered.saturating_add(1);
        if self.unanswered < SCAN_UNANSWERED {
            self.due = now;
            return (true, None);
        }
        // Its settings cannot be seen: neither that they are right.
        (self.step, self.due, self.known) = (Step::Resting, now + SCAN_LOOK_EVERY, false);
        (true, self.tell(ScannerState::Silent))
    }

    /// A reply came: whether it was waited for, and what follows.
    pub fn reply(&mut self, reply: &Reply, now: Monotonic) -> (bool, [Option<News>; 2]) {
        if !self.under_way {
            return (false, [None; 2]);
        }
        (self.under_way, self.unanswered) = (false, 0);
        let value = reply.data().first().copied();
        let news = match (self.step, value) {
            (Step::Reading(at), Some(value)) => [self.read(at, value, now), None],
            (Step::Checking(at), Some(value)) => self.checked(at, value, now),
            (Step::Writing(at), _) => {
                self.step = if at == 0 { Step::Saving(at) } else { Step::Checking(at) };
                self.due = now;
                [None; 2]
            }
            (Step::Saving(at), _) => {
                (self.step, self.due) = (Step::Checking(at), now);
                [None; 2]
            }
            (Step::Triggering, _) => {
                (self.step, self.due) = (Step::Reading(0), now);
                self.trigger_due = now + SCAN_TRIGGER_EVERY;
                [None; 2]
            }
            (Step::Resting, _) | (_, None) => {
                self.rest(now);
                [None; 2]
            }
        };
        (true, news)
    }

    /// A zone as it is now: as wanted, learnt, or to be put back.
    fn read(&mut self, at: usize, value: u8, now: Monotonic) -> Option<News> {
        if self.is_wanted(at, value) {
            return self.go_on(at, now);
        }
        if at > 0 && self.wanted_of(at).is_none() {
            if let Some(wanted) = self.wanted.get_mut(at) {
                *wanted = Some(value);
            }
            return self.go_on(at, now);
        }
        if at == 0 {
            self.wanted[0] = Some(value | SET_UP_CLOSED | SET_UP_SHOWN);
        }
        // The first look of all finds set-up barcodes on, as they are when a scanner leaves its factory.
        let expected = at == 0 && self.wanted[1].is_none();
        (self.step, self.due) = (Step::Writing(at), now);
        self.alarmed = !expected;
        let undone = Undone::NotYet;
        self.alarmed.then_some(News::Alarm(ScannerAlarm::SettingsChanged { zone: zone(at), undone }))
    }

    fn checked(&mut self, at: usize, value: u8, now: Monotonic) -> [Option<News>; 2] {
        if !self.is_wanted(at, value) {
            // It does not take it: told by its state, and tried again in the next round.
            self.rest(now);
            self.known = false;
            return [self.tell(ScannerState::Silent), None];
        }
        let alarm = std::mem::take(&mut self.alarmed)
            .then_some(News::Alarm(ScannerAlarm::SettingsChanged { zone: zone(at), undone: Undone::Yes }));
        [alarm, self.go_on(at, now)]
    }

    /// The next zone, or the end of the round.
    fn go_on(&mut self, at: usize, now: Monotonic) -> Option<News> {
        if at + 1 < ZONES.len() {
            (self.step, self.due) = (Step::Reading(at + 1), now);
            return None;
        }
        self.known = true;
        self.rest(now);
        self.tell(ScannerState::Ready)
    }

    fn rest(&mut self, now: Monotonic) {
        self.step = Step::Resting;
        self.due = now + SCAN_LOOK_EVERY;
        if self.is_commanded() {
            self.due = self.due.min(self.trigger_due.max(now));
        }
    }

    fn tell(&mut self, state: ScannerState) -> Option<News> {
        (self.told.replace(state) != Some(state)).then_some(News::State(state))
    }

    fn is_wanted(&self, at: usize, value: u8) -> bool {
        let bits = SET_UP_CLOSED | SET_UP_SHOWN;
        if at == 0 { value & bits == bits } else { self.wanted_of(at) == Some(value) }
    }

    fn wanted_of(&self, at: usize) -> Option<u8> {
        self.wanted.get(at).copied().flatten()
    }

    /// Whether the scanner reads only when it is asked to.
    fn is_commanded(&self) -> bool {
        self.known && self.wanted[1].is_some_and(|mode| mode & 0b11 == MODE_COMMANDED)
    }
}

fn zone(at: usize) -> u16 {
    ZONES.get(at).copied().unwrap_or(SET_UP_ZONE)
}
