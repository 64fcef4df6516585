//! What must hold of Modbus/TCP whatever a server sends: the judge of the fuzz target `mbap`, and of its kept corpus.
//!
//! An input is a row of steps: `00 WHICH UNIT` asks, `01` gives the answer up, `02 LENGTH BYTES` arrives. After what is no Modbus/TCP
//! the connection is made anew, as the port does. The rules are a second reader of the stream: nothing panics; less than one frame
//! is kept; how the bytes are cut makes no difference; what the line believes came under the newest number, from the unit that
//! was asked, as a body of its own, and once.

use std::sync::LazyLock;

use device_drivers::channel::Channel;
use device_drivers::device::Model;
use device_drivers::frame::crc::check_bytes;
use device_drivers::frame::modbus_rtu::{self, Table};
use device_drivers::frame::{Head, Protocol, Request, Verdict, View};
use device_drivers::order::PulseLength;
use device_drivers::port::mbap::{Mbap, NotModbus};
use device_drivers::spec::Address;

/// Transaction, protocol, length, unit id and PDU: the longest frame there is.
const FRAME_MOST: usize = 260;

/// How often something happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Requests.
    pub asked: usize,
    /// Answers that the line believes.
    pub believed: usize,
    /// Whole frames under another number, or that nobody waits for any more.
    pub late: usize,
    /// Whole frames under the newest number from another unit.
    pub foreign: usize,
    /// Streams that were no Modbus/TCP.
    pub ended: usize,
}

/// Read 8 inputs, 2 input registers, 8 holding registers; pulse output 1.
static REQUESTS: LazyLock<[Request; 4]> = LazyLock::new(|| {
    let read = |table, first, count| modbus_rtu::Request::read(table, first, count).expect("a span").into();
    let pulse = Model::by_name("waveshare-relay-8").and_then(|model| {
        let length = PulseLength::from_millis(700).ok()?;
        model.plan().pulse?(Channel::new(1).ok()?, length)
    });
    [
        read(Table::DiscreteInputs, 0, 8),
        read(Table::InputRegisters, 1, 2),
        read(Table::HoldingRegisters, 0, 8),
        pulse.expect("a relay board pulses"),
    ]
});

/// Walks one input.
///
/// # Panics
/// When a rule is broken.
pub fn check(mut input: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let mut connection = Connection::default();
    loop {
        input = match input {
            [0, which, unit, rest @ ..] => {
                connection.ask(REQUESTS[usize::from(*which) % REQUESTS.len()], *unit, &mut tally);
                rest
            }
            [1, rest @ ..] => {
                connection.give_up();
                rest
            }
            [2, length, rest @ ..] => {
                let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
                if connection.arrived(bytes, &mut tally) == Err(NotModbus) {
                    tally.ended += 1;
                    connection = Connection::default();
                }
                rest
            }
            _ => return tally,
        }
    }
}

/// One connection, twice: bytes in the pieces of the input, and one by one.
#[derive(Default)]
struct Connection {
    whole: Mbap,
    single: Mbap,
    /// What arrived and is not cut yet.
    stream: Vec<u8>,
    newest: Option<Asked>,
}

#[derive(Clone, Copy)]
struct Asked {
    number: [u8; 2],
    address: Address,
    request: Request,
    waits: bool,
}

/// What a stream begins with.
enum Begins<'s> {
    Part,
    Frame { number: [u8; 2], body: &'s [u8] },
    Nonsense,
}

fn begins(stream: &[u8]) -> Begins<'_> {
    match stream {
        [_, _, 0, 0, 0, 2..=254, ..] => match stream[6..].get(..usize::from(stream[5])) {
            Some(body) => Begins::Frame { number: [stream[0], stream[1]], body },
            None => Begins::Part,
        },
        _ if stream.len() < 6 => Begins::Part,
        _ => Begins::Nonsense,
    }
}

impl Connection {
    fn ask(&mut self, request: Request, unit: u8, tally: &mut Tally) {
        let Ok(address) = Address::new(unit) else { return };
        let frame = request.encode(address);
        let sent = self.whole.wrap(&frame).expect("a request is a frame");
        assert_eq!(Some(&sent), self.single.wrap(&frame).as_ref());
        let Begins::Frame { number, body } = begins(&sent) else { panic!("no Modbus/TCP: {sent:02X?}") };
        assert_eq!((sent.len(), body), (body.len() + 6, &frame[..frame.len() - 2]));
        assert!(self.newest.is_none_or(|before| before.number != number), "one number for two requests");
        self.newest = Some(Asked { number, address, request, waits: true });
        tally.asked += 1;
    }

    fn give_up(&mut self) {
        self.whole.forget();
        self.single.forget();
        if let Some(newest) = &mut self.newest {
            newest.waits = false;
        }
    }

    fn arrived(&mut self, bytes: &[u8], tally: &mut Tally) -> Result<(), NotModbus> {
        self.stream.extend_from_slice(bytes);
        let whole = self.whole.unwrap(bytes);
        let (single, ended) = one_by_one(&mut self.single, bytes);
        let (bodies, expected) = self.shown(tally);
        let run: Vec<u8> = bodies.iter().flat_map(|body| framed(body)).collect();
        assert_eq!(whole, expected.map(|()| run.clone()), "as it arrived: {bytes:02X?}");
        assert_eq!((single, ended), (run.clone(), expected), "byte by byte: {bytes:02X?}");
        if expected.is_ok() {
            assert!(self.whole.kept() < FRAME_MOST && self.single.kept() < FRAME_MOST);
            self.believe(&run, &bodies, tally);
        }
        expected
    }

    /// The bodies that may be shown to the line, and whether the stream goes on.
    fn shown(&mut self, tally: &mut Tally) -> (Vec<Vec<u8>>, Result<(), NotModbus>) {
        let mut bodies = Vec::new();
        loop {
            let (number, body) = match begins(&self.stream) {
                Begins::Part => return (bodies, Ok(())),
                Begins::Nonsense => return (bodies, Err(NotModbus)),
                Begins::Frame { number, body } => (number, body.to_vec()),
            };
            self.stream.drain(..body.len() + 6);
            match &mut self.newest {
                Some(newest) if newest.waits && newest.number == number => {
                    newest.waits = newest.address.number() != body[0];
                    tally.foreign += usize::from(newest.waits);
                    bodies.extend((!hides_another(&body)).then_some(body));
                }
                _ => tally.late += 1,
            }
        }
    }

    /// What the line makes of what it is shown.
    fn believe(&self, mut run: &[u8], bodies: &[Vec<u8>], tally: &mut Tally) {
        let Some(Asked { address, request, .. }) = self.newest else { return };
        let mut believed = 0;
        while let Head::Frame(length) = Protocol::ModbusRtu.head(run, request.answer_bytes()) {
            let (frame, rest) = run.split_at(length);
            let view = View::new(Protocol::ModbusRtu, frame).expect("what was cut is a frame");
            if request.judge(address, &view) != Verdict::NotMine {
                let own = bodies.iter().any(|body| body[0] == address.number() && framed(body) == frame);
                assert!(own, "believed, and no answer of its own: {frame:02X?}");
                believed += 1;
            }
            run = rest;
        }
        assert!(believed <= 1, "one request is answered {believed} times");
        tally.believed += believed;
    }
}

fn one_by_one(mbap: &mut Mbap, bytes: &[u8]) -> (Vec<u8>, Result<(), NotModbus>) {
    let mut shown = Vec::new();
    for byte in bytes {
        match mbap.unwrap(&[*byte]) {
            Ok(frames) => shown.extend(frames),
            Err(NotModbus) => return (shown, Err(NotModbus)),
        }
    }
    (shown, Ok(()))
}

fn framed(body: &[u8]) -> Vec<u8> {
    [body, &check_bytes(body)].concat()
}

/// Whether the line would cut a shorter frame out of a body.
fn hides_another(body: &[u8]) -> bool {
    let frame = framed(body);
    matches!(Protocol::ModbusRtu.head(&frame, 0), Head::Frame(length) if length < frame.len())
}
