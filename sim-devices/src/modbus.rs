//! Modbus as a slave sees it: requests read from bytes, replies and exceptions written to bytes.

/// Most bits one read may ask for (Modbus application protocol V1.1b3, 6.1).
const MAX_READ_BITS: u16 = 2_000;
/// Most registers one read may ask for (6.3).
const MAX_READ_REGISTERS: u16 = 125;

/// A request that is whole and well-formed; whether the device has such a coil is the device's matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// FC01.
    ReadCoils(Span),
    /// FC02.
    ReadInputs(Span),
    /// FC03.
    ReadHolding(Span),
    /// FC04.
    ReadInputRegisters(Span),
    /// FC05, with the value as sent: boards give meaning to more than FF00 and 0000.
    WriteCoil {
        /// Coil address, from 0.
        coil: u16,
        /// The value field.
        value: u16,
    },
    /// FC06.
    WriteRegister {
        /// Register address, from 0.
        register: u16,
        /// The new value.
        value: u16,
    },
    /// FC0F.
    WriteCoils {
        /// First coil address, from 0.
        start: u16,
        /// One per coil.
        values: Vec<bool>,
    },
    /// FC10.
    WriteRegisters {
        /// First register address, from 0.
        start: u16,
        /// One per register.
        values: Vec<u16>,
    },
}

/// A run of coils, inputs or registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first address, from 0.
    pub start: u16,
    /// How many; at least 1.
    pub count: u16,
}

impl Span {
    /// The addresses as indices, when all of them are below `size`.
    #[must_use]
    pub fn within(self, size: usize) -> Option<std::ops::Range<usize>> {
        let start = usize::from(self.start);
        let end = start + usize::from(self.count);
        (end <= size).then_some(start..end)
    }
}

/// What a slave answers when it did what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To FC01 and FC02.
    Bits(Vec<bool>),
    /// To FC03 and FC04.
    Registers(Vec<u16>),
    /// To writes: the first four bytes after the function code of the request again.
    Echo,
}

/// A slave's refusal, by its code on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// "Illegal function": unknown to the device.
    Function = 1,
    /// "Illegal data address": no such coil, input or register.
    Address = 2,
    /// "Illegal data value": it cannot be.
    Value = 3,
}

impl Exception {
    const fn code(self) -> u8 {
        match self {
            Self::Function => 1,
            Self::Address => 2,
            Self::Value => 3,
        }
    }
}

/// Why bytes with a good checksum are no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A length that does not fit its function: a slave keeps silent.
    Length,
    /// Answered by this exception.
    Refused(Exception),
}

impl Request {
    /// Reads the bytes between address and checksum.
    ///
    /// # Errors
    /// [`Malformed`] says whether a slave refuses or keeps silent.
    pub fn parse(pdu: &[u8]) -> Result<Self, Malformed> {
        let (function, data) = pdu.split_first().ok_or(Malformed::Length)?;
        match *function {
            1 => span(data, MAX_READ_BITS).map(Self::ReadCoils),
            2 => span(data, MAX_READ_BITS).map(Self::ReadInputs),
            3 => span(data, MAX_READ_REGISTERS).map(Self::ReadHolding),
            4 => span(data, MAX_READ_REGISTERS).map(Self::ReadInputRegisters),
            5 => pair(data).map(|(coil, value)| Self::WriteCoil { coil, value }),
            6 => pair(data).map(|(register, value)| Self::WriteRegister { register, value }),
            15 => write_coils(data),
            16 => write_registers(data),
            _ => Err(Malformed::Refused(Exception::Function)),
        }
    }
}

/// The bytes between address and checksum of the answer to `request` (its bytes likewise).
#[must_use]
pub fn answer(request: &[u8], outcome: &Result<Reply, Exception>) -> Vec<u8> {
    let function = request.first().copied().unwrap_or_default();
    match outcome {
        Ok(Reply::Bits(bits)) => counted(function, packed(bits)),
        Ok(Reply::Registers(words)) => {
            counted(function, words.iter().flat_map(|word| word.to_be_bytes()).collect())
        }
        Ok(Reply::Echo) => request.iter().take(5).copied().collect(),
        Err(exception) => vec![function | 0x80, exception.code()],
    }
}

fn counted(function: u8, data: Vec<u8>) -> Vec<u8> {
    let mut pdu = vec![function, u8::try_from(data.len()).unwrap_or(u8::MAX)];
    pdu.extend(data);
    pdu
}

fn packed(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8).map(|chunk| chunk.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit))).collect()
}

fn pair(data: &[u8]) -> Result<(u16, u16), Malformed> {
    let [a, b, c, d] = *<&[u8; 4]>::try_from(data).map_err(|_| Malformed::Length)?;
    Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

fn span(data: &[u8], most: u16) -> Result<Span, Malformed> {
    let (start, count) = pair(data)?;
    if count == 0 || count > most {
        return Err(Malformed::Refused(Exception::Value));
    }
    Ok(Span { start, count })
}

fn write_coils(data: &[u8]) -> Result<Request, Malformed> {
    let (start, count, bytes) = block(data)?;
    if count == 0 || bytes.len() != usize::from(count).div_ceil(8) {
        return Err(Malformed::Refused(Exception::Value));
    }
    let bit = |index: u16| bytes[usize::from(index / 8)] >> (index % 8) & 1 == 1;
    Ok(Request::WriteCoils { start, values: (0..count).map(bit).collect() })
}

fn write_registers(data: &[u8]) -> Result<Request, Malformed> {
    let (start, count, bytes) = block(data)?;
    if count == 0 || bytes.len() != usize::from(count) * 2 {
        return Err(Malformed::Refused(Exception::Value));
    }
    let values = bytes.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect();
    Ok(Request::WriteRegisters { start, values })
}

/// Start, count and the counted bytes of a multiple write.
fn block(data: &[u8]) -> Result<(u16, u16, &[u8]), Malformed> {
    let (head, rest) = data.split_at_checked(4).ok_or(Malformed::Length)?;
    let (start, count) = pair(head)?;
    let (length, bytes) = rest.split_first().ok_or(Malformed::Length)?;
    if bytes.len() != usize::from(*length) {
        return Err(Malformed::Length);
    }
    Ok((start, count, bytes))
}

#[cfg(test)]
mod tests {
    use super::{Exception, Malformed, Reply, Request, Span, answer};

    #[test]
    fn bits_are_packed_lowest_first_and_padded_with_zeros() {
        let mut bits = vec![false; 10];
        bits[0] = true;
        bits[9] = true;
        assert_eq!(answer(&[1, 0, 0, 0, 10], &Ok(Reply::Bits(bits))), [1, 2, 0x01, 0x02]);
    }

    #[test]
    fn a_multiple_write_is_echoed_without_its_values() {
        let request = [15, 0, 0, 0, 8, 1, 0xA5];
        assert_eq!(answer(&request, &Ok(Reply::Echo)), [15, 0, 0, 0, 8]);
        let Ok(Request::WriteCoils { start: 0, values }) = Request::parse(&request) else {
            panic!("eight coils");
        };
        assert_eq!(values, [true, false, true, false, false, true, false, true]);
    }

    #[test]
    fn what_is_no_request_is_refused_or_passed_over_in_silence() {
        let cases: [(&[u8], Malformed); 6] = [
            (&[], Malformed::Length),
            (&[1, 0, 0, 0], Malformed::Length),
            (&[5, 0, 0, 0xFF, 0, 0], Malformed::Length),
            (&[1, 0, 0, 0, 0], Malformed::Refused(Exception::Value)),
            (&[3, 0, 0, 0, 126], Malformed::Refused(Exception::Value)),
            (&[0x2B, 0x0E], Malformed::Refused(Exception::Function)),
        ];
        for (pdu, expected) in cases {
            assert_eq!(Request::parse(pdu), Err(expected), "{pdu:02x?}");
        }
    }

    #[test]
    fn a_span_beyond_the_device_is_not_within_it() {
        assert_eq!(Span { start: 6, count: 2 }.within(8), Some(6..8));
        assert_eq!(Span { start: 7, count: 2 }.within(8), None);
        assert_eq!(Span { start: u16::MAX, count: u16::MAX }.within(8), None);
    }
}
