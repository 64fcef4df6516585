//! One reader on the line: what it is asked next, when, and what its answers tell.

mod answers;
mod outputs;

use std::collections::VecDeque;
use std::time::Duration;

use super::ReaderSpec;
use super::command::{self, reply};
use super::frame::{Block, ReaderAddress, Reply, checked, scs, unsealed};
use super::key::ReaderKey;
use super::limits::{
    ATTEMPTS, BUSY_MAX, BUSY_PAUSE, COUNTERS_PERIOD, GAP, KEYLESS_PERIOD, OFFLINE_AFTER, RETRY, SILENT_RETRY,
    WINDOW_MAX,
};
use super::link::{Meaning, Stage, With, key_of, meaning};
use super::session::Derived;
use super::signal::{InstallOutcome, ReaderCounters, ReaderSignal, ReaderState, ReaderTask, Tamper, What};
use crate::id::DeviceId;
use crate::time::Monotonic;
use outputs::{Abilities, Outputs};

/// Where signals wait; the line's owner takes them after each step.
pub(super) type Told = VecDeque<ReaderSignal>;

/// One reader.
pub(super) struct Reader {
    id: DeviceId,
    address: ReaderAddress,
    key: Option<ReaderKey>,
    window: Option<Window>,
    stage: Stage,
    sequence: u8,
    asked: Option<Asked>,
    due: Monotonic,
    polled: Monotonic,
    /// When its standing was confirmed last.
    since: Monotonic,
    told: ReaderState,
    tamper: Option<Tamper>,
    status_due: Monotonic,
    abilities: Option<Abilities>,
    outputs: Outputs,
    counters: ReaderCounters,
    counters_due: Monotonic,
}

/// The command that waits for its answer.
struct Asked {
    code: u8,
    frame: Vec<u8>,
    attempts: u8,
    busy: u8,
}

struct Window {
    key: ReaderKey,
    until: Monotonic,
}

/// Whether a frame was the answer that the line waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Answer,
    Other,
}

impl Reader {
    pub(super) fn new(spec: ReaderSpec, now: Monotonic) -> Self {
        Self {
            id: spec.id,
            address: spec.address,
            key: spec.key,
            window: None,
            stage: Stage::Hello,
            sequence: 0,
            asked: None,
            due: now,
            polled: now,
            since: now,
            told: ReaderState::Unknown,
            tamper: None,
            status_due: now,
            abilities: None,
            outputs: Outputs::default(),
            counters: ReaderCounters::default(),
            counters_due: now + COUNTERS_PERIOD,
        }
    }

    pub(super) const fn id(&self) -> &DeviceId {
        &self.id
    }

    pub(super) const fn address(&self) -> ReaderAddress {
        self.address
    }

    /// When it wants the line next.
    pub(super) const fn due(&self) -> Monotonic {
        self.due
    }

    /// Time passes: silence, the window's end, totals.
    pub(super) fn tick(&mut self, now: Monotonic, told: &mut Told) {
        if now.since(self.since) >= OFFLINE_AFTER {
            self.stands(ReaderState::Silent, now, told);
        }
        if self.window.as_ref().is_some_and(|window| window.until <= now) {
            self.end_window(InstallOutcome::Expired, now, told);
        }
        if self.counters_due <= now {
            self.counters_due = now + COUNTERS_PERIOD;
            let what = What::Counters { reader: self.id.clone(), counters: self.counters };
            told.push_back(ReaderSignal { at: now, what });
        }
    }

    /// The port is gone: what was on its way never arrives.
    pub(super) fn unplugged(&mut self, now: Monotonic, told: &mut Told) {
        self.begin_anew(now);
        self.end_window(InstallOutcome::Closed, now, told);
    }

    pub(super) fn order(&mut self, task: ReaderTask, now: Monotonic, told: &mut Told) {
        match task {
            ReaderTask::Light(light) => self.outputs.light = Some(light),
            ReaderTask::Buzz(buzz) => self.outputs.buzz = Some(buzz),
            ReaderTask::Text(text) => self.outputs.text = Some(text),
            ReaderTask::Install { key, until } if self.key.is_none() && self.window.is_none() => {
                self.window = Some(Window { key, until: until.min(now + WINDOW_MAX) });
            }
            ReaderTask::Install { .. } => self.tell_install(InstallOutcome::Closed, now, told),
            ReaderTask::CloseWindow => self.end_window(InstallOutcome::Closed, now, told),
            ReaderTask::Key(key) => {
                self.key = key;
                self.told = ReaderState::Unknown;
                self.since = now;
                self.begin_anew(now);
            }
        }
        if matches!(self.stage, Stage::Secure(With::Own, _)) && self.asked.is_none() {
            self.due = self.due.min(now);
        }
    }

    /// The next command's bytes. Without one, `due` has moved on.
    pub(super) fn command(
        &mut self,
        now: Monotonic,
        random: &mut dyn FnMut() -> Option<[u8; 8]>,
    ) -> Option<Vec<u8>> {
        if let Some(asked) = &mut self.asked {
            asked.attempts += 1;
            return Some(asked.frame.clone());
        }
        self.due = now + SILENT_RETRY;
        self.polled = now;
        let (code, frame) = match &mut self.stage {
            Stage::Hello => {
                self.sequence = 0;
                (command::ID, self.plain(command::ID, &[0]))
            }
            Stage::Clear => {
                let code = if self.status_due <= now { command::LOCAL_STATUS } else { command::POLL };
                self.sequence = next(self.sequence);
                (code, self.plain(code, &[]))
            }
            Stage::Challenge(with, _) => {
                let with = *with;
                let key = key_of(with, self.key.as_ref(), self.window.as_ref().map(|window| &window.key))?;
                let ours = random()?;
                let derived = Derived::new(key, ours);
                self.stage = Stage::Challenge(with, Some(derived));
                (command::CHALLENGE, self.handshake(scs::CHALLENGE, with, command::CHALLENGE, &ours))
            }
            Stage::Proof(with, derived, theirs) => {
                let (with, ours) = (*with, derived.cryptogram(*theirs));
                (command::CRYPTOGRAM, self.handshake(scs::CRYPTOGRAM, with, command::CRYPTOGRAM, &ours))
            }
            Stage::Secure(..) => self.inside(now)?,
        };
        self.asked = Some(Asked { code, frame: frame.clone(), attempts: 1, busy: 0 });
        Some(frame)
    }

    fn plain(&self, code: u8, data: &[u8]) -> Vec<u8> {
        checked(unsealed(self.address, self.sequence, Block::None, code, data))
    }

    fn handshake(&mut self, kind: u8, with: With, code: u8, data: &[u8]) -> Vec<u8> {
        self.sequence = next(self.sequence);
        let info = u8::from(with != With::Default);
        checked(unsealed(self.address, self.sequence, Block::Handshake { kind, info }, code, data))
    }

    /// The next command inside the channel.
    fn inside(&mut self, now: Monotonic) -> Option<(u8, Vec<u8>)> {
        let Stage::Secure(with, session) = &mut self.stage else { return None };
        let (code, data) = match (*with, &self.window, self.abilities) {
            (With::Default, Some(window), _) => (command::KEY_SET, command::key_set(window.key.expose())),
            // The window has closed meanwhile: there is no lawful channel under the default key.
            (With::Default, None, _) => {
                self.begin_anew(now);
                return None;
            }
            (_, _, None) => (command::CAPABILITIES, vec![0]),
            (_, _, Some(_)) if self.status_due <= now => (command::LOCAL_STATUS, Vec::new()),
            (_, _, Some(abilities)) => self.outputs.take(abilities),
        };
        self.sequence = next(self.sequence);
        Some((code, session.seal(self.address, self.sequence, code, &data)))
    }

    /// No answer came in time.
    pub(super) fn timed_out(&mut self, now: Monotonic) {
        self.counters.unanswered += 1;
        let retry = self.told != ReaderState::Silent;
        match &self.asked {
            Some(asked) if retry && asked.attempts < ATTEMPTS => self.due = now + GAP,
            _ => self.begin_anew(now),
        }
    }

    /// A frame with this reader's address while its answer is awaited.
    pub(super) fn heard(&mut self, reply: &Reply<'_>, now: Monotonic, told: &mut Told) -> Heard {
        let Some(code) = self.asked.as_ref().map(|asked| asked.code) else {
            self.overheard(reply, now, told);
            return Heard::Other;
        };
        let is_busy = reply.code == reply::BUSY && reply.block == Block::None;
        let meant = if is_busy && (reply.sequence == 0 || reply.sequence == self.sequence) {
            Meaning::Busy
        } else if reply.sequence == self.sequence || reply.code == reply::NAK {
            meaning(&mut self.stage, code, reply)
        } else {
            self.overheard(reply, now, told);
            return Heard::Other;
        };
        self.take(meant, now, told)
    }

    /// A frame that answers nothing.
    pub(super) fn overheard(&mut self, reply: &Reply<'_>, now: Monotonic, told: &mut Told) {
        let clear = !matches!(reply.block, Block::Channel { .. });
        if clear && matches!(reply.code, reply::KEYPAD | reply::CARD | reply::CARD_FORMATTED) {
            self.clear_read(now, told);
        } else {
            self.counters.distrusted += 1;
        }
    }

    fn take(&mut self, meant: Meaning, now: Monotonic, told: &mut Told) -> Heard {
        match meant {
            Meaning::Ignore => {
                self.counters.distrusted += 1;
                return Heard::Other;
            }
            Meaning::ClearRead => {
                self.clear_read(now, told);
                // A reader without a key sends it as its answer; beside a channel the answer is still to come.
                if !matches!(self.stage, Stage::Clear) {
                    return Heard::Other;
                }
                self.answered(now, KEYLESS_PERIOD);
            }
            Meaning::Busy => self.busy(now),
            Meaning::Broken => self.begin_anew(now),
            Meaning::Greeted(data) => self.greeted(&data, now, told),
            Meaning::Plain(code, data) => self.plain_answer(code, &data, now, told),
            Meaning::Proven(theirs) => {
                let stage = std::mem::replace(&mut self.stage, Stage::Hello);
                if let Stage::Challenge(with, Some(derived)) = stage {
                    self.stage = Stage::Proof(with, derived, theirs);
                }
                self.answered(now, Duration::ZERO);
            }
            Meaning::Disproven(how) => self.disproven(how, now, told),
            Meaning::Opened(session) => self.opened(session, now, told),
            Meaning::KeyTaken => {
                self.stage = Stage::Challenge(With::Fresh, None);
                self.answered(now, Duration::ZERO);
            }
            Meaning::Believed(code, data) => self.believed(code, data, now, told),
        }
        Heard::Answer
    }

    fn answered(&mut self, now: Monotonic, period: Duration) {
        self.counters.answered += 1;
        self.asked = None;
        self.due = (self.polled + period).max(now);
    }

    fn busy(&mut self, now: Monotonic) {
        match &mut self.asked {
            Some(asked) if asked.busy < BUSY_MAX => {
                asked.busy += 1;
                asked.attempts = 0;
                self.due = now + BUSY_PAUSE;
            }
            _ => self.begin_anew(now),
        }
    }

    /// Forgets the conversation; the next begins after a pause.
    fn begin_anew(&mut self, now: Monotonic) {
        (self.stage, self.asked) = (Stage::Hello, None);
        self.due = now + if self.told == ReaderState::Silent { SILENT_RETRY } else { RETRY };
    }

    fn stands(&mut self, state: ReaderState, now: Monotonic, told: &mut Told) {
        if state != ReaderState::Silent {
            self.since = now;
        }
        if std::mem::replace(&mut self.told, state) != state {
            let what = What::State { reader: self.id.clone(), state };
            told.push_back(ReaderSignal { at: now, what });
        }
    }

    fn end_window(&mut self, outcome: InstallOutcome, now: Monotonic, told: &mut Told) {
        if self.window.take().is_some() {
            if !matches!(self.stage, Stage::Hello | Stage::Clear) {
                self.begin_anew(now);
            }
            self.tell_install(outcome, now, told);
        }
    }

    fn tell_install(&self, outcome: InstallOutcome, now: Monotonic, told: &mut Told) {
        told.push_back(ReaderSignal { at: now, what: What::Install { reader: self.id.clone(), outcome } });
    }
}

/// 0 begins a conversation; then 1, 2, 3, 1, ...
const fn next(sequence: u8) -> u8 {
    if sequence >= 3 { 1 } else { sequence + 1 }
}
