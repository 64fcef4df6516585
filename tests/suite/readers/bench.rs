//! A panel and its readers joined in memory on virtual time: each exchange takes 10 ms.

use std::time::Duration;

use device_drivers::id::{DeviceId, LineId};
use device_drivers::osdp::{
    InstallOutcome, Output, Panel, ReaderAddress, ReaderKey, ReaderLineSpec, ReaderOrder, ReaderSpec,
    ReaderState, ReaderTask, Tamper, What,
};
use device_drivers::spec::Baud;
use device_drivers::time::Monotonic;
use sim_devices::{ReaderKeying, SimReader};

pub const KEY: [u8; 16] = [0x5A; 16];
const EXCHANGE: Duration = Duration::from_millis(10);

/// What was told, in words that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    State(ReaderState),
    Tamper(Tamper),
    Pressed(Vec<u8>),
    Card(u16, Vec<u8>),
    ClearRead,
    Install(InstallOutcome),
}

pub struct Bench {
    pub panel: Panel,
    pub reader: SimReader,
    pub now: Monotonic,
    pub told: Vec<Told>,
    /// Whether the wire between panel and reader is whole.
    pub wired: bool,
    /// Bytes that somebody at the wire sends before the next answer.
    pub injected: Vec<u8>,
    /// Every frame that the panel sent.
    pub sent: Vec<Vec<u8>>,
    /// The reader's newest answer.
    pub last_answer: Vec<u8>,
    drawn: u8,
}

pub fn id() -> DeviceId {
    DeviceId::new("room-reader").unwrap()
}

pub fn key(bytes: [u8; 16]) -> ReaderKey {
    ReaderKey::new(bytes).unwrap()
}

impl Bench {
    /// A panel that knows `known` of its reader, and a reader that comes with `keying`.
    pub fn new(known: Option<[u8; 16]>, keying: ReaderKeying) -> Self {
        let reader = ReaderSpec { id: id(), address: ReaderAddress::new(0).unwrap(), key: known.map(key) };
        let spec = ReaderLineSpec {
            id: LineId::new("osdp-1").unwrap(),
            port: "/dev/null".into(),
            direction: device_drivers::spec::Direction::default(),
            baud: Baud::new(9_600).unwrap(),
            readers: vec![reader],
        };
        let now = Monotonic::from_micros(1_000_000);
        let mut panel = Panel::new(spec, now).unwrap();
        panel.opened();
        let reader = SimReader::new(0, keying).unwrap();
        Self {
            panel,
            reader,
            now,
            told: Vec::new(),
            wired: true,
            injected: Vec::new(),
            sent: Vec::new(),
            last_answer: Vec::new(),
            drawn: 0,
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            let drawn = &mut self.drawn;
            let mut random = || {
                *drawn = drawn.wrapping_add(1);
                Some([*drawn; 8])
            };
            match self.panel.poll(self.now, &mut random) {
                Output::Wait(until) => self.now = until.min(end),
                Output::Signal(signal) => self.told.extend(told(signal.what)),
                Output::Transmit(frame) => self.exchange(frame),
            }
        }
    }

    fn exchange(&mut self, frame: Vec<u8>) {
        self.now = self.now + EXCHANGE;
        let answer = if self.wired { self.reader.exchange(&frame) } else { Vec::new() };
        self.sent.push(frame);
        let injected = std::mem::take(&mut self.injected);
        self.panel.received(&injected, self.now);
        self.panel.received(&answer, self.now);
        self.last_answer = answer;
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    /// Gives an order.
    pub fn order(&mut self, task: ReaderTask) {
        self.panel.order(ReaderOrder { reader: id(), task }, self.now);
    }

    /// What was told since this was last asked.
    pub fn take(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Codes of all commands sent in clear text or as part of a handshake since this was last asked.
    pub fn clear_codes(&mut self) -> Vec<u8> {
        let sent = std::mem::take(&mut self.sent);
        sent.iter().filter_map(|frame| clear_code(frame)).collect()
    }
}

/// The command's code, unless it is inside the channel.
fn clear_code(frame: &[u8]) -> Option<u8> {
    let frame = frame.strip_prefix(&[0xFF]).unwrap_or(frame);
    match (frame[4] & 0x08 != 0, frame.get(6)) {
        (false, _) => frame.get(5).copied(),
        (true, Some(0x11..=0x14)) => frame.get(8).copied(),
        (true, _) => None,
    }
}

fn told(what: What) -> Option<Told> {
    Some(match what {
        What::State { state, .. } => Told::State(state),
        What::Tamper { tamper, .. } => Told::Tamper(tamper),
        What::Pressed { keys, .. } => Told::Pressed(keys.expose().to_vec()),
        What::Card { card, .. } => Told::Card(card.bits, card.number.clone()),
        What::ClearRead { .. } => Told::ClearRead,
        What::Install { outcome, .. } => Told::Install(outcome),
        What::Port(_) | What::Identity { .. } | What::Counters { .. } => return None,
    })
}

/// A reader's frame in clear text with good check bytes, as anybody at the wire can make it.
pub fn forged(sequence: u8, block: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(5 + block.len() + body.len() + 2).unwrap();
    let control = sequence | 0x04 | if block.is_empty() { 0 } else { 0x08 };
    let mut frame = vec![0x53, 0x80, length, 0, control];
    frame.extend_from_slice(block);
    frame.extend_from_slice(body);
    let crc = frame.iter().fold(0x1D0F_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    frame.extend_from_slice(&crc.to_le_bytes());
    frame
}
