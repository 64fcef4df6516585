//! What is asked of a slave, in whichever format, and which answer belongs to it.

use std::time::Duration;

use crate::frame::bytes::FrameBytes;
use crate::frame::view::View;
use crate::frame::{kerong_cu16, kerong_cu48, lock_8a, modbus_rtu, sum, winnsen, wkly};
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

impl From<modbus_rtu::Request> for Request {
    fn from(request: modbus_rtu::Request) -> Self {
        Self::Modbus(request)
    }
}

impl From<kerong_cu16::Request> for Request {
    fn from(request: kerong_cu16::Request) -> Self {
        Self::KerongCu16(request)
    }
}

impl From<kerong_cu48::Request> for Request {
    fn from(request: kerong_cu48::Request) -> Self {
        Self::KerongCu48(request)
    }
}

impl From<lock_8a::Request> for Request {
    fn from(request: lock_8a::Request) -> Self {
        Self::Lock8a(request)
    }
}

impl From<winnsen::Request> for Request {
    fn from(request: winnsen::Request) -> Self {
        Self::Winnsen(request)
    }
}

impl From<wkly::Request> for Request {
    fn from(request: wkly::Request) -> Self {
        Self::Wkly(request)
    }
}

impl Request {
    /// The request as it stands on the wire.
    #[must_use]
    pub fn encode(&self, envelope: impl Into<Envelope>) -> FrameBytes {
        let Envelope { address, .. } = envelope.into();
        match self {
            Self::Modbus(request) => request.encode(address).into(),
            Self::KerongCu16(request) => request.encode(address).into(),
            Self::KerongCu48(request) => request.encode(address).into(),
            Self::Lock8a(request) => request.encode(address).into(),
            Self::Winnsen(request) => request.encode(address).into(),
            Self::Wkly(request) => request.encode(address).into(),
        }
    }

    /// Whether it changes something in the slave.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Modbus(request) => request.is_write(),
            Self::KerongCu16(request) => request.is_write(),
            Self::KerongCu48(request) => request.is_write(),
            Self::Lock8a(request) => request.is_write(),
            Self::Winnsen(request) => request.is_write(),
            Self::Wkly(request) => request.is_write(),
        }
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        match self {
            Self::Modbus(request) => request.answer_bytes(),
            Self::KerongCu16(request) => request.answer_bytes(),
            Self::KerongCu48(request) => request.answer_bytes(),
            Self::Lock8a(request) => request.answer_bytes(),
            Self::Winnsen(request) => request.answer_bytes(),
            Self::Wkly(request) => request.answer_bytes(),
        }
    }

    /// First register of a Modbus read; none where there are no registers.
    #[must_use]
    pub const fn first_register(&self) -> Option<u16> {
        match self {
            Self::Modbus(request) => Some(request.first()),
            _ => None,
        }
    }

    /// Where no answer is owed: how long after the request a word of the board may come. Silence is lawful then, and the
    /// word, if one comes, proves nothing. None where an answer is owed.
    #[must_use]
    pub const fn quiet(&self) -> Option<Duration> {
        match self {
            Self::Modbus(_) => None,
            Self::KerongCu16(request) => request.quiet(),
            Self::KerongCu48(request) => request.quiet(),
            Self::Lock8a(request) => request.quiet(),
            Self::Winnsen(request) => request.quiet(),
            Self::Wkly(request) => request.quiet(),
        }
    }

    /// How long the board holds an output on by its own measure; none where it does what the order says.
    #[must_use]
    pub const fn own_pulse(&self) -> Option<Duration> {
        match self {
            Self::Modbus(_) => None,
            Self::KerongCu16(request) => request.own_pulse(),
            Self::KerongCu48(request) => request.own_pulse(),
            Self::Lock8a(request) => request.own_pulse(),
            Self::Winnsen(request) => request.own_pulse(),
            Self::Wkly(request) => request.own_pulse(),
        }
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
            (Self::KerongCu16(request), Self::KerongCu16(other)) => request.answers_alike(other),
            (Self::KerongCu48(request), Self::KerongCu48(other)) => request.answers_alike(other),
            (Self::Lock8a(request), Self::Lock8a(other)) => request.answers_alike(other),
            (Self::Winnsen(request), Self::Winnsen(other)) => request.answers_alike(other),
            (Self::Wkly(request), Self::Wkly(other)) => request.answers_alike(other),
            _ => false,
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
