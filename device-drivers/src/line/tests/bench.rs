//! A wire on virtual time: the line on one side, scripted boards on the other, faults between them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::channel::Channel;
use crate::device::Model;
use crate::frame::crc::check_bytes;
use crate::id::{DeviceId, LineId, OrderId};
use crate::line::{Line, Output};
use crate::order::{Order, PulseLength, Task};
use crate::signal::{Outcome, Signal};
use crate::spec::{Address, Baud, DeviceSpec, LineSpec};
use crate::time::Monotonic;

/// Thinking time of every scripted board.
const THINKING: Duration = Duration::from_millis(5);

pub(super) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(super) fn at_ms(count: u64) -> Monotonic {
    Monotonic::ZERO + ms(count)
}

pub(super) fn device(place: usize) -> DeviceId {
    DeviceId::new(&format!("d-{}", place + 1)).unwrap()
}

pub(super) fn channel(number: u8) -> Channel {
    Channel::new(number).unwrap()
}

/// What happens to one request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The board does not hear the request.
    Deaf,
    /// The board acts, and its answer is lost.
    Mute,
    /// The answer comes so many milliseconds later.
    Late(u64),
    /// The answer comes, and once more so many milliseconds later.
    Doubled(u64),
    /// Only so many bytes of the answer come.
    Cut(usize),
    /// One bit of the answer is turned.
    Flip(usize),
    /// Another slave's answer comes before this one.
    Foreign,
    /// The board refuses.
    Refuse(u8),
}

/// Chooses the fault of each request.
pub(super) type Script = Box<dyn FnMut(&[u8; 8]) -> Fault>;

/// One scripted board.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    pub(crate) dead: bool,
    pub(super) coils: u8,
    pub(super) inputs: u32,
    /// Every answer to function 2 carries the number of answers so far, so that a stale one shows.
    pub(super) serial_inputs: bool,
    pub(super) registers: BTreeMap<u16, u16>,
    /// Pulses it has heard: coil and time of the request's last byte.
    pub(crate) pulses: Vec<(u8, Monotonic)>,
    /// Every request it has heard.
    pub(super) heard: Vec<[u8; 8]>,
    last_arrival: Monotonic,
}

impl Board {
    pub(crate) fn answer(&mut self, request: &[u8; 8], now: Monotonic) -> Vec<u8> {
        self.heard.push(*request);
        let [address, function, a, b, c, d, ..] = *request;
        let (first, second) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let body = match function {
            1 => vec![address, 1, 1, self.coils],
            2 => {
                if self.serial_inputs {
                    self.inputs = (self.inputs + 1) % 256;
                }
                let bytes = usize::from(second.div_ceil(8));
                [&[address, 2, u8::try_from(bytes).unwrap()], &self.inputs.to_le_bytes()[..bytes]].concat()
            }
            3 | 4 => {
                let words = (first..first + second)
                    .flat_map(|at| self.registers.get(&at).copied().unwrap_or(0).to_be_bytes());
                [vec![address, function, u8::try_from(second * 2).unwrap()], words.collect()].concat()
            }
            5 => {
                match first {
                    0x00FF => self.coils = 0,
                    0x0200..0x0208 => self.pulses.push((b, now)),
                    odd => panic!("coil {odd:#06x} was written"),
                }
                request[..6].to_vec()
            }
            6 => {
                self.registers.insert(first, second);
                request[..6].to_vec()
            }
            odd => panic!("function {odd}"),
        };
        framed(&body)
    }
}

pub(super) fn framed(body: &[u8]) -> Vec<u8> {
    [body, &check_bytes(body)].concat()
}

/// Line, boards, wire and clock.
pub(super) struct Bench {
    pub(super) line: Line,
    pub(super) now: Monotonic,
    pub(super) boards: Vec<Board>,
    pub(super) signals: Vec<Signal>,
    /// Every request: when its last byte left.
    pub(super) sent: Vec<(Monotonic, [u8; 8])>,
    pub(super) faults: Script,
    /// Answers of one board never pass each other.
    pub(super) in_order: bool,
    arrivals: BTreeMap<(Monotonic, usize), Vec<u8>>,
    count: usize,
    next_order: u64,
    character: Duration,
}

impl Bench {
    /// A line at 9600 baud with one board a model, addresses from 1, its port open at time zero.
    pub(super) fn new(models: &[&str]) -> Self {
        Self::of(models, |_| {})
    }

    /// The same with a specification that differs.
    pub(super) fn of(models: &[&str], change: impl FnOnce(&mut LineSpec)) -> Self {
        let mut spec = LineSpec::new(LineId::new("line").unwrap(), "/nowhere".into());
        spec.baud = Baud::new(9_600).unwrap();
        spec.devices = models
            .iter()
            .enumerate()
            .map(|(place, model)| {
                let address = Address::new(u8::try_from(place + 1).unwrap()).unwrap();
                DeviceSpec::new(device(place), address, Model::by_name(model).unwrap())
            })
            .collect();
        change(&mut spec);
        let mut line = Line::new(&spec, Monotonic::ZERO).unwrap();
        line.opened(Monotonic::ZERO);
        Self {
            line,
            now: Monotonic::ZERO,
            boards: vec![Board::default(); models.len()],
            signals: Vec::new(),
            sent: Vec::new(),
            faults: Box::new(|_| Fault::None),
            in_order: false,
            arrivals: BTreeMap::new(),
            count: 0,
            next_order: 0,
            character: Duration::from_nanos(1_041_667),
        }
    }

    /// Lets bytes arrive: the last of them at `at`.
    pub(super) fn arrive(&mut self, at: Monotonic, bytes: Vec<u8>) {
        self.count += 1;
        self.arrivals.insert((at, self.count), bytes);
    }

    /// Runs until `end`.
    pub(super) fn run_until(&mut self, end: Monotonic) {
        loop {
            let until = self.drain();
            let arrival = self.arrivals.first_key_value().map_or(Monotonic::NEVER, |((at, _), _)| *at);
            let next = until.min(arrival);
            if next > end {
                self.now = end;
                return;
            }
            assert!(next > self.now || arrival <= self.now, "the line waits for the past: {next:?}");
            self.now = self.now.max(next);
            if arrival <= self.now
                && let Some((_, bytes)) = self.arrivals.pop_first()
            {
                self.line.received(&bytes, self.now);
            }
        }
    }

    pub(super) fn run_for(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// Does what the line says; until when it waits.
    pub(super) fn drain(&mut self) -> Monotonic {
        loop {
            match self.line.poll(self.now) {
                Output::Wait { until, .. } => return until,
                Output::Signal(signal) => self.signals.push(signal),
                Output::Flush => {}
                Output::Transmit(frame) => self.transmit((&*frame).try_into().unwrap()),
            }
        }
    }

    fn transmit(&mut self, frame: [u8; 8]) {
        // Rounded up to a whole microsecond, as the line does.
        let heard = self.now + Duration::from_micros(8_334);
        self.sent.push((heard, frame));
        let fault = (self.faults)(&frame);
        let place = usize::from(frame[0]) - 1;
        let Some(board) = self.boards.get_mut(place).filter(|board| !board.dead && fault != Fault::Deaf)
        else {
            return;
        };
        let mut answer = board.answer(&frame, heard);
        let mut delay = Duration::ZERO;
        let mut double = None;
        match fault {
            Fault::None | Fault::Deaf => {}
            Fault::Mute => return,
            Fault::Late(late) => delay = ms(late),
            Fault::Doubled(later) => double = Some(ms(later)),
            Fault::Cut(bytes) => answer.truncate(bytes % answer.len()),
            Fault::Flip(bit) => {
                let bit = bit % (answer.len() * 8);
                answer[bit / 8] ^= 1 << (bit % 8);
            }
            Fault::Foreign => answer = [framed(&[99, 2, 1, 0]), answer].concat(),
            Fault::Refuse(code) => answer = framed(&[frame[0], frame[1] | 0x80, code]),
        }
        let bytes = u32::try_from(answer.len()).unwrap();
        let mut arrival = heard + THINKING + self.character * bytes + delay;
        if self.in_order {
            arrival = arrival.max(board.last_arrival);
            board.last_arrival = arrival;
        }
        if let Some(later) = double {
            self.arrive(arrival + self.character * bytes + later, answer.clone());
        }
        self.arrive(arrival, answer);
    }

    /// Orders a pulse of 700 ms with `patience` until its deadline.
    pub(super) fn pulse(&mut self, place: usize, output: u8, patience: Duration) -> OrderId {
        let deadline = self.now + patience;
        let length = PulseLength::from_millis(700).unwrap();
        self.order(Task::Pulse { device: device(place), output: channel(output), length, deadline })
    }

    /// Takes a pulse back.
    pub(super) fn withdraw(&mut self, place: usize, id: OrderId) {
        self.line.submit(Order { id, task: Task::Withdraw { device: device(place) } }, self.now);
    }

    pub(super) fn order(&mut self, task: Task) -> OrderId {
        self.next_order += 1;
        let id = OrderId(self.next_order);
        self.line.submit(Order { id, task }, self.now);
        id
    }

    /// All outcomes of an order.
    pub(super) fn outcomes(&self, id: OrderId) -> Vec<Outcome> {
        let ended = self.signals.iter().filter_map(|signal| match signal {
            Signal::Ended { order, outcome, .. } if *order == id => Some(*outcome),
            _ => None,
        });
        ended.collect()
    }

    /// Requests to a board with that function.
    pub(super) fn asked(&self, place: usize, function: u8) -> usize {
        let to = u8::try_from(place + 1).unwrap();
        self.sent.iter().filter(|(_, frame)| frame[0] == to && frame[1] == function).count()
    }
}
