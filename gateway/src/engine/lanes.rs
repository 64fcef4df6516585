//! The way in: bounded lanes, so that no flood of commands keeps a door contact or a key from being heard.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use vestibule_core::id::NoticeId;
use vestibule_core::input::Input;

use super::handle::SealedNotice;

/// Readings waiting: 500 doors and probes may all change between two steps of a slow disk, eight times over.
pub const FIELD_MAX: usize = 4_096;
/// Room beyond [`FIELD_MAX`] for what is told once and never again: outcomes of pulses, health of boards and lines.
pub const FIELD_RESERVE: usize = 512;
/// Entries waiting: 16 terminals with a key buffer of 16 each.
pub const TERMINAL_MAX: usize = 256;
/// Commands and acknowledgements waiting; a sender beyond that is told to come back.
pub const COMMAND_MAX: usize = 256;
/// Requests for sealed notices waiting: there is one uplink, and it asks once at a time.
pub const REQUEST_MAX: usize = 8;
/// Commands taken into one step, so that keys that come meanwhile wait for one short commit only.
pub const COMMANDS_A_STEP: usize = 64;

const _: () = assert!(COMMANDS_A_STEP <= COMMAND_MAX);

/// A lane of the engine, best served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What the field reports.
    Field,
    /// What people type.
    Terminal,
    /// What comes over console, bus and cloud, acknowledgements included.
    Command,
    /// Questions to the owner of the state.
    Request,
}

/// The lane is full; the input was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine's {lane:?} lane is full")]
pub struct EngineFull {
    /// Which lane.
    pub lane: Lane,
}

/// A question for waiting notices.
pub struct NoticeRequest {
    /// Only later ones.
    pub after: Option<NoticeId>,
    /// At most so many.
    pub max: usize,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Vec<SealedNotice>>,
}

/// What one step takes.
#[derive(Default)]
pub struct Batch {
    /// Inputs, best lane first, in order within a lane.
    pub inputs: Vec<Input>,
    /// Questions, answered after the step.
    pub requests: Vec<NoticeRequest>,
    /// Whether the engine is asked to end; stays set.
    pub stopping: bool,
}

#[derive(Default)]
struct Queues {
    field: VecDeque<Input>,
    terminal: VecDeque<Input>,
    command: VecDeque<Input>,
    /// A newer acknowledgement of the journal replaces an older one.
    acknowledged: Option<Input>,
    requests: VecDeque<NoticeRequest>,
    stopping: bool,
    refused: u64,
}

/// All lanes, and the engine's bell.
#[derive(Default)]
pub(crate) struct Lanes {
    queues: Mutex<Queues>,
    bell: Condvar,
}

impl Lanes {
    pub(crate) fn submit(&self, input: Input) -> Result<(), EngineFull> {
        let mut queues = self.lock();
        let lane = queues.place(input);
        if lane.is_err() {
            queues.refused += 1;
        }
        drop(queues);
        self.bell.notify_one();
        lane
    }

    pub(crate) fn request(&self, request: NoticeRequest) -> Result<(), EngineFull> {
        let mut queues = self.lock();
        push(&mut queues.requests, request, REQUEST_MAX, Lane::Request)?;
        drop(queues);
        self.bell.notify_one();
        Ok(())
    }

    /// Inputs refused since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.lock().refused
    }

    /// Takes what waits; if nothing does, waits for at most `patience` (for ever without one).
    pub(crate) fn take(&self, patience: Option<Duration>) -> Batch {
        let mut queues = self.lock();
        if queues.is_empty() {
            queues = match patience {
                Some(patience) => {
                    self.bell.wait_timeout(queues, patience).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.bell.wait(queues).unwrap_or_else(PoisonError::into_inner),
            };
        }
        queues.drain()
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn place(&mut self, input: Input) -> Result<(), EngineFull> {
        match input {
            Input::Stopping => {
                self.stopping = true;
                Ok(())
            }
            Input::JournalAcknowledged { .. } => {
                self.acknowledged = Some(input);
                Ok(())
            }
            Input::Entry { .. } => push(&mut self.terminal, input, TERMINAL_MAX, Lane::Terminal),
            Input::Command(_)
            | Input::NoticeAcknowledged(_)
            | Input::SealBroken(_)
            | Input::SealSet { .. } => push(&mut self.command, input, COMMAND_MAX, Lane::Command),
            Input::Device { .. } | Input::Line { .. } | Input::Reader { .. } | Input::Pulse { .. } => {
                push(&mut self.field, input, FIELD_MAX + FIELD_RESERVE, Lane::Field)
            }
            Input::Started(_)
            | Input::Tick
            | Input::Contact { .. }
            | Input::Probe { .. }
            | Input::ForeignFrame { .. }
            | Input::Storage(_) => push(&mut self.field, input, FIELD_MAX, Lane::Field),
        }
    }

    fn is_empty(&self) -> bool {
        self.field.is_empty()
            && self.terminal.is_empty()
            && self.command.is_empty()
            && self.acknowledged.is_none()
            && self.requests.is_empty()
            && !self.stopping
    }

    fn drain(&mut self) -> Batch {
        let commands = self.command.len().min(COMMANDS_A_STEP);
        let inputs = self
            .field
            .drain(..)
            .chain(self.terminal.drain(..))
            .chain(self.command.drain(..commands))
            .chain(self.acknowledged.take())
            .collect();
        Batch { inputs, requests: self.requests.drain(..).collect(), stopping: self.stopping }
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize, lane: Lane) -> Result<(), EngineFull> {
    if queue.len() >= most {
        return Err(EngineFull { lane });
    }
    queue.push_back(item);
    Ok(())
}

#[cfg(test)]
mod tests {
    use vestibule_core::id::{Serial, TerminalId};
    use vestibule_core::input::{Entry, Key};
    use vestibule_core::unit::Digest;

    use super::*;

    fn notice(number: u32) -> Input {
        Input::NoticeAcknowledged(NoticeId(Serial { boot: 1, number }))
    }

    fn key() -> Input {
        let terminal = TerminalId::new("lobby").expect("id");
        Input::Entry { terminal, entry: Entry::Key(Key::Confirm) }
    }

    #[test]
    fn key_is_taken_first_when_commands_wait() {
        let lanes = Lanes::default();
        for number in 0..100 {
            lanes.submit(notice(number)).expect("room");
        }
        lanes.submit(key()).expect("room");
        let batch = lanes.take(None);
        assert!(matches!(batch.inputs[0], Input::Entry { .. }));
        assert_eq!(batch.inputs.len(), 1 + COMMANDS_A_STEP);
        assert_eq!(lanes.take(None).inputs.len(), 100 - COMMANDS_A_STEP);
    }

    #[test]
    fn commands_are_refused_and_keys_taken_when_the_command_lane_is_full() {
        let lanes = Lanes::default();
        let refused = (0..300).filter(|&number| lanes.submit(notice(number)).is_err()).count();
        assert_eq!(refused, 300 - COMMAND_MAX);
        assert_eq!(lanes.refused(), 44);
        assert!(lanes.submit(key()).is_ok());
    }

    #[test]
    fn newest_acknowledgement_counts_when_several_came() {
        let lanes = Lanes::default();
        for sequence in 1..=9 {
            lanes.submit(Input::JournalAcknowledged { sequence, hash: Digest([0; 32]) }).expect("room");
        }
        let batch = lanes.take(None);
        assert!(matches!(batch.inputs[..], [Input::JournalAcknowledged { sequence: 9, .. }]));
    }

    #[test]
    fn empty_batch_is_returned_when_patience_ends() {
        let batch = Lanes::default().take(Some(Duration::ZERO));
        assert!(batch.inputs.is_empty() && !batch.stopping);
    }
}
