//! What a job may ask of a board, in one closed list: reads and statuses, one pulse of a typed output, one new address.
//!
//! There is no way to say a coil, a broadcast or a frame of one's own: whoever may ask questions over a socket can reach
//! neither open-all codes nor other registers than those of [`crate::commission::readdress`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, ChannelError};
use crate::commission::readdress::{Way, way};
use crate::commission::setting::Setting;
use crate::device::Model;
use crate::frame::crc::check_bytes;
use crate::frame::modbus_rtu::{self, SpanError, Table};
use crate::frame::{Protocol, Request};
use crate::limits::{MAX_RESPONSE_TIMEOUT, MIN_RESPONSE_TIMEOUT};
use crate::order::{PulseLength, PulseLengthError};
use crate::spec::{Address, SpecError};

/// Bytes of a Modbus write and of its echo.
const WRITE_BYTES: usize = 8;

/// One question to one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Speed and parity to ask at.
    pub setting: Setting,
    /// Who is asked: one of [`Protocol::addresses`].
    pub address: u8,
    /// What.
    pub ask: Ask,
    /// How long the answer's first byte may take, in milliseconds: 20 to 1,000.
    pub timeout_ms: u16,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// A harmless read.
    Read {
        /// Modbus function, 1 to 4.
        function: u8,
        /// First item, from 0.
        first: u16,
        /// How many: 1 to 32 bits, 1 to 125 registers.
        count: u16,
    },
    /// What the feedback lines of a lock board read, whichever model it is.
    Status {
        /// What it speaks.
        protocol: Protocol,
        /// The last input that the answer tells of: the lock itself where locks are asked one by one.
        last: u8,
    },
    /// The read with that number, from 0, of those that the daemon polls a board of this model with.
    Poll {
        /// The board's model.
        model: String,
        /// The poll's place in the model's plan.
        poll: usize,
    },
    /// One pulse of one output, timed by the board. Sent once, never again.
    Pulse {
        /// The board's model.
        model: String,
        /// The output as printed on the board.
        output: u8,
        /// How long the board holds it, in multiples of 100 ms.
        millis: u32,
    },
    /// A new address for the board that has the question's address.
    Readdress {
        /// The board's model.
        model: String,
        /// The new address, 1 to 247.
        to: u8,
    },
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A read's data bytes.
    Data(Vec<u8>),
    /// The exact echo of a write.
    Echo,
    /// No answer is owed to that write, or none that proves anything: the door must tell.
    Unproven,
    /// The board refused, with its Modbus exception code.
    Exception(u8),
    /// No byte in time.
    Silent,
    /// Bytes, and none of them the answer.
    Damaged,
}

impl Answer {
    /// Whether a board answered, be it by a refusal.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Data(_) | Self::Echo | Self::Unproven | Self::Exception(_))
    }
}

/// Why something cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No slave has that address.
    #[error(transparent)]
    Address(#[from] SpecError),
    /// No board has that output.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// No board times such a pulse.
    #[error(transparent)]
    Length(#[from] PulseLengthError),
    /// A read that no frame can ask for.
    #[error("function {0} reads nothing: 1 to 4 do")]
    Function(u8),
    /// A read of too much.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// The model has no such poll.
    #[error("{model} is not polled in {poll} ways")]
    Poll {
        /// Model.
        model: String,
        /// Place of the poll.
        poll: usize,
    },
    /// The format has no such query.
    #[error("{} has no status that ends with input {last}", protocol.name())]
    Status {
        /// What is spoken.
        protocol: Protocol,
        /// The input.
        last: u8,
    },
    /// Nobody knows that model.
    #[error("there is no model {0}")]
    Model(String),
    /// The model has no such output, or does not time such a pulse.
    #[error("{model} has no output {output} that it can hold for {millis} ms")]
    Pulse {
        /// Model.
        model: String,
        /// Output.
        output: u8,
        /// Length in milliseconds.
        millis: u32,
    },
    /// Its address is not set over the wire.
    #[error("the address of {0} is not set over the wire")]
    NotOverTheWire(String),
    /// The timeout is out of bounds.
    #[error("an answer time of {0} ms is outside 20 to 1000 ms")]
    Timeout(u16),
}

/// A question as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The whole frame.
    pub frame: Vec<u8>,
    /// Who is asked.
    pub address: Address,
    /// What is spoken.
    pub protocol: Protocol,
    /// What is asked; none for a new address, whose answer is its echo.
    pub request: Option<Request>,
    /// Length in bytes of a good answer.
    pub answer_bytes: usize,
    /// How long the answer's first byte may take.
    pub timeout: Duration,
}

impl Ask {
    /// Whether it changes anything in a board: who asks such things must be allowed to open doors.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Pulse { .. } | Self::Readdress { .. })
    }
}

impl Question {
    /// The frame.
    ///
    /// # Errors
    /// [`AskError`] says which part of the question no board can be asked.
    pub fn encode(&self) -> Result<Encoded, AskError> {
        let timeout = Duration::from_millis(self.timeout_ms.into());
        if !(MIN_RESPONSE_TIMEOUT..=MAX_RESPONSE_TIMEOUT).contains(&timeout) {
            return Err(AskError::Timeout(self.timeout_ms));
        }
        let request = match &self.ask {
            Ask::Read { function, first, count } => {
                modbus_rtu::Request::read(table(*function)?, *first, *count)?.into()
            }
            Ask::Status { protocol, last } => status(*protocol, *last)?,
            Ask::Poll { model, poll } => polled(model, *poll)?,
            Ask::Pulse { model, output, millis } => pulse(model, *output, *millis)?,
            Ask::Readdress { model, to } => return self.readdress(model, *to, timeout),
        };
        let protocol = request.protocol();
        let address = Address::on(protocol, self.address)?;
        let frame = request.encode(address).to_vec();
        let answer_bytes = request.answer_bytes();
        Ok(Encoded { frame, address, protocol, request: Some(request), answer_bytes, timeout })
    }

    fn readdress(&self, model: &str, to: u8, timeout: Duration) -> Result<Encoded, AskError> {
        let Way::Register(register) = way(model) else {
            return Err(AskError::NotOverTheWire(model.to_owned()));
        };
        let (address, to) = (Address::new(self.address)?, Address::new(to)?);
        let [high, low] = register.to_be_bytes();
        let head = [address.number(), 6, high, low, 0, to.number()];
        let frame = [&head[..], &check_bytes(&head)].concat();
        let (protocol, answer_bytes) = (Protocol::ModbusRtu, WRITE_BYTES);
        Ok(Encoded { frame, address, protocol, request: None, answer_bytes, timeout })
    }
}

const fn table(function: u8) -> Result<Table, AskError> {
    match function {
        1 => Ok(Table::Coils),
        2 => Ok(Table::DiscreteInputs),
        3 => Ok(Table::HoldingRegisters),
        4 => Ok(Table::InputRegisters),
        other => Err(AskError::Function(other)),
    }
}

fn status(protocol: Protocol, last: u8) -> Result<Request, AskError> {
    Request::status(protocol, Channel::new(last)?).ok_or(AskError::Status { protocol, last })
}

pub(super) fn known(model: &str) -> Result<Model, AskError> {
    Model::by_name(model).ok_or_else(|| AskError::Model(model.to_owned()))
}

fn polled(model: &str, poll: usize) -> Result<Request, AskError> {
    let known = known(model)?;
    let request = known.plan().polls.get(poll).map(|poll| poll.request);
    request.ok_or_else(|| AskError::Poll { model: model.to_owned(), poll })
}

fn pulse(model: &str, output: u8, millis: u32) -> Result<Request, AskError> {
    let known = known(model)?;
    let (channel, length) = (Channel::new(output)?, PulseLength::from_millis(millis)?);
    let request = known.plan().pulse.and_then(|pulse| pulse(channel, length));
    let refused = AskError::Pulse { model: model.to_owned(), output, millis };
    request.filter(|_| output <= known.provides().outputs).ok_or(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(ask: Ask) -> Result<Vec<u8>, AskError> {
        let setting = Setting::likely(&[], &[])[0];
        Question { setting, address: 1, ask, timeout_ms: 100 }.encode().map(|encoded| encoded.frame)
    }

    #[test]
    fn questions_are_the_golden_frames() {
        let read = Ask::Read { function: 2, first: 0, count: 8 };
        assert_eq!(frame(read), Ok(vec![0x01, 0x02, 0, 0, 0, 8, 0x79, 0xCC]));
        let pulse = Ask::Pulse { model: "waveshare-relay-8".into(), output: 4, millis: 300 };
        assert_eq!(frame(pulse), Ok(vec![0x01, 0x05, 0x02, 0x03, 0x00, 0x03, 0x7C, 0x73]));
        let readdress = Ask::Readdress { model: "waveshare-relay-8".into(), to: 2 };
        assert_eq!(frame(readdress).map(|frame| frame[..6].to_vec()), Ok(vec![1, 6, 0x40, 0, 0, 2]));
    }

    #[test]
    fn polls_are_those_of_the_models_plan() {
        let poll = Ask::Poll { model: "discrete-inputs-8".into(), poll: 0 };
        assert_eq!(frame(poll), Ok(vec![0x01, 0x02, 0, 0, 0, 8, 0x79, 0xCC]));
        assert!(frame(Ask::Poll { model: "discrete-inputs-8".into(), poll: 9 }).is_err());
    }

    #[test]
    fn statuses_are_the_golden_frames_and_of_no_lock_that_a_format_has_not() {
        let status = |protocol, last| frame(Ask::Status { protocol, last });
        assert_eq!(status(Protocol::KerongCu16, 32), Ok(vec![0x02, 0x10, 0x30, 0x03, 0x45]));
        assert_eq!(status(Protocol::KerongCu48, 96), Ok(vec![0x02, 0x01, 0x00, 0x60, 0x03, 0x66]));
        assert_eq!(status(Protocol::KerongCu48, 96), status(Protocol::KerongCu48, 48));
        assert_eq!(status(Protocol::Lock8a, 24), Ok(vec![0x80, 0x01, 0x00, 0x33, 0xB2]));
        assert_eq!(status(Protocol::Winnsen, 16), Ok(vec![0x90, 0x06, 0x12, 0x01, 0x10, 0x03]));
        let query = [0x57, 0x4B, 0x4C, 0x59, 0x09, 0x01, 0x83, 0x01, 0x83];
        assert_eq!(status(Protocol::Wkly, 1), Ok(query.to_vec()));
        for (protocol, last) in [
            (Protocol::ModbusRtu, 1),
            (Protocol::KerongCu16, 16),
            (Protocol::KerongCu48, 49),
            (Protocol::Lock8a, 8),
            (Protocol::Winnsen, 17),
            (Protocol::Wkly, 25),
        ] {
            assert_eq!(status(protocol, last), Err(AskError::Status { protocol, last }));
        }
        assert!(status(Protocol::Wkly, 0).is_err());
    }

    #[test]
    fn nothing_but_reads_typed_pulses_and_addresses_can_be_asked() {
        for function in [0, 5, 6, 15, 16, 0x82, 255] {
            assert!(frame(Ask::Read { function, first: 0, count: 1 }).is_err(), "function {function}");
        }
        assert!(frame(Ask::Read { function: 1, first: 0, count: 33 }).is_err());
        assert!(frame(Ask::Read { function: 3, first: 65_535, count: 2 }).is_err());
        let pulse = |model: &str, output, millis| frame(Ask::Pulse { model: model.into(), output, millis });
        for output in (0..=u8::MAX).filter(|output| !(1..=8).contains(output)) {
            assert!(pulse("waveshare-relay-8", output, 300).is_err(), "output {output}");
        }
        assert!(pulse("waveshare-relay-8", 1, 10_100).is_err());
        assert!(pulse("discrete-inputs-8", 1, 300).is_err());
        assert!(frame(Ask::Readdress { model: "discrete-inputs-8".into(), to: 2 }).is_err());
        assert!(frame(Ask::Readdress { model: "waveshare-relay-8".into(), to: 0 }).is_err());
    }
}
