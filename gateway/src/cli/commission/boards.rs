//! Every board that a job needs, on lines that are all its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::commission::ask::{Answer, Ask, Question};
use device_drivers::commission::setting::Setting;
use device_drivers::device::Model;
use device_drivers::device::plan::Meaning;
use device_drivers::port::monotonic_now;
use device_drivers::signal::Level;
use device_drivers::time::Monotonic;
use vestibule_core::id::{DeviceId, LineId};

use super::super::Failure;
use super::place::of_line;
use super::wire::{Leave, Wire};
use crate::config::Configuration;
use crate::console::protocol::BorrowRequest;

/// Between two pulses of one output; a little more than the daemon asks for.
const PULSE_REST: Duration = Duration::from_millis(1_200);
/// A line that nothing was asked of for so long is asked something: one that is lent returns to the daemon after a minute of
/// silence, and a line of locks alone has nothing to read while somebody walks to a door.
const KEPT: Duration = Duration::from_secs(10);
/// Tries of a read of inputs: one lost frame must not look like a door that did not move.
const TRIES: u8 = 2;

/// An input: the board's place, and the number printed on it.
pub type Input = (usize, Channel);

/// One board.
pub struct Board {
    /// Its id.
    pub id: DeviceId,
    line: LineId,
    address: u8,
    /// Its model.
    pub model: Model,
    /// Places of the polls that read inputs.
    reads: Vec<usize>,
}

struct Taken {
    wire: Wire,
    setting: Setting,
    timeout_ms: u16,
    last_asked: Monotonic,
    asked: u64,
    silent: u64,
    damaged: u64,
}

/// The boards.
pub struct Boards {
    lines: BTreeMap<LineId, Taken>,
    /// Every board of those lines.
    pub all: Vec<Board>,
    /// When each output was pulsed last.
    pulsed: BTreeMap<(usize, u8), Monotonic>,
}

impl Boards {
    /// Takes these lines.
    ///
    /// # Errors
    /// A line is not lent.
    pub fn take(
        configuration: &Configuration,
        wanted: &BTreeSet<LineId>,
        socket: &Path,
        request: &BorrowRequest,
        leave: Leave,
    ) -> Result<Self, Failure> {
        let (mut lines, mut all) = (BTreeMap::new(), Vec::new());
        for line in configuration.lines.values().filter(|line| wanted.contains(&line.id)) {
            let place = of_line(line);
            let setting = place.setting.ok_or_else(|| Failure::new(format!("{}: no such speed", line.id)))?;
            let request = BorrowRequest { line: line.id.as_str().to_owned(), ..request.clone() };
            let wire = Wire::take(&place, socket, request, leave)?;
            let timeout_ms = u16::try_from(line.response_timeout.0).unwrap_or(100);
            let taken = Taken {
                wire,
                setting,
                timeout_ms,
                last_asked: monotonic_now(),
                asked: 0,
                silent: 0,
                damaged: 0,
            };
            lines.insert(line.id.clone(), taken);
            for device in &line.devices {
                let Some(model) = Model::by_name(&device.model) else { continue };
                let polls = model.plan().polls.iter().enumerate();
                let reads =
                    polls.filter(|(_, poll)| poll.meaning.is_inputs()).map(|(place, _)| place).collect();
                let (id, line) = (device.id.clone(), line.id.clone());
                all.push(Board { id, line, address: device.address, model, reads });
            }
        }
        Ok(Self { lines, all, pulsed: BTreeMap::new() })
    }

    /// Asks one board.
    ///
    /// # Errors
    /// The line is gone.
    pub fn ask(&mut self, board: usize, ask: Ask) -> Result<Answer, Failure> {
        if let Ask::Pulse { output, .. } = &ask {
            self.let_rest((board, *output));
        }
        let board = self.all.get(board).ok_or_else(|| Failure::new("there is no such board"))?;
        let line = self.lines.get_mut(&board.line).ok_or_else(|| Failure::new("that line was not taken"))?;
        let (setting, timeout_ms) = (line.setting, line.timeout_ms);
        let answer = line.wire.ask(&Question { setting, address: board.address, ask, timeout_ms })?;
        line.last_asked = monotonic_now();
        line.asked += 1;
        line.silent += u64::from(answer == Answer::Silent);
        line.damaged += u64::from(answer == Answer::Damaged);
        Ok(answer)
    }

    /// A lock that was pulsed a moment ago rests first: a loop of commands burns it.
    fn let_rest(&mut self, output: (usize, u8)) {
        let rested = self.pulsed.get(&output).map_or(Monotonic::ZERO, |last| *last + PULSE_REST);
        while monotonic_now() < rested {
            std::thread::park_timeout(rested.since(monotonic_now()));
        }
        self.pulsed.insert(output, monotonic_now());
    }

    /// The board of this id.
    #[must_use]
    pub fn place(&self, id: &DeviceId) -> Option<usize> {
        self.all.iter().position(|board| board.id == *id)
    }

    /// An input as the configuration writes it.
    #[must_use]
    pub fn name(&self, (board, channel): Input) -> String {
        self.all.get(board).map_or_else(String::new, |board| format!("{}/{channel}", board.id))
    }

    /// Every input that could be read.
    ///
    /// # Errors
    /// A line is gone.
    pub fn read_inputs(&mut self) -> Result<Vec<(Input, Level)>, Failure> {
        let mut levels = Vec::new();
        for board in 0..self.all.len() {
            levels.extend(self.read_board(board)?);
            self.keep(board)?;
        }
        Ok(levels)
    }

    /// Asks a board for its sign of life where its line was left alone for long.
    fn keep(&mut self, board: usize) -> Result<(), Failure> {
        let Some(one) = self.all.get(board) else { return Ok(()) };
        let idle =
            self.lines.get(&one.line).is_some_and(|line| monotonic_now().since(line.last_asked) >= KEPT);
        if idle {
            self.ask(board, Ask::Poll { model: one.model.name().to_owned(), poll: 0 })?;
        }
        Ok(())
    }

    /// The inputs of one board; none of those that it does not tell.
    ///
    /// # Errors
    /// Its line is gone.
    pub fn read_board(&mut self, board: usize) -> Result<Vec<(Input, Level)>, Failure> {
        let Some(one) = self.all.get(board) else { return Ok(Vec::new()) };
        let (model, reads) = (one.model.clone(), one.reads.clone());
        let mut levels = Vec::new();
        for poll in reads {
            let ask = Ask::Poll { model: model.name().to_owned(), poll };
            for _ in 0..TRIES {
                if let Answer::Data(data) = self.ask(board, ask.clone())? {
                    levels.extend(
                        told(&model, poll, &data)
                            .into_iter()
                            .map(|(channel, level)| ((board, channel), level)),
                    );
                    break;
                }
            }
        }
        Ok(levels)
    }

    /// How each line did, in a sentence.
    #[must_use]
    pub fn quality(&self) -> Vec<String> {
        let one = |(id, line): (&LineId, &Taken)| {
            let Taken { setting, asked, silent, damaged, .. } = line;
            format!(
                "{id} at {setting}: {asked} questions, {silent} without an answer, {damaged} with a damaged one"
            )
        };
        self.lines.iter().map(one).collect()
    }
}

/// What a poll's data say of the model's inputs.
fn told(model: &Model, poll: usize, data: &[u8]) -> Vec<(Channel, Level)> {
    let Some(poll) = model.plan().polls.get(poll) else { return Vec::new() };
    let states = poll.request.inputs(data, model.provides().inputs);
    match poll.meaning {
        Meaning::Input(only) => states.get(only).map(|level| (only, level)).into_iter().collect(),
        _ => states.iter().collect(),
    }
}
