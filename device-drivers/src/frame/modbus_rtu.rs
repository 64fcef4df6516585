//! Modbus RTU requests, and which answer belongs to which request.
//!
//! Only the writes that a driver may need can be built: there is no way to write a coil by number, so the open-all and
//! all-on codes (0x00FF with 0xFF00, 0x5500) cannot be reached from here.

mod outputs;
mod setting;

pub use outputs::{OUTPUTS_MAX, RelayOutput, WholeSeconds};
pub use setting::Setting;

use crate::frame::crc::check_bytes;
use crate::frame::modbus_view::View;
use crate::frame::request::Verdict;
use crate::signal::ExceptionCode;
use crate::spec::Address;

/// Bytes of every request that this codec builds.
pub const REQUEST_BYTES: usize = 8;
/// Bytes of an exception answer.
pub const EXCEPTION_BYTES: usize = 5;
/// Most registers one read may ask for (Modbus application protocol, 6.3).
pub const MAX_REGISTERS: u16 = 125;
/// Most bits one read may ask for: what [`InputStates`](crate::signal::InputStates) holds.
pub const MAX_BITS: u16 = 32;

/// What a read reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Function 1.
    Coils,
    /// Function 2.
    DiscreteInputs,
    /// Function 3.
    HoldingRegisters,
    /// Function 4.
    InputRegisters,
}

impl Table {
    const fn function(self) -> u8 {
        match self {
            Self::Coils => 1,
            Self::DiscreteInputs => 2,
            Self::HoldingRegisters => 3,
            Self::InputRegisters => 4,
        }
    }

    /// Most items one read may ask for.
    #[must_use]
    pub const fn most(self) -> u16 {
        match self {
            Self::Coils | Self::DiscreteInputs => MAX_BITS,
            Self::HoldingRegisters | Self::InputRegisters => MAX_REGISTERS,
        }
    }

    /// Data bytes of an answer with `count` items.
    const fn data_bytes(self, count: u16) -> u16 {
        match self {
            Self::Coils | Self::DiscreteInputs => count.div_ceil(8),
            Self::HoldingRegisters | Self::InputRegisters => count * 2,
        }
    }
}

/// A span that no read can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {count} of {table:?} from {first}: 1 to {most} in one read, none beyond 65535", most = table.most())]
pub struct SpanError {
    /// What was to be read.
    pub table: Table,
    /// First address in the protocol's count, from 0.
    pub first: u16,
    /// How many.
    pub count: u16,
}

/// One request, without the slave's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    function: u8,
    /// First address of a read, address of a write.
    first: u16,
    /// Count of a read, value of a write.
    second: u16,
    /// Data bytes that a good answer announces; none for a write, whose answer is its echo.
    data_bytes: Option<u8>,
}

impl Request {
    /// Reads `count` items of `table` from `first` (the protocol's count, from 0).
    ///
    /// # Errors
    /// [`SpanError`] when no single read can ask for that.
    pub fn read(table: Table, first: u16, count: u16) -> Result<Self, SpanError> {
        let refused = SpanError { table, first, count };
        if count == 0 || count > table.most() || first.checked_add(count - 1).is_none() {
            return Err(refused);
        }
        let data_bytes = u8::try_from(table.data_bytes(count)).map_err(|_| refused)?;
        Ok(Self { function: table.function(), first, second: count, data_bytes: Some(data_bytes) })
    }

    const fn write(function: u8, first: u16, second: u16) -> Self {
        Self { function, first, second, data_bytes: None }
    }

    /// The request as it stands on the wire.
    #[must_use]
    pub fn encode(&self, address: Address) -> [u8; REQUEST_BYTES] {
        let ([a, b], [c, d]) = (self.first.to_be_bytes(), self.second.to_be_bytes());
        let head = [address.number(), self.function, a, b, c, d];
        let [low, high] = check_bytes(&head);
        [head[0], head[1], a, b, c, d, low, high]
    }

    /// First address of a read, address of a write.
    #[must_use]
    pub const fn first(&self) -> u16 {
        self.first
    }

    /// Whether it changes something in the slave.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        self.data_bytes.is_none()
    }

    /// Length in bytes of a good answer's frame.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        self.data_bytes.map_or(REQUEST_BYTES, |data| usize::from(data) + 5)
    }

    /// What `view` is to this request sent to `address`: exact in slave, function, address, count and echo.
    #[must_use]
    pub fn judge<'a>(&self, address: Address, view: &View<'a>) -> Verdict<'a> {
        if view.address() != address.number() {
            return Verdict::NotMine;
        }
        if view.function() == self.function | 0x80 {
            return view.exception().map_or(Verdict::NotMine, |code| Verdict::Exception(ExceptionCode(code)));
        }
        match self.data_bytes {
            _ if view.function() != self.function => Verdict::NotMine,
            None if view.bytes() == self.encode(address) => Verdict::Echo,
            Some(expected) => match view.data() {
                Some(data) if data.len() == usize::from(expected) => Verdict::Data(data),
                _ => Verdict::NotMine,
            },
            None => Verdict::NotMine,
        }
    }

    /// Whether one good answer could be taken for an answer to either request.
    #[must_use]
    pub fn answers_alike(&self, other: &Self) -> bool {
        match (self.data_bytes, other.data_bytes) {
            (Some(mine), Some(theirs)) => self.function == other.function && mine == theirs,
            (None, None) => self == other,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::order::PulseLength;

    fn address(number: u8) -> Address {
        Address::new(number).unwrap()
    }

    #[test]
    fn requests_are_the_golden_frames() {
        let read = |table, first, count| Request::read(table, first, count).unwrap().encode(address(1));
        assert_eq!(read(Table::Coils, 0, 8), [0x01, 0x01, 0, 0, 0, 8, 0x3D, 0xCC]);
        assert_eq!(read(Table::DiscreteInputs, 0, 8), [0x01, 0x02, 0, 0, 0, 8, 0x79, 0xCC]);
        assert_eq!(read(Table::HoldingRegisters, 0x1000, 8), [0x01, 0x03, 0x10, 0, 0, 8, 0x40, 0xCC]);
        assert_eq!(read(Table::HoldingRegisters, 0, 8), [0x01, 0x03, 0, 0, 0, 8, 0x44, 0x0C]);
        assert_eq!(read(Table::InputRegisters, 1, 2), [0x01, 0x04, 0, 1, 0, 2, 0x20, 0x0B]);
        assert_eq!(Request::all_off().encode(address(1)), [0x01, 0x05, 0, 0xFF, 0, 0, 0xFD, 0xFA]);
    }

    #[test]
    fn span_is_refused_when_no_read_can_have_it() {
        assert!(Request::read(Table::Coils, 0, 0).is_err());
        assert!(Request::read(Table::Coils, 0, 33).is_err());
        assert!(Request::read(Table::HoldingRegisters, 0, 126).is_err());
        assert!(Request::read(Table::InputRegisters, 65_535, 2).is_err());
        assert!(Request::read(Table::InputRegisters, 65_535, 1).is_ok());
    }

    #[test]
    fn echo_is_not_mine_when_one_field_differs() {
        let length = PulseLength::from_millis(700).unwrap();
        let pulse = |n| Request::flash_on(RelayOutput::new(Channel::new(n).unwrap(), 8).unwrap(), length);
        let verdict = |frame: [u8; 8]| match View::new(&frame).map(|view| pulse(4).judge(address(1), &view)) {
            Some(Verdict::Echo) => "echo",
            Some(Verdict::NotMine) => "not mine",
            _ => "odd",
        };
        assert_eq!(verdict(pulse(4).encode(address(1))), "echo");
        assert_eq!(verdict(pulse(3).encode(address(1))), "not mine");
        assert_eq!(verdict(pulse(4).encode(address(2))), "not mine");
        let shorter = Request::flash_on(
            RelayOutput::new(Channel::new(4).unwrap(), 8).unwrap(),
            PulseLength::from_millis(600).unwrap(),
        );
        assert_eq!(verdict(shorter.encode(address(1))), "not mine");
    }

    #[test]
    fn answers_are_alike_only_when_form_is_the_same() {
        let read = |table, count| Request::read(table, 0, count).unwrap();
        assert!(read(Table::Coils, 8).answers_alike(&read(Table::Coils, 7)));
        assert!(!read(Table::Coils, 8).answers_alike(&read(Table::Coils, 9)));
        assert!(!read(Table::Coils, 8).answers_alike(&read(Table::DiscreteInputs, 8)));
        assert!(!Request::all_off().answers_alike(&Request::set(Setting::new(0x00FF, 0).unwrap())));
        assert!(Request::all_off().answers_alike(&Request::all_off()));
    }
}
