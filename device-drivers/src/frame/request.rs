//! What is asked of a slave, in whichever format, and which answer belongs to it.

use std::time::Duration;

use crate::channel::Channel;
use crate::frame::bytes::FrameBytes;
use crate::frame::facts::Opening;
use crate::frame::protocol::Protocol;
use crate::frame::view::View;
use crate::frame::{kerong_cu16, kerong_cu48, lock_8a, modbus_rtu, sum, winnsen, wkly};
use crate::order::PulseLength;
use crate::signal::{ExceptionCode, InputStates};
use crate::spec::Address;

/// One request, without what is written around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Of a Modbus slave.
    Modbus(modbus_rtu::Request),
    /// Of a Kerong CU16.
    KerongCu16(kerong_cu16::Request),
    /// Of a Kerong CU48.
    KerongCu48(kerong_cu48::Request),
    /// Of a board of the 8A family.
    Lock8a(lock_8a::Request),
    /// Of a Winnsen board.
    Winnsen(winnsen::Request),
    /// Of a WKLY board.
    Wkly(wkly::Request),
}

/// What is written around a request, and found again around its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The slave.
    pub address: Address,
    /// The transaction's number on its line: each has another than the ones before it. Formats whose frames carry none
    /// (all serial ones) leave it out.
    pub number: u16,
}

impl From<Address> for Envelope {
    fn from(address: Address) -> Self {
        Self { address, number: 0 }
    }
}

/// A request of its own format is one of whichever.
macro_rules! from_each_format {
    ($($format:ident => $variant:ident),+) => {$(
        impl From<$format::Request> for Request {
            fn from(request: $format::Request) -> Self {
                Self::$variant(request)
            }
        }
    )+};
}

from_each_format!(
    modbus_rtu => Modbus, kerong_cu16 => KerongCu16, kerong_cu48 => KerongCu48, lock_8a => Lock8a, winnsen => Winnsen,
    wkly => Wkly
);

impl Request {
    /// What is spoken where it can be asked.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Modbus(_) => Protocol::ModbusRtu,
            Self::KerongCu16(_) => Protocol::KerongCu16,
            Self::KerongCu48(_) => Protocol::KerongCu48,
            Self::Lock8a(_) => Protocol::Lock8a,
            Self::Winnsen(_) => Protocol::Winnsen,
            Self::Wkly(_) => Protocol::Wkly,
        }
    }

    /// The status query of a lock board's format whose answer has `last` as its last input: the lock itself where locks are
    /// asked one by one. It moves nothing. None where the format has no such query.
    #[must_use]
    pub fn status(protocol: Protocol, last: Channel) -> Option<Self> {
        (protocol.facts().status)(last)
    }

    /// The request as it stands on the wire.
    #[must_use]
    pub fn encode(&self, envelope: impl Into<Envelope>) -> FrameBytes {
        let Envelope { address, .. } = envelope.into();
        in_its_format!(self, request => request.encode(address).into())
    }

    /// Whether it changes something in the slave.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        in_its_format!(self, request => request.is_write())
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        in_its_format!(self, request => request.answer_bytes())
    }

    /// First register of a Modbus read; none where there are no registers.
    #[must_use]
    pub const fn first_register(&self) -> Option<u16> {
        match self {
            Self::Modbus(request) => Some(request.first()),
            _ => None,
        }
    }

    /// Where it opens a lock of a board that does so by its own measure: how. No answer is owed to it then. None for a read,
    /// and where an answer is owed.
    #[must_use]
    pub const fn opening(&self) -> Option<Opening> {
        if self.is_write() { self.protocol().opening() } else { None }
    }

    /// How long the board holds an output that was to be held for `asked`: so long, or for a time of its own.
    #[must_use]
    pub fn held(&self, asked: PulseLength) -> Duration {
        self.opening().map_or(asked.duration(), |opening| opening.held)
    }

    /// What `view` is to this request sent in `envelope`.
    #[must_use]
    pub fn judge<'a>(&self, envelope: impl Into<Envelope>, view: &View<'a>) -> Verdict<'a> {
        let Envelope { address, .. } = envelope.into();
        match (self, view) {
            (Self::Modbus(request), View::Modbus(view)) => request.judge(address, view),
            (Self::KerongCu16(request), View::KerongCu16(view)) => request.judge(address, view),
            (Self::KerongCu48(request), View::KerongCu48(view)) => request.judge(address, view),
            (Self::Lock8a(request), View::Lock8a(view)) => request.judge(address, view),
            (Self::Winnsen(request), View::Winnsen(view)) => request.judge(address, view),
            (Self::Wkly(request), View::Wkly(view)) => request.judge(address, view),
            _ => Verdict::NotMine,
        }
    }

    /// Whether one good answer could be taken for an answer to either request.
    #[must_use]
    pub fn answers_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Modbus(request), Self::Modbus(other)) => request.answers_alike(other),
            // Lock boards name what they answer; a status that nobody asked for is as true as one that was.
            _ => self == other,
        }
    }

    /// What a good answer to a read of inputs says, on a board that has `count` of them.
    #[must_use]
    pub fn inputs(&self, data: &[u8], count: u8) -> InputStates {
        match self {
            Self::Modbus(_) => InputStates::new(sum::low_first(data), count),
            Self::KerongCu16(_) => kerong_cu16::inputs(data),
            Self::KerongCu48(_) => kerong_cu48::inputs(data),
            Self::Lock8a(_) => lock_8a::inputs(data, count),
            Self::Winnsen(request) => request.inputs(data),
            Self::Wkly(request) => request.inputs(data),
        }
    }
}

/// What a frame is to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// The answer to a read: its data bytes.
    Data(&'a [u8]),
    /// The exact echo of a write.
    Echo,
    /// The board's word about a write. It ends the wait, and proves nothing: the format's check bytes are too weak for that.
    Word,
    /// The slave's refusal.
    Exception(ExceptionCode),
    /// No answer to this request.
    NotMine,
}
